//! Removing blobs while other processes use the repository.
//!
//! A blob that is to go is renamed into `trash/`, where nobody looks for it; then what processes rely on is read
//! again, and what they do is renamed back. So a process that has published a blob before it looked for it either
//! keeps it or has not seen it. What a killed collection leaves in the trash is put back by the next one, or by
//! whoever finds itself alone with the repository.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base::{Digest, Error};

use super::uses::Watch;
use super::{FileRepository, arrive};
use crate::located::Located;

/// Blobs that are out of sight at a time.
const BATCH: usize = 512;

impl FileRepository {
    /// Says that this process relies on these blobs and keys from now on. To be called before looking whether
    /// they are there; what has been looked at before may be gone.
    pub fn rely_on<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) -> Result<(), Error> {
        self.0.uses.publish(digests)
    }

    /// Keeps other processes from opening the repository while the answer is held and this repository open; `None`
    /// if one has it open.
    pub(crate) fn alone(&self) -> Result<Option<fs::File>, Error> {
        self.0.uses.alone()
    }

    /// Begins to watch what processes rely on, for a removal. `Unavailable` while another process removes.
    pub fn watch(&self) -> Result<Watch, Error> {
        let watch = Watch::begin(&uses_folder(self.root()))?;
        restore_trash(self.root())?;
        Ok(watch)
    }

    /// Whether a removal has taken the blob out of sight.
    pub(super) fn is_hidden(&self, digest: &Digest) -> bool {
        trash(self.root()).join(digest.hex()).exists()
    }

    /// Removes the blobs that no process relies on. The number of them, and their bytes.
    pub fn remove_unused(&self, blobs: &[(Digest, u64)], watch: &mut Watch) -> Result<(u64, u64), Error> {
        let (mut count, mut bytes) = (0, 0);
        for batch in blobs.chunks(BATCH) {
            let mut hidden = Vec::new();
            // What is known to be used is not hidden even for a moment.
            for (digest, size) in batch.iter().filter(|(digest, _)| !watch.is_used(digest)) {
                let place = trash(self.root()).join(digest.hex());
                match fs::rename(self.path(digest), &place) {
                    Ok(()) => hidden.push((digest, size, place)),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error).at("remove blob", &self.path(digest)),
                }
            }
            watch.refresh()?;
            for (digest, size, place) in hidden {
                if watch.is_used(digest) {
                    restore(&place, &self.path(digest))?;
                } else {
                    fs::remove_file(&place).at("remove", &place)?;
                    (count, bytes) = (count + 1, bytes + size);
                }
            }
        }
        Ok((count, bytes))
    }
}

pub(super) fn uses_folder(root: &Path) -> PathBuf {
    root.join("uses")
}

pub(super) fn trash(root: &Path) -> PathBuf {
    root.join("trash")
}

/// Puts back what a removal has left behind that was killed.
pub(super) fn restore_trash(root: &Path) -> Result<(), Error> {
    let trash = trash(root);
    for entry in fs::read_dir(&trash).at("list", &trash)? {
        let entry = entry.at("list", &trash)?;
        let name = entry.file_name();
        if let Some((folder, name)) = name.to_str().and_then(|name| name.split_at_checked(2)) {
            restore(&entry.path(), &root.join(folder).join(name))?;
        }
    }
    Ok(())
}

/// Puts a blob back, unless another of its content has come meanwhile.
fn restore(place: &Path, to: &Path) -> Result<(), Error> {
    match arrive::rename_if_free(place, to) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => fs::remove_file(place).at("remove", place),
        Err(error) => Err(error).at("put back blob", to),
    }
}
