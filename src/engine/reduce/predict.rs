//! Execs on their way to room: how much of it they get.

use std::collections::HashMap;

use base::resources::MEM;
use base::{Error, Resources};
use flow::FlowId;
use store::tasks::Measured;

use super::{Image, Reducer};
use crate::describe;
use crate::event::{Cause, Event, Step};
use crate::job::Job;
use crate::predict::Model;
use crate::state::{Phase, State};

/// What the history tells of the execs of an ident.
enum History {
    /// Asked; these execs wait for the answer.
    Pending(Vec<(FlowId, Cause)>),
    Known(Model),
}

/// What the history tells, by ident.
#[derive(Default)]
pub(super) struct Histories(HashMap<String, History>);

impl Reducer<'_> {
    /// Queues an exec for the room that it asks for, or that it is predicted to need.
    pub(super) fn queue_for_room(&mut self, id: FlowId, cause: Cause) {
        if self.settings.withhold {
            return self.withhold_exec(id, cause);
        }
        self.notes.runs_for(id, cause);
        if self.settings.predictor.is_none() {
            return self.queue_with(id, cause, None);
        }
        let ident = self.graph.ident(id).to_owned();
        match self.histories.0.get_mut(&ident) {
            Some(History::Known(_)) => {
                let memory = self.predicted(id);
                self.queue_with(id, cause, memory);
            }
            Some(History::Pending(waiting)) => {
                waiting.push((id, cause));
                self.states.set(id, State::Active(Phase::Queued));
            }
            None => {
                self.histories.0.insert(ident.clone(), History::Pending(vec![(id, cause)]));
                self.states.set(id, State::Active(Phase::Queued));
                self.job(Job::Measure { ident });
            }
        }
    }

    /// The history has been asked about an ident. One that cannot be read predicts nothing.
    pub(super) fn measured(&mut self, ident: String, result: Result<Vec<Measured>, Error>) {
        let model = Model::of(result.unwrap_or_default());
        let waiting = match self.histories.0.insert(ident, History::Known(model)) {
            Some(History::Pending(waiting)) if !self.canceled => waiting,
            _ => Vec::new(),
        };
        for (id, cause) in waiting {
            let memory = self.predicted(id);
            self.queue_with(id, cause, memory);
        }
    }

    fn predicted(&self, id: FlowId) -> Option<u64> {
        let (predictor, exec) = (self.settings.predictor.as_ref()?, self.exec(id).ok()?);
        let Some(History::Known(model)) = self.histories.0.get(self.graph.ident(id)) else { return None };
        let Some(Image::Resolved(image)) = self.images.get(&exec.image) else { return None };
        model.memory(predictor, image, &describe::command(exec))
    }

    fn queue_with(&mut self, id: FlowId, cause: Cause, memory: Option<u64>) {
        let declared = match self.exec(id) {
            Ok(exec) => exec.resources.clone(),
            Err(error) => return self.fail(id, error, None),
        };
        let with_memory = |memory: u64| {
            let mut wanted: Resources = declared.clone();
            wanted.set(MEM, memory as f64);
            self.scheduler.room_for(&wanted).ok()
        };
        let predicted = memory.and_then(with_memory);
        let is_predicted = predicted.is_some();
        match predicted.map_or_else(|| self.scheduler.room_for(&declared), Ok) {
            Err(error) => self.fail(id, error, None),
            Ok(room) => {
                let step = Step::new(self.graph, id);
                (self.listener)(&Event::ExecQueued { step, cause, resources: &room.resources, is_predicted });
                self.states.set(id, State::Active(Phase::Queued));
                self.scheduler.push(id, &room.resources);
            }
        }
    }
}
