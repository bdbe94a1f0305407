//! How blobs come in: written, adopted or installed, hashed on the way, renamed at the end.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::Ordering;

use base::digest::DigestWriter;
use base::{Digest, Error, File, Kind};
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use tempfile::{NamedTempFile, TempPath};

use super::{FileRepository, depart, hash, is_executable, is_sealed};
use crate::located::Located;

/// A blob of so many bytes is synced by the thread that brings it, so that the group commit, which syncs
/// the small ones together, does not make everybody wait for a large one.
const LARGE: u64 = 4 << 20;

impl FileRepository {
    /// Stores bytes.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<File, Error> {
        let digest = Digest::of(bytes);
        let file = File::resolved(digest, bytes.len() as u64);
        self.rely_on([&digest])?;
        if self.is_settled(&file, false)? {
            return Ok(file);
        }
        let mut writer = self.writer()?;
        writer.write_unhashed(bytes)?;
        writer.settle(file)
    }

    /// Stores everything that `reader` yields, hashing while copying.
    pub fn put_reader(&self, reader: &mut dyn Read) -> Result<File, Error> {
        let mut writer = self.writer()?;
        hash::copy(reader, &mut writer, "the stream to store", u64::MAX)?;
        writer.finish()
    }

    /// Starts a blob whose bytes come one after another.
    pub fn writer(&self) -> Result<BlobWriter, Error> {
        let temporary = NamedTempFile::new_in(&self.0.tmp).at("make a file in", &self.0.tmp)?;
        Ok(BlobWriter { repository: self.clone(), temporary, digest: DigestWriter::new(), size: 0, executable: false })
    }

    /// Hashes a file that nobody uses any more and moves it in; where that cannot be done, copies it and
    /// removes it.
    ///
    /// `Invalid` for symbolic links and whatever is not a regular file: they are not followed.
    pub fn adopt(&self, path: &Path) -> Result<File, Error> {
        let mut source = hash::open_without_following(path)?;
        let before = hash::regular(&source, path)?;
        let file = hash::hash(&mut source).at("read", path)?;
        if is_changed(&before, &source.metadata().at("look at", path)?) {
            return Err(Error::new(Kind::Integrity, "the file changed while it was hashed")
                .during(format!("adopt {}", path.display())));
        }
        let executable = is_executable(&before);
        self.rely_on(&file.id)?;
        let known = self.is_settled(&file, executable)?;
        // Where another name leads to the same bytes, whoever has it may write to them later, so they
        // cannot become the blob.
        let is_ours = before.nlink() == 1;
        if !known && is_ours && self.move_in(&source, path, &file, executable)? {
            return Ok(file);
        }
        let file = if known {
            file
        } else {
            source.rewind().at("read", path)?;
            self.copy_in(&mut source, &before, path)?
        };
        fs::remove_file(path).at("remove", path)?;
        Ok(file)
    }

    /// Brings in a file that stays its owner's: a reflink where the file system can, else a copy, never
    /// a hard link, since the owner may write to it later. Hashes what came in, so a file that changes
    /// meanwhile cannot make a wrong blob. Follows symbolic links; `Invalid` for what is not a file.
    pub fn install(&self, path: &Path) -> Result<File, Error> {
        let mut source = hash::open_following(path)?;
        let metadata = hash::regular(&source, path)?;
        self.copy_in(&mut source, &metadata, path)
    }

    fn copy_in(&self, source: &mut fs::File, metadata: &Metadata, path: &Path) -> Result<File, Error> {
        let mut writer = self.writer()?;
        writer.executable = is_executable(metadata);
        if depart::reflink(&*source, writer.temporary.as_file()) {
            let file = hash::hash(writer.temporary.as_file_mut()).at("read", path)?;
            return writer.settle(file);
        }
        hash::copy(source, &mut writer, &path.display().to_string(), metadata.len())?;
        writer.finish()
    }

    /// Renames a file of ours to its blob; whether that could be done.
    fn move_in(&self, source: &fs::File, path: &Path, file: &File, executable: bool) -> Result<bool, Error> {
        let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
        // The command may have given it to another user, who could write to it, or privileges of its own, which a new
        // owner takes away, even the same.
        if user.is_root() && rustix::fs::fchown(source, Some(user), Some(group)).is_err() {
            return Ok(false);
        }
        match source.set_permissions(unsealed(executable)) {
            // Made by another user, such as root in a container: only its owner may change its mode.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(false),
            result => result.at("change the mode of", path)?,
        }
        if file.size >= LARGE {
            source.sync_all().at("sync", path)?;
        }
        match self.settle(path, file, executable) {
            Err(Unsettled::OtherDevice) => Ok(false),
            Err(Unsettled::Failed(error)) => Err(error),
            Ok(Settled::Moved) => Ok(true),
            Ok(Settled::Known) => {
                fs::remove_file(path).at("remove", path)?;
                Ok(true)
            }
        }
    }

    /// Whether a sealed blob of this digest and size is here; if so, it serves this file too.
    fn is_settled(&self, file: &File, executable: bool) -> Result<bool, Error> {
        let Some(id) = &file.id else { return Ok(false) };
        match self.metadata(id)? {
            Some(metadata) if metadata.len() == file.size && is_sealed(&metadata) => {
                self.share(id, &metadata, executable)
            }
            _ => Ok(false),
        }
    }

    /// One blob serves all files of its content; if one of them is a program, it stays one. Whether it is there.
    fn share(&self, id: &Digest, metadata: &Metadata, executable: bool) -> Result<bool, Error> {
        if executable && !is_executable(metadata) {
            let (path, mode) = (self.path(id), metadata.permissions().mode() | 0o111);
            match fs::set_permissions(&path, fs::Permissions::from_mode(mode)) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                result => result.at("change the mode of", &path)?,
            }
        }
        Ok(true)
    }

    /// Gives the file at `path`, which has been hashed, the name of its blob.
    fn settle(&self, path: &Path, file: &File, executable: bool) -> Result<Settled, Unsettled> {
        let Some(id) = &file.id else { return Ok(Settled::Known) };
        let to = self.path(id);
        let failed = |error: Errno| Err::<(), _>(error).at("store blob", &to).map_err(Unsettled::Failed);
        let mut made = false;
        loop {
            match rename_if_free(path, &to) {
                Ok(()) => return Ok(Settled::Moved),
                Err(Errno::EXIST) => {
                    if self.is_present(file, executable)? {
                        return Ok(Settled::Known);
                    }
                    match rustix::fs::rename(path, &to) {
                        Ok(()) => return Ok(Settled::Moved),
                        Err(error) => failed(error)?,
                    }
                }
                Err(Errno::XDEV) => return Err(Unsettled::OtherDevice),
                Err(Errno::NOENT) if !made => {
                    // The first of the blobs that begin alike.
                    made = true;
                    self.0.durable_folders[usize::from(id.as_bytes()[0])].store(false, Ordering::Relaxed);
                    to.parent().map_or(Ok(()), |folder| fs::create_dir_all(folder).at("make folder", folder))?;
                }
                Err(error) => failed(error)?,
            }
        }
    }

    /// Whether the blob that is already there can be relied on. One that is not sealed may be what a
    /// crash of the machine left over, so its content is looked at.
    fn is_present(&self, file: &File, executable: bool) -> Result<bool, Error> {
        let Some(id) = &file.id else { return Ok(true) };
        let Some(metadata) = self.metadata(id)? else { return Ok(false) };
        if metadata.len() != file.size {
            return Ok(false);
        }
        if !is_sealed(&metadata) {
            let mut blob = match self.open_blob(id) {
                // It has gone since.
                Err(error) if error.kind() == Kind::NotExist => return Ok(false),
                opened => opened?,
            };
            if hash::hash(&mut blob).at("read blob", &self.path(id))? != *file {
                return Ok(false);
            }
        }
        self.share(id, &metadata, executable)
    }
}

