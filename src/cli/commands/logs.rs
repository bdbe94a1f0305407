//! `reflow logs`

use std::path::PathBuf;

use base::digest::PartialDigest;
use store::{LocalStore, LogPlace, RunRecord, TaskRecord};

use super::answer;
use crate::arguments::{LogLevel, LogsFlags};
use crate::exit::Exit;

pub(super) fn run(flags: &LogsFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.home()?)?;
    let id = PartialDigest::parse(&flags.id).map_err(Exit::failed)?;
    match store.runs().find(&id) {
        Ok(run) => return run_log(&run, flags.level),
        Err(error) if error.kind() != base::Kind::NotExist => return Err(error.into()),
        Err(_) => {}
    }
    match store.tasks().find(&id) {
        Ok(task) => task_log(&store, &task, flags.stdout),
        Err(error) if error.kind() == base::Kind::NotExist => Err(Exit::failed(format!("no run or exec {}", flags.id))),
        Err(error) => Err(error.into()),
    }
}

fn run_log(run: &RunRecord, level: LogLevel) -> Result<(), Exit> {
    let path = run.log.as_deref().ok_or_else(|| Exit::failed(format!("run {} has no log", run.id.short())))?;
    let text = std::fs::read_to_string(path).map_err(|error| Exit::failed(format!("{path}: {error}")))?;
    let mut out = format!("local run log: {path}\n");
    let mut shown = false;
    for line in text.lines() {
        match record(line) {
            Some((time, found, text)) => {
                shown = found <= level;
                if shown {
                    out.push_str(&format!("{time} {text}\n"));
                }
            }
            // Continues the record before it.
            None if shown => out.push_str(&format!("{line}\n")),
            None => {}
        }
    }
    answer(out)
}

/// Time, level and text of a record's first line.
fn record(line: &str) -> Option<(&str, LogLevel, &str)> {
    const TIME: usize = "2006/01/02 15:04:05".len();
    let (time, rest) = line.split_at_checked(TIME)?;
    let rest = rest.strip_prefix(" [")?;
    let (level, text) = rest.split_once("] ")?;
    let level = match level {
        "ERROR" => LogLevel::Error,
        "INFO" => LogLevel::Info,
        "DEBUG" => LogLevel::Debug,
        _ => return None,
    };
    Some((time, level, text))
}

fn task_log(store: &LocalStore, task: &TaskRecord, stdout: bool) -> Result<(), Exit> {
    let path: PathBuf = match if stdout { &task.stdout } else { &task.stderr } {
        None => return Ok(()),
        Some(LogPlace::Path(path)) => path.clone(),
        Some(LogPlace::Blob(digest)) => store.repository.path(digest),
    };
    match std::fs::read(&path) {
        Ok(bytes) => answer(bytes),
        // Nothing was written, so there is no file.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Exit::failed(format!("{}: {error}", path.display()))),
    }
}
