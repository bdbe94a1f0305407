//! What the history is told of steps: what became of each exec, and what imports found.

use std::collections::HashMap;

use base::{Digest, Fileset};
use flow::FlowId;
use flow::node::Op;
use store::{ImportRecord, StepBatch, StepOutcome, StepRecord};

use super::Reducer;
use crate::event::Cause;
use crate::job::Flaw;

/// What has happened since it was last taken away.
#[derive(Default)]
pub(super) struct Notes {
    batch: StepBatch,
    /// Why execs run that are not over.
    causes: HashMap<FlowId, Cause>,
}

impl Notes {
    /// An exec will run for this reason.
    pub(super) fn runs_for(&mut self, id: FlowId, cause: Cause) {
        self.causes.insert(id, cause);
    }
}

impl Reducer<'_> {
    /// What has happened since the last call, if that is at least so much.
    pub fn take_notes(&mut self, least: usize) -> Option<StepBatch> {
        (self.notes.batch.len() >= least).then(|| std::mem::take(&mut self.notes.batch))
    }

    pub(super) fn note_step(&mut self, id: FlowId, outcome: StepOutcome, key: Digest, flaw: Option<Flaw>) {
        let cause = match (self.notes.causes.remove(&id), flaw, outcome) {
            (_, _, StepOutcome::Cached | StepOutcome::Shared) => None,
            (Some(Cause::NotCached), Some(Flaw::Incomplete), _) => Some("incomplete"),
            (Some(Cause::NotCached), Some(Flaw::Unreadable), _) => Some("unreadable"),
            (cause, ..) => cause.map(Cause::word),
        };
        let [a, b, c, d, ..] = *self.graph.digest(id).as_bytes();
        self.notes.batch.steps.push(StepRecord {
            outcome,
            ident: self.graph.ident(id).to_owned(),
            position: self.graph.place(id).map(ToString::to_string).unwrap_or_default(),
            flow: u32::from_be_bytes([a, b, c, d]),
            cause: cause.map(str::to_owned),
            key,
        });
    }

    /// Notes what was found at a path or URL that the program names.
    pub(super) fn note_import(&mut self, id: FlowId, fileset: &Fileset) {
        let source = match self.graph.op(id) {
            Op::Intern { url, .. } => Some(&**url),
            _ => self.graph.source(id),
        };
        if let Some(source) = source {
            let (source, fileset) = (source.to_owned(), fileset.clone());
            self.notes.batch.imports.push(ImportRecord { source, fileset });
        }
    }
}
