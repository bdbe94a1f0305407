//! `reflow replay`: one exec once more, by itself.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Fileset, units};
use engine::describe;
use engine::replay::{COMMAND_FILE, Replay};
use exec::live::Whereabouts;
use exec::{CancelHandle, ExecEvent, ExecReport};
use store::{LocalStore, TaskRecord};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{answer, named};
use crate::arguments::ReplayFlags;
use crate::exit::Exit;
use crate::machinery::{self, ExecutorChoice, Machinery};
use crate::paint::Paint;
use crate::{interrupt, random, terminal};

pub(super) fn run(flags: &ReplayFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let task = match flags.names.as_slice() {
        [exec] => named::exec(&store, None, exec)?,
        [run, node] => named::exec(&store, Some(&named::run(&store, run)?), node)?,
        _ => return Err(Exit::Usage("reflow replay: give an exec, or a run and a node of it".to_owned())),
    };
    let mut replay = Replay::prepare(&store, task, &random::digest()?)?;
    let machinery = Machinery::open(&home, executor(&replay)?)?;
    replay.limit(&machinery.executor.capacity());
    let paint = Paint::of(terminal::has_colour());
    terminal::say(&heading(&replay, paint));
    if flags.shell {
        return shell(&home, &replay.waiting(), &machinery);
    }

    let logs = exec::logs_of(&home, replay.request().id);
    let cancel = interrupt::token(machinery.runtime.handle());
    let report = machinery.runtime.block_on(async {
        let work = replay.run(&*machinery.executor, &|_| {}, &cancel);
        let mut streams = Streams::new(&logs);
        tokio::pin!(work);
        loop {
            tokio::select! {
                report = &mut work => {
                    streams.show()?;
                    return report.map_err(Exit::from);
                }
                () = tokio::time::sleep(Duration::from_millis(50)) => streams.show()?,
            }
        }
    });
    // They were shown; the exec's own logs stay.
    for path in [&logs.stdout, &logs.stderr, &logs.script] {
        let _ = std::fs::remove_file(path);
    }
    conclude(&store, &replay, &report?, flags.keep.as_deref(), paint)
}

/// Opens a shell where the exec would run, and takes the place away when it ends.
fn shell(home: &Path, replay: &Replay, machinery: &Machinery) -> Result<(), Exit> {
    terminal::say(
        "a shell in its place: inputs are under /arg, outputs go to /return, nothing of it stays\n\
         the command: bash -e -l -o pipefail /tmp/command.sh",
    );
    let endpoint = machinery::endpoint();
    let (handle, cancel) = CancelHandle::new();
    let done = machinery.runtime.block_on(async {
        let (sender, mut started) = mpsc::unbounded_channel();
        let tell = move |event| {
            if let ExecEvent::Started { pid, container } = event {
                let _ = sender.send(container.map(Whereabouts::Container).or(pid.map(Whereabouts::Process)));
            }
        };
        // Whoever types means the shell, not this program.
        let mut interrupts = signal(SignalKind::interrupt()).map_err(Exit::failed)?;
        let ignored = async { while interrupts.recv().await.is_some() {} };
        let work = replay.run(&*machinery.executor, &tell, &cancel);
        tokio::pin!(work, ignored);
        let place = tokio::select! {
            report = &mut work => return Err(over(report)),
            Some(Some(place)) = started.recv() => place,
        };
        let script = exec::temporary_of(home, replay.request().id).join(COMMAND_FILE);
        tokio::select! {
            report = &mut work => return Err(over(report)),
            () = exists(&script) => {}
        }
        let done = tokio::select! {
            report = &mut work => return Err(over(report)),
            done = super::shell::connect(&place, &endpoint) => done,
            () = &mut ignored => Ok(()),
        };
        handle.cancel();
        // It was stopped, which is what was wanted.
        let _ = work.await;
        done
    });
    let logs = exec::logs_of(home, replay.request().id);
    for path in [&logs.stdout, &logs.stderr, &logs.script] {
        let _ = std::fs::remove_file(path);
    }
    done
}

