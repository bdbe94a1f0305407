//! Removing what commands have left in folders: as deep as they like, and with whatever permissions.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// How often, and after which pause, the removal of a folder is taken up again into which a dying
/// command still writes.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// Folders that are open at a time, each in the one before. One that is deeper is moved up first: the depth is the
/// command's choice, and neither stack nor descriptors are endless.
const DEEPEST: usize = 32;

/// Removes the folder. What cannot be removed now is removed by the next claim, or as a leftover; nobody would be
/// helped by an otherwise good result that fails for it.
pub(super) fn remove(path: &Path) {
    if remove_contents(path).is_ok() {
        let _ = fs::remove_dir(path);
    }
}

/// Removes everything in the folder.
pub(super) fn remove_contents(path: &Path) -> io::Result<()> {
    empty(open(CWD, path)?, path)
}

/// Removes everything in the open folder `path`.
pub(super) fn empty(folder: OwnedFd, path: &Path) -> io::Result<()> {
    let mut entries = Dir::new(folder)?;
    let mut removal = Removal { top: path, moved: 0 };
    let mut tries = 0;
    loop {
        let moved = removal.moved;
        match removal.contents(&mut entries, 0) {
            Ok(()) if removal.moved == moved => return Ok(()),
            Ok(()) => {}
            Err(Errno::NOTEMPTY) if tries < TRIES => {
                tries += 1;
                thread::sleep(PAUSE);
            }
            Err(errno) => return Err(errno.into()),
        }
        entries.rewind();
    }
}

pub(super) fn open(above: impl AsFd, name: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(above, name, flags, Mode::empty())
}

struct Removal<'a> {
    /// The folder that everything is in.
    top: &'a Path,
    /// How many folders were moved up to there.
    moved: u64,
}

impl Removal<'_> {
    /// Removes what is in a folder so far below the top.
    fn contents(&mut self, entries: &mut Dir, depth: usize) -> rustix::io::Result<()> {
        while let Some(entry) = entries.read() {
            let entry = entry?;
            let (folder, name) = (entries.fd()?, entry.file_name());
            if name == c"." || name == c".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    FileType::from_raw_mode(rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
                }
                kind => kind,
            };
            if kind != FileType::Directory {
                permitted(folder, None, || rustix::fs::unlinkat(folder, name, AtFlags::empty()))?;
            } else if depth == DEEPEST {
                self.move_up(folder, name)?;
            } else {
                let below = permitted(folder, Some(name), || open(folder, name))?;
                self.contents(&mut Dir::new(below)?, depth + 1)?;
                permitted(folder, None, || rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR))?;
            }
        }
        Ok(())
    }

    /// Moves a folder to the top.
    fn move_up(&mut self, folder: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<()> {
        loop {
            let to = self.top.join(format!("deep-{}", self.moved));
            self.moved += 1;
            match permitted(folder, Some(name), || rustix::fs::renameat(folder, name, CWD, &to)) {
                // The command has used the name.
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                result => return result,
            }
        }
    }
}

/// Does something in a folder, and with the folder `below` in it if there is one; a command may have taken away
/// their owner's permission to do so.
fn permitted<T>(
    folder: BorrowedFd<'_>,
    below: Option<&CStr>,
    act: impl Fn() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    match act() {
        Err(Errno::ACCESS) => {
            rustix::fs::fchmod(folder, Mode::RWXU)?;
            if let Some(below) = below {
                rustix::fs::chmodat(folder, below, Mode::RWXU, AtFlags::empty())?;
            }
            act()
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_may_be_deeper_than_the_stack_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("deep-0"), "a name that is taken").unwrap();
        fs::create_dir_all(folder.path().join("deep-1/used")).unwrap();
        let mut place = open(CWD, folder.path()).unwrap();
        for _ in 0..1_000 {
            rustix::fs::mkdirat(&place, "d", Mode::RWXU).unwrap();
            place = open(&place, "d").unwrap();
        }
        let path = folder.path().to_owned();
        let small = thread::Builder::new().stack_size(1 << 18);
        small.spawn(move || remove_contents(&path)).unwrap().join().unwrap().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("stays"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), folder.path().join("link")).unwrap();
        rustix::fs::mkfifoat(CWD, folder.path().join("pipe"), Mode::RWXU).unwrap();
        remove(folder.path());
        assert!(!folder.path().exists() && other.path().join("stays").exists());
    }

    /// Means something to those only whom permissions bind.
    #[test]
    fn permissions_do_not_keep_folders() {
        let folder = tempfile::tempdir().unwrap();
        let mut place = folder.path().to_owned();
        let mut places = Vec::new();
        for _ in 0..DEEPEST + 5 {
            place.push("d");
            fs::create_dir(&place).unwrap();
            fs::write(place.join("file"), "").unwrap();
            places.push(place.clone());
        }
        for place in places.iter().rev() {
            fs::set_permissions(place, fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove(folder.path());
        assert!(!folder.path().exists());
    }
}
