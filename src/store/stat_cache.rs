//! Digests of files outside the repository that have not changed since they were hashed.
//!
//! A file counts as unchanged while its device, inode, size and both times are the same. Times are only as
//! fine as the file system's clock, so a file that had just been changed when it was hashed might change
//! once more without any of that showing; such a file is not remembered.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::{Digest, Error, File, Kind};
use rusqlite::{OptionalExtension, params};

use crate::database::Database;
use crate::file_repository::hash_file;
use crate::located::Located;

/// Changes closer to each other than this may have the same time.
const CLOCK_GRAIN: Duration = Duration::from_secs(2);
/// Newly learnt digests that are written in one transaction.
const BATCH: usize = 1 << 12;

/// Remembers digests by path. Cheap to clone; every thread may use it. Blocks the calling thread.
#[derive(Clone, Debug)]
pub struct StatCache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    learnt: Mutex<HashMap<PathBuf, (Look, Digest)>>,
    preloaded: RwLock<Preloaded>,
}

/// Everything that the database knows below some folders.
#[derive(Debug, Default)]
struct Preloaded {
    folders: Vec<PathBuf>,
    files: HashMap<PathBuf, (Look, Digest)>,
}

/// How a file looks without being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    device: i64,
    inode: i64,
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
}

impl StatCache {
    pub(crate) fn new(database: Database) -> Self {
        Self(Arc::new(Inner { database, learnt: Mutex::default(), preloaded: RwLock::default() }))
    }

    /// The digest and size of a file, which is read only if it may have changed since the last time.
    /// Follows symbolic links; `Invalid` for what is not a file.
    pub fn digest_of(&self, path: &Path) -> Result<File, Error> {
        self.digest_with(path, |_| true, hash_file)
    }

    /// Like [`digest_of`](Self::digest_of), but takes a remembered file only if `accept` does, and else
    /// learns from `read`, which must read the whole file.
    pub(crate) fn digest_with(
        &self,
        path: &Path,
        accept: impl Fn(&File) -> bool,
        read: impl FnOnce(&Path) -> Result<File, Error>,
    ) -> Result<File, Error> {
        let path = std::path::absolute(path).at("find", path)?;
        let before = look(&path)?;
        if let Some(digest) = self.recall(&path, &before)? {
            let file = File::resolved(digest, before.size);
            if accept(&file) {
                return Ok(file);
            }
        }
        let now = SystemTime::now();
        let file = read(&path)?;
        if look(&path)? == before && file.size == before.size && !before.may_change_unseen(now) {
            self.learn(path, before, file.digest());
        }
        Ok(file)
    }

    /// Reads everything that is remembered of files below a folder, so that very many of them are not asked for one
    /// by one. What other processes learn later is not seen; those files are only hashed once more.
    pub fn preload(&self, folder: &Path) -> Result<(), Error> {
        let folder = std::path::absolute(folder).at("find", folder)?;
        let mut preloaded = self.0.preloaded.write().unwrap_or_else(PoisonError::into_inner);
        if preloaded.folders.iter().any(|known| folder.starts_with(known)) {
            return Ok(());
        }
        if folder.parent().is_none() {
            // Nobody interns a whole machine.
            return Ok(());
        }
        // Behind every path below the folder is what has the byte after the slash in its place.
        let [first, behind] = [b'/', b'/' + 1].map(|byte| [folder.as_os_str().as_bytes(), &[byte]].concat());
        let found = self.0.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, device, inode, size, modified_ns, changed_ns, digest FROM stat_cache
                 WHERE path >= ? AND path < ?",
            )?;
            let rows = statement.query_map(params![first, behind], |row| {
                let path: Vec<u8> = row.get(0)?;
                let look = Look {
                    device: row.get(1)?,
                    inode: row.get(2)?,
                    size: row.get::<_, i64>(3)?.cast_unsigned(),
                    modified_ns: row.get(4)?,
                    changed_ns: row.get(5)?,
                };
                let digest: [u8; 32] = row.get(6)?;
                Ok((PathBuf::from(OsString::from_vec(path)), (look, Digest::from_bytes(digest))))
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        preloaded.files.extend(found);
        preloaded.folders.push(folder);
        Ok(())
    }

    /// Writes what was learnt into the database. Happens by itself now and then and on the last drop.
    pub fn flush(&self) -> Result<(), Error> {
        self.0.flush()
    }

    fn recall(&self, path: &Path, look: &Look) -> Result<Option<Digest>, Error> {
        let learnt = self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        if let Some((known, digest)) = learnt {
            return Ok((known == *look).then_some(digest));
        }
        let preloaded = self.0.preloaded.read().unwrap_or_else(PoisonError::into_inner);
        if preloaded.folders.iter().any(|folder| path.starts_with(folder)) {
            let known = preloaded.files.get(path);
            return Ok(known.and_then(|(known, digest)| (known == look).then_some(*digest)));
        }
        drop(preloaded);
        let digest: Option<[u8; 32]> = self.0.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest FROM stat_cache
                 WHERE path = ? AND device = ? AND inode = ? AND size = ? AND modified_ns = ? AND changed_ns = ?",
            )?;
            let key = path.as_os_str().as_bytes();
            let Look { device, inode, size, modified_ns, changed_ns } = *look;
            let found = statement
                .query_row(params![key, device, inode, size.cast_signed(), modified_ns, changed_ns], |row| row.get(0));
            Ok(found.optional()?)
        })?;
        Ok(digest.map(Digest::from_bytes))
    }

    fn learn(&self, path: PathBuf, look: Look, digest: Digest) {
        let mut learnt = self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.insert(path, (look, digest));
        let is_full = learnt.len() >= BATCH;
        drop(learnt);
        if is_full {
            // What cannot be remembered is hashed again next time.
            let _ = self.0.flush();
        }
    }
}

impl Inner {
    fn flush(&self) -> Result<(), Error> {
        let learnt = std::mem::take(&mut *self.learnt.lock().unwrap_or_else(PoisonError::into_inner));
        if learnt.is_empty() {
            return Ok(());
        }
        let mut preloaded = self.preloaded.write().unwrap_or_else(PoisonError::into_inner);
        if !preloaded.folders.is_empty() {
            preloaded.files.extend(learnt.iter().map(|(path, known)| (path.clone(), *known)));
        }
        drop(preloaded);
        self.database.write(|transaction| {
            let mut statement =
                transaction.prepare_cached("INSERT OR REPLACE INTO stat_cache VALUES (?, ?, ?, ?, ?, ?, ?)")?;
            for (path, (look, digest)) in &learnt {
                statement.execute(params![
                    path.as_os_str().as_bytes(),
                    look.device,
                    look.inode,
                    look.size.cast_signed(),
                    look.modified_ns,
                    look.changed_ns,
                    digest.as_bytes()
                ])?;
            }
            Ok(())
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // What cannot be remembered is hashed again next time.
        let _ = self.flush();
    }
}

impl Look {
    /// Whether the file was changed so shortly before `now` that a further change might not show.
    fn may_change_unseen(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let limit = i64::try_from(now.saturating_sub(CLOCK_GRAIN).as_nanos()).unwrap_or(i64::MAX);
        self.modified_ns.max(self.changed_ns) >= limit
    }
}

fn look(path: &Path) -> Result<Look, Error> {
    let metadata: Metadata = fs::metadata(path).at("look at", path)?;
    if !metadata.is_file() {
        return Err(Error::new(Kind::Invalid, format!("{} is not a file", path.display())));
    }
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Ok(Look {
        device: metadata.dev().cast_signed(),
        inode: metadata.ino().cast_signed(),
        size: metadata.len(),
        modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    })
}
