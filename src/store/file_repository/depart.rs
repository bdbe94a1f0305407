//! How blobs get to where they are used: as hard links, reflinks or copies.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use base::{Digest, Error, File, Kind};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{FileRepository, hash, is_executable, is_sealed};
use crate::located::Located;
use crate::place;

/// How often a blob is looked for that was there a moment ago.
const TRIES: u32 = 10;

impl FileRepository {
    /// Puts a blob at the path `to`, whose parent must exist, replacing a file or link that is there: a
    /// hard link where possible, else a reflink, else a copy, always read-only.
    ///
    /// It may share its bytes with the repository, so it must not be written to. `NotExist` for an absent
    /// blob, `Integrity` for one of another size than the file says.
    pub fn materialize(&self, file: &File, to: &Path) -> Result<(), Error> {
        let nameless = || Error::new(Kind::Invalid, format!("{} does not end in the name of a file", to.display()));
        let name = to.file_name().ok_or_else(nameless)?;
        let folder = place::open_folder(to.parent().unwrap_or(Path::new("")))?;
        self.put_at(file, &folder, name, to)
    }

    /// Puts a blob at a path below `root` that is not trusted (see [`safe_join`](crate::safe_join)), as
    /// [`materialize`](Self::materialize) does, making the folders on the way. Never follows a symbolic
    /// link below `root`; `Invalid` where one, or a file, is in the way.
    pub fn materialize_under(&self, file: &File, root: &Path, relative: &str) -> Result<(), Error> {
        let (folder, name) = place::open_parent(root, relative)?;
        self.put_at(file, &folder, OsStr::new(name), &root.join(relative))
    }

    /// Copies a blob to `out`, which is known as `to`, and compares what was read with its digest. A blob that
    /// is not what its name says is removed, so that whoever needs it makes it anew: `Integrity`. `NotExist` for
    /// an absent one.
    pub fn copy_out(&self, file: &File, out: &mut fs::File, to: &Path) -> Result<(), Error> {
        let Some(id) = &file.id else { return Err(unresolved(file)) };
        let mut blob = self.open_blob(id)?;
        let found = hash::tee(&mut blob, &self.path(id), out, to)?;
        if found.id != file.id || found.size != file.size {
            self.remove(id)?;
            let message = format!("the blob {id} was damaged; it is removed, to be made anew");
            return Err(Error::new(Kind::Integrity, message));
        }
        Ok(())
    }

    fn put_at(&self, file: &File, folder: &OwnedFd, name: &OsStr, to: &Path) -> Result<(), Error> {
        let Some(id) = &file.id else { return Err(unresolved(file)) };
        let mut tries = 0;
        loop {
            let Some(metadata) = self.metadata(id)? else {
                return Err(Error::new(Kind::NotExist, format!("blob {id} is not in {}", self.root().display())));
            };
            match self.put_blob(id, file.size, &metadata, folder, name, to) {
                // A collection may have hidden it since, to put it back.
                Err(error) if error.kind() == Kind::NotExist && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    fn put_blob(
        &self,
        id: &Digest,
        size: u64,
        metadata: &Metadata,
        folder: &OwnedFd,
        name: &OsStr,
        to: &Path,
    ) -> Result<(), Error> {
        if metadata.len() != size {
            let message = format!("blob {id} has {} bytes, expected {size}", metadata.len());
            return Err(Error::new(Kind::Integrity, message));
        }
        let blob = self.path(id);
        // One that is not sealed yet is still writable, and would be so under its new name.
        if is_sealed(metadata) {
            match link_at(&blob, folder, name) {
                Ok(()) => return Ok(()),
                // Copying may help against all but a full disk: other device, too many links, not our file,
                // a file system without links.
                Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::NOENT)) => return Err(error).at("link", to),
                Err(_) => {}
            }
        }
        let mode = Mode::from_raw_mode(if is_executable(metadata) { 0o555 } else { 0o444 });
        copy_at(&blob, folder, name, mode).at("copy blob to", to)
    }
}

fn unresolved(file: &File) -> Error {
    Error::new(Kind::Precondition, format!("file {:?} is not resolved, so it has no content here", file.source()))
}

fn link_at(blob: &Path, folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    match rustix::fs::linkat(CWD, blob, folder, name, AtFlags::empty()) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
            rustix::fs::linkat(CWD, blob, folder, name, AtFlags::empty())
        }
        result => result,
    }
}

fn copy_at(blob: &Path, folder: &OwnedFd, name: &OsStr, mode: Mode) -> io::Result<()> {
    let mut from = fs::File::open(blob)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(folder, name, flags, mode) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
            rustix::fs::openat(folder, name, flags, mode)
        }
        other => other,
    };
    let mut to = fs::File::from(opened?);
    if reflink(&from, &to) {
        return Ok(());
    }
    let copied = io::copy(&mut from, &mut to);
    if copied.is_err() {
        // Half a file must not look like one.
        let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
    }
    copied.map(drop)
}

/// Lets `to` share the blocks of `from`; whether the file system can.
#[cfg(target_os = "linux")]
pub(super) fn reflink(from: impl AsFd, to: impl AsFd) -> bool {
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

/// Lets `to` share the blocks of `from`; whether the file system can.
#[cfg(not(target_os = "linux"))]
pub(super) fn reflink(_from: impl AsFd, _to: impl AsFd) -> bool {
    false
}
