//! The local state of one user under one home folder, and the lookup that makes re-runs quick.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use base::{Digest, Error, File, Fileset};

use crate::assoc_table::{self, AssocTable, Found};
use crate::codec;
use crate::commit::Committer;
use crate::database::{Database, Failure};
use crate::file_repository::{FileRepository, sync_folder};
use crate::journal;
use crate::lent::Lent;
use crate::located::Located;
use crate::lock::KeyLocks;
use crate::materials::Materials;
use crate::roots::Roots;
use crate::runs::Runs;
use crate::stat_cache::StatCache;
use crate::steps::Steps;
use crate::tasks::Tasks;

/// Encoded filesets that are blobs are not read beyond this; they would not fit into memory anyway.
const LARGEST_FILESET: u64 = 4 << 30;

/// Temporary files that were not written to for so long belong to nobody any more.
const LEFTOVER_AGE: Duration = Duration::from_secs(3 * 24 * 3600);

/// Repository, database and locks of one home folder. Cheap to clone; every thread may use it, and
/// several processes may use one home at once.
#[derive(Clone, Debug)]
pub struct LocalStore {
    /// Blobs.
    pub repository: FileRepository,
    /// Tables.
    pub database: Database,
    /// Locks by key.
    pub locks: KeyLocks,
    /// Cached values that are known from the journal of keys alone, since the database was gone.
    pub restored: u64,
    tmp: PathBuf,
    stat_cache: StatCache,
    lent: Arc<Lent>,
    committer: Arc<Committer>,
}

/// The name of the journal of keys.
pub(crate) const JOURNAL: &str = "keys.log";

/// What a key stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The key that was found.
    pub key: Digest,
    /// Its value; every file is in the repository.
    pub fileset: Fileset,
}

/// What is known of a key, and why that may not do.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyState {
    /// Nothing.
    Absent,
    /// A value that cannot be read.
    Unreadable(Error),
    /// A value of which files are not in the repository with the size they should have.
    Incomplete(Vec<File>),
    /// A value that can be used.
    Usable(Fileset),
}

/// What [`LocalStore::check_keys`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyReport {
    /// Keys looked at.
    pub count: u64,
    /// Those that a lookup would not use, in order, and why. They are stored anew when their steps run.
    pub unusable: Vec<(Digest, KeyState)>,
}

impl LocalStore {
    /// Opens the state under the folder `home`, or makes it: `repository/`, `reflow.db`, `keys.log`, `locks/`,
    /// `tmp/`. A database that is gone is made anew, with the keys that the journal has.
    pub fn open(home: &Path) -> Result<Self, Error> {
        let home = std::path::absolute(home).at("find", home)?;
        fs::create_dir_all(&home).at("make folder", &home)?;
        // A file of no bytes is a new database to SQLite.
        let is_new = fs::metadata(home.join("reflow.db")).map_or(true, |metadata| metadata.len() == 0);
        let tmp = home.join("tmp");
        fs::create_dir_all(&tmp).at("make folder", &tmp)?;
        let repository = FileRepository::open(&home.join("repository"))?;
        // A matter of tidiness; whatever is wrong will show when something is stored.
        let _ = repository.sweep(LEFTOVER_AGE);
        let locks = KeyLocks::open(&home.join("locks"))?;
        let database = Database::open(&home.join("reflow.db"))?;
        let journal = home.join(JOURNAL);
        let restored = if is_new { journal::restore(&journal, &database)? } else { 0 };
        database.keep_journal(&journal)?;
        if is_new {
            // What is durable below must not be lost for want of a name above.
            sync_folder(&home)?;
            // The folder above may be one that we cannot read; then nothing can be done.
            let _ = home.parent().map(sync_folder);
        }
        Ok(Self {
            locks,
            restored,
            tmp,
            stat_cache: StatCache::new(database.clone()),
            lent: Arc::default(),
            committer: Arc::new(Committer::start(repository.clone(), database.clone())?),
            repository,
            database,
        })
    }

