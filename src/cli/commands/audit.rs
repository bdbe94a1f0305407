//! `reflow audit`: whether cached steps come to the same when they are run once more.

use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::path::Path;

use base::{Digest, Error, units};
use engine::audit::{Audit, Verdict, is_chosen};
use engine::explain::FileChange;
use store::{LocalStore, StepOutcome, Success, TaskRecord};

use super::{answer, named};
use crate::arguments::AuditFlags;
use crate::exit::Exit;
use crate::machinery::{ExecutorChoice, Machinery};
use crate::paint::Paint;
use crate::{interrupt, random, terminal};

/// Files of a result that are told.
const FILES: usize = 20;

pub(super) fn run(flags: &AuditFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let seed = match flags.seed {
        Some(seed) => seed,
        // Few digits: people write it down.
        None => u64::from(random::digest()?.as_bytes()[0]) << 8 | u64::from(random::digest()?.as_bytes()[1]),
    };
    let run = flags.run.as_deref().map(|run| named::run(&store, run)).transpose()?;
    let of_run = run.as_ref().map(|run| keys_with_results(&store, &run.id)).transpose()?;
    let is_wanted = |step: &Success| {
        flags.ident.as_ref().is_none_or(|ident| ident.is_match(&step.ident))
            && of_run.as_ref().is_none_or(|keys| keys.contains(&step.key))
    };
    let is_chosen = |step: &Success| is_chosen(&step.key, seed, flags.fraction);
    let all = store.tasks().successes()?;
    let (mut total, mut chosen, mut executors) = (0_u64, 0_u64, BTreeSet::new());
    for step in all.clone() {
        let step = step?;
        if is_wanted(&step) {
            total += 1;
            if is_chosen(&step) {
                chosen += 1;
                executors.insert(step.executor);
            }
        }
    }
    let whose = run.map_or_else(|| "all runs".to_owned(), |run| format!("run {}", run.id.short()));
    let part = if flags.fraction < 1.0 { format!(", chosen with -seed {seed}") } else { String::new() };
    answer(format!("{chosen} of {total} steps of {whose}{part}\n"))?;

    let paint = Paint::of(terminal::answers_in_colour());
    let mut report = Report { paint, store: &store, replace: flags.replace, tally: [0; 4] };
    for executor in executors {
        // One kind of executor after the other, as each takes the whole machine for its own.
        let steps = all.clone().filter(|step| {
            step.as_ref().map_or(true, |step| step.executor == executor && is_wanted(step) && is_chosen(step))
        });
        match executor.as_deref() {
            Some("docker") => audit(&home, ExecutorChoice::Docker, steps, &mut report)?,
            Some("process") => audit(&home, ExecutorChoice::Process, steps, &mut report)?,
            other => {
                let reason = match other {
                    None => "it is not recorded what it was made from".to_owned(),
                    Some(other) => format!("it was run by {other}"),
                };
                for step in steps {
                    let step = step?;
                    report.skip(&step.ident, &step.task, &reason)?;
                }
            }
        }
    }
    let [same, differing, failed, skipped] = report.tally;
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    answer(format!("{same} the same, {differing} different, {failed} failed{skipped}\n"))?;
    if differing + failed > 0 { Err(Exit::Failed(None)) } else { Ok(()) }
}

/// The cache keys of the steps of a run that came to a result.
fn keys_with_results(store: &LocalStore, run: &Digest) -> Result<HashSet<Digest>, Exit> {
    let mut keys = HashSet::new();
    store.steps().visit(run, &mut |_, step| {
        if step.outcome != StepOutcome::Failed {
            keys.insert(step.key);
        }
        true
    })?;
    Ok(keys)
}

