//! What living processes rely on, told to whoever removes blobs.
//!
//! A process publishes the digest of a key or blob *before* it looks whether that is there, by appending it to
//! a file of its own in `uses/` that it keeps locked. Whoever removes a blob first takes it out of sight, then
//! reads what is published, and puts back what it finds there ([`removal`](super::removal)). Whichever of the
//! two comes first, either the process does not see the blob, which is a miss that it can repair, or the blob
//! stays. No clock has a part in it.
//!
//! A process that ends takes its file away, unless a collection goes on: what it has committed meanwhile may
//! not be among the rows that the collection has read, so the file stays for its sake. Files that killed
//! processes left are taken away by the next collection before it reads rows, or by whoever finds itself alone.

use std::collections::{HashMap, HashSet};
use std::fs::{self, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::{Digest, Error, Kind};

use crate::located::Located;

/// Every process that has the repository open holds a shared lock of this file.
const PRESENT: &str = "present";
/// A collection holds the lock of this file.
const COLLECTING: &str = "collecting";
/// How the files of processes begin.
const PREFIX: &str = "by-";

/// Longer than a process that ends keeps a collection from beginning.
const ENDING: Duration = Duration::from_secs(1);

/// What this process relies on.
#[derive(Debug)]
pub(super) struct Uses {
    root: PathBuf,
    own: Mutex<Own>,
    /// Closing it releases the shared lock.
    present: fs::File,
}

/// How this process says what it relies on.
#[derive(Debug)]
enum Own {
    /// It has not done so yet.
    Silent,
    /// In this file.
    File(tempfile::NamedTempFile),
    /// There is no room to say it, so no collection may begin while this lock is held.
    Barrier { _quiet: fs::File },
}

impl Uses {
    /// Uses (and makes) the folder `root`. Calls `tidy` first if no other process has the repository open.
    pub(super) fn open(root: PathBuf, tidy: impl FnOnce() -> Result<(), Error>) -> Result<Self, Error> {
        fs::create_dir_all(&root).at("make folder", &root)?;
        let present = lock_file(&root.join(PRESENT))?;
        if present.try_lock().is_ok() {
            for path in files(&root)? {
                let _ = fs::remove_file(path);
            }
            tidy()?;
        }
        present.lock_shared().at("lock", &root.join(PRESENT))?;
        // Made now, when there is room.
        lock_file(&root.join(COLLECTING))?;
        Ok(Self { root, own: Mutex::new(Own::Silent), present })
    }

    /// Says that this process relies on these from now on.
    pub(super) fn publish<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) -> Result<(), Error> {
        let bytes: Vec<u8> = digests.into_iter().flat_map(|digest| *digest.as_bytes()).collect();
        if bytes.is_empty() {
            return Ok(());
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match &*own {
            Own::Barrier { .. } => return Ok(()),
            Own::File(file) => write(file, &bytes),
            Own::Silent => self.begin().and_then(|file| {
                let written = write(&file, &bytes);
                *own = Own::File(file);
                written
            }),
        };
        if let Err(error) = written {
            // A full disk, most likely. What is cached must be found nevertheless.
            let quiet = self.quiet().ok_or(error)?;
            *own = Own::Barrier { _quiet: quiet };
        }
        Ok(())
    }

    /// A lock that keeps others from opening the repository, if none has it open.
    pub(super) fn alone(&self) -> Result<Option<fs::File>, Error> {
        let path = self.root.join(PRESENT);
        // In place of the shared lock, on the same open file.
        match self.present.try_lock() {
            Ok(()) => self.present.try_clone().map(Some).at("lock", &path),
            Err(TryLockError::WouldBlock) => {
                self.present.lock_shared().at("lock", &path)?;
                Ok(None)
            }
            Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
        }
    }

    /// A lock that keeps collections from beginning, if none goes on.
    fn quiet(&self) -> Option<fs::File> {
        let lock = lock_file(&self.root.join(COLLECTING)).ok()?;
        lock.try_lock_shared().is_ok().then_some(lock)
    }

    /// Makes the file of this process.
    fn begin(&self) -> Result<tempfile::NamedTempFile, Error> {
        loop {
            let file =
                tempfile::Builder::new().prefix(PREFIX).tempfile_in(&self.root).at("make a file in", &self.root)?;
            file.as_file().lock().at("lock", file.path())?;
            // Somebody may have taken it for one that was left over before it was locked.
            if file.path().exists() {
                return Ok(file);
            }
        }
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        let own = std::mem::replace(self.own.get_mut().unwrap_or_else(PoisonError::into_inner), Own::Silent);
        let Own::File(file) = own else { return };
        // Held until the file is gone, so that no collection begins in between.
        match self.quiet() {
            Some(_quiet) => drop(file),
            None => drop(file.into_temp_path().keep()),
        }
    }
}

/// The right to remove blobs and keys, and what is relied on as far as is known. One process at a time.
#[derive(Debug)]
pub struct Watch {
    root: PathBuf,
    read: HashMap<PathBuf, u64>,
    used: HashSet<Digest>,
    _collecting: fs::File,
}

impl Watch {
    /// `Unavailable` while another collection goes on.
    pub(super) fn begin(root: &Path) -> Result<Self, Error> {
        let path = root.join(COLLECTING);
        let collecting = lock_file(&path)?;
        let start = Instant::now();
        loop {
            match collecting.try_lock() {
                Ok(()) => break,
                // Processes that end hold it for a moment.
                Err(TryLockError::WouldBlock) if start.elapsed() < ENDING => std::thread::sleep(ENDING / 100),
                Err(TryLockError::WouldBlock) => {
                    let message = "another process is collecting this store, or uses it with no room left on the disk; \
                                   wait until it is done";
                    return Err(Error::new(Kind::Unavailable, message));
                }
                Err(TryLockError::Error(error)) => return Err(error).at("lock", &path),
            }
        }
        for path in files(root)? {
            let Ok(file) = fs::File::open(&path) else { continue };
            if file.try_lock().is_ok() {
                let _ = fs::remove_file(&path);
            }
        }
        let mut watch =
            Self { root: root.to_owned(), read: HashMap::new(), used: HashSet::new(), _collecting: collecting };
        watch.refresh()?;
        Ok(watch)
    }

    /// Reads what has been published since.
    pub fn refresh(&mut self) -> Result<(), Error> {
        for path in files(&self.root)? {
            let mut file = match fs::File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => opened.at("open", &path)?,
            };
            let from = self.read.entry(path.clone()).or_default();
            file.seek(SeekFrom::Start(*from)).at("read", &path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).at("read", &path)?;
            let (whole, _) = bytes.as_chunks::<32>();
            *from += whole.len() as u64 * 32;
            self.used.extend(whole.iter().map(|digest| Digest::from_bytes(*digest)));
        }
        Ok(())
    }

    /// Whether a process was seen to rely on it.
    pub fn is_used(&self, digest: &Digest) -> bool {
        self.used.contains(digest)
    }
}

fn write(file: &tempfile::NamedTempFile, bytes: &[u8]) -> Result<(), Error> {
    file.as_file().write_all(bytes).at("write", file.path())
}

/// The files in which processes say what they rely on.
fn files(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root).at("list", root)? {
        let entry = entry.at("list", root)?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn lock_file(path: &Path) -> Result<fs::File, Error> {
    fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).at("open lock", path)
}
