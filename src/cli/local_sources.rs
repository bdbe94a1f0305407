//! Module texts and local data from the file system.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base::{Error, Kind};
use lang::sources::Sources;

/// The file system, relative paths below the working directory.
pub(crate) struct LocalSources;

/// The reason alone, in the words that the language's messages have.
pub(crate) fn reason(error: &io::Error) -> Error {
    let (kind, text) = match error.kind() {
        io::ErrorKind::NotFound => (Kind::NotExist, "no such file or directory"),
        io::ErrorKind::PermissionDenied => (Kind::NotAllowed, "permission denied"),
        io::ErrorKind::IsADirectory => (Kind::Invalid, "is a directory"),
        io::ErrorKind::NotADirectory => (Kind::NotExist, "not a directory"),
        _ => return Error::new(Kind::Other, error.to_string()),
    };
    Error::new(kind, text)
}

impl Sources for LocalSources {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        fs::read(path).map_err(|error| reason(&error))
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        fs::metadata(path).map(|metadata| metadata.len()).map_err(|error| reason(&error))
    }

    fn walk(&self, dir: &str) -> Vec<String> {
        let mut found = Vec::new();
        walk(Path::new(dir), "", &mut Vec::new(), &mut found);
        found
    }
}

/// Collects the regular files below `dir`; `false` when something could not be read, which ends the
/// whole walk. `above` holds the folders on the way here, so that links in a circle end.
fn walk(dir: &Path, prefix: &str, above: &mut Vec<(u64, u64)>, found: &mut Vec<String>) -> bool {
    let (Ok(metadata), Ok(entries)) = (fs::metadata(dir), fs::read_dir(dir)) else { return false };
    let identity = (metadata.dev(), metadata.ino());
    if above.contains(&identity) {
        return true;
    }
    above.push(identity);
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    for name in names {
        let path = dir.join(&name);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        // A name that is not UTF-8 cannot be written in a program or a fileset.
        let Some(name) = name.to_str() else { return false };
        let relative = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        if metadata.is_dir() {
            if !walk(&path, &relative, above, found) {
                return false;
            }
        } else if metadata.is_file() {
            found.push(relative);
        }
    }
    above.pop();
    true
}
