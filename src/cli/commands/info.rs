//! `reflow info`

use std::fmt::Write;
use std::time::SystemTime;

use base::digest::{Digest, PartialDigest};
use base::units;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{LocalStore, LogPlace, RunPhase, RunRecord, TaskQuery, TaskRecord};

use super::answer;
use crate::arguments::InfoFlags;
use crate::exit::Exit;

pub(super) fn run(flags: &InfoFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.home()?)?;
    for name in &flags.names {
        answer(describe(&store, name)?)?;
    }
    Ok(())
}

fn describe(store: &LocalStore, name: &str) -> Result<String, Exit> {
    let id = PartialDigest::parse(name).map_err(Exit::failed)?;
    if let Some(run) = found(store.runs().find(&id))? {
        let tasks = store.tasks().list(&TaskQuery { run: Some(run.id), ..TaskQuery::default() })?;
        return Ok(run_text(&run, &tasks));
    }
    if let Some(task) = found(store.tasks().find(&id))? {
        return task_text(store, &task);
    }
    if let Some(digest) = id.full() {
        if let Some(text) = fileset_text(store, &digest)? {
            return Ok(text);
        }
        if let Some(size) = store.repository.stat(&digest)? {
            return Ok(format!("{} (file)\n    size: {size}\n", digest.hex()));
        }
    }
    Err(Exit::failed(format!("no run, exec, cached fileset or object {name}")))
}

/// A thing that may not be there.
fn found<T>(result: Result<T, base::Error>) -> Result<Option<T>, Exit> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == base::Kind::NotExist => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Aligned `name: value` lines behind four blanks.
#[derive(Default)]
struct Fields(String);

impl Fields {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "    {:<10} {value}", format!("{name}:"));
    }
}

fn time(time: SystemTime) -> String {
    match Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%a %b %e %H:%M:%S %Y").to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// The name that people read.
fn phase(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::Init => "Init",
        RunPhase::Eval => "Eval",
        RunPhase::Retry => "Retry",
        RunPhase::Done => "Done",
    }
}

fn run_text(run: &RunRecord, tasks: &[TaskRecord]) -> String {
    let mut fields = Fields::default();
    fields.line("time", time(run.start));
    fields.line("program", &run.program);
    if !run.params.is_empty() {
        fields.0.push_str("    params:\n");
        for (name, value) in &run.params {
            let _ = writeln!(fields.0, "        {name}: {value}");
        }
    }
    if !run.args.is_empty() {
        fields.0.push_str("    args:\n");
        for arg in &run.args {
            let _ = writeln!(fields.0, "        {arg}");
        }
    }
    fields.line("phase", phase(run.phase));
    if let Some(end) = run.end.and_then(|end| end.duration_since(run.start).ok()) {
        fields.line("elapsed", units::duration(end));
    }
    if let Some(error) = &run.error {
        fields.line("error", error);
    }
    if let Some(result) = run.result.as_deref().filter(|result| !result.is_empty()) {
        fields.line("result", result);
    }
    if let Some(log) = &run.log {
        fields.line("log", log);
    }
    let mut text = format!("{} (run)\n{}", run.id.hex(), fields.0);
    if !tasks.is_empty() {
        text.push_str("    tasks:\n");
        for task in tasks.iter().rev() {
            let state = match (&task.error, task.cached) {
                (Some(_), _) => "failed",
                (None, true) => "cached",
                (None, false) => "ok",
            };
            let _ = writeln!(text, "        {} {:<6} {:<6} {}", task.id.short(), task.kind.name(), state, task.ident);
        }
    }
    text
}

fn task_text(store: &LocalStore, task: &TaskRecord) -> Result<String, Exit> {
    let mut fields = Fields::default();
    fields.line("run", task.run.short());
    if !task.ident.is_empty() {
        fields.line("ident", &task.ident);
    }
    if !task.position.is_empty() {
        fields.line("place", &task.position);
    }
    if let Some(flow) = &task.flow {
        fields.line("flow", flow.short());
    }
    if !task.image.is_empty() {
        fields.line("image", &task.image);
    }
    fields.line("cmd", types::quote::quote(task.command.as_bytes()));
    if let (Some(start), Some(end)) = (task.start, task.end) {
        fields.line("time", time(start));
        fields.line("elapsed", format!("{:.3}s", end.duration_since(start).unwrap_or_default().as_secs_f64()));
    }
    fields.line("requested", &task.resources);
    if let Some(cpu) = task.usage.cpu_seconds {
        fields.line("cpu", format!("{cpu:.3}s"));
    }
    if let Some(memory) = task.usage.max_memory {
        fields.line("memory", units::data_size(memory));
    }
    if let Some(exit) = task.exit {
        fields.line("exit", exit);
    }
    if let Some(error) = &task.error {
        fields.line("error", error);
    }
    for (name, place) in [("stdout", &task.stdout), ("stderr", &task.stderr)] {
        match place {
            None => {}
            Some(LogPlace::Path(path)) => fields.line(name, path.display()),
            Some(LogPlace::Blob(digest)) => fields.line(name, digest),
        }
    }
    let mut text = format!("{} ({})\n{}", task.id.hex(), task.kind.name(), fields.0);
    if let Some(key) = &task.key
        && let Some(files) = fileset_of_key(store, key)?
    {
        text.push_str("    result:\n");
        text.push_str(&files);
    }
    Ok(text)
}

fn fileset_text(store: &LocalStore, key: &Digest) -> Result<Option<String>, Exit> {
    let files = fileset_of_key(store, key)?;
    Ok(files.map(|files| format!("{} (cached fileset)\n{files}", key.hex())))
}

/// The files of the fileset that is cached under a key, a line each.
fn fileset_of_key(store: &LocalStore, key: &Digest) -> Result<Option<String>, Exit> {
    let hits = store.lookup(&[vec![*key]])?;
    let Some(hit) = hits.into_iter().next().flatten() else { return Ok(None) };
    let mut text = String::new();
    write_files(&mut text, &hit.fileset, "        ");
    if text.is_empty() {
        text.push_str("        (empty)\n");
    }
    Ok(Some(text))
}

fn write_files(text: &mut String, fileset: &base::Fileset, indent: &str) {
    for (i, element) in fileset.list.iter().enumerate() {
        let _ = writeln!(text, "{indent}list[{i}]:");
        write_files(text, element, &format!("{indent}  "));
    }
    for (path, file) in &fileset.map {
        let _ = writeln!(text, "{indent}{path}: {} ({})", file.digest(), units::data_size(file.size));
    }
}
