//! What came of a run.

use base::{Error, Kind};
use types::Value;

use super::Reducer;
use crate::dot::Trail;
use crate::event::{Counts, Event};
use crate::failure::Failures;
use crate::memory::Memory;
use crate::state::State;
use crate::summary::Summary;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The root's value, or why there is none.
    pub value: Result<Value, Failures>,
    /// What was done.
    pub counts: Counts,
    /// What it used, by label.
    pub summary: Summary,
    /// Nodes in the graph at the end.
    pub nodes: usize,
    /// The way it went, if that was to be kept.
    pub trail: Option<Trail>,
}

impl Reducer<'_> {
    /// What came of the run, once it [is over](Reducer::is_over).
    pub fn finish(self) -> Outcome {
        self.finish_into(None)
    }

    /// The same; all values go into `memory`.
    pub fn finish_into(mut self, memory: Option<&mut Memory>) -> Outcome {
        self.tell_changes();
        let trail = self.settings.keep_trail.then(|| Trail {
            initial: self.initial,
            met: self.graph.ids().map(|id| !matches!(self.states.get(id), State::Idle)).collect(),
        });
        let failures = std::mem::take(&mut self.failures);
        let value = match self.states.get(self.root) {
            State::Done(stored) => Ok(stored.value()),
            _ if self.canceled => {
                Err(Failures::of_run(Error::new(Kind::Canceled, "the run was stopped on request"), failures))
            }
            _ => Err(Failures::of_nodes(failures).unwrap_or_else(|| Failures::of_run(self.stuck(), Vec::new()))),
        };
        let nodes = self.graph.len();
        (self.listener)(&Event::RunEnded { counts: &self.counts, nodes });
        if let Some(memory) = memory {
            memory.keep(self.states);
        }
        Outcome { value, counts: self.counts, summary: self.summary, nodes, trail }
    }

    /// Nothing is left to do, nothing failed, and there is no value: a continuation has come to itself,
    /// or there is a bug here.
    fn stuck(&self) -> Error {
        let waiting: Vec<String> = (self.graph.ids())
            .filter(|id| matches!(self.states.get(*id), State::Waiting(_) | State::Forwarding | State::Active(_)))
            .take(5)
            .map(|id| {
                format!("{} {} {}", self.graph.op(id).name(), self.graph.digest(id).short(), self.graph.ident(id))
            })
            .collect();
        let message =
            format!("evaluation is stuck; {} nodes wait, among them: {}", self.progress().waiting, waiting.join("; "));
        Error::new(Kind::Fatal, message)
    }
}
