//! Planning: what would be executed or exported is noted instead, and what needs it comes to no value.

use std::collections::HashSet;

use flow::FlowId;
use flow::node::Op;

use super::Reducer;
use crate::event::Cause;
use crate::state::{FailureId, State};

/// What was not done.
#[derive(Clone, Debug, Default)]
pub struct Withheld {
    /// Execs that would run, and why.
    pub runs: Vec<(FlowId, Cause)>,
    /// Execs, and continuations that would come to execs, of which nothing is known before these have run.
    pub unknown: Vec<FlowId>,
    /// Exports that would be made, or might be.
    pub exports: Vec<FlowId>,
}

impl Reducer<'_> {
    pub(super) fn withhold_exec(&mut self, id: FlowId, cause: Cause) {
        self.withheld.runs.push((id, cause));
        self.settle(id, Err(FailureId::WITHHELD));
    }

    pub(super) fn withhold_export(&mut self, id: FlowId) {
        self.withheld.exports.push(id);
        self.settle(id, Err(FailureId::WITHHELD));
    }

    /// What was not done, once the reducer [is over](Reducer::is_over).
    pub fn take_withheld(&mut self) -> Withheld {
        let mut withheld = std::mem::take(&mut self.withheld);
        if !self.settings.withhold {
            return withheld;
        }
        let known: HashSet<FlowId> =
            withheld.runs.iter().map(|(id, _)| *id).chain(withheld.exports.iter().copied()).collect();
        for id in self.graph.ids() {
            if !matches!(self.states.get(id), State::Failed(FailureId::WITHHELD)) {
                continue;
            }
            match self.graph.op(id) {
                // One that has come to an exec stands for it no more.
                Op::Continue { makes_exec: true, .. } if self.graph.resumed(id).is_none() => withheld.unknown.push(id),
                Op::Exec(_) if !known.contains(&id) => withheld.unknown.push(id),
                Op::Extern { .. } if !known.contains(&id) => withheld.exports.push(id),
                _ => {}
            }
        }
        withheld
    }
}
