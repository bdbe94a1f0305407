//! The way of an exec: image, key, lookup, room, run.

use std::rc::Rc;
use std::time::Duration;

use base::image::Qualified;
use base::resources::CPU;
use base::{Digest, Error, Kind};
use exec::{ExecEvent, Pull};
use flow::FlowId;
use store::{Hit, StepOutcome};
use types::Value;

use super::{Image, LOOKUP_BATCH, Reducer, UNFINISHED_EXECS};
use crate::attempt::{self, Retry};
use crate::event::{Cause, Event, Step};
use crate::job::{ExecEnd, ExecTask, Executed, Job};
use crate::state::{Phase, State};
use crate::stored::Stored;

impl Reducer<'_> {
    /// Asks what an image text stands for, once in a run.
    pub(super) fn resolve_image(&mut self, text: &Rc<str>) {
        if !self.images.contains_key(text) {
            self.images.insert(text.clone(), Image::Pending(Vec::new()));
            self.job(Job::ResolveImage { text: text.to_string(), image: Qualified::parse(text).image });
        }
    }

    pub(super) fn image_resolved(&mut self, text: &str, result: Result<String, Error>) {
        let Some(image) = self.images.get_mut(text) else { return };
        let Image::Pending(waiting) = image else { return };
        let (waiting, found) = (std::mem::take(waiting), result.is_ok());
        match result {
            Ok(resolved) => {
                *image = Image::Resolved(resolved.into());
                waiting.into_iter().for_each(|id| self.make_ready(id));
            }
            Err(error) => {
                // One failure for all execs of the image, in the name of the first.
                let Some(first) = waiting.first() else {
                    self.images.remove(text);
                    return self.image_known(text, found);
                };
                let error = error.during(format!("image {text}"));
                let failure = self.note_image_failure(*first, error);
                self.images.insert(text.into(), Image::Failed(failure));
                waiting.into_iter().for_each(|id| self.settle(id, Err(failure)));
            }
        }
        self.image_known(text, found);
    }

    pub(super) fn image_pull(&mut self, image: &str, pull: Pull) {
        (self.listener)(&Event::ImagePull { image, pull });
    }

    pub(super) fn step_exec(&mut self, id: FlowId) {
        let text = match self.exec(id) {
            Ok(exec) => exec.image.clone(),
            Err(error) => return self.fail(id, error, None),
        };
        self.resolve_image(&text);
        match self.images.get_mut(&text) {
            Some(Image::Failed(failure)) => {
                let failure = *failure;
                self.settle(id, Err(failure));
            }
            Some(Image::Pending(waiting)) => {
                waiting.push(id);
                self.states.set(id, State::Active(Phase::Image));
            }
            Some(Image::Resolved(_)) | None => self.look_up_or_run(id),
        }
    }

    fn look_up_or_run(&mut self, id: FlowId) {
        if self.settings.cache.read && !self.is_invalidated(id) {
            self.queue_lookup(id);
        } else {
            self.run_unless_known(id);
        }
    }

    pub(super) fn queue_lookup(&mut self, id: FlowId) {
        self.states.set(id, State::Active(Phase::Lookup));
        self.lookups.waiting.push_back(id);
    }

    /// An exec that is not looked up runs, unless another of its key does.
    fn run_unless_known(&mut self, id: FlowId) {
        let cause = if self.settings.cache.read { Cause::Invalidated } else { Cause::CacheOff };
        match self.first_key(id) {
            Ok(key) => self.lead_or_follow(id, key, cause),
            Err(error) => self.fail(id, error, None),
        }
    }

    /// Makes batches of lookups: full ones at once, others when nothing local is left to do.
    pub(super) fn start_lookups(&mut self) {
        while self.lookups.may_start() && (self.lookups.waiting.len() >= LOOKUP_BATCH || self.ready.is_empty()) {
            let mut wanted = Vec::new();
            while wanted.len() < LOOKUP_BATCH
                && let Some(id) = self.lookups.waiting.pop_front()
            {
                let sealed = self.seals.key(id);
                match sealed.map_or_else(|| self.first_key(id), Ok) {
                    Err(error) => self.fail(id, error, None),
                    Ok(key) if sealed.is_none() && self.follow(id, key) => {}
                    Ok(key) => {
                        self.states.set(id, State::Active(Phase::LookingUp));
                        wanted.push((id, key));
                    }
                }
            }
            if !wanted.is_empty() {
                self.lookups.out += 1;
                self.job(Job::Lookup { wanted });
            }
        }
    }

    pub(super) fn looked_up(
        &mut self,
        wanted: Vec<(FlowId, Digest)>,
        result: Result<Vec<Option<Hit>>, Error>,
        elapsed: Duration,
    ) {
        self.lookups.out -= 1;
        (self.listener)(&Event::LookedUp { nodes: wanted.len(), elapsed });
        let (mut hits, missed) = match result {
            Ok(hits) => (hits.into_iter(), Cause::NotCached),
            Err(error) => {
                (self.listener)(&Event::LookupFailed { nodes: wanted.len(), error: &error });
                (Vec::new().into_iter(), Cause::LookupFailed)
            }
        };
        for (id, key) in wanted {
            let hit = hits.next().flatten();
            if self.seals.take_key(id).is_some() {
                self.looked_up_ahead(id, hit);
                continue;
            }
            match hit {
                Some(hit) if self.settings.recompute_empty && hit.fileset.any_empty() => {
                    self.lead_or_follow(id, key, Cause::EmptyResult);
                }
                Some(hit) => self.judge(id, hit, false),
                None => self.lead_or_follow(id, key, missed),
            }
        }
    }

    /// An exec was looked up ahead of what it depends on.
    fn looked_up_ahead(&mut self, id: FlowId, hit: Option<Hit>) {
        let usable = |hit: &Hit| !(self.settings.recompute_empty && hit.fileset.any_empty());
        match hit.filter(usable) {
            Some(hit) => self.judge(id, hit, true),
            None => self.take_long_way(id),
        }
    }

    pub(super) fn cached(&mut self, id: FlowId, hit: Hit) {
        if let Err(error) = self.see(&hit.fileset) {
            return self.fail(id, error, None);
        }
        if !self.losses.was_made(&hit.key) {
            self.counts.cached += 1;
            self.summary.add(self.graph.ident(id), true);
            self.note_step(id, StepOutcome::Cached, hit.key, None);
        }
        let step = Step::new(self.graph, id);
        (self.listener)(&Event::Cached { step, key: Some(hit.key), fileset: &hit.fileset });
        self.settle(id, Ok(Stored::of_fileset(hit.fileset)));
    }

    /// Takes the value of the first node with this key, if there is one. Keys are exact: equal keys
    /// mean equal image, command and input contents.
    pub(super) fn follow(&mut self, id: FlowId, key: Digest) -> bool {
        match self.by_key.get(&key) {
            Some(leader) if *leader != id => {
                let leader = *leader;
                self.forward(id, leader);
                true
            }
            _ => false,
        }
    }

    pub(super) fn lead_or_follow(&mut self, id: FlowId, key: Digest, cause: Cause) {
        if !self.follow(id, key) {
            self.by_key.insert(key, id);
            self.queue_for_room(id, cause);
        }
    }

    /// Hands execs to the executor while there is room.
    pub(super) fn admit(&mut self) {
        while self.states.tally().executing < UNFINISHED_EXECS
            && let Some((id, lease)) = self.scheduler.admit()
        {
            match self.task(id, lease.resources()) {
                Err(error) => self.fail(id, error, None),
                Ok(task) => {
                    (self.listener)(&Event::ExecSubmitted {
                        step: Step::new(self.graph, id),
                        attempt: task.attempt,
                        keys: &task.keys,
                        config: &task.request.config,
                    });
                    self.states.set(id, State::Active(Phase::Executing));
                    self.leases.insert(id, lease);
                    self.job(Job::Execute(Box::new(task)));
                }
            }
        }
    }

    pub(super) fn exec_event(&mut self, id: FlowId, event: ExecEvent) {
        let step = Step::new(self.graph, id);
        match event {
            ExecEvent::Pull { image, pull } => self.image_pull(&image, pull),
            ExecEvent::Started { pid, container } => {
                (self.listener)(&Event::ExecStarted { step, pid, container: container.as_deref() });
            }
            ExecEvent::Adopted { since } => (self.listener)(&Event::ExecAdopted { step, since }),
            ExecEvent::Regained { after } => (self.listener)(&Event::ExecRegained { step, after }),
            ExecEvent::Gauges(gauges) => (self.listener)(&Event::ExecMeasured { step, gauges: &gauges }),
            ExecEvent::Exited { status } => {
                self.leases.remove(&id);
                (self.listener)(&Event::ExecExited { step, status });
            }
            _ => {}
        }
    }

    pub(super) fn executed(&mut self, executed: Executed) {
        let Executed { task, end } = executed;
        let id = task.id;
        self.leases.remove(&id);
        match &end {
            ExecEnd::Elsewhere => self.wait_elsewhere(&task),
            ExecEnd::Cached(_) => {
                if let ExecEnd::Cached(mut hit) = end {
                    // It was made a moment ago.
                    hit.fileset = hit.fileset.set_assertions(&task.assertions);
                    self.cached(id, hit);
                }
            }
            ExecEnd::Broken(error) => self.retry_or_fail(task, &end, error),
            ExecEnd::Ran { report, durable, .. } => match (&report.outcome, durable) {
                (Err(error), _) => self.retry_or_fail(task, &end, error),
                (Ok(_), Err(error)) => {
                    let error = error.clone().during("making the result durable");
                    self.retry_or_fail(task, &end, &error);
                }
                (Ok(_), Ok(())) => self.succeeded(task, end),
            },
        }
    }

    fn succeeded(&mut self, task: ExecTask, end: ExecEnd) {
        let id = task.id;
        self.note_step(id, StepOutcome::Executed, task.key(), task.flaw);
        let step = Step::new(self.graph, id);
        (self.listener)(&Event::ExecEnded { step, config: &task.request.config, end: &end });
        let ExecEnd::Ran { report, .. } = end else { return };
        let Ok(collected) = report.outcome else { return };
        self.counts.executed += 1;
        if let Err(error) = self.see(&collected.fileset) {
            return self.fail(id, error, None);
        }
        let cores = self.settings.pool.capacity().get(CPU);
        self.summary.add_run(self.graph.ident(id), &report.usage, &task.request.config.resources, cores);
        self.settle(id, Ok(Stored::new(Value::Fileset(Rc::new(collected.fileset)))));
    }

    fn retry_or_fail(&mut self, task: ExecTask, end: &ExecEnd, error: &Error) {
        let id = task.id;
        let mut error = error.clone();
        if error.kind() == Kind::Canceled {
            // The executor hears of the request to stop before this loop does.
            return self.cancel();
        }
        let declared = match self.exec(id).and_then(|exec| self.scheduler.room_for(&exec.resources)) {
            Ok(room) => room.resources,
            Err(_) => task.request.config.resources.clone(),
        };
        let chance = attempt::chance(&task.key(), task.attempt);
        let used = &task.request.config.resources;
        if let Some(retry) = self.settings.retry.next(&error, task.attempt, &declared, used, chance)
            && !self.canceled
        {
            match self.scheduler.room_for(&retry.room) {
                Ok(room) => return self.retry(&task, Retry { room: room.resources, ..retry }, &error),
                Err(exhausted) => error = exhausted.because(error),
            }
        }
        self.note_step(id, StepOutcome::Failed, task.key(), task.flaw);
        let step = Step::new(self.graph, id);
        (self.listener)(&Event::ExecEnded { step, config: &task.request.config, end });
        self.counts.executed += u64::from(matches!(end, ExecEnd::Ran { .. }));
        let details = self.details(task, end);
        self.fail(id, error, details);
    }

    fn retry(&mut self, task: &ExecTask, retry: Retry, error: &Error) {
        let (id, attempt) = (task.id, task.attempt + 1);
        (self.listener)(&Event::ExecRetried {
            step: Step::new(self.graph, id),
            attempt,
            reason: retry.reason,
            error,
            resources: &retry.room,
            wait: retry.wait,
        });
        self.states.set(id, State::Active(Phase::Queued));
        if retry.wait.is_zero() {
            self.scheduler.push(id, &retry.room);
        } else {
            self.job(Job::Pause { id, time: retry.wait });
        }
        self.retries.insert(id, (attempt, retry.room));
    }

    /// An exec has waited for its next try.
    pub(super) fn paused(&mut self, id: FlowId) {
        if !self.canceled
            && let Some((_, room)) = self.retries.get(&id)
        {
            self.scheduler.push(id, room);
        }
    }

    fn wait_elsewhere(&mut self, task: &ExecTask) {
        let id = task.id;
        (self.listener)(&Event::ExecElsewhere { step: Step::new(self.graph, id) });
        self.states.set(id, State::Active(Phase::Elsewhere));
        self.job(Job::AwaitKey { id, key: task.key() });
    }

    /// Another process is done with what an exec has waited for: its result should be in the cache.
    pub(super) fn key_free(&mut self, id: FlowId) {
        if !self.canceled {
            self.look_up_or_run(id);
        }
    }
}
