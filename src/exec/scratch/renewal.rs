//! Making the scratch folder of one exec fit for the next.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::io::Errno;

use super::{SUBFOLDERS, remove_contents};

/// Makes the folder as good as new; fails if a command has changed more than what is in the subfolders.
pub(super) fn renew(path: &Path) -> io::Result<()> {
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
