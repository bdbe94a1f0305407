//! Making the scratch folder of one exec fit for the next.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{CWD, IFlags};
use rustix::io::Errno;

use super::{SUBFOLDERS, removal};

/// Makes the folder, which is open as `whole`, as good as new; fails if a command has changed more than what is in the
/// subfolders.
pub(super) fn renew(path: &Path, whole: impl AsFd) -> io::Result<()> {
    let changed = || io::Error::other("the folder is not as it was made");
    if fs::read_dir(path)?.count() != SUBFOLDERS.len() {
        return Err(changed());
    }
    let as_made = Looks::of(whole)?;
    for name in SUBFOLDERS {
        let place = path.join(name);
        let folder = removal::open(CWD, &place)?;
        if Looks::of(&folder)? != as_made || has_attributes(&folder) {
            return Err(changed());
        }
        removal::empty(folder, &place)?;
    }
    Ok(())
}

/// What the folders in a scratch folder have in common with it.
#[derive(PartialEq, Eq)]
struct Looks {
    mode: u32,
    owner: (u32, u32),
    /// Where the file system has them (ioctl_iflags(2)), such as the one by which everything is written at once.
    flags: Option<IFlags>,
}

impl Looks {
    fn of(folder: impl AsFd) -> io::Result<Self> {
        let found = rustix::fs::fstat(&folder)?;
        let flags = rustix::fs::ioctl_getflags(&folder).ok();
        Ok(Self { mode: found.st_mode, owner: (found.st_uid, found.st_gid), flags })
    }
}

/// Whether somebody may have given the folder an access list or the like.
pub(crate) fn has_attributes(folder: impl AsFd) -> bool {
    let mut nothing: [u8; 0] = [];
    // With no room for names, the length of their list is told.
    !matches!(rustix::fs::flistxattr(folder, &mut nothing[..]), Ok(0) | Err(Errno::OPNOTSUPP))
}
