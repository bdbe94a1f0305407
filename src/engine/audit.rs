//! Cached steps run once more to see whether they come to the same: what does not is not reproducible, or its
//! cached result is not what the step would make.
//!
//! Steps are taken one by one from whoever walks through the history, and let go when their verdicts are told: however
//! many there are, only those that run and the few that wait for an earlier one to be told are in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::digest::DigestWriter;
use base::{Digest, Error, Fileset, Kind};
use exec::{CancelToken, ExecReport, Executor, Pool};
use store::{Association, LocalStore, TaskRecord};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};

use crate::explain::FileChange;
use crate::replay::Replay;

/// Verdicts that may wait for that of an earlier step; then nothing new is begun.
const WINDOW: usize = 1024;

/// What came of running a step once more.
#[derive(Debug)]
pub enum Verdict {
    /// The recorded result.
    Same {
        /// Files of it.
        files: usize,
    },
    /// Something else.
    Differs {
        /// The step.
        replay: Box<Replay>,
        /// What it came to.
        result: Fileset,
        /// The files that differ, from the recorded result to this one.
        changes: Vec<FileChange>,
    },
    /// Its command failed this time, or could not be run.
    Failed(Error),
    /// It cannot be run again or compared, for this reason.
    Skipped(String),
}

/// Whether the step of a key belongs to a random part of all steps of so large a `fraction`, from 0 to 1. The
/// same seed chooses the same steps.
pub fn is_chosen(key: &Digest, seed: u64, fraction: f64) -> bool {
    let mut out = DigestWriter::new();
    out.bytes(seed.to_le_bytes()).digest(key);
    let [a, b, c, d, ..] = *out.finish().as_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) < fraction * 2_f64.powi(32)
}

/// What an audit works with.
pub struct Audit<'a> {
    /// What is audited.
    pub store: &'a LocalStore,
    /// The executor that ran the steps.
    pub executor: &'a Arc<dyn Executor>,
    /// Asks it to stop.
    pub cancel: &'a CancelToken,
    /// Threads.
    pub runtime: &'a Handle,
    /// Keeps the folders of its execs apart from others.
    pub seed: Digest,
}

/// Hears of each step in order; whether to go on.
pub type Tell<'a> = &'a mut dyn FnMut(&TaskRecord, &Verdict) -> bool;

impl Audit<'_> {
    /// Runs steps side by side as far as there is room, and tells of each in their order. Must not be called on a
    /// thread of the runtime that it has.
    ///
    /// `Canceled` if it was stopped; what was told until then holds.
    pub fn run(&self, steps: &mut dyn Iterator<Item = Result<TaskRecord, Error>>, tell: Tell<'_>) -> Result<(), Error> {
        let mut progress = Progress {
            pool: Pool::new(self.executor.capacity()),
            running: JoinSet::new(),
            waiting: None,
            count: 0,
            over: BTreeMap::new(),
            told: 0,
        };
        self.runtime.block_on(async {
            let ended = self.follow(steps, tell, &mut progress).await;
            // What was stopped halfway ends what it runs.
            progress.running.shutdown().await;
            ended
        })
    }

    async fn follow(
        &self,
        steps: &mut dyn Iterator<Item = Result<TaskRecord, Error>>,
        tell: Tell<'_>,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        loop {
            let is_last = self.begin(steps, progress)?;
            if !progress.tell(tell) {
                return Ok(());
            }
            match progress.running.join_next().await {
                Some(done) => progress.end(done)?,
                None => match &progress.waiting {
                    // Nothing runs, and still there is no room.
                    Some((_, next)) => return Err(no_room(next)),
                    None if is_last => return Ok(()),
                    None => {}
                },
            }
            if self.cancel.is_canceled() {
                return Err(Error::new(Kind::Canceled, "the audit was stopped on request"));
            }
        }
    }

    /// Begins what there is room for. Whether there are no steps left to take.
    fn begin(
        &self,
        steps: &mut dyn Iterator<Item = Result<TaskRecord, Error>>,
        progress: &mut Progress,
    ) -> Result<bool, Error> {
        while !progress.is_full() {
            let (number, replay) = match progress.waiting.take() {
                Some(waiting) => waiting,
                None => {
                    let Some(task) = steps.next().transpose()? else { return Ok(true) };
                    let number = progress.count;
                    progress.count += 1;
                    match self.prepare(task.clone()) {
                        Ok(replay) => (number, replay),
                        Err(reason) => {
                            progress.over.insert(number, (task, Verdict::Skipped(reason)));
                            continue;
                        }
                    }
                }
            };
            let Some(lease) = progress.pool.try_acquire(&replay.config().resources) else {
                progress.waiting = Some((number, replay));
                break;
            };
            let (executor, cancel) = (self.executor.clone(), self.cancel.clone());
            progress.running.spawn(async move {
                let report = replay.run(&*executor, &|_| {}, &cancel).await;
                drop(lease);
                (number, replay, report)
            });
        }
        Ok(false)
    }

    /// What can be run again and compared; else why it cannot.
    fn prepare(&self, task: TaskRecord) -> Result<Replay, String> {
        let mut replay = Replay::prepare(self.store, task, &self.seed).map_err(|error| error.to_string())?;
        if replay.recorded.is_none() {
            return Err("its result is not in the cache any more".to_owned());
        }
        if replay.material.recipe.nondeterministic {
            return Err("the program says that its result may differ".to_owned());
        }
        replay.limit(&self.executor.capacity());
        Ok(replay)
    }
}