/// How a file became a blob.
enum Settled {
    /// It is the blob now.
    Moved,
    /// The blob was there; the file is still where it was.
    Known,
}

/// Why it did not.
enum Unsettled {
    OtherDevice,
    Failed(Error),
}

impl From<Error> for Unsettled {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A blob on its way in. Dropping it before [`finish`](Self::finish) leaves nothing behind.
pub struct BlobWriter {
    repository: FileRepository,
    temporary: NamedTempFile,
    digest: DigestWriter,
    size: u64,
    executable: bool,
}

impl BlobWriter {
    /// Appends bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.digest.bytes(bytes);
        self.write_unhashed(bytes)
    }

    /// How many bytes were written.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes what was written a blob.
    pub fn finish(self) -> Result<File, Error> {
        let file = File::resolved(self.digest.finish(), self.size);
        self.settle(file)
    }

    fn write_unhashed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        self.temporary.as_file_mut().write_all(bytes).at("write", self.temporary.path())
    }

    fn settle(self, file: File) -> Result<File, Error> {
        self.repository.rely_on(&file.id)?;
        let (handle, path) = self.temporary.into_parts();
        handle.set_permissions(unsealed(self.executable)).at("change the mode of", &path)?;
        if file.size >= LARGE {
            handle.sync_all().at("sync", &path)?;
        }
        match self.repository.settle(&path, &file, self.executable) {
            Ok(Settled::Known) => {}
            Ok(Settled::Moved) => forget(path),
            Err(Unsettled::Failed(error)) => return Err(error),
            Err(Unsettled::OtherDevice) => {
                let message = format!("{} is on another file system than its parent", self.repository.0.tmp.display());
                return Err(Error::new(Kind::Precondition, message));
            }
        }
        Ok(file)
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.temporary.as_file_mut().write(bytes)?;
        self.digest.bytes(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps a temporary path from being removed: nothing of ours is there any more.
fn forget(path: TempPath) {
    // Keeping cannot fail where nothing has to be done for it, which is everywhere but on Windows.
    let _ = path.keep();
}

/// The mode of a blob that is not yet durable.
fn unsealed(executable: bool) -> fs::Permissions {
    fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })
}

/// Renames unless the new name is taken. Replacing would put a blob that is not durable in the place of
/// one that is.
pub(super) fn rename_if_free(from: &Path, to: &Path) -> Result<(), Errno> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        result => return result,
    }
    match rustix::fs::link(from, to) {
        Ok(()) => rustix::fs::unlink(from),
        // A file system without hard links: the best that can be had.
        Err(Errno::PERM | Errno::NOSYS | Errno::NOTSUP) if !to.exists() => rustix::fs::rename(from, to),
        Err(error) => Err(error),
    }
}

fn is_changed(before: &Metadata, after: &Metadata) -> bool {
    let stamp = |metadata: &Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    stamp(before) != stamp(after)
}
