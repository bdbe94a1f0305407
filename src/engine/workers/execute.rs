//! One exec from its lock to its durable result.
//!
//! The lock of the key keeps other processes from running the same exec at the same time; it is held
//! until the result is durable. Whoever gets it looks the key up again first: another process may have
//! been faster.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::SystemTime;

use base::config::{Arg, ExecConfig};
use base::digest::Material;
use base::profile::DISK;
use base::{Digest, Error, Fileset, Kind};
use exec::{ExecEvent, ExecReport, LogFile, blocking};
use store::file_repository::Verdict;
use store::{
    ArgumentPlace, Association, Commit, Hit, KeyLock, KeyState, LogPlace, MaterialRow, Recipe, TaskKind, TaskRecord,
    Usage,
};

use super::{Reply, Tools, fetch, keep, lost, new_record};
use crate::failure::LogTail;
use crate::job::{Completion, ExecEnd, ExecTask, Executed, Flaw, Recheck, Tails};

/// What of a failed command's output is shown: the last lines, of the last bytes, of bounded width.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 16 << 10;
const TAIL_WIDTH: usize = 400;

/// Whether an exec is to run here and now.
enum Start {
    Now(KeyLock, Option<Flaw>),
    Elsewhere,
    Cached(Hit),
}

pub(super) async fn execute(tools: Arc<Tools>, mut task: ExecTask, reply: Reply) {
    let (key, recheck) = (task.key(), task.recheck);
    let start = blocking({
        let tools = tools.clone();
        move || start(&tools, &key, recheck)
    });
    let lock = match start.await {
        Ok(Start::Now(lock, flaw)) => {
            task.flaw = flaw;
            lock
        }
        Ok(Start::Elsewhere) => return end(reply, task, ExecEnd::Elsewhere),
        Ok(Start::Cached(hit)) => return end(reply, task, ExecEnd::Cached(hit)),
        Err(error) => return end(reply, task, ExecEnd::Broken(error)),
    };
    let record = begin_record(&tools, &task);
    task.row = Some(record.id);
    tools.store.committer().note(record.clone());
    let ran = match load(&tools, &mut task).await {
        Ok(()) => run(&tools, &task, &record, &reply).await,
        Err(error) => Err(error),
    };
    match ran {
        Ok(report) => finish(&tools, task, record, report, lock, reply).await,
        Err(error) => {
            let lost = lost::among(&tools, task.request.config.inputs(), &error);
            keep(&tools, record, Some(&error), material(&tools, &task));
            if !lost.is_empty() {
                drop(lock);
                return reply.send(Completion::BlobsLost { id: task.id, lost, error });
            }
            drop(lock);
            end(reply, task, ExecEnd::Broken(error));
        }
    }
}

/// Runs the command and looks at its inputs again, if that is asked for.
async fn run(tools: &Arc<Tools>, task: &ExecTask, record: &TaskRecord, reply: &Reply) -> Result<ExecReport, Error> {
    let tell = |event: ExecEvent| {
        if let ExecEvent::Started { pid, container } = &event {
            let (start, container) = (Some(SystemTime::now()), container.clone());
            tools.store.committer().note(TaskRecord { start, process: *pid, container, ..record.clone() });
        }
        // That inputs are in place changes nothing for the loop, and each event wakes it.
        if event != ExecEvent::Staged {
            let _ = reply.completions.send(Completion::ExecEvent { id: task.id, event });
        }
    };
    let report = tools.executor.run(&task.request, &tell, &tools.cancel).await?;
    if tools.check_inputs {
        let (tools, config) = (tools.clone(), task.request.config.clone());
        blocking(move || check_inputs(&tools, &config)).await?;
    }
    Ok(report)
}

fn start(tools: &Tools, key: &Digest, recheck: Recheck) -> Result<Start, Error> {
    let Some(lock) = tools.store.locks.try_lock(key)? else { return Ok(Start::Elsewhere) };
    if recheck == Recheck::Never {
        return Ok(Start::Now(lock, None));
    }
    // A cache that cannot be read has been reported by the first lookup.
    let flaw = match tools.store.explain(key).unwrap_or(KeyState::Absent) {
        KeyState::Absent => None,
        KeyState::Incomplete(_) => Some(Flaw::Incomplete),
        KeyState::Unreadable(_) => Some(Flaw::Unreadable),
        // Once more, so that the key counts as used.
        KeyState::Usable(_) => {
            let found = tools.store.lookup(&[vec![*key]]).unwrap_or_default();
            match found.into_iter().flatten().next() {
                Some(hit) if recheck.accepts(&hit.fileset) => return Ok(Start::Cached(hit)),
                _ => None,
            }
        }
    };
    Ok(Start::Now(lock, flaw))
}

