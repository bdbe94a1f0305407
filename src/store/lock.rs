//! Locks between processes, one for each key: the same exec is not run twice at the same time.
//!
//! A lock is an advisory lock of the kernel on a file named after the key, so it goes with its process,
//! however that ends. The owner takes the name away before it lets go; whoever got hold of a file that has
//! another name by then notices that the name leads elsewhere and starts again.
//!
//! A file that was let go is given the name of the next key (see [`crate::spares`]).

use std::fs::{self, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{Digest, Error};

use crate::located::Located;
use crate::spares::{Spares, leads_to};

/// The longest pause between two looks at a lock that somebody else has.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The folder of lock files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyLocks {
    root: PathBuf,
    spares: Arc<Spares>,
}

/// A lock that is held; dropping it releases it, as does the end of the process. Threads of one process
/// exclude each other too.
#[derive(Debug)]
pub struct KeyLock {
    path: PathBuf,
    /// Closing the file releases the lock, after `drop` has taken the name away.
    file: Option<fs::File>,
    spares: Arc<Spares>,
}

impl KeyLocks {
    /// Uses (and makes) the folder `root`.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let root = std::path::absolute(root).at("find", root)?;
        fs::create_dir_all(&root).at("make folder", &root)?;
        let spares = Spares::new(&root, remove);
        spares.remove_those_of_others().at("read folder", &root)?;
        Ok(Self { root, spares: Arc::new(spares) })
    }

    /// Takes the lock of `key`; `None` if somebody has it.
    pub fn try_lock(&self, key: &Digest) -> Result<Option<KeyLock>, Error> {
        let path = self.path(key);
        if let Some(file) = self.spares.take(&path) {
            return Ok(Some(KeyLock { path, file: Some(file), spares: self.spares.clone() }));
        }
        loop {
            let opened = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = opened.at("open lock", &path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error).at("lock", &path),
            }
            if leads_to(&path, &file).at("look at lock", &path)? {
                // For people and for `holder`; the lock holds without it.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                return Ok(Some(KeyLock { path, file: Some(file), spares: self.spares.clone() }));
            }
        }
    }

    /// Waits for the lock of `key`. Asks `go_on` several times a second and gives up with `None` once it
    /// says no. Blocks the thread.
    pub fn lock(&self, key: &Digest, go_on: &dyn Fn() -> bool) -> Result<Option<KeyLock>, Error> {
        let mut pause = Duration::from_millis(5);
        loop {
            if let Some(lock) = self.try_lock(key)? {
                return Ok(Some(lock));
            }
            if !go_on() {
                return Ok(None);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether somebody holds the lock of `key`.
    pub fn is_locked(&self, key: &Digest) -> Result<bool, Error> {
        Ok(self.locked_file(key)?.is_some())
    }

    /// The process that holds the lock of `key`, for people: in its own numbering, if it has written it.
    pub fn holder(&self, key: &Digest) -> Result<Option<u32>, Error> {
        let Some(mut file) = self.locked_file(key)? else { return Ok(None) };
        let mut text = String::new();
        let path = self.path(key);
        (&mut file).take(32).read_to_string(&mut text).at("read lock", &path)?;
        Ok(text.trim().parse().ok())
    }

    /// The lock file, if somebody holds it.
    fn locked_file(&self, key: &Digest) -> Result<Option<fs::File>, Error> {
        let path = self.path(key);
        let file = match fs::File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.at("open lock", &path)?,
        };
        // Shared, so that two who ask do not take each other for a holder.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(file)),
            Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
        }
    }

    /// The file whose kernel lock is that of `key`; it is there while somebody holds it.
    pub fn path(&self, key: &Digest) -> PathBuf {
        self.root.join(key.hex())
    }
}

impl Drop for KeyLock {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        if let Err(_locked) = self.spares.keep(&self.path, file) {
            remove(&self.path);
        }
    }
}

/// A file that stays does no harm: the next owner uses it.
fn remove(file: &Path) {
    let _ = fs::remove_file(file);
}
