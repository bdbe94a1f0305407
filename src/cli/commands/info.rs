//! `reflow info`: what a word on the command line names, in full (CLI spec §13.1).

mod exec;

use std::fmt::Write;
use std::time::SystemTime;

use base::assertion::Assertions;
use base::digest::{Digest, PartialDigest};
use base::{Fileset, units};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{LocalStore, RunPhase, RunRecord, TaskKind, TaskRecord};

use super::{answer, named};
use crate::arguments::InfoFlags;
use crate::exit::Exit;
use crate::history::listing::{self, Style};
use crate::history::{self, RunView, TaskView};
use crate::machinery;
use crate::names::{self, Name};

/// What separates what a run's own files say from its tasks.
const RULE: usize = 60;

pub(super) fn run(flags: &InfoFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    for name in &flags.names {
        let text = match named::name(&store, name)? {
            Name::Id(id) => describe(&store, &home, name, &id, flags)?,
            Name::Alloc(run) => alloc_text(&live_run(&store, name, &run)?),
            Name::Exec(run, key) => {
                let found = history::find_exec(&store, &run, &key)?;
                let (view, task) = found.ok_or_else(|| Exit::failed(format!("no exec {name}")))?;
                let view = RunView { tasks: vec![task], ..view };
                only_task(&store, &home, view)?
            }
        };
        answer(text)?;
    }
    Ok(())
}

fn describe(
    store: &LocalStore,
    home: &std::path::Path,
    name: &str,
    id: &PartialDigest,
    flags: &InfoFlags,
) -> Result<String, Exit> {
    if let Some(view) = history::find(store, id)? {
        let mut views = [view];
        machinery::threads()?.block_on(history::look(store, home, &mut views));
        let [view] = views;
        return Ok(run_text(&view, flags.full));
    }
    if let Some(task) = found(store.tasks().find(id))? {
        return task_text(store, home, &task);
    }
    if let Some(key) = store.assoc().key(id)?
        && let Some(text) = fileset_text(store, &key)?
    {
        return Ok(text);
    }
    if let Some(digest) = found(store.repository.find(id))?
        && let Some(size) = store.repository.stat(&digest)?
    {
        return Ok(format!("{} (file)\n    size: {size}\n", digest.hex()));
    }
    if let Some(task) = named::shown_as(store, id)? {
        return task_text(store, home, &task);
    }
    Err(Exit::failed(format!("no run, exec, cached fileset or object {name}")))
}

fn task_text(store: &LocalStore, home: &std::path::Path, task: &TaskRecord) -> Result<String, Exit> {
    let run = PartialDigest::parse(&task.run.hex()).map_err(Exit::failed)?;
    let view = history::find(store, &run)?;
    let mut view = view.ok_or_else(|| Exit::failed(format!("the run {} is not known", task.run.short())))?;
    view.tasks.retain(|view| view.record.id == task.id);
    only_task(store, home, view)
}

/// The description of the only task that a view was left with.
fn only_task(store: &LocalStore, home: &std::path::Path, view: RunView) -> Result<String, Exit> {
    let mut views = [view];
    machinery::threads()?.block_on(history::look(store, home, &mut views));
    match views[0].tasks.first() {
        Some(task) => exec::text(store, task),
        None => Err(Exit::failed("the task is not known any more")),
    }
}

/// The run that holds an alloc.
fn live_run(store: &LocalStore, name: &str, run: &PartialDigest) -> Result<RunView, Exit> {
    let view = history::find(store, run)?.filter(|view| view.is_live);
    view.ok_or_else(|| Exit::failed(format!("no alloc {name}: an alloc is there as long as its run goes on")))
}

fn alloc_text(view: &RunView) -> String {
    let execs = || view.tasks.iter().filter(|task| task.record.kind == TaskKind::Exec && task.state.is_live());
    let held = |label| execs().map(|task| task.record.resources.get(label)).sum::<f64>();
    let mut fields = Fields::default();
    fields.line("mem", units::data_amount(held("mem")));
    fields.line("cpu", format!("{:.1}", held("cpu")));
    fields.line("disk", units::data_amount(held("disk")));
    fields.line("owner", &view.run.user);
    // It is kept by its process, whose lock says so, and has no date to expire at.
    fields.line("process", view.run.process);
    if !view.run.labels.is_empty() {
        fields.0.push_str("    labels:\n");
        let mut labels: Vec<(&str, &str)> =
            view.run.labels.iter().map(|label| label.split_once('=').unwrap_or((label, ""))).collect();
        labels.sort_unstable();
        for (name, value) in labels {
            let _ = writeln!(fields.0, "        {name}: {value}");
        }
    }
    let uris: Vec<&str> = execs().filter_map(|task| task.record.uri.as_deref()).collect();
    if !uris.is_empty() {
        fields.0.push_str("    execs:\n");
        for uri in uris {
            let _ = writeln!(fields.0, "        {uri}");
        }
    }
    format!("{} (alloc)\n{}", names::alloc(&view.run.host, &view.run.id), fields.0)
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

fn run_text(view: &RunView, full: bool) -> String {
    let block = run_block(&view.run);
    if view.tasks.is_empty() {
        return block;
    }
    let tasks: Vec<&TaskView> = view.tasks.iter().collect();
    let style = Style { now: SystemTime::now(), long: true, full };
    format!("{block}{}\n{}", "-".repeat(RULE), listing::run(view, &tasks, &style))
}

/// What a run's own files say.
fn run_block(run: &RunRecord) -> String {
    let mut fields = Fields::default();
    fields.line("time", time(run.start));
    fields.line("program", &run.program);
    if !run.params.is_empty() {
        fields.0.push_str("    params:\n");
        for (name, value) in &run.params {
            let blank = if value.is_empty() { "" } else { " " };
            let _ = writeln!(fields.0, "        {name}:{blank}{value}");
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
    format!("{} (run)\n{}", run.id.hex(), fields.0)
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
    Ok(Some(text))
}

/// The files of a fileset, a line each, sorted by path.
fn write_files(text: &mut String, fileset: &Fileset, indent: &str) {
    if fileset.list.is_empty() && fileset.map.is_empty() {
        let _ = writeln!(text, "{indent}(empty)");
    }
    for (i, element) in fileset.list.iter().enumerate() {
        let _ = writeln!(text, "{indent}list[{i}]:");
        write_files(text, element, &format!("{indent}  "));
    }
    for (path, file) in &fileset.map {
        let (digest, size) = (file.digest(), units::data_size(file.size));
        let _ = writeln!(text, "{indent}{path}: {digest} ({size}){}", asserted(&file.assertions()));
    }
}

/// What is said of a file that asserts something.
fn asserted(assertions: &Assertions) -> String {
    if assertions.is_empty() { String::new() } else { format!(" assertions:{}", assertions.digest().short()) }
}
