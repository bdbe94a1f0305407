//! `reflow logs`

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::digest::PartialDigest;
use exec::ExecId;
use store::{LocalStore, LogPlace, RunRecord, TaskRecord};

use super::{answer, named};
use crate::arguments::{LogLevel, LogsFlags};
use crate::exit::Exit;
use crate::history;
use crate::names::Name;

pub(super) fn run(flags: &LogsFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let id = match named::name(&store, &flags.id)? {
        Name::Id(id) => id,
        Name::Exec(run, key) => return exec_log(&store, &home, flags, &run, &key),
        Name::Alloc(_) => return Err(Exit::failed(format!("{} is an alloc: execs and runs have logs", flags.id))),
    };
    if flags.f {
        return Err(Exit::failed(format!("-f follows an exec by its name, HOST/ALLOC/EXEC; {} is an id", flags.id)));
    }
    match store.runs().find(&id) {
        Ok(run) => return run_log(&run, flags.level),
        Err(error) if error.kind() != base::Kind::NotExist => return Err(error.into()),
        Err(_) => {}
    }
    let task = match store.tasks().find(&id) {
        Ok(task) => Some(task),
        Err(error) if error.kind() == base::Kind::NotExist => named::shown_as(&store, &id)?,
        Err(error) => return Err(error.into()),
    };
    task_log(&store, &task.ok_or_else(|| Exit::failed(format!("no run or exec {}", flags.id)))?, flags.stdout)
}

/// Bytes of a log that are in memory: it may be larger than that.
const PIECE: usize = 1 << 16;
/// How often the log of a running exec is looked at for more.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints what an exec has written; with `-f` also what it writes until it ends.
fn exec_log(
    store: &LocalStore,
    home: &Path,
    flags: &LogsFlags,
    run: &PartialDigest,
    key: &PartialDigest,
) -> Result<(), Exit> {
    let find = || history::find_exec(store, run, key);
    let (_, task) = find()?.ok_or_else(|| Exit::failed(format!("no exec {}", flags.id)))?;
    let whole = task.record.key.ok_or_else(|| Exit::failed(format!("no log of {}", flags.id)))?;
    let paths = exec::logs_of(home, ExecId::new(whole));
    let path = if flags.stdout { paths.stdout } else { paths.stderr };
    let mut shown = 0;
    loop {
        // Asked before the last look, so that nothing is missed.
        let goes_on = flags.f && find()?.is_some_and(|(_, task)| task.state.is_live());
        shown += pass_on(&path, shown)?;
        if !goes_on {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Prints what a log has behind its first bytes; how much that was. A stream that stayed silent has no file.
fn pass_on(path: &Path, shown: u64) -> Result<u64, Exit> {
    let failed = |error: io::Error| Exit::failed(format!("{}: {error}", path.display()));
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    file.seek(SeekFrom::Start(shown)).map_err(failed)?;
    let (mut piece, mut passed) = (vec![0; PIECE], 0);
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => return Ok(passed),
            count => {
                answer(&piece[..count])?;
                passed += count as u64;
            }
        }
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
    pass_on(&path, 0).map(drop)
}
