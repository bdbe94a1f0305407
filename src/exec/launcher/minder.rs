//! The minder: starts a command, carries what it says into the log files, and when it has ended, or
//! is to be stopped, sees to it that nothing of it stays. Then it is ready for the next.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, Signal};

use super::kernel::{self, Reaped};
use super::order::{self, Ended, Order, STOP, Word};
use super::own::Own;

/// Where the output streams go.
pub(super) struct Logs {
    stdout: Log,
    stderr: Log,
}

impl Logs {
    /// Finds their folders.
    pub(super) fn new(order: &Order, own: &Own) -> io::Result<Self> {
        let log = |path: &Path| -> io::Result<Log> {
            let name = path.file_name().ok_or_else(|| io::Error::other(format!("{} is no name", path.display())))?;
            Ok(Log { folder: own.log_folder(path)?, name: name.to_owned(), file: None })
        };
        Ok(Self { stdout: log(&order.stdout)?, stderr: log(&order.stderr)? })
    }
}

/// The file of one stream, made when there is something to write.
struct Log {
    folder: OwnedFd,
    name: OsString,
    file: Option<File>,
}

impl Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
                let mode = Mode::from_raw_mode(0o644);
                self.file.insert(File::from(rustix::fs::openat(&self.folder, &self.name, flags, mode)?))
            }
        };
        file.write_all(bytes)
    }
}

/// This process's number as reflow sees it, by the machine's `/proc`.
pub(super) fn number_outside(processes: &OwnedFd) -> Option<u32> {
    rustix::fs::readlinkat(processes, "self", Vec::new()).ok()?.to_str().ok()?.parse().ok()
}

