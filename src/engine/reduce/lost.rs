//! Files that were in the store when they were looked up, and are gone or damaged when a step needs them.
//!
//! That is a miss of the cache found late. The run is evaluated anew when everything else is over: what is whole
//! is found in the cache, what is lost is made again. So a file that vanishes costs time and nothing else.

use std::collections::HashSet;

use base::{Digest, Error, Kind};
use flow::FlowId;
use flow::node::Op;

use super::{Image, Lane, Reducer, Seals, Seen};
use crate::event::{Counts, Event, Step};
use crate::memory::Memory;
use crate::scheduler::Scheduler;
use crate::state::{Phase, State, States};

/// How often a run is evaluated anew. A store that loses more than that is at the mercy of something worse, such
/// as a command that writes to its inputs.
const TIMES: u32 = 3;

/// What a run has lost.
#[derive(Default)]
pub(super) struct Losses {
    /// Whether the run is to be evaluated anew.
    pending: bool,
    times: u32,
    /// Keys of execs that ran before; finding their results does not count as a hit.
    made: HashSet<Digest>,
}

impl Losses {
    /// Whether a result was made in this run, before it was evaluated anew. Says so once.
    pub(super) fn was_made(&mut self, key: &Digest) -> bool {
        self.made.remove(key)
    }
}

impl Reducer<'_> {
    pub(super) fn blobs_lost(&mut self, id: FlowId, lost: &[Digest], error: Error) {
        self.leases.remove(&id);
        if matches!(self.states.get(id), State::Active(Phase::Transferring)) {
            self.transfers.out -= 1;
        }
        (self.listener)(&Event::BlobsLost { step: Step::new(self.graph, id), lost });
        if self.losses.times >= TIMES {
            let error = match error.kind() {
                Kind::Integrity => error,
                _ => Error::new(Kind::Temporary, "the store loses files again and again").because(error),
            };
            return self.fail(id, error, None);
        }
        self.losses.pending = true;
        let failure = self.forgotten_failure(id, error);
        self.settle(id, Err(failure));
    }

    /// Once everything is over: forgets all values and failures and asks for the root again, if files were lost;
    /// whether that is so.
    pub fn begin_again(&mut self) -> bool {
        if !std::mem::take(&mut self.losses.pending) || self.canceled {
            return false;
        }
        self.losses.times += 1;
        let is_made =
            |id: &FlowId| matches!(self.graph.op(*id), Op::Exec(_)) && matches!(self.states.get(*id), State::Done(_));
        self.losses.made.extend(self.by_key.iter().filter(|(_, id)| is_made(id)).map(|(key, _)| *key));
        self.states = States::recalled(&Memory::default(), self.graph.len());
        if self.settings.trace {
            self.states.trace();
        }
        // Those that failed are asked for again.
        self.images.retain(|_, image| matches!(image, Image::Resolved(_)));
        self.by_key.clear();
        self.by_url.clear();
        for lane in [&mut self.lookups, &mut self.puts, &mut self.transfers] {
            *lane = Lane::new(lane.limit);
        }
        self.scheduler = Scheduler::new(self.settings.pool.clone());
        self.leases.clear();
        self.retries.clear();
        self.seen = Seen::default();
        self.seals = Seals::default();
        self.outdated.clear();
        self.failures.clear();
        self.counts = Counts { executed: self.counts.executed, ..Counts::default() };
        self.demand(self.root);
        true
    }
}
