//! Completion of paths.

use std::fs;
use std::path::{Path, PathBuf};

use lang::interactive::PathKind;

/// The paths that `written` is the beginning of, folders with a slash behind them.
pub(super) fn beginning_with(written: &str, kind: PathKind) -> Vec<String> {
    let (folder, start) = written.rsplit_once('/').map_or(("", written), |(folder, start)| (folder, start));
    let prefix = &written[..written.len() - start.len()];
    let place = match (folder, prefix) {
        ("", "") => PathBuf::from("."),
        ("", _) => PathBuf::from("/"),
        (folder, _) => PathBuf::from(folder),
    };
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let mut paths: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            if !name.starts_with(start) || name.starts_with('.') && !start.starts_with('.') {
                return None;
            }
            let is_folder = entry.path().is_dir();
            let fits = is_folder || is_wanted(&entry.path(), kind);
            fits.then(|| format!("{prefix}{name}{}", if is_folder { "/" } else { "" }))
        })
        .collect();
    paths.sort();
    paths
}

fn is_wanted(path: &Path, kind: PathKind) -> bool {
    match kind {
        PathKind::Module => path.extension().is_some_and(|extension| extension == "rf"),
        PathKind::File => true,
        PathKind::Dir => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_kind() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.rf", "a.txt", ".hidden.rf", "b.rf"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("all")).unwrap();
        let found = |start: &str, kind| {
            let prefix = format!("{}/", folder.path().display());
            let found = beginning_with(&format!("{prefix}{start}"), kind);
            found.iter().map(|path| path.strip_prefix(&prefix).unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("a", PathKind::Module), ["a.rf", "all/"]);
        assert_eq!(found("a", PathKind::File), ["a.rf", "a.txt", "all/"]);
        assert_eq!(found("", PathKind::Dir), ["all/"]);
        assert_eq!(found(".h", PathKind::Module), [".hidden.rf"]);
        assert_eq!(found("x/", PathKind::File), [""; 0]);
    }
}