/// Makes this process fit to mind commands. `processes` is the machine's `/proc`; with `namespace` it is the first of a
/// process namespace.
pub(super) fn settle_in(processes: &OwnedFd, namespace: bool) -> io::Result<()> {
    if !namespace {
        // What a command leaves behind becomes a child of this process, not of the machine's first.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    // Should memory run out the kernel shall take the command, not reflow.
    let score = rustix::fs::openat(processes, "self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
    let _ = score.map(|score| File::from(score).write_all(b"1000"));
    // A command could reach the folder of logs otherwise, by the descriptors of this process.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    Ok(())
}

/// Runs a command to its end; nothing of it lives then. Returns what is still to be said, that it has started if that
/// was not said, and how it has ended. `number` is this process's.
pub(super) fn mind(
    order: &Order,
    number: Option<u32>,
    logs: Logs,
    namespace: bool,
) -> io::Result<(Option<Word>, Ended)> {
    let (stdout, stdout_end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let (stderr, stderr_end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let child = start(order, stdout_end, stderr_end, namespace)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run {}: {error}", order.program)))?;
    let started = Word::Started { at: now(), pid: number };

    let streams = [Stream::new(stdout, logs.stdout), Stream::new(stderr, logs.stderr)];
    // Kernels before 5.3 have no such descriptors; there the child is asked after now and then.
    let ended = rustix::process::pidfd_open(child, PidfdFlags::empty()).ok();
    let mut minder = Minder {
        child,
        ended,
        input: Some(order::input()?),
        streams,
        grace: Duration::from_millis(order.grace),
        deadline: None,
        namespace,
        used: Used::default(),
        untold: Some((started, Instant::now() + SOON)),
    };
    let waited = minder.wait();
    let at = now();
    minder.end_everything()?;
    let status = waited?;
    minder.drain();
    let log_failure = minder.streams.iter_mut().find_map(|stream| stream.failure.take());
    let Used { cpu, max_memory, read, written } = minder.used;
    let ended = Ended { at, status, cpu, max_memory, read, written, log_failure, is_fit: false };
    Ok((minder.untold.take().map(|(started, _)| started), ended))
}

/// Starts the command.
fn start(order: &Order, stdout: OwnedFd, stderr: OwnedFd, namespace: bool) -> io::Result<Pid> {
    let mut command = Command::new(&order.program);
    command
        .args(&order.arguments)
        .env_clear()
        .envs(order.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&order.directory)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        // A group of its own: that is what a stop is sent to.
        .process_group(0);
    if !namespace {
        // Nothing else ends the command with this process. Where the kernel does, there are no hooks between fork
        // and exec, which lets the standard library start it without a copy of this process.
        let die_with_parent = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
        // SAFETY: the hook is one system call, and this process has one thread.
        #[allow(unsafe_code, reason = "proved above")]
        unsafe {
            command.pre_exec(die_with_parent);
        }
    }
    let child = command.spawn()?;
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Whoever ends is waited for by `Minder::reap`.
    number.ok_or_else(|| io::Error::other("a process without a number"))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

struct Minder {
    child: Pid,
    /// Readable when the child has ended.
    ended: Option<OwnedFd>,
    /// Where stop words, or the end of reflow, show; `None` after that end.
    input: Option<File>,
    streams: [Stream; 2],
    grace: Duration,
    /// When a command that was asked to stop is killed.
    deadline: Option<Instant>,
    namespace: bool,
    used: Used,
    /// That the command has started, and when that is said at the latest.
    untold: Option<(Word, Instant)>,
}

/// What everything that has ended has used.
#[derive(Default)]
struct Used {
    /// Seconds of processor time.
    cpu: f64,
    /// Bytes of the largest.
    max_memory: u64,
    /// Bytes from and to devices.
    read: u64,
    written: u64,
}

/// Commands that end sooner need not be told of twice: reflow would be woken up, to wait again.
const SOON: Duration = Duration::from_millis(5);
/// How often orphans of the command are looked after while nothing else happens.
const ORPHANS: Duration = Duration::from_secs(1);
/// How often the child is asked after where the kernel does not tell of its end.
const UNTOLD: Duration = Duration::from_millis(20);

impl Minder {
    /// Waits until the command has ended; its exit status, 128+n for signal n.
    fn wait(&mut self) -> io::Result<i32> {
        loop {
            if let Some(status) = self.reap()? {
                return Ok(status);
            }
            let ready = self.poll()?;
            if let Some((started, _)) = self.untold.take_if(|(_, latest)| *latest <= Instant::now()) {
                order::say(&[started]);
            }
            if ready.input {
                self.listen()?;
            }
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.deadline = None;
                self.kill_command();
            }
            for (stream, ready) in self.streams.iter_mut().zip(ready.streams) {
                if ready {
                    stream.carry();
                }
            }
        }
    }

    fn poll(&self) -> io::Result<Ready> {
        let mut wait = if self.ended.is_some() { ORPHANS } else { UNTOLD };
        let deadlines = [self.deadline, self.untold.as_ref().map(|(_, latest)| *latest)];
        for deadline in deadlines.into_iter().flatten() {
            wait = wait.min(deadline.saturating_duration_since(Instant::now()));
        }
        let [stdout, stderr] = self.streams.each_ref().map(|stream| stream.pipe.as_ref().map(File::as_fd));
        let sources = [self.input.as_ref().map(File::as_fd), stdout, stderr, self.ended.as_ref().map(OwnedFd::as_fd)];
        let mut descriptors: Vec<PollFd<'_>> =
            sources.iter().flatten().map(|source| PollFd::from_borrowed_fd(*source, PollFlags::IN)).collect();
        match rustix::event::poll(&mut descriptors, Some(&timespec(wait))) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut events = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty());
        let [input, stdout, stderr, _] = sources.map(|source| source.is_some() && events.next().unwrap_or(false));
        Ok(Ready { input, streams: [stdout, stderr] })
    }

    /// Collects what has ended; the command's status if that is among it.
    fn reap(&mut self) -> io::Result<Option<i32>> {
        loop {
            match kernel::reap(false) {
                Ok(Some(reaped)) => {
                    self.count(&reaped);
                    if reaped.pid == self.child {
                        return Ok(Some(reaped.status));
                    }
                }
                Ok(None) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn count(&mut self, reaped: &Reaped) {
        self.used.cpu += reaped.cpu;
        self.used.max_memory = self.used.max_memory.max(reaped.max_memory);
        self.used.read += reaped.read;
        self.used.written += reaped.written;
    }

    fn listen(&mut self) -> io::Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let mut words = [0; 16];
        let count = match input.read(&mut words) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            // A reflow that was killed before it had read all words resets the connection.
            read => read.unwrap_or(0),
        };
        if count == 0 {
            // Reflow is gone. The command goes, then this process, and with it everything else.
            self.input = None;
            self.kill_command();
        } else if words[..count].contains(&STOP) && self.deadline.is_none() {
            let _ = rustix::process::kill_process_group(self.child, Signal::TERM);
            self.deadline = Some(Instant::now() + self.grace);
        }
        Ok(())
    }

    fn kill_command(&self) {
        let _ = rustix::process::kill_process_group(self.child, Signal::KILL);
    }

    /// Kills what the command has left running and waits until it is gone.
    fn end_everything(&mut self) -> io::Result<()> {
        self.kill_command();
        loop {
            if self.namespace {
                kernel::kill_all_others();
            } else {
                kernel::kill_children(&[]);
            }
            match kernel::reap(true) {
                Ok(Some(reaped)) => self.count(&reaped),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::CHILD.raw_os_error()) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Carries what is still in the pipes, and no more: the command may have handed them to somebody who still writes.
    fn drain(&mut self) {
        for stream in &mut self.streams {
            let mut left = stream.ready();
            while left > 0 && stream.pipe.is_some() {
                left = left.saturating_sub(stream.carry() as u64);
            }
        }
    }
}

/// What can be read.
struct Ready {
    input: bool,
    streams: [bool; 2],
}

pub(super) fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(time.subsec_nanos()) }
}

/// One output stream on its way from the command into its log.
struct Stream {
    /// `None` once every writer has closed it.
    pipe: Option<File>,
    log: Log,
    /// Why the log is not complete.
    failure: Option<String>,
}

impl Stream {
    fn new(pipe: OwnedFd, log: Log) -> Self {
        Self { pipe: Some(File::from(pipe)), log, failure: None }
    }

    /// Moves what is there, at most a buffer full; how many bytes that were. What the log cannot take is dropped: a
    /// full disk must not make the command hang.
    fn carry(&mut self) -> usize {
        let mut buffer = [0; 1 << 16];
        let Some(pipe) = &mut self.pipe else { return 0 };
        match pipe.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Ok(0) | Err(_) => {
                self.pipe = None;
                0
            }
            Ok(count) => {
                if self.failure.is_none() {
                    self.failure = self.log.write(&buffer[..count]).err().map(|error| error.to_string());
                }
                count
            }
        }
    }

    /// How many bytes there are at the moment.
    fn ready(&self) -> u64 {
        self.pipe.as_ref().and_then(|pipe| rustix::io::ioctl_fionread(pipe).ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_command_ends_with_a_reflow_that_has_not_heard_everything() {
        let (reflow, ours) = UnixStream::pair().unwrap();
        let mut child = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
        let stream = || {
            let (pipe, _) = rustix::pipe::pipe().unwrap();
            let folder = OwnedFd::from(File::open("/tmp").unwrap());
            Stream::new(pipe, Log { folder, name: "never written".into(), file: None })
        };
        let mut minder = Minder {
            child: Pid::from_raw(child.id().cast_signed()).unwrap(),
            ended: None,
            input: Some(File::from(OwnedFd::from(ours.try_clone().unwrap()))),
            streams: [stream(), stream()],
            grace: Duration::ZERO,
            deadline: None,
            namespace: false,
            used: Used::default(),
            untold: None,
        };
        // A word that nobody reads.
        (&ours).write_all(b"started").unwrap();
        drop(reflow);
        minder.listen().unwrap();
        assert!(minder.input.is_none());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
