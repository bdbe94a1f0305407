//! Where each node of a graph stands, and who waits for it.
//!
//! A side table by [`FlowId`]: a million nodes is an ordinary run, so a node costs some fifty bytes
//! here and an edge eight. All changes go through [`States::set`].

use flow::FlowId;

use crate::memory::Memory;
use crate::stored::Stored;

/// Where a node stands. The arrows that [`States::set`] allows are those of the doc comments.
pub(crate) enum State {
    /// Nobody has asked for it. → any but `Done`.
    Idle,
    /// Asked for; this many of its dependencies (repeated ones count again) have no value yet, and each
    /// has the node among its waiters. → `Waiting`, `Active(Ready)`, `Failed`.
    Waiting(u32),
    /// All dependencies have values, or it is looked up ahead of them; the node is in exactly one queue, list or
    /// job of the reducer. → `Active`, `Forwarding`, `Done`, `Failed`; while it is looked up ahead of its dependencies also
    /// `Waiting`.
    Active(Phase),
    /// Its value will be that of another node, which has it among its waiters. → `Done`, `Failed`.
    Forwarding,
    /// It has a value, for ever.
    Done(Stored),
    /// It failed, or something it needs did, for ever.
    Failed(FailureId),
}

/// The index of a failure in the order they happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FailureId(pub(crate) u32);

impl FailureId {
    /// No failure: it, or something it needs, was to be withheld.
    pub(crate) const WITHHELD: Self = Self(u32::MAX);
}

/// What an active node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its turn in the reducer.
    Ready,
    /// The name of its image.
    Image,
    /// What its sealed key takes.
    Sealing,
    /// Its place in a batch of lookups.
    Lookup,
    /// The answer of the cache.
    LookingUp,
    /// Room.
    Queued,
    /// The executor.
    Executing,
    /// Another process that runs the same.
    Elsewhere,
    /// Its place among the transfers.
    Transfer,
    /// The end of its transfer.
    Transferring,
}

/// Nodes by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) idle: usize,
    pub(crate) waiting: usize,
    pub(crate) ready: usize,
    pub(crate) lookups: usize,
    pub(crate) queued: usize,
    pub(crate) executing: usize,
    pub(crate) elsewhere: usize,
    pub(crate) transferring: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
}

impl Tally {
    fn of(&mut self, state: &State) -> &mut usize {
        match state {
            State::Idle => &mut self.idle,
            State::Waiting(_) | State::Forwarding => &mut self.waiting,
            State::Active(phase) => match phase {
                Phase::Ready | Phase::Image => &mut self.ready,
                Phase::Sealing => &mut self.waiting,
                Phase::Lookup | Phase::LookingUp => &mut self.lookups,
                Phase::Queued => &mut self.queued,
                Phase::Executing => &mut self.executing,
                Phase::Elsewhere => &mut self.elsewhere,
                Phase::Transfer | Phase::Transferring => &mut self.transferring,
            },
            State::Done(_) => &mut self.done,
            State::Failed(_) => &mut self.failed,
        }
    }
}

struct Entry {
    state: State,
    /// The last node that began to wait for this one, as an index into the edges.
    last_waiter: u32,
}

/// One node waits for another.
struct Edge {
    waiter: FlowId,
    /// The edge of whoever began to wait before.
    earlier: u32,
}

const NONE: u32 = u32::MAX;

/// The states of all nodes.
#[derive(Default)]
pub(crate) struct States {
    entries: Vec<Entry>,
    edges: Vec<Edge>,
    free_edges: Vec<u32>,
    tally: Tally,
    /// Changes that nobody has taken note of, if somebody wants to.
    changes: Option<Vec<(FlowId, &'static str)>>,
}

impl State {
    /// The name in runtime spec §3.4.
    fn name(&self) -> &'static str {
        match self {
            Self::Idle => "Init",
            Self::Waiting(_) | Self::Forwarding => "TODO",
            Self::Active(phase) => match phase {
                Phase::Ready | Phase::Image => "Ready",
                Phase::Sealing | Phase::Lookup => "NeedLookup",
                Phase::LookingUp => "Lookup",
                Phase::Queued => "NeedSubmit",
                Phase::Executing | Phase::Elsewhere => "Execing",
                Phase::Transfer | Phase::Transferring => "Running",
            },
            Self::Done(_) => "Done",
            Self::Failed(_) => "Done (failed)",
        }
    }
}

impl States {
    /// Keeps changes from now on.
    pub(crate) fn trace(&mut self) {
        self.changes = Some(Vec::new());
    }

    /// The changes since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<(FlowId, &'static str)> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Makes room for the nodes of a graph that has grown to `len` nodes.
    pub(crate) fn grow(&mut self, len: usize) {
        let more = len.saturating_sub(self.entries.len());
        self.tally.idle += more;
        self.entries.extend((0..more).map(|_| Entry { state: State::Idle, last_waiter: NONE }));
    }

    /// States of nodes that nobody has asked for, but for those whose values are remembered.
    pub(crate) fn recalled(memory: &Memory, len: usize) -> Self {
        let mut states = Self::default();
        states.grow(len);
        for (entry, known) in states.entries.iter_mut().zip(memory.values()) {
            if let Some(stored) = known {
                entry.state = State::Done(stored.clone());
                states.tally.idle -= 1;
                states.tally.done += 1;
            }
        }
        states
    }

