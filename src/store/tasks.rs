//! The history of tasks: one row for each attempt to produce a value (runtime spec §7.9).

use std::path::PathBuf;
use std::time::SystemTime;

use base::digest::PartialDigest;
use base::{Digest, Error, Resources};

use crate::database::Database;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// Runs a command.
    Exec,
    /// Brings files in.
    Intern,
    /// Takes files out.
    Extern,
}

/// Where the output of a command is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// A blob of the repository.
    Blob(Digest),
    /// A file outside the repository.
    Path(PathBuf),
}

/// What a command used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time, user and system, in seconds.
    pub cpu_seconds: Option<f64>,
    /// The most memory held at once, in bytes.
    pub max_memory: Option<u64>,
    /// The most room taken on disk, in bytes.
    pub max_disk: Option<u64>,
}

/// What is kept of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// Random identity.
    pub id: Digest,
    /// The run it belongs to.
    pub run: Digest,
    /// Logical digest of the node.
    pub flow: Option<Digest>,
    /// Digest of the cache key that its result is stored under.
    pub key: Option<Digest>,
    /// Label for people, such as `align.Main.sorted`.
    pub ident: String,
    /// What it does.
    pub kind: TaskKind,
    /// Image of an exec.
    pub image: String,
    /// Command of an exec; URL of an intern or extern.
    pub command: String,
    /// Where in the program it is written, such as `align.rf:12:4`.
    pub position: String,
    /// 0 for the first attempt.
    pub attempt: u32,
    /// When it began to run.
    pub start: Option<SystemTime>,
    /// When it was over.
    pub end: Option<SystemTime>,
    /// Exit status of the command.
    pub exit: Option<i32>,
    /// Whether the value came out of the cache.
    pub cached: bool,
    /// The error as text, when it failed.
    pub error: Option<String>,
    /// Room it was given.
    pub resources: Resources,
    /// What it used.
    pub usage: Usage,
    /// Its standard output.
    pub stdout: Option<LogPlace>,
    /// Its standard error.
    pub stderr: Option<LogPlace>,
    /// Digest of the resulting fileset.
    pub result: Option<Digest>,
}

impl TaskRecord {
    /// A record of a task that has not started: everything open or empty.
    pub fn new(id: Digest, run: Digest, kind: TaskKind, ident: impl Into<String>) -> Self {
        Self {
            id,
            run,
            flow: None,
            key: None,
            ident: ident.into(),
            kind,
            image: String::new(),
            command: String::new(),
            position: String::new(),
            attempt: 0,
            start: None,
            end: None,
            exit: None,
            cached: false,
            error: None,
            resources: Resources::new(),
            usage: Usage::default(),
            stdout: None,
            stderr: None,
            result: None,
        }
    }
}

/// Which tasks are wanted; what is left open does not restrict.
#[derive(Clone, Debug, Default)]
pub struct TaskQuery {
    /// Beginning of the identity.
    pub id: Option<PartialDigest>,
    /// The run they belong to.
    pub run: Option<Digest>,
    /// Beginning of the node's digest.
    pub flow: Option<PartialDigest>,
    /// The cache key of their result.
    pub key: Option<Digest>,
    /// Exactly this ident.
    pub ident: Option<String>,
    /// Exactly this image.
    pub image: Option<String>,
    /// Tasks that were going on at this time or later.
    pub since: Option<SystemTime>,
    /// Tasks started before this time.
    pub until: Option<SystemTime>,
    /// Only those that failed.
    pub failed: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// The table of tasks.
#[derive(Clone, Debug)]
pub struct Tasks {
    database: Database,
}

impl Tasks {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes the rows of tasks, new or known, in one transaction.
    pub fn put(&self, _tasks: &[TaskRecord]) -> Result<(), Error> {
        Err(self.database.unwritten())
    }

    /// The task of exactly this identity.
    pub fn get(&self, _id: &Digest) -> Result<Option<TaskRecord>, Error> {
        Err(self.database.unwritten())
    }

    /// The one task whose identity begins so: `NotExist` if there is none, `Invalid` if there are several.
    pub fn find(&self, _id: &PartialDigest) -> Result<TaskRecord, Error> {
        Err(self.database.unwritten())
    }

    /// The tasks that match, latest start first; those that have not started come before all others.
    pub fn list(&self, _query: &TaskQuery) -> Result<Vec<TaskRecord>, Error> {
        Err(self.database.unwritten())
    }
}
