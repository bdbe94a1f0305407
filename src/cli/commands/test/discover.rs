//! Which files hold tests.

use std::fs;
use std::path::Path;

use crate::exit::Exit;

/// How the names of modules end that are looked for in folders.
const SUFFIX: &str = "_test.rf";

/// The modules that `paths` name, and those in the folders among them, each once. Without any path, those
/// in the working directory.
pub(super) fn files(paths: &[String]) -> Result<Vec<String>, Exit> {
    let mut found = Vec::new();
    if paths.is_empty() {
        walk(Path::new("."), "", &mut found)?;
    }
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk(Path::new(path), path.trim_end_matches('/'), &mut found)?,
            Ok(_) => found.push(path.clone()),
            Err(error) => return Err(Exit::failed(format!("{path}: {error}"))),
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    if found.is_empty() {
        let places = if paths.is_empty() { "the working directory".to_owned() } else { paths.join(", ") };
        return Err(Exit::failed(format!("there is no file NAME{SUFFIX} in {places}")));
    }
    Ok(found)
}

/// Adds the tests below a folder, in order of their paths; `shown` stands for the folder in them.
fn walk(folder: &Path, shown: &str, found: &mut Vec<String>) -> Result<(), Exit> {
    let failed = |error| Exit::failed(format!("{}: {error}", folder.display()));
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        // A path that is not UTF-8 cannot be given to a program; hidden folders hold no sources.
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = if shown.is_empty() { name.to_owned() } else { format!("{shown}/{name}") };
        // Links to folders are not followed: they may lead in a circle.
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(&entry.path(), &path, found)?;
        } else if name.ends_with(SUFFIX) {
            found.push(path);
        }
    }
    Ok(())
}
