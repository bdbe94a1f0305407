//! Whether the blobs are what their names say.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::{Digest, Error};

use super::{FileRepository, hash, is_sealed};
use crate::located::Located;

/// What [`FileRepository::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The content has the digest that the name says.
    Intact {
        /// Bytes.
        size: u64,
    },
    /// The content has another digest.
    Corrupt {
        /// Bytes.
        size: u64,
        /// Digest of what is there.
        actual: Digest,
    },
    /// There is no such blob.
    Missing,
}

/// What [`FileRepository::check_all`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckReport {
    /// Blobs looked at.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Blobs whose content is not what their name says, in order.
    pub corrupt: Vec<Digest>,
    /// Blobs that are not sealed: on their way in just now, or left over by a process that ended before
    /// anything referred to them. Their content has been checked like that of the others.
    pub unsealed: u64,
    /// Files whose names are not names of blobs, in order.
    pub misnamed: Vec<PathBuf>,
    /// Blobs that could not be read, with the reason.
    pub unreadable: Vec<(Digest, Error)>,
}

impl FileRepository {
    /// Hashes a blob and compares with its name.
    pub fn verify(&self, digest: &Digest) -> Result<Verdict, Error> {
        let path = self.path(digest);
        let mut blob = match fs::File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Verdict::Missing),
            opened => opened.at("open blob", &path)?,
        };
        let found = hash::hash(&mut blob).at("read blob", &path)?;
        let (actual, size) = (found.digest(), found.size);
        Ok(if actual == *digest { Verdict::Intact { size } } else { Verdict::Corrupt { size, actual } })
    }

    /// Hashes every blob, with as many threads as there are processors. `progress` is called after each
    /// blob with its size in bytes, from any thread. Changes nothing.
    pub fn check_all(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<CheckReport, Error> {
        let next = AtomicUsize::new(0);
        let failed = AtomicU8::new(0);
        let total = Mutex::new((CheckReport::default(), None));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Ok(first) = u8::try_from(next.fetch_add(1, Ordering::Relaxed))
                        && failed.load(Ordering::Relaxed) == 0
                    {
                        let report = self.check_folder(first, progress);
                        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                        match report {
                            Ok(report) => total.0.add(report),
                            Err(error) => {
                                failed.store(1, Ordering::Relaxed);
                                total.1 = Some(error);
                            }
                        }
                    }
                });
            }
        });
        let (mut report, error) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = error {
            return Err(error);
        }
        report.misnamed.extend(self.misnamed_folders()?);
        report.corrupt.sort_unstable();
        report.misnamed.sort_unstable();
        report.unreadable.sort_unstable_by_key(|(digest, _)| *digest);
        Ok(report)
    }

    /// Removes the blobs that a check found corrupt or unreadable, so that whoever needs them makes them anew.
    /// The number of those that are gone.
    pub fn remove_bad(&self, report: &CheckReport) -> Result<u64, Error> {
        let mut count = 0;
        for digest in report.corrupt.iter().chain(report.unreadable.iter().map(|(digest, _)| digest)) {
            count += u64::from(self.remove(digest)?);
        }
        Ok(count)
    }

    /// Removes temporary files that nobody has written to for so long: what killed processes left over.
    /// Returns how many there were.
    pub fn sweep(&self, idle: Duration) -> Result<u64, Error> {
        let tmp = &self.0.tmp;
        let mut count = 0;
        for entry in fs::read_dir(tmp).at("list", tmp)? {
            let entry = entry.at("list", tmp)?;
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let is_old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > idle));
            // Another process may sweep too.
            if is_old && fs::remove_file(entry.path()).is_ok() {
                count += 1;
            }
        }
        Ok(count)
    }

    fn check_folder(&self, first: u8, progress: &(dyn Fn(u64) + Sync)) -> Result<CheckReport, Error> {
        let folder = list_folder(self.root(), first)?;
        let mut report = CheckReport { misnamed: folder.misnamed, ..CheckReport::default() };
        for (digest, _) in folder.blobs {
            let size = match self.verify(&digest) {
                Ok(Verdict::Missing) => continue,
                Ok(Verdict::Intact { size }) => size,
                Ok(Verdict::Corrupt { size, .. }) => {
                    report.corrupt.push(digest);
                    size
                }
                Err(error) => {
                    report.unreadable.push((digest, error));
                    0
                }
            };
            report.unsealed += u64::from(self.metadata(&digest)?.is_some_and(|metadata| !is_sealed(&metadata)));
            report.count += 1;
            report.bytes += size;
            progress(size);
        }
        Ok(report)
    }

    /// What lies in the root beside the folders of blobs.
    fn misnamed_folders(&self) -> Result<Vec<PathBuf>, Error> {
        let mut misnamed = Vec::new();
        for entry in fs::read_dir(self.root()).at("list", self.root())? {
            let entry = entry.at("list", self.root())?;
            let name = entry.file_name();
            let is_hex = |name: &str| name.len() == 2 && name.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
            let is_ours = ["tmp", "uses", "trash"].iter().any(|ours| name == *ours);
            if !is_ours && !name.to_str().is_some_and(is_hex) {
                misnamed.push(entry.path());
            }
        }
        Ok(misnamed)
    }
}

/// Removes every file of a folder.
pub(super) fn clear(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).at("list", folder)? {
        let _ = fs::remove_file(entry.at("list", folder)?.path());
    }
    Ok(())
}

impl CheckReport {
    fn add(&mut self, other: CheckReport) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.unsealed += other.unsealed;
        self.corrupt.extend(other.corrupt);
        self.misnamed.extend(other.misnamed);
        self.unreadable.extend(other.unreadable);
    }
}

/// What is in the folder of the blobs that begin with one byte.
pub(super) struct Folder {
    pub(super) blobs: Vec<(Digest, u64)>,
    pub(super) misnamed: Vec<PathBuf>,
}

pub(super) fn list_folder(root: &Path, first: u8) -> Result<Folder, Error> {
    let prefix = format!("{first:02x}");
    let path = root.join(&prefix);
    let mut folder = Folder { blobs: Vec::new(), misnamed: Vec::new() };
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(folder),
        entries => entries.at("list", &path)?,
    };
    for entry in entries {
        let entry = entry.at("list", &path)?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata.at("look at", &entry.path())?,
        };
        let name = entry.file_name();
        let digest = name
            .to_str()
            .filter(|name| name.len() == 62)
            .and_then(|name| Digest::parse(&format!("{prefix}{name}")).ok());
        match digest {
            Some(digest) if metadata.is_file() => folder.blobs.push((digest, metadata.len())),
            _ => folder.misnamed.push(entry.path()),
        }
    }
    Ok(folder)
}