type Ran = (usize, Replay, Result<ExecReport, Error>);

/// How far an audit is.
struct Progress {
    pool: Pool,
    running: JoinSet<Ran>,
    /// The next step, for which there was no room.
    waiting: Option<(usize, Replay)>,
    /// Steps that were taken.
    count: usize,
    /// Verdicts that wait for that of an earlier step.
    over: BTreeMap<usize, (TaskRecord, Verdict)>,
    /// Steps that were told.
    told: usize,
}

impl Progress {
    /// Whether no further step may be taken for now.
    fn is_full(&self) -> bool {
        self.count - self.told >= WINDOW
    }

    fn end(&mut self, done: Result<Ran, JoinError>) -> Result<(), Error> {
        let (number, replay, report) =
            done.map_err(|error| Error::new(Kind::Fatal, format!("a worker failed: {error}")))?;
        self.over.insert(number, (replay.task.clone(), judge(replay, report)));
        Ok(())
    }

    /// Tells what can be told in order; whether to go on.
    fn tell(&mut self, tell: Tell<'_>) -> bool {
        while let Some((task, verdict)) = self.over.remove(&self.told) {
            self.told += 1;
            if !tell(&task, &verdict) {
                return false;
            }
        }
        true
    }
}

fn no_room(replay: &Replay) -> Error {
    let message = format!("there is no room for {}: it asks for {}", replay.task.ident, replay.config().resources);
    Error::new(Kind::ResourcesExhausted, message)
}

fn judge(replay: Replay, report: Result<ExecReport, Error>) -> Verdict {
    let collected = match report.and_then(|report| report.outcome) {
        Ok(collected) => collected,
        Err(error) => return Verdict::Failed(error),
    };
    match replay.compare(&collected.fileset) {
        Some(changes) if !changes.is_empty() => {
            Verdict::Differs { replay: Box::new(replay), result: collected.fileset, changes }
        }
        _ => Verdict::Same { files: collected.fileset.count() },
    }
}

/// Lets a new result take the place of the recorded one, under every key of the step that answers with that; durable
/// when this returns. How many keys these are.
pub fn replace(store: &LocalStore, replay: &Replay, result: &Fileset) -> Result<usize, Error> {
    let (Some(key), Some(recorded)) = (replay.task.key, &replay.recorded) else { return Ok(0) };
    let mut keys = Vec::new();
    for key in store.materials().keys(&key)? {
        // All but the first are names, which may have come to stand for something else.
        let answer = store.recorded(&key)?;
        if answer.is_some_and(|answer| replay.compare(&answer).is_some_and(|changes| changes.is_empty())) {
            keys.push(key);
        }
    }
    let conflict = |error: base::assertion::Conflict| Error::new(Kind::Integrity, error.to_string());
    let fileset = result.clone().set_assertions(&recorded.assertions().map_err(conflict)?);
    let count = keys.len();
    store.committer().commit(Vec::new(), vec![Association { keys, fileset, labels: Vec::new() }], None)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_chooses_the_same_part_again() {
        let keys: Vec<Digest> = (0..10_000).map(|number| Digest::of(format!("{number}"))).collect();
        let chosen = |seed, fraction| keys.iter().filter(|key| is_chosen(key, seed, fraction)).collect::<Vec<_>>();
        let tenth = chosen(1, 0.1);
        assert!((800..1200).contains(&tenth.len()), "{}", tenth.len());
        assert_eq!(tenth, chosen(1, 0.1));
        assert_ne!(tenth, chosen(2, 0.1));
        assert_eq!((chosen(1, 0.0).len(), chosen(1, 1.0).len()), (0, keys.len()));
        // A larger part contains a smaller one.
        let half = chosen(1, 0.5);
        assert!(tenth.iter().all(|key| half.contains(key)));
    }
}