/// Waits until the place has got so far that its command is there.
async fn exists(script: &Path) {
    while !script.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The place ended by itself.
fn over(report: Result<ExecReport, base::Error>) -> Exit {
    match report.and_then(|report| report.outcome) {
        Ok(_) => Exit::failed("the place of the exec is gone"),
        Err(error) => Exit::failed(error),
    }
}

/// The executor that ran it first.
fn executor(replay: &Replay) -> Result<ExecutorChoice, Exit> {
    match replay.material.recipe.executor.as_str() {
        "docker" => Ok(ExecutorChoice::Docker),
        "process" => Ok(ExecutorChoice::Process),
        other => Err(Exit::failed(format!("it was run by the executor {other}, which cannot run it by itself"))),
    }
}

fn heading(replay: &Replay, paint: Paint) -> String {
    let TaskRecord { ident, id, run, command, .. } = &replay.task;
    let recipe = &replay.material.recipe;
    let mut text = format!("{}, exec {} of run {}\n", paint.strong(ident), id.short(), run.short());
    text.push_str(&format!("    {} in {}\n", recipe.executor, recipe.image));
    for line in describe::command_lines(command) {
        text.push_str(&paint.faint(&format!("    {line}")));
        text.push('\n');
    }
    text
}

/// The output streams of a command that runs, passed on as they grow.
struct Streams {
    stdout: (PathBuf, u64),
    stderr: (PathBuf, u64),
}

impl Streams {
    fn new(logs: &exec::LogPaths) -> Self {
        Self { stdout: (logs.stdout.clone(), 0), stderr: (logs.stderr.clone(), 0) }
    }

    /// Passes on what has come since the last time.
    fn show(&mut self) -> Result<(), Exit> {
        answer(fresh(&mut self.stdout))?;
        terminal::pass_on(&fresh(&mut self.stderr));
        Ok(())
    }
}

/// What a file has beyond what was read of it. One that is not there yet has nothing.
fn fresh((path, read): &mut (PathBuf, u64)) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(&*path)
        && file.seek(SeekFrom::Start(*read)).is_ok()
        && file.read_to_end(&mut bytes).is_ok()
    {
        *read += bytes.len() as u64;
    }
    bytes
}

/// Says how it ended, and whether that is what was recorded.
fn conclude(
    store: &LocalStore,
    replay: &Replay,
    report: &ExecReport,
    keep: Option<&str>,
    paint: Paint,
) -> Result<(), Exit> {
    let status = report.status.map_or_else(|| "no exit status".to_owned(), |status| format!("exit status {status}"));
    let time = report.usage.wall.as_secs_f64();
    let collected = match &report.outcome {
        Ok(collected) => collected,
        Err(error) => {
            let before = match (&replay.task.error, replay.task.exit) {
                (Some(_), Some(before)) if Some(before) == report.status => ", as it was recorded".to_owned(),
                (Some(before), _) => format!("; recorded is: {before}"),
                (None, _) => "; it had succeeded when it was recorded".to_owned(),
            };
            terminal::say(&format!("{} after {time:.1}s{before}", paint.bad(&status)));
            return Err(Exit::failed(error));
        }
    };
    if let Some(folder) = keep {
        copy_out(store, &collected.fileset, Path::new(folder))?;
    }
    let size = units::data_size(collected.fileset.size());
    let files = collected.fileset.count();
    let outputs = format!("{files} {}, {size}", if files == 1 { "file" } else { "files" });
    match replay.compare(&collected.fileset) {
        None => {
            terminal::say(&format!(
                "{status} after {time:.1}s: {outputs}; there is no recorded result to compare with"
            ));
            Ok(())
        }
        Some(changes) if changes.is_empty() => {
            terminal::say(&format!(
                "{status} after {time:.1}s: {}",
                paint.good(&format!("the recorded result ({outputs})"))
            ));
            Ok(())
        }
        Some(changes) => {
            let mut text = format!("{status} after {time:.1}s: {}\n", paint.notable("not the recorded result"));
            text.push_str(&super::audit::differing(store, &changes, paint));
            terminal::say(&text);
            Err(Exit::Failed(None))
        }
    }
}

/// Copies the outputs to a folder: one file for an output that is a file, a folder for one that is a folder.
fn copy_out(store: &LocalStore, fileset: &Fileset, folder: &Path) -> Result<(), Exit> {
    let failed = |path: &Path, error: std::io::Error| Exit::failed(format!("{}: {error}", path.display()));
    for (number, output) in fileset.flatten().iter().enumerate() {
        for (path, file) in output.entries() {
            let name = if path == Fileset::ROOT { number.to_string() } else { format!("{number}/{path}") };
            let to = store::safe_join(folder, &name)?;
            let parent = to.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
            let mut from = store.repository.open_blob(&file.digest())?;
            let mut new = File::create(&to).map_err(|error| failed(&to, error))?;
            std::io::copy(&mut from, &mut new).map_err(|error| failed(&to, error))?;
        }
    }
    terminal::say(&format!("outputs are in {}", folder.display()));
    Ok(())
}
