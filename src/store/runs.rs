//! The history of runs: one row for each start of a program (runtime spec §3.21, §7.9).

use std::collections::BTreeMap;
use std::time::SystemTime;

use base::digest::PartialDigest;
use base::{Digest, Error};

use crate::database::Database;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunPhase {
    /// Created, nothing evaluated yet.
    Init,
    /// Being evaluated.
    Eval,
    /// Waits to be evaluated again after a failure that may pass.
    Retry,
    /// Over, with a result or an error.
    Done,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Random identity.
    pub id: Digest,
    /// Path of the program.
    pub program: String,
    /// Values of the program's parameters as texts, by name.
    pub params: BTreeMap<String, String>,
    /// Arguments after the parameters, in order.
    pub args: Vec<String>,
    /// Who started the run.
    pub user: String,
    /// `key=value` labels.
    pub labels: Vec<String>,
    /// When it was started.
    pub start: SystemTime,
    /// When it ended.
    pub end: Option<SystemTime>,
    /// Where it stands.
    pub phase: RunPhase,
    /// 0 for the first evaluation, more after retries.
    pub attempt: u32,
    /// The value as text, when it succeeded.
    pub result: Option<String>,
    /// The error as text, when it failed.
    pub error: Option<String>,
    /// Path of the run's log file.
    pub log: Option<String>,
    /// Version of the program that ran it.
    pub version: String,
    /// Machine it ran on.
    pub host: String,
    /// Process it ran in.
    pub process: u32,
}

/// Which runs are wanted; what is left open does not restrict.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// Beginning of the identity.
    pub id: Option<PartialDigest>,
    /// Who started them.
    pub user: Option<String>,
    /// A label they all carry.
    pub label: Option<String>,
    /// Runs that were going on at this time or later.
    pub since: Option<SystemTime>,
    /// Runs started before this time.
    pub until: Option<SystemTime>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// The table of runs.
#[derive(Clone, Debug)]
pub struct Runs {
    database: Database,
}

impl Runs {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes the row of a run, new or known.
    pub fn put(&self, _run: &RunRecord) -> Result<(), Error> {
        Err(self.database.unwritten())
    }

    /// The run of exactly this identity.
    pub fn get(&self, _id: &Digest) -> Result<Option<RunRecord>, Error> {
        Err(self.database.unwritten())
    }

    /// The one run whose identity begins so: `NotExist` if there is none, `Invalid` if there are several.
    pub fn find(&self, _id: &PartialDigest) -> Result<RunRecord, Error> {
        Err(self.database.unwritten())
    }

    /// The runs that match, latest start first.
    pub fn list(&self, _query: &RunQuery) -> Result<Vec<RunRecord>, Error> {
        Err(self.database.unwritten())
    }
}
