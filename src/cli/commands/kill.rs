//! `reflow kill`

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use base::Kind;
use base::digest::PartialDigest;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};
use store::{LocalStore, RunRecord};

use super::named;
use crate::arguments::KillFlags;
use crate::exit::Exit;
use crate::names::{self, Name};
use crate::terminal;

/// How long a run may take to end tidily, and then to end at once, before it is made to.
const TIDILY: Duration = Duration::from_secs(10);
const AT_ONCE: Duration = Duration::from_secs(3);
/// How often it is looked whether a process that goes on has let go of the run.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) fn run(flags: &KillFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.existing()?)?;
    let mut has_failed = false;
    for name in &flags.allocs {
        if let Err(reason) = free(&store, name) {
            terminal::say(&format!("reflow kill: {name}: {reason}"));
            has_failed = true;
        }
    }
    if has_failed { Err(Exit::Failed(None)) } else { Ok(()) }
}

/// Ends the run that holds an alloc.
fn free(store: &LocalStore, name: &str) -> Result<(), String> {
    let run = match named::name(store, name).map_err(|exit| exit.message().unwrap_or_default())? {
        Name::Alloc(run) => find(store, &run, "alloc")?,
        Name::Id(run) => find(store, &run, "run")?,
        Name::Exec(..) => {
            return Err("it is an exec, not an alloc; HOST/ALLOC alone frees all that the run holds".to_owned());
        }
    };
    if run.host != names::host() {
        return Err(format!("the run is on {}", run.host));
    }
    let process = process_of(store, &run)?.ok_or("nothing holds it any more: the run has ended")?;
    // Asked to stop, a run stops its commands, says so and leaves; asked again, it leaves at once.
    for (signal, patience) in [(Signal::INT, TIDILY), (Signal::TERM, AT_ONCE), (Signal::KILL, AT_ONCE)] {
        match rustix::process::pidfd_send_signal(&process, signal) {
            Ok(()) => {}
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(format!("process {} cannot be stopped: {error}", run.process)),
        }
        if has_ended(store, &run, &process, patience)? {
            return Ok(());
        }
    }
    Err(format!("process {} does not end", run.process))
}

fn find(store: &LocalStore, run: &PartialDigest, what: &str) -> Result<RunRecord, String> {
    store.runs().find(run).map_err(|error| match error.kind() {
        Kind::NotExist => format!("there is no such {what}"),
        _ => error.to_string(),
    })
}

/// The process that holds a run's lock; `None` if there is none. Whatever process that is from now on: the handle
/// means no other.
fn process_of(store: &LocalStore, run: &RunRecord) -> Result<Option<OwnedFd>, String> {
    let text = |error: rustix::io::Errno| format!("process {}: {error}", run.process);
    let Some(holder) = store.locks.holder(&run.id).map_err(|error| error.to_string())? else { return Ok(None) };
    let Some(pid) = i32::try_from(holder).ok().and_then(Pid::from_raw) else { return Ok(None) };
    let process = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(text(error)),
    };
    // The number may be one of another container, or of a process that came after.
    if !has_open(holder, &store.locks.path(&run.id)) {
        return Err(format!("process {holder} of this machine is not that of the run; is it in a container?"));
    }
    Ok(Some(process))
}

fn has_open(process: u32, path: &Path) -> bool {
    let files = std::fs::read_dir(format!("/proc/{process}/fd"));
    files.into_iter().flatten().flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|file| file == path))
}

/// Waits until a process has ended or has let go of the run, for a while.
fn has_ended(store: &LocalStore, run: &RunRecord, process: &OwnedFd, patience: Duration) -> Result<bool, String> {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).min(GLANCE);
        let time = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut handles = [PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN)];
        match rustix::event::poll(&mut handles, Some(&time)) {
            Ok(1..) => return Ok(true),
            // A REPL goes on when one of its evaluations has ended.
            Ok(0) if !store.locks.is_locked(&run.id).unwrap_or(true) => return Ok(true),
            Ok(0) if Instant::now() < deadline => {}
            Ok(0) => return Ok(false),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}
