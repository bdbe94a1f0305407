//! What the words of commands stand for: runs, steps of runs, and execs.

use base::Kind;
use base::digest::PartialDigest;
use store::{LocalStore, RunQuery, RunRecord, StepRecord, TaskKind, TaskQuery, TaskRecord};

use crate::exit::Exit;
use crate::names::Name;

/// Tasks that are looked at for one that is an exec.
const ATTEMPTS: usize = 32;
/// The latest run.
const LAST: &str = "last";

/// The run of this name: the beginning of its id, or `last`.
pub(super) fn run(store: &LocalStore, name: &str) -> Result<RunRecord, Exit> {
    if name == LAST {
        return latest(store);
    }
    let id = PartialDigest::parse(name).map_err(|_| {
        let is_odd = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let how = if is_odd { ", an even number of digits" } else { "" };
        Exit::failed(format!("{name:?} is no run: give the beginning of its id{how}, or {LAST}"))
    })?;
    let found = store.runs().find(&id);
    found.map_err(|error| match error.kind() {
        Kind::NotExist => Exit::failed(error.message()),
        _ => error.into(),
    })
}

fn latest(store: &LocalStore) -> Result<RunRecord, Exit> {
    let latest = store.runs().list(&RunQuery { limit: Some(1), ..RunQuery::default() })?.pop();
    latest.ok_or_else(|| Exit::failed("nothing has been run yet"))
}

/// What a word names, where `last` is the latest run.
pub(super) fn name(store: &LocalStore, word: &str) -> Result<Name, Exit> {
    if word == LAST {
        return Name::parse(&latest(store)?.id.hex()).map_err(Exit::failed);
    }
    Name::parse(word).map_err(Exit::failed)
}

/// The latest attempt at an exec whose flow begins so: the digits that runs show behind its ident.
pub(super) fn shown_as(store: &LocalStore, digits: &PartialDigest) -> Result<Option<TaskRecord>, Exit> {
    let query = TaskQuery { flow: Some(*digits), limit: Some(ATTEMPTS), ..TaskQuery::default() };
    Ok(store.tasks().list(&query)?.into_iter().find(is_exec))
}

fn is_exec(task: &TaskRecord) -> bool {
    task.kind == TaskKind::Exec && !task.cached
}

/// Whether a step goes by this name: its ident, its position or the line of it, or the first digits of its flow or
/// key.
pub(super) fn is_called(step: &StepRecord, name: &str) -> bool {
    let at = |position: &str| position == name || position.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    if step.ident == name || at(&step.position) {
        return true;
    }
    let Ok(digits) = PartialDigest::parse(name) else { return false };
    let (hex, flow) = (digits.hex(), format!("{:08x}", step.flow));
    digits.expands_to(&step.key) || flow.starts_with(&hex) || (hex.len() > flow.len() && hex.starts_with(&flow))
}

/// The latest attempt at an exec, by its id, by the digits that runs show behind its ident, or by its ident; with a
/// run, that run's.
pub(super) fn exec(store: &LocalStore, within: Option<&RunRecord>, name: &str) -> Result<TaskRecord, Exit> {
    let run = within.map(|run| run.id);
    let latest = |query: TaskQuery| -> Result<Option<TaskRecord>, Exit> {
        let query = TaskQuery { run, limit: Some(ATTEMPTS), ..query };
        Ok(store.tasks().list(&query)?.into_iter().find(is_exec))
    };
    if let Ok(digits) = PartialDigest::parse(name) {
        let with_id = TaskQuery { id: Some(digits), run, limit: Some(2), ..TaskQuery::default() };
        match store.tasks().list(&with_id)?.as_slice() {
            [only] if is_exec(only) => return Ok(only.clone()),
            [only] => return Err(Exit::failed(format!("{name} is an {}, no exec", only.kind.name()))),
            [] => {}
            _ => return Err(Exit::failed(format!("several execs begin with {name}; give more digits"))),
        }
        if let Some(task) = latest(TaskQuery { flow: Some(digits), ..TaskQuery::default() })? {
            return Ok(task);
        }
    }
    if let Some(task) = latest(TaskQuery { ident: Some(name.to_owned()), ..TaskQuery::default() })? {
        return Ok(task);
    }
    match within {
        None if run_of(store, name)?.is_some() => Err(Exit::failed(format!(
            "{name} is a run; give one of its steps, too: its ident, or the digits behind that"
        ))),
        None => Err(Exit::failed(format!("no exec {name} has been run; give its id or its ident"))),
        Some(run) => of_step(store, run, name),
    }
}

/// The run that a word names, if it names one.
fn run_of(store: &LocalStore, name: &str) -> Result<Option<RunRecord>, Exit> {
    if name == LAST {
        return Ok(store.runs().list(&RunQuery { limit: Some(1), ..RunQuery::default() })?.pop());
    }
    let Ok(id) = PartialDigest::parse(name) else { return Ok(None) };
    match store.runs().find(&id) {
        Ok(run) => Ok(Some(run)),
        Err(error) if matches!(error.kind(), Kind::NotExist | Kind::Invalid) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a word names in a run that is no exec: an intern or an extern.
pub(super) fn transfer(store: &LocalStore, run: &RunRecord, name: &str) -> Result<Option<TaskRecord>, Exit> {
    let Ok(digits) = PartialDigest::parse(name) else { return Ok(None) };
    for query in [
        TaskQuery { flow: Some(digits), ..TaskQuery::default() },
        TaskQuery { id: Some(digits), ..TaskQuery::default() },
    ] {
        let found = store.tasks().list(&TaskQuery { run: Some(run.id), limit: Some(1), ..query })?.pop();
        if let Some(task) = found.filter(|task| task.kind != TaskKind::Exec) {
            return Ok(Some(task));
        }
    }
    Ok(None)
}

/// The attempt that made the result of a step that the run had no need to execute.
fn of_step(store: &LocalStore, run: &RunRecord, name: &str) -> Result<TaskRecord, Exit> {
    let mut key = None;
    store.steps().visit(&run.id, &mut |_, step| {
        if is_called(&step, name) {
            key = Some(step.key);
        }
        key.is_none()
    })?;
    let made = match key {
        None => None,
        Some(_) => store.tasks().list(&TaskQuery { key, limit: Some(1), ..TaskQuery::default() })?.pop(),
    };
    made.ok_or_else(|| Exit::failed(format!("run {} has no exec {name}", run.id.short())))
}
