//! Runs as the history has them: the row of each, and its lock, which says that it goes on.
//!
//! `reflow run` keeps more of a run, in files of its own; what `eval` and the REPL evaluate has this alone.

use std::collections::BTreeMap;
use std::time::SystemTime;

use engine::Config;
use store::{KeyLock, LocalStore, RunPhase, RunRecord};

use crate::configuration;
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::{names, random};

/// The row of a run of `program` that begins now, in this process.
pub(crate) fn new(program: String, params: BTreeMap<String, String>, args: Vec<String>) -> Result<RunRecord, Exit> {
    Ok(RunRecord {
        id: random::digest()?,
        program,
        params,
        args,
        user: configuration::current().user(),
        labels: configuration::current().labels(),
        start: SystemTime::now(),
        end: None,
        phase: RunPhase::Eval,
        attempt: 0,
        result: None,
        error: None,
        log: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: names::host(),
        process: std::process::id(),
    })
}

/// The configuration of the engine for the run of this row.
pub(crate) fn config(machinery: &Machinery, record: &RunRecord) -> Result<Config, Exit> {
    Ok(Config {
        cache: configuration::current().cache(),
        alloc: names::alloc(&record.host, &record.id),
        labels: record.labels.clone(),
        ..machinery.config(record.id)?
    })
}

/// An evaluation that goes on. Dropping it without an end leaves it as one that was killed.
pub(crate) struct Recorded {
    store: LocalStore,
    record: RunRecord,
    _lock: Option<KeyLock>,
}

impl Recorded {
    /// Begins the evaluation of what `args` say on behalf of a command.
    pub(crate) fn begin(machinery: &Machinery, command: &str, args: Vec<String>) -> Result<Self, Exit> {
        let record = new(command.to_owned(), BTreeMap::new(), args)?;
        let store = machinery.store.clone();
        let lock = store.locks.try_lock(&record.id)?;
        store.runs().put(&record)?;
        Ok(Self { store, record, _lock: lock })
    }

    /// The configuration of the engine.
    pub(crate) fn config(&self, machinery: &Machinery) -> Result<Config, Exit> {
        config(machinery, &self.record)
    }

    /// Notes the end: the value as text, or how it failed.
    pub(crate) fn end(mut self, outcome: Result<String, String>) -> Result<(), Exit> {
        self.record.phase = RunPhase::Done;
        self.record.end = Some(SystemTime::now());
        match outcome {
            Ok(text) => self.record.result = Some(text),
            Err(error) => self.record.error = Some(error),
        }
        Ok(self.store.runs().put(&self.record)?)
    }
}
