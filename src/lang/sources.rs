//! Where module texts and local data come from.
//!
//! The language reads no files itself: whoever runs it hands in what a path stands for, be it a file
//! system, a bundle, or a table in a test.

use std::collections::BTreeMap;

use base::failure::{Error, Kind};

/// Finds texts and data by path.
pub trait Sources {
    /// All bytes of a file. The error's message is the bare reason, such as `no such file or
    /// directory`; the caller adds the path.
    fn read(&self, path: &str) -> Result<Vec<u8>, Error>;

    /// The size of a file in bytes.
    fn size(&self, path: &str) -> Result<u64, Error>;

    /// The regular files below a directory in walk order: entries of each directory in ascending
    /// bytewise order, subdirectories in place, symbolic links followed. Paths are relative to the
    /// directory. What cannot be read ends the walk (language spec §7.2).
    fn walk(&self, dir: &str) -> Vec<String>;
}

/// The folder that a path is in.
pub(crate) fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        None => ".",
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
    }
}

/// A path that starts at a folder, without `.` and `..`.
pub(crate) fn below(folder: &str, path: &str) -> String {
    clean(&format!("{folder}/{path}"), folder.starts_with('/'))
}

/// Resolves `.` and `..` in a path without looking at any file.
fn clean(path: &str, absolute: bool) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}

/// Sources in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySources(pub BTreeMap<String, Vec<u8>>);

impl MemorySources {
    /// Sources of these paths and texts.
    pub fn new<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }

    fn get(&self, path: &str) -> Result<&Vec<u8>, Error> {
        self.0.get(path).ok_or_else(|| Error::new(Kind::NotExist, "no such file or directory"))
    }
}

impl Sources for MemorySources {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.get(path).cloned()
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        self.get(path).map(|bytes| bytes.len() as u64)
    }

    fn walk(&self, dir: &str) -> Vec<String> {
        let prefix = format!("{}/", dir.trim_end_matches('/'));
        self.0.keys().filter_map(|path| path.strip_prefix(&prefix)).map(str::to_owned).collect()
    }
}