/// Audits steps that one kind of executor ran.
fn audit(
    home: &Path,
    executor: ExecutorChoice,
    steps: impl Iterator<Item = Result<Success, Error>>,
    report: &mut Report<'_>,
) -> Result<(), Exit> {
    let machinery = Machinery::open(home, executor)?;
    let handle = machinery.runtime.handle();
    let audit = Audit {
        store: report.store,
        executor: &machinery.executor,
        cancel: &interrupt::token(handle),
        runtime: handle,
        seed: random::digest()?,
    };
    let tasks = report.store.tasks();
    // One that a collection has removed meanwhile is none any more.
    let mut records = steps.filter_map(|step| step.and_then(|step| tasks.get(&step.task)).transpose());
    let mut told = Ok(());
    audit.run(&mut records, &mut |task, verdict| {
        told = report.tell(task, verdict);
        told.is_ok()
    })?;
    told
}

/// What is told, and how often.
struct Report<'a> {
    paint: Paint,
    store: &'a LocalStore,
    /// Whether new results take the place of recorded ones that differ.
    replace: bool,
    /// The same, different, failed, skipped.
    tally: [u64; 4],
}

impl Report<'_> {
    fn tell(&mut self, task: &TaskRecord, verdict: &Verdict) -> Result<(), Exit> {
        let name = format!("{} {}", task.ident, task.id.short());
        match verdict {
            Verdict::Same { files } => {
                self.tally[0] += 1;
                let files = if *files == 1 { "1 file".to_owned() } else { format!("{files} files") };
                answer(format!("{}  {name}: {files}\n", self.paint.good("the same ")))
            }
            Verdict::Differs { replay, result, changes } => {
                self.tally[1] += 1;
                let files = differing(self.store, changes, self.paint);
                answer(format!("{}  {name}\n{files}", self.paint.bad("different")))?;
                if self.replace {
                    engine::audit::replace(self.store, replay, result)?;
                    answer("           the new result is in the cache now\n")?;
                }
                Ok(())
            }
            Verdict::Failed(error) => {
                self.tally[2] += 1;
                answer(format!("{}  {name}: {error}\n", self.paint.bad("failed   ")))
            }
            Verdict::Skipped(reason) => self.skip(&task.ident, &task.id, reason),
        }
    }

    fn skip(&mut self, ident: &str, task: &Digest, reason: &str) -> Result<(), Exit> {
        self.tally[3] += 1;
        answer(format!("{}  {ident} {}: {reason}\n", self.paint.faint("skipped  "), task.short()))
    }
}

/// The files that differ, a line each, with the place where they begin to.
pub(super) fn differing(store: &LocalStore, changes: &[FileChange], paint: Paint) -> String {
    let mut text = String::new();
    for change in changes.iter().take(FILES) {
        let side = |file: &Option<base::File>| match file {
            Some(file) => format!("{} {}", file.digest().short(), units::data_size(file.size)),
            None => "nothing".to_owned(),
        };
        let place = match (&change.from, &change.to) {
            (Some(from), Some(to)) => first_difference(store, &from.digest(), &to.digest()),
            _ => None,
        };
        let place = place.map(|offset| paint.faint(&format!(", from byte {offset} on"))).unwrap_or_default();
        text.push_str(&format!("           {}: {} → {}{place}\n", change.path, side(&change.from), side(&change.to)));
    }
    if changes.len() > FILES {
        text.push_str(&format!("           … and {} files more\n", changes.len() - FILES));
    }
    text
}

/// The offset of the first byte that differs; none if one of them is not here.
fn first_difference(store: &LocalStore, from: &Digest, to: &Digest) -> Option<u64> {
    let open = |digest: &Digest| store.repository.open_blob(digest).ok().map(std::io::BufReader::new);
    let (mut from, mut to) = (open(from)?.bytes(), open(to)?.bytes());
    let mut offset = 0;
    loop {
        match (from.next(), to.next()) {
            (None, None) => return None,
            (Some(Ok(left)), Some(Ok(right))) if left == right => offset += 1,
            (Some(Err(_)), _) | (_, Some(Err(_))) => return None,
            _ => return Some(offset),
        }
    }
}
