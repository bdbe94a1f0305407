//! `reflow audit`: whether cached steps come to the same when they are run once more.

use std::collections::HashSet;
use std::io::Read;

use base::{Digest, units};
use engine::audit::{Verdict, is_chosen};
use engine::explain::FileChange;
use engine::replay::Replay;
use store::{Association, LocalStore, StepOutcome, TaskKind, TaskQuery, TaskRecord};

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
    let mut all = match &run {
        Some(run) => of_run(&store, &run.id)?,
        None => of_all(&store)?,
    };
    if let Some(ident) = &flags.ident {
        all.retain(|task| ident.is_match(&task.ident));
    }
    all.sort_by(|left, right| (&left.ident, left.flow).cmp(&(&right.ident, right.flow)));
    let total = all.len();
    all.retain(|task| task.key.is_some_and(|key| is_chosen(&key, seed, flags.fraction)));
    let mut audit =
        Audit { paint: Paint::of(terminal::answers_in_colour()), store, replace: flags.replace, tally: [0; 3] };
    let whose = run.map_or_else(|| "all runs".to_owned(), |run| format!("run {}", run.id.short()));
    let part = if flags.fraction < 1.0 { format!(", chosen with -seed {seed}") } else { String::new() };
    answer(format!("{} of {total} steps of {whose}{part}\n", all.len()))?;

    let (replays, skipped) = audit.prepare(all)?;
    for (name, choice) in [("docker", ExecutorChoice::Docker), ("process", ExecutorChoice::Process)] {
        let those: Vec<Replay> =
            replays.iter().filter(|replay| replay.material.recipe.executor == name).cloned().collect();
        if those.is_empty() {
            continue;
        }
        let machinery = Machinery::open(&home, choice)?;
        let cancel = interrupt::token(machinery.runtime.handle());
        let mut told = Ok(());
        let handle = machinery.runtime.handle();
        engine::audit::audit(those, &machinery.executor, &cancel, handle, &mut |replay, verdict| {
            let one = audit.tell(replay, verdict);
            if told.is_ok() {
                told = one;
            }
        })?;
        told?;
    }
    let [same, differing, failed] = audit.tally;
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    answer(format!("{same} the same, {differing} different, {failed} failed{skipped}\n"))?;
    if differing + failed > 0 { Err(Exit::Failed(None)) } else { Ok(()) }
}

/// What the history says of the latest success under a key.
fn success(store: &LocalStore, key: Digest) -> Result<Option<TaskRecord>, Exit> {
    let tasks = store.tasks().list(&TaskQuery { key: Some(key), ..TaskQuery::default() })?;
    Ok(tasks.into_iter().find(is_success))
}

fn is_success(task: &TaskRecord) -> bool {
    task.kind == TaskKind::Exec && !task.cached && task.error.is_none() && task.end.is_some()
}

/// The steps of a run that came to a result, each key once, in order.
fn of_run(store: &LocalStore, run: &Digest) -> Result<Vec<TaskRecord>, Exit> {
    let (mut seen, mut keys) = (HashSet::new(), Vec::new());
    store.steps().visit(run, &mut |_, step| {
        if step.outcome != StepOutcome::Failed && seen.insert(step.key) {
            keys.push(step.key);
        }
        true
    })?;
    let mut found = Vec::new();
    for key in keys {
        found.extend(success(store, key)?);
    }
    Ok(found)
}

/// All steps that came to a result, each key once, the latest first.
fn of_all(store: &LocalStore) -> Result<Vec<TaskRecord>, Exit> {
    let mut seen = HashSet::new();
    let mut tasks = store.tasks().list(&TaskQuery::default())?;
    tasks.retain(|task| is_success(task) && task.key.is_some_and(|key| seen.insert(key)));
    Ok(tasks)
}

struct Audit {
    paint: Paint,
    store: LocalStore,
    /// Whether new results take the place of recorded ones that differ.
    replace: bool,
    /// The same, different, failed.
    tally: [u64; 3],
}

impl Audit {
    /// Those that can be run again and compared; how many cannot, which is said of each.
    fn prepare(&self, tasks: Vec<TaskRecord>) -> Result<(Vec<Replay>, u64), Exit> {
        let (mut replays, mut skipped) = (Vec::new(), 0);
        for task in tasks {
            let (ident, id) = (task.ident.clone(), task.id.short());
            let reason = match Replay::prepare(&self.store, task, &random::digest()?) {
                Err(error) => error.to_string(),
                Ok(replay) if replay.recorded.is_none() => "its result is not in the cache any more".to_owned(),
                Ok(replay) if replay.material.recipe.nondeterministic => {
                    "the program says that its result may differ".to_owned()
                }
                Ok(replay) => {
                    replays.push(replay);
                    continue;
                }
            };
            skipped += 1;
            answer(format!("{}  {ident} {id}: {reason}\n", self.paint.faint("skipped  ")))?;
        }
        Ok((replays, skipped))
    }

    fn tell(&mut self, replay: &Replay, verdict: &Verdict) -> Result<(), Exit> {
        let name = format!("{} {}", replay.task.ident, replay.task.id.short());
        match verdict {
            Verdict::Same { files } => {
                self.tally[0] += 1;
                let files = if *files == 1 { "1 file".to_owned() } else { format!("{files} files") };
                answer(format!("{}  {name}: {files}\n", self.paint.good("the same ")))
            }
            Verdict::Differs { result, changes } => {
                self.tally[1] += 1;
                let files = differing(&self.store, changes, self.paint);
                answer(format!("{}  {name}\n{files}", self.paint.bad("different")))?;
                if self.replace {
                    self.keep(replay, result)?;
                }
                Ok(())
            }
            Verdict::Failed(error) => {
                self.tally[2] += 1;
                answer(format!("{}  {name}: {error}\n", self.paint.bad("failed   ")))
            }
        }
    }

    /// Lets a new result take the place of the recorded one.
    fn keep(&self, replay: &Replay, result: &base::Fileset) -> Result<(), Exit> {
        let Some(key) = replay.task.key else { return Ok(()) };
        let association = Association { keys: vec![key], fileset: result.clone(), labels: Vec::new() };
        self.store.committer().commit(Vec::new(), vec![association], None)?;
        answer("           the new result is in the cache now\n")
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