    /// The values of the nodes that have one, by index.
    pub(crate) fn into_values(self) -> impl Iterator<Item = Option<Stored>> {
        self.entries.into_iter().map(|entry| match entry.state {
            State::Done(stored) => Some(stored),
            _ => None,
        })
    }

    pub(crate) fn get(&self, id: FlowId) -> &State {
        &self.entries[id.index()].state
    }

    /// How many nodes are in which state.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// The only place where a state changes.
    pub(crate) fn set(&mut self, id: FlowId, state: State) {
        let entry = &mut self.entries[id.index()];
        debug_assert!(may_follow(&entry.state, &state), "node {} may not change so", id.index());
        *self.tally.of(&entry.state) -= 1;
        *self.tally.of(&state) += 1;
        if let Some(changes) = &mut self.changes {
            changes.push((id, state.name()));
        }
        entry.state = state;
    }

    /// Lets `waiter` be told when `node` is over.
    pub(crate) fn wait(&mut self, waiter: FlowId, node: FlowId) {
        let earlier = self.entries[node.index()].last_waiter;
        let edge = Edge { waiter, earlier };
        let index = match self.free_edges.pop() {
            Some(index) => {
                self.edges[index as usize] = edge;
                index
            }
            None => {
                self.edges.push(edge);
                (self.edges.len() - 1) as u32
            }
        };
        self.entries[node.index()].last_waiter = index;
    }

    /// Moves the waiters of a node to the end of `out`, in the order in which they began to wait.
    pub(crate) fn take_waiters(&mut self, node: FlowId, out: &mut Vec<FlowId>) {
        let start = out.len();
        let mut next = std::mem::replace(&mut self.entries[node.index()].last_waiter, NONE);
        while next != NONE {
            let edge = &self.edges[next as usize];
            out.push(edge.waiter);
            self.free_edges.push(next);
            next = edge.earlier;
        }
        out[start..].reverse();
    }
}

fn may_follow(old: &State, new: &State) -> bool {
    use State::{Active, Done, Failed, Forwarding, Idle, Waiting};
    match (old, new) {
        (Idle, Waiting(_) | Active(_) | Failed(_)) => true,
        (Waiting(old), Waiting(new)) => new < old,
        (Waiting(1), Active(Phase::Ready)) | (Waiting(_), Failed(_)) => true,
        // Looked up before its dependencies, and not found.
        (Active(Phase::Sealing | Phase::LookingUp), Waiting(_)) => true,
        (Active(_), Active(_) | Forwarding | Done(_) | Failed(_)) => true,
        (Forwarding, Done(_) | Failed(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use flow::Graph;
    use types::Value;

    use super::*;

    fn table(nodes: usize) -> (States, Vec<FlowId>) {
        let mut graph = Graph::default();
        let ids: Vec<_> = (0..nodes).map(|_| graph.intern("u", false)).collect();
        let mut states = States::default();
        states.grow(graph.len());
        (states, ids)
    }

    #[test]
    fn waiters_come_in_the_order_they_began_to_wait() {
        let (mut states, ids) = table(4);
        states.wait(ids[1], ids[0]);
        states.wait(ids[2], ids[0]);
        states.wait(ids[1], ids[3]);
        states.wait(ids[1], ids[0]);
        let mut out = vec![ids[3]];
        states.take_waiters(ids[0], &mut out);
        assert_eq!(out, [ids[3], ids[1], ids[2], ids[1]]);
        out.clear();
        states.take_waiters(ids[0], &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn edges_are_used_again() {
        let (mut states, ids) = table(2);
        let mut out = Vec::new();
        for _ in 0..1000 {
            states.wait(ids[0], ids[1]);
            states.take_waiters(ids[1], &mut out);
        }
        assert_eq!((states.edges.len(), out.len()), (1, 1000));
    }

    #[test]
    fn nodes_are_tallied() {
        let (mut states, ids) = table(3);
        states.set(ids[0], State::Waiting(2));
        states.set(ids[0], State::Waiting(1));
        states.set(ids[0], State::Active(Phase::Ready));
        states.set(ids[1], State::Active(Phase::Ready));
        states.set(ids[1], State::Active(Phase::Executing));
        states.set(ids[1], State::Done(Stored::new(Value::Unit)));
        let expected = Tally { idle: 1, ready: 1, done: 1, ..Tally::default() };
        assert_eq!(states.tally(), expected);
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let done = || State::Done(Stored::new(Value::Unit));
        let failed = || State::Failed(FailureId(0));
        for next in [State::Idle, State::Waiting(1), State::Active(Phase::Ready), State::Forwarding, done(), failed()] {
            assert!(!may_follow(&done(), &next) && !may_follow(&failed(), &next));
        }
        assert!(!may_follow(&State::Waiting(2), &State::Active(Phase::Ready)));
        assert!(!may_follow(&State::Idle, &done()));
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 40, "{}", size_of::<Entry>());
        assert_eq!(size_of::<Edge>(), 8);
    }
}
