//! Scratch folders that stand for no exec at the moment: empty but for their subfolders, and locked.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, FlockOperation, RenameFlags};
use rustix::io::Errno;

use super::{SUBFOLDERS, remove_contents};

/// The spare folders of one process. Dropping them removes them.
#[derive(Debug)]
pub(crate) struct Spares {
    execs: PathBuf,
    folders: Mutex<Vec<(PathBuf, File)>>,
}

/// What names of spare folders begin with. An inode's number follows, which no other has while this one is there.
const SPARE: &str = "spare-";
/// So many are kept at most: about as many commands as run at a time.
const MOST: usize = 64;

impl Spares {
    /// For scratch folders below `execs`.
    pub(crate) fn new(execs: &Path) -> Self {
        Self { execs: execs.to_owned(), folders: Mutex::default() }
    }

    /// Gives a spare folder the name `path`: its lock. `None` if there is none, or if that name is taken.
    pub(super) fn take(&self, path: &Path) -> Option<File> {
        let (spare, lock) = self.folders.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        match rustix::fs::renameat_with(CWD, &spare, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Some(lock),
            Err(Errno::EXIST) => {
                self.folders.lock().unwrap_or_else(PoisonError::into_inner).push((spare, lock));
                None
            }
            Err(_) => {
                remove(&spare);
                None
            }
        }
    }

    /// Takes over the folder that has the name `path`, or gives its lock back: if it cannot be made as good as new.
    pub(super) fn keep(&self, path: &Path, lock: File) -> Result<(), File> {
        let Ok(metadata) = lock.metadata() else { return Err(lock) };
        if empty(path).is_err() {
            return Err(lock);
        }
        let spare = self.execs.join(format!("{SPARE}{}", metadata.ino()));
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if folders.len() >= MOST || fs::rename(path, &spare).is_err() {
            return Err(lock);
        }
        folders.push((spare, lock));
        Ok(())
    }

    /// Removes the spare folders that killed processes have left behind.
    pub(crate) fn remove_those_of_others(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.execs)? {
            let entry = entry?;
            let is_spare = entry.file_name().to_str().is_some_and(|name| name.starts_with(SPARE));
            // One that is locked belongs to somebody, under whatever name it has by now.
            let lock = |folder: File| rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok();
            if is_spare && File::open(entry.path()).is_ok_and(lock) {
                remove(&entry.path());
            }
        }
        Ok(())
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        for (path, _) in self.folders.get_mut().unwrap_or_else(PoisonError::into_inner) {
            remove(path);
        }
    }
}

/// What stays does no harm, and is removed by the next run.
fn remove(folder: &Path) {
    if remove_contents(folder).is_ok() {
        let _ = fs::remove_dir(folder);
    }
}

/// Makes the folder as good as new; fails if a command has changed more than what is in the subfolders.
fn empty(path: &Path) -> io::Result<()> {
    let changed = || io::Error::other("the folder is not as it was made");
    let whole = fs::symlink_metadata(path)?;
    if fs::read_dir(path)?.count() != SUBFOLDERS.len() {
        return Err(changed());
    }
    for name in SUBFOLDERS {
        let folder = path.join(name);
        let metadata = fs::symlink_metadata(&folder)?;
        let is_like_whole = (metadata.permissions().mode(), metadata.uid(), metadata.gid())
            == (whole.permissions().mode(), whole.uid(), whole.gid());
        if !is_like_whole || has_attributes(&folder) {
            return Err(changed());
        }
        remove_contents(&folder)?;
    }
    Ok(())
}

/// Whether somebody may have given the folder an access list or the like.
pub(crate) fn has_attributes(folder: &Path) -> bool {
    let mut nothing: [u8; 0] = [];
    // With no room for names, the length of their list is told.
    !matches!(rustix::fs::llistxattr(folder, &mut nothing[..]), Ok(0) | Err(Errno::OPNOTSUPP))
}
