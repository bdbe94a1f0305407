//! The local state of one user under one home folder.

use std::path::Path;
use std::sync::Arc;

use base::{Digest, Error, File, Fileset, Kind};

use crate::commit::Committer;
use crate::database::Database;
use crate::file_repository::FileRepository;
use crate::lock::KeyLocks;
use crate::runs::Runs;
use crate::stat_cache::StatCache;
use crate::tasks::Tasks;

/// Repository, database and locks of one home folder. Cheap to clone.
#[derive(Clone)]
pub struct LocalStore {
    /// Blobs.
    pub repository: FileRepository,
    /// Tables.
    pub database: Database,
    /// Locks by key.
    pub locks: KeyLocks,
    committer: Arc<Committer>,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The key that was found.
    pub key: Digest,
    /// Its value; every file is in the repository.
    pub fileset: Fileset,
}

impl LocalStore {
    /// Opens the state under the folder `home`, or makes it.
    pub fn open(_home: &Path) -> Result<Self, Error> {
        Err(Error::new(Kind::NotSupported, "not written yet"))
    }

    /// The folder for work in progress, on the same file system as the repository.
    pub fn tmp(&self) -> &Path {
        self.repository.root()
    }

    /// For each list of keys, most concrete first: the first whose fileset can be read and whose every
    /// file is in the repository with the recorded size.
    pub fn lookup(&self, _wanted: &[Vec<Digest>]) -> Result<Vec<Option<Hit>>, Error> {
        Err(Error::new(Kind::NotSupported, "not written yet"))
    }

    /// What makes results durable.
    pub fn committer(&self) -> &Committer {
        &self.committer
    }

    /// Brings in a file of the user; one that has not changed since the last time is not read again.
    pub fn install(&self, _path: &Path) -> Result<File, Error> {
        Err(Error::new(Kind::NotSupported, "not written yet"))
    }

    /// The history of runs.
    pub fn runs(&self) -> Runs {
        Runs::new(self.database.clone())
    }

    /// The history of tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.database.clone())
    }

    /// Digests of unchanged files.
    pub fn stat_cache(&self) -> StatCache {
        StatCache::new(self.database.clone())
    }
}
