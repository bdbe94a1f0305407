//! How blobs become durable, many at a time.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::{Digest, Error, File, Kind};

use super::{FileRepository, is_executable, is_sealed, sync_folder};
use crate::located::Located;

/// Blobs synced in one go; each holds a descriptor open meanwhile.
const ROUND: usize = 256;
/// File systems write one journal entry for the syncs that arrive together, so several threads sync much
/// faster than one even on one disk.
const THREADS: usize = 16;

impl FileRepository {
    /// Makes blobs durable and seals them. Fails with the first blob that is absent or cannot be synced.
    pub fn sync(&self, blobs: &[Digest]) -> Result<(), Error> {
        let mut files = Vec::with_capacity(blobs.len());
        for digest in blobs {
            let size = self.stat(digest)?.ok_or_else(|| self.absent(digest))?;
            files.push(File::resolved(*digest, size));
        }
        self.seal(&files).into_iter().collect()
    }

    /// Makes the blobs of resolved files durable and seals them. The results are in the order of `files`:
    /// `NotExist` for an absent blob, `Integrity` for one of another size.
    pub(crate) fn seal(&self, files: &[File]) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(files.len());
        let mut unsealed = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let is_sealed = self.is_sealed(file);
            if let Ok(false) = is_sealed {
                unsealed.push((index, file.digest()));
            }
            results.push(is_sealed.map(drop));
        }
        for round in unsealed.chunks(ROUND) {
            for ((index, _), result) in round.iter().zip(self.seal_round(round)) {
                results[*index] = result;
            }
        }
        results
    }

    /// Syncs the files, then the folders with their names, then makes the files read-only.
    fn seal_round(&self, round: &[(usize, Digest)]) -> Vec<Result<(), Error>> {
        let paths: Vec<PathBuf> = round.iter().map(|(_, digest)| self.path(digest)).collect();
        let files = in_parallel(round, |(_, digest)| self.sync_file(digest));
        let names = self.sync_names(round.iter().map(|(_, digest)| digest.as_bytes()[0]).collect());
        let seal = |(file, path): (Result<fs::File, Error>, &PathBuf)| {
            let file = file?;
            names.clone()?;
            let metadata = file.metadata().at("look at blob", path)?;
            let mode = if is_executable(&metadata) { 0o555 } else { 0o444 };
            file.set_permissions(fs::Permissions::from_mode(mode)).at("seal blob", path)
        };
        files.into_iter().zip(&paths).map(seal).collect()
    }

    /// Makes the names of synced blobs that begin with one of these bytes durable.
    fn sync_names(&self, first_bytes: BTreeSet<u8>) -> Result<(), Error> {
        if self.0.names_follow {
            return Ok(());
        }
        let folders: Vec<PathBuf> = first_bytes.iter().map(|first| self.root().join(format!("{first:02x}"))).collect();
        in_parallel(&folders, |folder| sync_folder(folder)).into_iter().collect::<Result<(), Error>>()?;
        let known = |first: &u8| &self.0.durable_folders[usize::from(*first)];
        if first_bytes.iter().any(|first| !known(first).load(Ordering::Relaxed)) {
            // Another process may have made them a moment ago without having come this far.
            sync_folder(self.root())?;
            first_bytes.iter().for_each(|first| known(first).store(true, Ordering::Relaxed));
        }
        Ok(())
    }

    fn is_sealed(&self, file: &File) -> Result<bool, Error> {
        let Some(id) = &file.id else {
            return Err(Error::new(Kind::Precondition, format!("file {:?} is not resolved", file.source())));
        };
        let metadata = self.metadata(id)?.ok_or_else(|| self.absent(id))?;
        if metadata.len() != file.size {
            let message = format!("blob {id} has {} bytes, expected {}", metadata.len(), file.size);
            return Err(Error::new(Kind::Integrity, message));
        }
        Ok(is_sealed(&metadata))
    }

    /// Syncs one blob. One that cannot be synced is removed: the kernel reports a failed write once, and a
    /// second try would seem to succeed.
    fn sync_file(&self, digest: &Digest) -> Result<fs::File, Error> {
        let file = self.open_blob(digest)?;
        if let Err(error) = file.sync_all() {
            let path = self.path(digest);
            let _ = fs::remove_file(&path);
            return Err(error).at("sync blob", &path);
        }
        Ok(file)
    }

    fn absent(&self, digest: &Digest) -> Error {
        Error::new(Kind::NotExist, format!("blob {digest} is not in {}", self.root().display()))
    }
}

/// The numbers that Linux gives to ext4 and XFS. Those of ext2, and of ext4 made without a journal, are the same: there
/// a power loss may take a blob's name, which is a miss like any lost blob.
const EXT4: i64 = 0xef53;
const XFS: i64 = 0x5846_5342;

/// Whether a file that is synced takes its name, and those of the folders above, with it. That is so where all changes
/// of names go through one journal that is written in order: a blob gets its name before it is synced, and with what
/// the sync writes everything before it is written. Elsewhere folders are synced, too, which takes as long again.
pub(super) fn names_follow(root: &Path) -> bool {
    rustix::fs::statfs(root).is_ok_and(|system| matches!(system.f_type, EXT4 | XFS))
}

/// Calls `work` for every item, on several threads if there are several. The results are in order.
fn in_parallel<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    if items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(items.len()) {
            scope.spawn(|| {
                while let Some((index, item)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).map(|item| (index, item))
                } {
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