/// Brings in the content of inputs that is not in the repository yet.
async fn load(tools: &Arc<Tools>, task: &mut ExecTask) -> Result<(), Error> {
    let config = &task.request.config;
    let is_here = |file: &base::File| file.id.is_some_and(|id| !tools.store.is_lent(&id));
    if config.inputs().flat_map(|fileset| fileset.entries()).all(|(_, file)| is_here(file)) {
        return Ok(());
    }
    let mut here = fetch::resolved(tools, config.inputs().cloned().collect()).await?.into_iter();
    for arg in &mut task.request.config.args {
        if let Arg::Input(fileset) = arg
            && let Some(resolved) = here.next()
        {
            *fileset = resolved;
        }
    }
    Ok(())
}

/// Reads the inputs of a command again, which it should not have been able to change (runtime spec §3.12). A
/// blob that is not what its name says is removed: whoever needs it makes it anew.
fn check_inputs(tools: &Tools, config: &ExecConfig) -> Result<(), Error> {
    let entries = config.inputs().flat_map(|fileset| fileset.entries());
    let files: BTreeSet<Digest> = entries.filter_map(|(_, file)| file.id).collect();
    let mut changed = Vec::new();
    for digest in files {
        match tools.store.repository.verify(&digest)? {
            Verdict::Intact { .. } => {}
            Verdict::Corrupt { .. } => {
                tools.store.repository.remove(&digest)?;
                changed.push(digest.short());
            }
            Verdict::Missing => changed.push(digest.short()),
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!("inputs changed while the command ran, its result is not used: {}", changed.join(", "));
    Err(Error::new(Kind::Integrity, message))
}

/// Makes what is known of a finished exec durable, then tells.
async fn finish(
    tools: &Arc<Tools>,
    task: ExecTask,
    record: TaskRecord,
    mut report: ExecReport,
    lock: KeyLock,
    reply: Reply,
) {
    if let Ok(collected) = &mut report.outcome {
        collected.fileset = std::mem::take(&mut collected.fileset).set_assertions(&task.assertions);
    }
    let mut record = end_record(record, &report);
    record.stored = task.write && report.outcome.is_ok();
    let material = material(tools, &task);
    let mut associations = Vec::new();
    let mut tails = None;
    match &report.outcome {
        Ok(collected) if task.write => associations.push(Association {
            keys: task.keys.clone(),
            fileset: collected.fileset.clone(),
            labels: tools.labels.clone(),
        }),
        Ok(_) => {}
        Err(_) => {
            let (stdout, stderr) = (report.stdout.clone(), report.stderr.clone());
            let read = blocking(move || Ok(Tails { stdout: tail(&stdout), stderr: tail(&stderr) }));
            tails = Some(read.await.unwrap_or_default());
        }
    }
    let failed = report.outcome.is_err();
    let keeper = tools.clone();
    let done = Box::new(move |written: Result<(), Error>| {
        drop(lock);
        if let (Ok(collected), Err(error)) = (&report.outcome, &written)
            && let lost = lost::among(&keeper, [&collected.fileset], error)
            && !lost.is_empty()
        {
            let error = error.clone();
            return reply.send(Completion::BlobsLost { id: task.id, lost, error });
        }
        // Nothing but the history is lost with a failure's record.
        let durable = if failed { Ok(()) } else { written };
        end(reply, task, ExecEnd::Ran { report: Box::new(report), durable, tails });
    });
    tools.store.committer().submit(Commit { blobs: Vec::new(), associations, task: Some(record), material, done });
}

fn end(reply: Reply, task: ExecTask, end: ExecEnd) {
    reply.send(Completion::Executed(Box::new(Executed { task, end })));
}

/// What the exec was made from. Nothing if its inputs could not be brought in.
fn material(tools: &Tools, task: &ExecTask) -> Option<MaterialRow> {
    let config = &task.request.config;
    let mut inputs: BTreeMap<u32, &Fileset> = BTreeMap::new();
    for (argument, arg) in task.nature.arguments.iter().zip(&config.args) {
        if let (ArgumentPlace::Input(number), Arg::Input(fileset)) = (argument.place, arg) {
            inputs.insert(number, fileset);
        }
    }
    let inputs: Vec<Fileset> = inputs.into_values().cloned().collect();
    let recipe = Recipe {
        image: config.image.clone(),
        program_image: config.original_image.clone(),
        command: config.command.clone(),
        arguments: task.nature.arguments.clone(),
        outputs: config.outputs.clone(),
        executor: tools.executor.name().to_owned(),
        universe: tools.universe.clone(),
        repetition: task.nature.repetition,
        nondeterministic: task.nature.nondeterministic,
    };
    let other_keys = task.keys.get(1..).unwrap_or_default();
    MaterialRow::new(task.key(), other_keys, recipe, &inputs).ok()
}

/// What is known of an exec when it is taken up.
fn begin_record(tools: &Tools, task: &ExecTask) -> TaskRecord {
    let mut record = new_record(tools, TaskKind::Exec, &task.history, &task.key(), task.attempt);
    record.image.clone_from(&task.request.config.image);
    record.resources.clone_from(&task.request.config.resources);
    record.uri = (!tools.alloc.is_empty()).then(|| format!("{}/{}", tools.alloc, task.request.id));
    record.begin = Some(SystemTime::now());
    record
}

fn end_record(mut record: TaskRecord, report: &ExecReport) -> TaskRecord {
    let log = |log: &LogFile| (log.size > 0).then(|| LogPlace::Path(log.path.clone()));
    record.start = Some(report.started);
    record.end = Some(report.ended);
    record.exit = report.status;
    record.stdout = log(&report.stdout);
    record.stderr = log(&report.stderr);
    record.usage = Usage {
        cpu_seconds: (report.usage.cpu > 0.0).then_some(report.usage.cpu),
        max_memory: (report.usage.max_memory > 0).then_some(report.usage.max_memory),
        max_disk: report.profile.get(DISK).map(|samples| samples.max as u64),
        read: report.usage.io.map(|io| io.read),
        written: report.usage.io.map(|io| io.written),
    };
    record.profile.clone_from(&report.profile);
    match &report.outcome {
        Ok(collected) => record.result = Some(collected.fileset.material_digest()),
        Err(error) => record.error = Some(error.to_string()),
    }
    record
}

/// The last lines of a log. One that cannot be read has none.
fn tail(log: &LogFile) -> LogTail {
    let mut bytes = Vec::new();
    let from = log.size.saturating_sub(TAIL_BYTES);
    let read = std::fs::File::open(&log.path).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        file.take(TAIL_BYTES).read_to_end(&mut bytes)
    });
    if log.size == 0 || read.is_err() {
        bytes.clear();
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<&str> = text.lines().collect();
    if from > 0 && lines.len() > 1 {
        // The first is the rest of a line.
        lines.remove(0);
    }
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    let width = |line: &&str| crate::describe::abbreviate(line, TAIL_WIDTH);
    let lines: Vec<String> = lines[skipped..].iter().map(width).collect();
    LogTail { path: log.path.clone(), size: log.size, cut: from > 0 || skipped > 0, lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(content: &str) -> LogTail {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        tail(&LogFile { path: file.path().to_owned(), size: content.len() as u64 })
    }

    #[test]
    fn short_logs_are_shown_whole() {
        let tail = tail_of("one\ntwo\n");
        assert_eq!((tail.lines, tail.cut), (vec!["one".to_owned(), "two".to_owned()], false));
    }

    #[test]
    fn of_long_logs_the_last_whole_lines_are_shown() {
        let content: String = (0..10_000).map(|line| format!("line {line}\n")).collect();
        let tail = tail_of(&content);
        assert!(tail.cut && tail.lines.len() == TAIL_LINES);
        assert_eq!(tail.lines.last().map(String::as_str), Some("line 9999"));
        let endless = tail_of(&"x".repeat(100_000));
        assert!(endless.cut && endless.lines[0].len() <= TAIL_WIDTH);
    }

    #[test]
    fn a_missing_log_is_empty() {
        let tail = tail(&LogFile { path: "/nonexistent/log".into(), size: 0 });
        assert_eq!((tail.lines.len(), tail.cut), (0, false));
    }
}