    /// The folder for work in progress, on the same file system as the repository.
    pub fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// For each list of keys, most concrete first: the first whose fileset can be read and whose every
    /// file is in the repository with the recorded size; `None` where there is none (runtime spec §3.7).
    ///
    /// All is read in one state of the database. Keys that are found count as used.
    pub fn lookup(&self, wanted: &[Vec<Digest>]) -> Result<Vec<Option<Hit>>, Error> {
        let now = SystemTime::now();
        self.repository.rely_on(wanted.iter().flatten())?;
        let (hits, used) = self.database.read(|connection| {
            let find = |key: &Digest| {
                let found = assoc_table::find(connection, key, now)?;
                let is_stale = found.iter().any(|found| found.is_stale);
                Ok(match self.best(&found) {
                    Some(Ok(fileset)) => Some((Hit { key: *key, fileset }, is_stale)),
                    _ => None,
                })
            };
            let find_all = |keys: &Vec<Digest>| keys.iter().map(find).filter_map(Result::transpose).collect();
            let found: Vec<Vec<(Hit, bool)>> = wanted.iter().map(find_all).collect::<Result<_, Failure>>()?;
            // All at once, as saying it costs a system call. From now on nobody removes what is there.
            let files = found.iter().flatten().flat_map(|(hit, _)| hit.fileset.entries());
            self.repository.rely_on(files.filter_map(|(_, file)| file.id.as_ref()))?;
            let mut used = Vec::new();
            let mut hits = Vec::with_capacity(wanted.len());
            for found in found {
                let mut usable = None;
                for (hit, is_stale) in found {
                    if self.missing(&hit.fileset)?.is_empty() {
                        used.extend(is_stale.then_some(hit.key));
                        usable = Some(hit);
                        break;
                    }
                }
                hits.push(usable);
            }
            Ok((hits, used))
        })?;
        self.committer.touch(used);
        Ok(hits)
    }

    /// What is known of one key, in more detail than [`lookup`](Self::lookup) tells.
    pub fn explain(&self, key: &Digest) -> Result<KeyState, Error> {
        let found = self.database.read(|connection| assoc_table::find(connection, key, SystemTime::now()))?;
        self.judge(&found)
    }

    /// The fileset that is recorded for a key, whether or not its files are there; `None` if none is, or it
    /// cannot be read.
    pub fn recorded(&self, key: &Digest) -> Result<Option<Fileset>, Error> {
        let found = self.database.read(|connection| assoc_table::find(connection, key, SystemTime::now()))?;
        Ok(found.iter().find_map(|found| self.read(found).ok()))
    }

    /// Judges every key, as [`lookup`](Self::lookup) would find it. `progress` is called after each. Content
    /// of blobs is not read; [`FileRepository::check_all`] does that.
    pub fn check_keys(&self, progress: &dyn Fn()) -> Result<KeyReport, Error> {
        let mut report = KeyReport::default();
        let mut after = None;
        loop {
            // A page at a time, so that others need not keep old states of the database for us.
            let page = self.database.read(|connection| {
                let keys = assoc_table::keys_after(connection, after.as_ref())?;
                let judge = |key| Ok((key, self.judge(&assoc_table::find(connection, &key, SystemTime::now())?)?));
                keys.into_iter().map(judge).collect::<Result<Vec<_>, Failure>>()
            })?;
            let Some((last, _)) = page.last() else { return Ok(report) };
            after = Some(*last);
            for (key, state) in page {
                report.count += 1;
                if !matches!(state, KeyState::Usable(_)) {
                    report.unusable.push((key, state));
                }
                progress();
            }
        }
    }

    /// What makes results durable.
    pub fn committer(&self) -> &Committer {
        &self.committer
    }

    /// Brings in a file of the user, as [`FileRepository::install`] does; one that has not changed since
    /// the last time is not read again.
    pub fn install(&self, path: &Path) -> Result<File, Error> {
        let is_here =
            |file: &File| self.repository.rely_on(&file.id).is_ok() && self.repository.holds(file).unwrap_or(false);
        self.stat_cache.digest_with(path, is_here, |path| self.repository.install(path))
    }

    /// Lends a file of the user whose digest is known ([`StatCache::digest_of`]). Its bytes stay where they are
    /// until [`bring`](Self::bring) is asked for them: what the cache answers moves nothing. This process must have
    /// said that it relies on the content ([`FileRepository::rely_on`]), so that no collection removes what is found.
    pub fn lend(&self, file: &File, path: &Path) -> Result<(), Error> {
        if self.repository.holds(file)? { Ok(()) } else { self.lent.add(file, path) }
    }

