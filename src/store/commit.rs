//! Group commit: the results of many tasks become durable together.

use base::{Digest, Error, File, Fileset, Kind};

use crate::tasks::TaskRecord;

/// A fileset and the cache keys that stand for it.
#[derive(Clone, Debug)]
pub struct Association {
    /// The keys; each is associated with the fileset.
    pub keys: Vec<Digest>,
    /// The value. Every file must be resolved and in the repository.
    pub fileset: Fileset,
    /// `key=value` labels to add to the keys.
    pub labels: Vec<String>,
}

/// What is told when a commit is durable, or has failed.
pub type Done = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What becomes durable together.
pub struct Commit {
    /// Blobs that must be durable besides the files of the associated filesets, such as logs.
    pub blobs: Vec<File>,
    /// What is learnt.
    pub associations: Vec<Association>,
    /// The task's row.
    pub task: Option<TaskRecord>,
    /// Called once, on the committer's thread: must be quick.
    pub done: Done,
}

/// The thread that makes commits durable, in groups of whatever waits.
pub struct Committer {
    _private: (),
}

impl Committer {
    /// Hands a commit over and returns at once.
    pub fn submit(&self, commit: Commit) {
        (commit.done)(Err(Error::new(Kind::NotSupported, "not written yet")));
    }

    /// Hands a commit over (its `done` is not needed) and waits until it is durable. Blocks the thread.
    pub fn commit(
        &self,
        _blobs: Vec<File>,
        _associations: Vec<Association>,
        _task: Option<TaskRecord>,
    ) -> Result<(), Error> {
        Err(Error::new(Kind::NotSupported, "not written yet"))
    }

    /// Waits until everything that was handed over before is durable or has failed. Blocks the thread.
    pub fn flush(&self) {}
}
