//! Reading files to the end, hashing on the way.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base::digest::DigestWriter;
use base::{Error, File, Kind};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::BlobWriter;
use crate::located::Located;

/// Bytes read at once. Large enough that hashing, not system calls, takes the time.
const BUFFER: u64 = 256 << 10;

/// The digest and size of a file anywhere. Follows symbolic links; `Invalid` for what is not a file.
pub fn hash_file(path: &Path) -> Result<File, Error> {
    let mut source = open_following(path)?;
    regular(&source, path)?;
    hash(&mut source).at("read", path)
}

/// The digest and size of what is left to read.
pub(super) fn hash(file: &mut fs::File) -> io::Result<File> {
    let mut buffer = buffer_for(file.metadata().map_or(BUFFER, |metadata| metadata.len()));
    let mut digest = DigestWriter::new();
    let mut size = 0;
    while let count @ 1.. = read_some(file, &mut buffer)? {
        digest.bytes(&buffer[..count]);
        size += count as u64;
    }
    Ok(File::resolved(digest.finish(), size))
}

/// Copies what is left to read of one file, known as `path`, to another, known as `to`; digest and size of it.
pub(super) fn tee(from: &mut fs::File, path: &Path, out: &mut fs::File, to: &Path) -> Result<File, Error> {
    let mut buffer = buffer_for(from.metadata().map_or(BUFFER, |metadata| metadata.len()));
    let mut digest = DigestWriter::new();
    let mut size = 0;
    while let count @ 1.. = read_some(from, &mut buffer).at("read blob", path)? {
        out.write_all(&buffer[..count]).at("write", to)?;
        digest.bytes(&buffer[..count]);
        size += count as u64;
    }
    Ok(File::resolved(digest.finish(), size))
}

/// Reads until something has come; 0 at the end.
fn read_some(file: &mut fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Copies everything that is left to read. `what` says in errors what is being read; `size` is about how
/// many bytes there will be.
pub(super) fn copy(from: &mut (impl Read + ?Sized), to: &mut BlobWriter, what: &str, size: u64) -> Result<(), Error> {
    let mut buffer = buffer_for(size);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.append(&buffer[..count])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::from(error).during(format!("read {what}"))),
        }
    }
}

/// A buffer no larger than is needed: most files are small, and clearing memory takes time.
fn buffer_for(size: u64) -> Vec<u8> {
    vec![0; size.clamp(512, BUFFER) as usize]
}

/// Opens a file that a person has named.
pub(super) fn open_following(path: &Path) -> Result<fs::File, Error> {
    fs::OpenOptions::new().read(true).custom_flags(nonblocking()).open(path).at("open", path)
}

/// Opens a file that a command has left, which may be a trap; a symbolic link is `Invalid`.
pub(super) fn open_without_following(path: &Path) -> Result<fs::File, Error> {
    let flags = nonblocking() | OFlags::NOFOLLOW.bits().cast_signed();
    let open = || fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
    let opened = match open() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            // A command may have made its output unreadable; it is ours all the same.
            let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
            match is_file && fs::set_permissions(path, fs::Permissions::from_mode(0o644)).is_ok() {
                true => open(),
                false => Err(error),
            }
        }
        other => other,
    };
    match opened {
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            Err(Error::new(Kind::Invalid, format!("{} is a symbolic link, not a file", path.display())))
        }
        other => other.at("open", path),
    }
}

fn nonblocking() -> i32 {
    // A pipe would otherwise wait for its writer.
    OFlags::NONBLOCK.bits().cast_signed()
}

/// What the file system says of an open file; `Invalid` for what is not a regular one.
pub(super) fn regular(file: &fs::File, path: &Path) -> Result<Metadata, Error> {
    let metadata = file.metadata().at("look at", path)?;
    match metadata.is_file() {
        true => Ok(metadata),
        false => Err(Error::new(Kind::Invalid, format!("{} is not a file", path.display()))),
    }
}
