//! Files on their way in and out: literal data, interns, externs.

use std::time::Duration;

use base::{Error, File, Fileset, Kind};
use flow::FlowId;
use flow::node::Op;

use super::task::check_made;
use super::{PUT_BATCH, PUT_BYTES, Reducer};
use crate::event::{Event, Step};
use crate::job::{ExternTask, Job};
use crate::local;
use crate::state::{Phase, State};
use crate::stored::Stored;

impl Reducer<'_> {
    /// Makes batches of literal data.
    pub(super) fn start_puts(&mut self) {
        while self.puts.may_start() {
            let (mut data, mut size) = (Vec::new(), 0);
            while data.len() < PUT_BATCH
                && size < PUT_BYTES
                && let Some(id) = self.puts.waiting.pop_front()
            {
                if let Op::Data(bytes) = self.graph.op(id) {
                    size += bytes.len();
                    data.push((id, bytes.to_vec()));
                    self.states.set(id, State::Active(Phase::Transferring));
                }
            }
            self.puts.out += 1;
            self.job(Job::Put { data });
        }
    }

    pub(super) fn put(&mut self, results: Vec<(FlowId, Result<File, Error>)>) {
        self.puts.out -= 1;
        for (id, result) in results {
            match result {
                Ok(file) => {
                    let fileset = Fileset::of_file(file);
                    self.note_import(id, &fileset);
                    self.settle(id, Ok(Stored::of_fileset(fileset)));
                }
                Err(error) => self.fail(id, error, None),
            }
        }
    }

    /// A URL is interned once in a run, so that all parts of the run see the same content.
    pub(super) fn step_intern(&mut self, id: FlowId) {
        let Op::Intern { url, must_resolve } = self.graph.op(id) else { return };
        let key = (url.clone(), *must_resolve);
        match self.by_url.get(&key) {
            Some(first) => self.forward(id, *first),
            None => {
                self.by_url.insert(key, id);
                self.queue_transfer(id);
            }
        }
    }

    /// The same files go to the same place once in a run.
    pub(super) fn step_extern(&mut self, id: FlowId) {
        match self.first_key(id) {
            Err(error) => self.fail(id, error, None),
            Ok(key) if self.follow(id, key) => {}
            Ok(_) if self.settings.withhold => self.withhold_export(id),
            Ok(key) => {
                self.by_key.insert(key, id);
                self.queue_transfer(id);
            }
        }
    }

    fn queue_transfer(&mut self, id: FlowId) {
        self.states.set(id, State::Active(Phase::Transfer));
        self.transfers.waiting.push_back(id);
    }

    pub(super) fn start_transfers(&mut self) {
        while self.transfers.may_start()
            && let Some(id) = self.transfers.waiting.pop_front()
        {
            match self.transfer(id) {
                Err(error) => self.fail(id, error, None),
                Ok(job) => {
                    self.transfers.out += 1;
                    self.states.set(id, State::Active(Phase::Transferring));
                    let fileset = match &job {
                        Job::Extern(task) => Some(&task.fileset),
                        _ => None,
                    };
                    (self.listener)(&Event::TransferStarted { step: Step::new(self.graph, id), fileset });
                    self.job(job);
                }
            }
        }
    }

    fn transfer(&self, id: FlowId) -> Result<Job, Error> {
        match self.graph.op(id) {
            Op::Intern { url, must_resolve } => {
                Ok(Job::Intern { id, url: url.to_string(), must_resolve: *must_resolve })
            }
            Op::Extern { url } => {
                let fileset = local::pullup(self.inputs(id)?);
                check_made(&fileset).map_err(|error| error.during(format!("extern {url}")))?;
                Ok(Job::Extern(Box::new(ExternTask {
                    id,
                    url: url.to_string(),
                    fileset,
                    key: self.first_key(id)?,
                    history: self.history(id, url.to_string()),
                })))
            }
            other => Err(Error::new(Kind::Fatal, format!("{} moves no files", other.name()))),
        }
    }

    pub(super) fn interned(&mut self, id: FlowId, result: Result<Fileset, Error>, elapsed: Duration) {
        self.transfers.out -= 1;
        match result {
            Ok(fileset) => {
                if let Err(error) = self.see(&fileset) {
                    return self.transfer_failed(id, "intern", error);
                }
                self.counts.interned += 1;
                self.summary.add(self.graph.ident(id), false);
                let step = Step::new(self.graph, id);
                (self.listener)(&Event::Interned { step, fileset: &fileset, elapsed });
                self.note_import(id, &fileset);
                self.settle(id, Ok(Stored::of_fileset(fileset)));
            }
            Err(error) => self.transfer_failed(id, "intern", error),
        }
    }

    pub(super) fn externed(&mut self, task: ExternTask, result: Result<(), Error>, elapsed: Duration) {
        self.transfers.out -= 1;
        let (id, fileset) = (task.id, task.fileset);
        match result {
            Ok(()) => {
                self.counts.externed += 1;
                self.summary.add(self.graph.ident(id), false);
                let step = Step::new(self.graph, id);
                (self.listener)(&Event::Externed { step, fileset: &fileset, elapsed });
                self.settle(id, Ok(Stored::of_fileset(fileset)));
            }
            Err(error) => self.transfer_failed(id, "extern", error),
        }
    }

    fn transfer_failed(&mut self, id: FlowId, op: &str, error: Error) {
        if error.kind() == Kind::Canceled {
            return self.cancel();
        }
        let url = Step::new(self.graph, id).url().unwrap_or_default();
        let error = error.during(format!("{op} {url}"));
        self.fail(id, error, None);
    }

    /// Whoever worked on these nodes is gone: a bug, but not one to wait for.
    pub(super) fn lost(&mut self, ids: &[FlowId]) {
        let Some(first) = ids.first() else { return };
        match (self.graph.op(*first), self.states.get(*first)) {
            (_, State::Active(Phase::LookingUp)) => self.lookups.out -= 1,
            (Op::Data(_), _) => self.puts.out -= 1,
            (_, State::Active(Phase::Transferring)) => self.transfers.out -= 1,
            _ => {}
        }
        for id in ids {
            self.leases.remove(id);
            if matches!(self.states.get(*id), State::Active(_)) {
                self.fail(*id, Error::new(Kind::Fatal, "the job was dropped without an answer"), None);
            }
        }
    }
}
