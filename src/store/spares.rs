//! Locked files and folders that stand for nothing at the moment, each to be given the name of the next thing that
//! needs one.
//!
//! Making and removing one for each exec would be slow on ext4, which looks for a new inode among all that were
//! removed lately. A spare stays locked, so that what a killed process has left can be told from what is in use.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

/// The spares of one process below one folder. Dropping them removes them.
#[derive(Debug)]
pub struct Spares {
    root: PathBuf,
    /// Removes one for good; failing does no harm.
    remove: fn(&Path),
    /// Names and locks.
    spares: Mutex<Vec<(PathBuf, File)>>,
}

/// What names of spares begin with. An inode's number follows, which no other has while this one is there.
const SPARE: &str = "spare-";
/// So many are kept at most: about as many as are in use at a time.
const MOST: usize = 64;

impl Spares {
    /// For files or folders below `root`, which `remove` can remove.
    pub fn new(root: &Path, remove: fn(&Path)) -> Self {
        Self { root: root.to_owned(), remove, spares: Mutex::default() }
    }

    /// Gives a spare the name `path`: its lock. `None` if there is none, or if that name is taken.
    pub fn take(&self, path: &Path) -> Option<File> {
        let (spare, lock) = self.spares.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        match rustix::fs::renameat_with(CWD, &spare, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Some(lock),
            Err(Errno::EXIST) => {
                self.spares.lock().unwrap_or_else(PoisonError::into_inner).push((spare, lock));
                None
            }
            Err(_) => {
                (self.remove)(&spare);
                None
            }
        }
    }

    /// Takes over what has the name `path` and is as good as new; gives its lock back if there are enough.
    pub fn keep(&self, path: &Path, lock: File) -> Result<(), File> {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() >= MOST {
            return Err(lock);
        }
        match Self::set_aside(path, &lock) {
            None => Err(lock),
            Some(spare) => {
                spares.push((spare, lock));
                Ok(())
            }
        }
    }

    /// Gives what has the name `path` the name of a spare: somebody else removes it should this process be killed.
    pub fn set_aside(path: &Path, lock: &File) -> Option<PathBuf> {
        let spare = path.with_file_name(format!("{SPARE}{}", lock.metadata().ok()?.ino()));
        fs::rename(path, &spare).is_ok().then_some(spare)
    }

    /// Removes the spares that killed processes have left behind.
    pub fn remove_those_of_others(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let is_spare = entry.file_name().to_str().is_some_and(|name| name.starts_with(SPARE));
            // One that is locked belongs to somebody, under whatever name it has by now.
            if is_spare && File::open(entry.path()).is_ok_and(|spare| spare.try_lock().is_ok()) {
                (self.remove)(&entry.path());
            }
        }
        Ok(())
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        for (path, _) in self.spares.get_mut().unwrap_or_else(PoisonError::into_inner) {
            (self.remove)(path);
        }
    }
}

/// Whether `path` still leads to the open file or folder: somebody may have removed it, or given it another name.
pub fn leads_to(path: &Path, file: &File) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
