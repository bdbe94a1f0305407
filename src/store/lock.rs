//! Locks between processes, one for each key.

use std::path::{Path, PathBuf};

use base::{Digest, Error, Kind};

/// The folder of lock files.
#[derive(Clone, Debug)]
pub struct KeyLocks {
    root: PathBuf,
}

/// A lock that is held; dropping it releases it, as does the end of the process.
#[derive(Debug)]
pub struct KeyLock {
    _file: std::fs::File,
}

impl KeyLocks {
    /// Uses (and makes) the folder `root`.
    pub fn open(root: &Path) -> Result<Self, Error> {
        Ok(Self { root: root.to_owned() })
    }

    /// Takes the lock of `key` if nobody has it.
    pub fn try_lock(&self, _key: &Digest) -> Result<Option<KeyLock>, Error> {
        Err(Error::new(Kind::NotSupported, self.root.display().to_string()))
    }

    /// Waits for the lock of `key`. Asks `go_on` several times a second and gives up with `None` once it
    /// says no. Blocks the thread.
    pub fn lock(&self, _key: &Digest, _go_on: &dyn Fn() -> bool) -> Result<Option<KeyLock>, Error> {
        Err(Error::new(Kind::NotSupported, self.root.display().to_string()))
    }

    /// The process that holds the lock of `key` on this machine, if one does.
    pub fn holder(&self, _key: &Digest) -> Result<Option<u32>, Error> {
        Err(Error::new(Kind::NotSupported, self.root.display().to_string()))
    }
}
