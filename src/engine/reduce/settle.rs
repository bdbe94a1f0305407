//! The ends of nodes: values and failures, and what they mean for those who wait.

use base::Error;
use flow::FlowId;
use flow::node::Op;
use store::StepOutcome;

use super::Reducer;
use crate::event::{Event, Step};
use crate::failure::{ExecDetails, Failure};
use crate::local;
use crate::state::{FailureId, State};
use crate::stored::Stored;

impl Reducer<'_> {
    /// Ends a node, and through it whoever takes its value or fails with it. Long chains end in one
    /// call without recursion.
    pub(super) fn settle(&mut self, id: FlowId, end: Result<Stored, FailureId>) {
        self.states.set(id, state_of(end));
        let (mut ended, mut waiters) = (vec![id], Vec::new());
        while let Some(id) = ended.pop() {
            let end = match self.states.get(id) {
                State::Done(stored) => Ok(stored.clone()),
                State::Failed(failure) => Err(*failure),
                _ => continue,
            };
            self.seals.ended(id);
            self.states.take_waiters(id, &mut waiters);
            for waiter in waiters.drain(..) {
                match (self.states.get(waiter), &end) {
                    (State::Waiting(1), Ok(_)) => self.make_ready(waiter),
                    (State::Waiting(missing), Ok(_)) => self.states.set(waiter, State::Waiting(missing - 1)),
                    (State::Forwarding, _) => {
                        self.followed(waiter, &end);
                        self.states.set(waiter, state_of(end.clone()));
                        ended.push(waiter);
                    }
                    (State::Waiting(_), Err(_)) => {
                        self.states.set(waiter, state_of(end.clone()));
                        ended.push(waiter);
                    }
                    // Another of its dependencies has failed before.
                    _ => {}
                }
            }
        }
    }

    /// Lets a continuation take the value of what it has come to, which is asked for unless the continuation
    /// was run for its seal alone.
    pub(super) fn become_other(&mut self, id: FlowId, to: FlowId) {
        self.graph.note_resumed(id, to);
        let is_over = matches!(self.states.get(to), State::Done(_) | State::Failed(_));
        if self.has_resumed(id) && !is_over {
            self.states.wait(id, to);
            self.states.set(id, State::Forwarding);
        } else {
            self.forward(id, to);
        }
    }

    /// Lets a node take the value of another.
    pub(super) fn forward(&mut self, id: FlowId, to: FlowId) {
        match self.states.get(to) {
            State::Done(stored) => {
                let end = Ok(stored.clone());
                self.followed(id, &end);
                self.settle(id, end);
            }
            State::Failed(failure) => {
                let failure = *failure;
                self.settle(id, Err(failure));
            }
            _ => {
                self.states.wait(id, to);
                self.states.set(id, State::Forwarding);
                self.demand(to);
            }
        }
    }

    /// An exec that takes the value of another with the same key counts as cached.
    fn followed(&mut self, id: FlowId, end: &Result<Stored, FailureId>) {
        let (Op::Exec(_), Ok(stored)) = (self.graph.op(id), end) else { return };
        let Ok(fileset) = local::fileset(stored.value()) else { return };
        self.counts.cached += 1;
        self.summary.add(self.graph.ident(id), true);
        if let Ok(key) = self.first_key(id) {
            self.note_step(id, StepOutcome::Shared, key, None);
        }
        (self.listener)(&Event::Cached { step: Step::new(self.graph, id), key: None, fileset: &fileset });
    }

    /// Ends a node with a failure of its own.
    pub(super) fn fail(&mut self, id: FlowId, error: Error, exec: Option<Box<ExecDetails>>) {
        let failure = self.note_failure(id, error, exec);
        self.settle(id, Err(failure));
    }

    /// Notes that an image cannot be had, which the execs of it share, in the name of one of them.
    pub(super) fn note_image_failure(&mut self, id: FlowId, error: Error) -> FailureId {
        self.note(id, error, None, true)
    }

    fn note_failure(&mut self, id: FlowId, error: Error, exec: Option<Box<ExecDetails>>) -> FailureId {
        self.note(id, error, exec, false)
    }

    fn note(&mut self, id: FlowId, error: Error, exec: Option<Box<ExecDetails>>, of_image: bool) -> FailureId {
        if self.graph.op(id).is_external() {
            self.counts.failed += 1;
        }
        let failure = Failure { of_image, exec, ..self.failure(id, error) };
        (self.listener)(&Event::NodeFailed(&failure));
        self.keep_failure(failure)
    }

    /// A failure that nobody is told of, as it will be forgotten.
    pub(super) fn forgotten_failure(&mut self, id: FlowId, error: Error) -> FailureId {
        let failure = self.failure(id, error);
        self.keep_failure(failure)
    }

    fn keep_failure(&mut self, failure: Failure) -> FailureId {
        self.failures.push(failure);
        FailureId((self.failures.len() - 1) as u32)
    }

    fn failure(&self, id: FlowId, error: Error) -> Failure {
        Failure {
            id,
            ident: self.graph.ident(id).to_owned(),
            digest: self.graph.digest(id),
            op: self.graph.op(id).name(),
            place: self.graph.place(id).cloned(),
            error,
            of_image: false,
            exec: None,
        }
    }
}

fn state_of(end: Result<Stored, FailureId>) -> State {
    match end {
        Ok(stored) => State::Done(stored),
        Err(failure) => State::Failed(failure),
    }
}
