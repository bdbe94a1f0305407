//! Cached steps run once more to see whether they come to the same: what does not is not reproducible, or its
//! cached result is not what the step would make.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::digest::DigestWriter;
use base::{Digest, Error, Fileset, Kind};
use exec::{CancelToken, ExecReport, Executor, Pool};
use tokio::task::JoinSet;

use crate::explain::FileChange;
use crate::replay::Replay;

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
        /// What it came to.
        result: Fileset,
        /// The files that differ, from the recorded result to this one.
        changes: Vec<FileChange>,
    },
    /// Its command failed this time, or could not be run.
    Failed(Error),
}

/// Whether the step of a key belongs to a random part of all steps of so large a `fraction`, from 0 to 1. The
/// same seed chooses the same steps.
pub fn is_chosen(key: &Digest, seed: u64, fraction: f64) -> bool {
    let mut out = DigestWriter::new();
    out.bytes(seed.to_le_bytes()).digest(key);
    let [a, b, c, d, ..] = *out.finish().as_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) < fraction * 2_f64.powi(32)
}

/// Runs steps side by side as far as there is room, and tells of each in their order. Must not be called on a
/// thread of the runtime that `runtime` is a handle of.
///
/// `Canceled` if it was stopped; what was told until then holds.
pub fn audit(
    replays: Vec<Replay>,
    executor: &Arc<dyn Executor>,
    cancel: &CancelToken,
    runtime: &tokio::runtime::Handle,
    tell: &mut dyn FnMut(&Replay, &Verdict),
) -> Result<(), Error> {
    let pool = Pool::new(executor.capacity());
    let mut waiting = replays.into_iter().enumerate().peekable();
    let mut over = BTreeMap::new();
    let mut next_told = 0;
    runtime.block_on(async {
        let mut running = JoinSet::new();
        loop {
            while let Some((_, next)) = waiting.peek_mut() {
                next.limit(pool.capacity());
                let Some(lease) = pool.try_acquire(&next.config().resources) else { break };
                let Some((number, replay)) = waiting.next() else { break };
                let (executor, cancel) = (executor.clone(), cancel.clone());
                running.spawn(async move {
                    let report = replay.run(&*executor, &|_| {}, &cancel).await;
                    drop(lease);
                    (number, replay, report)
                });
            }
            let Some(done) = running.join_next().await else {
                return match waiting.next() {
                    None => Ok(()),
                    // Nothing runs, and still there is no room.
                    Some((_, next)) => Err(no_room(&next)),
                };
            };
            let (number, replay, report) =
                done.map_err(|error| Error::new(Kind::Fatal, format!("a worker failed: {error}")))?;
            if cancel.is_canceled() {
                running.shutdown().await;
                return Err(Error::new(Kind::Canceled, "the audit was stopped on request"));
            }
            let verdict = judge(&replay, report);
            over.insert(number, (replay, verdict));
            while let Some((replay, verdict)) = over.remove(&next_told) {
                tell(&replay, &verdict);
                next_told += 1;
            }
        }
    })
}

fn no_room(replay: &Replay) -> Error {
    let message = format!("there is no room for {}: it asks for {}", replay.task.ident, replay.config().resources);
    Error::new(Kind::ResourcesExhausted, message)
}

fn judge(replay: &Replay, report: Result<ExecReport, Error>) -> Verdict {
    let collected = match report.and_then(|report| report.outcome) {
        Ok(collected) => collected,
        Err(error) => return Verdict::Failed(error),
    };
    match replay.compare(&collected.fileset) {
        Some(changes) if !changes.is_empty() => Verdict::Differs { result: collected.fileset, changes },
        _ => Verdict::Same { files: collected.fileset.count() },
    }
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
