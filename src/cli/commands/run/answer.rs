//! What a run says on standard output: its value, and with `-json` one object about all of it.

use base::Digest;
use engine::Counts;
use serde::Serialize;

use super::super::answer;
use crate::exit::Exit;

/// The answer of a run.
#[derive(Default, Serialize)]
pub(super) struct Answer {
    run: Option<String>,
    pub(super) result: Option<String>,
    pub(super) error: Option<String>,
    executed: u64,
    cached: u64,
    interned: u64,
    externed: u64,
    failed: u64,
    seconds: f64,
}

impl Answer {
    /// The answer of a program that is a value already.
    pub(super) fn of(result: &str) -> Self {
        Self { result: Some(result.to_owned()), ..Self::default() }
    }

    /// Adds what a run did.
    pub(super) fn of_run(self, run: &Digest, counts: &Counts, seconds: f64) -> Self {
        Self {
            run: Some(run.to_string()),
            executed: counts.executed,
            cached: counts.cached,
            interned: counts.interned,
            externed: counts.externed,
            failed: counts.failed,
            seconds: (seconds * 1000.0).round() / 1000.0,
            ..self
        }
    }

    /// Prints it.
    pub(super) fn give(&self, json: bool) -> Result<(), Exit> {
        if let Some(result) = &self.result {
            answer(format!("{result}\n"))?;
        }
        if !json {
            return Ok(());
        }
        let object = serde_json::to_string(self).map_err(Exit::failed)?;
        answer(format!("{object}\n"))
    }
}