    /// Whether the bytes of this content may still be only where their owner has them.
    pub fn is_lent(&self, digest: &Digest) -> bool {
        self.lent.find(digest).is_some()
    }

    /// Whether anything was lent.
    pub fn has_lent(&self) -> bool {
        !self.lent.is_empty()
    }

    /// Brings the bytes of a file that was lent into the repository, as [`install`](Self::install) does; nothing is
    /// done for those that are there, or were never lent. `Integrity` if their owner has changed them since.
    pub fn bring(&self, file: &File) -> Result<(), Error> {
        let Some(lent) = self.lent.find(&file.digest()) else { return Ok(()) };
        // Whoever needs the same file meanwhile waits, and finds it.
        let path = lent.lock().unwrap_or_else(PoisonError::into_inner);
        if self.repository.holds(file)? {
            return Ok(());
        }
        let found = self.repository.install(&path)?;
        if found.id == file.id {
            return Ok(());
        }
        let message = format!("{} has changed since this run looked at it", path.display());
        Err(Error::new(base::Kind::Integrity, message))
    }

    /// The association by itself.
    pub fn assoc(&self) -> AssocTable {
        AssocTable::new(self.database.clone())
    }

    /// The history of runs.
    pub fn runs(&self) -> Runs {
        Runs::new(self.database.clone())
    }

    /// The history of tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.database.clone())
    }

    /// What execs were made from.
    pub fn materials(&self) -> Materials {
        Materials::new(self.database.clone())
    }

    /// What became of the execs of runs.
    pub fn steps(&self) -> Steps {
        Steps::new(self.database.clone())
    }

    /// Digests of unchanged files.
    pub fn stat_cache(&self) -> &StatCache {
        &self.stat_cache
    }

    /// The names of what a collection keeps.
    pub fn roots(&self) -> Roots {
        Roots::new(self.database.clone())
    }

    /// The fileset of a key as far as it can be read, whether or not its files are here; `None` if there is none.
    pub(crate) fn fileset_of(&self, key: &Digest) -> Result<Option<Result<Fileset, Error>>, Error> {
        let found = self.database.read(|connection| assoc_table::find(connection, key, SystemTime::now()))?;
        Ok(self.best(&found))
    }

    /// The best of the values of one key, the newest kind first: a stream that cannot be decoded falls
    /// back to stored JSON. `None` if there are none.
    fn best(&self, found: &[Found]) -> Option<Result<Fileset, Error>> {
        let mut last = None;
        for found in found {
            match self.read(found) {
                // The kinds tell the same value; what one lacks, the other lacks too.
                Ok(fileset) => return Some(Ok(fileset)),
                Err(error) => last = Some(Err(error)),
            }
        }
        last
    }

    fn judge(&self, found: &[Found]) -> Result<KeyState, Error> {
        Ok(match self.best(found) {
            None => KeyState::Absent,
            Some(Err(error)) => KeyState::Unreadable(error),
            Some(Ok(fileset)) => match self.missing(&fileset)? {
                missing if missing.is_empty() => KeyState::Usable(fileset),
                missing => KeyState::Incomplete(missing),
            },
        })
    }

    /// The files that are not in the repository with the size they should have.
    fn missing(&self, fileset: &Fileset) -> Result<Vec<File>, Error> {
        let mut missing = Vec::new();
        for (_, file) in fileset.entries() {
            if !self.repository.holds(file)? {
                missing.push(file.clone());
            }
        }
        Ok(missing)
    }

    fn read(&self, found: &Found) -> Result<Fileset, Error> {
        let bytes = match &found.bytes {
            Some(bytes) => bytes,
            None => &self.read_blob(&found.value)?,
        };
        if Digest::of(bytes) != found.value {
            let message = format!("the encoded fileset {} has another digest", found.value);
            return Err(Error::new(base::Kind::Integrity, message));
        }
        codec::decode(found.kind, bytes)
    }

    fn read_blob(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let blob = self.repository.open_blob(digest)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(blob, LARGEST_FILESET), &mut bytes)
            .at("read blob", &self.repository.path(digest))?;
        Ok(bytes)
    }
}
