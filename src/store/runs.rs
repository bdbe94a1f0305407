//! The history of runs: one row for each start of a program (runtime spec §3.21, §7.9).

use std::collections::BTreeMap;
use std::time::SystemTime;

use base::digest::PartialDigest;
use base::{Digest, Error};
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::columns::{self, Columns, Conditions};
use crate::database::{Database, Failure};

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

impl RunPhase {
    const ALL: [RunPhase; 4] = [RunPhase::Init, RunPhase::Eval, RunPhase::Retry, RunPhase::Done];

    /// The word that is stored.
    pub fn name(self) -> &'static str {
        match self {
            RunPhase::Init => "init",
            RunPhase::Eval => "eval",
            RunPhase::Retry => "retry",
            RunPhase::Done => "done",
        }
    }
}

/// What is kept of a run.
///
/// Whoever runs it holds the lock of its identity ([`KeyLocks`](crate::KeyLocks)) meanwhile; so a run that
/// has no end and whose lock is free was killed.
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
    /// Only those without an end: they go on, or were killed.
    pub is_open: bool,
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

    /// Writes the row of a run, new or known; durable when this returns.
    pub fn put(&self, run: &RunRecord) -> Result<(), Error> {
        self.database.write(|transaction| write(transaction, run))
    }

    /// The run of exactly this identity.
    pub fn get(&self, id: &Digest) -> Result<Option<RunRecord>, Error> {
        let mut conditions = Conditions::default();
        conditions.add("id = ?", id.hex());
        Ok(self.select(&conditions, Some(1))?.pop())
    }

    /// The one run whose identity begins so: `NotExist` if there is none, `Invalid` if there are several.
    pub fn find(&self, id: &PartialDigest) -> Result<RunRecord, Error> {
        let mut conditions = Conditions::default();
        conditions.begins("id", id);
        columns::only("run", id, self.select(&conditions, Some(2))?)
    }

    /// The runs that match, the latest first.
    pub fn list(&self, query: &RunQuery) -> Result<Vec<RunRecord>, Error> {
        let mut conditions = Conditions::default();
        if let Some(id) = &query.id {
            conditions.begins("id", id);
        }
        if let Some(user) = &query.user {
            conditions.add("user = ?", user.clone());
        }
        if let Some(label) = &query.label {
            conditions.add("EXISTS (SELECT 1 FROM json_each(labels) WHERE value = ?)", label.clone());
        }
        if let Some(since) = query.since {
            conditions.add("(end_time IS NULL OR end_time >= ?)", columns::time(since));
        }
        if let Some(until) = query.until {
            conditions.add("start_time < ?", columns::time(until));
        }
        if query.is_open {
            conditions.require("end_time IS NULL");
        }
        self.select(&conditions, query.limit)
    }

    fn select(&self, conditions: &Conditions, limit: Option<usize>) -> Result<Vec<RunRecord>, Error> {
        self.database.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT * FROM runs{}", conditions.clause(limit)))?;
            let mut rows = statement.query(params_from_iter(&conditions.values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }
}

fn write(connection: &Connection, run: &RunRecord) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO runs (id, program, parameters, arguments, user, labels, start_time, end_time, phase, attempt,
                           result, error, log, version, host, process)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET
             program = ?2, parameters = ?3, arguments = ?4, user = ?5, labels = ?6, start_time = ?7, end_time = ?8,
             phase = ?9, attempt = ?10, result = ?11, error = ?12, log = ?13, version = ?14, host = ?15,
             process = ?16",
    )?;
    statement.execute(params![
        run.id.hex(),
        run.program,
        columns::json(&run.params)?,
        columns::json(&run.args)?,
        run.user,
        columns::json(&run.labels)?,
        columns::time(run.start),
        run.end.map(columns::time),
        run.phase.name(),
        run.attempt,
        run.result,
        run.error,
        run.log,
        run.version,
        run.host,
        run.process,
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<RunRecord, Failure> {
    let columns = Columns { row };
    let phase: String = columns.get("phase")?;
    Ok(RunRecord {
        id: columns.digest("id")?,
        program: columns.get("program")?,
        params: columns.json("parameters")?,
        args: columns.json("arguments")?,
        user: columns.get("user")?,
        labels: columns.json("labels")?,
        start: columns.time("start_time")?,
        end: columns.optional_time("end_time")?,
        phase: columns.parse("phase", &phase, RunPhase::ALL.into_iter().find(|known| known.name() == phase))?,
        attempt: columns.count("attempt")?,
        result: columns.get("result")?,
        error: columns.get("error")?,
        log: columns.get("log")?,
        version: columns.get("version")?,
        host: columns.get("host")?,
        process: columns.count("process")?,
    })
}
