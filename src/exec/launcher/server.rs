//! The launcher's own loop: for each socket that reflow hands over a minder is made, which takes orders from it.

use std::fs::File;
use std::io::{self, ErrorKind, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::heritage::Heritage;
use super::order::{self, Folders, Level, Order, Word};
use super::own::{Own, open};
use super::{kernel, minder, sandbox};

/// How often minders are looked after where the kernel does not tell of their ends, and orphans.
const UNTOLD: Duration = Duration::from_secs(1);
/// How long minders may take to end what they mind when reflow is gone, and how often they are looked after then.
const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN: Duration = Duration::from_millis(50);

/// Serves until reflow closes its end of standard input, then waits for the minders that are left: they see
/// that reflow is gone, too. In a minder this returns when there are no more commands for it.
pub(super) fn serve(level: Level, folders: &Folders) -> io::Result<ExitCode> {
    // SAFETY: `run_if_asked` is called first thing in main: nothing is open yet.
    #[allow(unsafe_code, reason = "proved above")]
    unsafe {
        kernel::forget_inheritance();
    }
    // Otherwise the allocator's memory would consist of pages that are dear to copy, at each fork; commands decide
    // for themselves. See `Launcher::start`.
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    // Away from the terminal: its signals are for reflow, which decides what becomes of its commands.
    // This fails for a process that leads a group, which is none of the terminal's then.
    let _ = rustix::process::setsid();
    let sockets = io::stdin().as_fd().try_clone_to_owned()?;
    // Commands see another, or this one read-only.
    let processes = open(CWD, Path::new("/proc"))?;
    let mut minders = Minders::new(level)?;
    let prepared = if level == Level::Plain { Ok(()) } else { sandbox::prepare(folders) };
    while let Some(conversation) = {
        minders.bury_until_readable(&sockets)?;
        receive(sockets.as_fd())?
    } {
        if let Err(error) = &prepared {
            order::say_to(&conversation, &[Word::Failed { message: error.to_string() }]);
            continue;
        }
        // SAFETY: `run_if_asked` is called first thing in main: there are no other threads, so the child may
        // do anything that the parent may.
        #[allow(unsafe_code, reason = "proved above")]
        match unsafe { sandbox::fork_into_namespaces(level) } {
            Ok(Some(minder)) => minders.add(minder),
            Ok(None) => {
                // What is not dropped here could be taken from the minder by its command.
                drop((sockets, minders));
                return attend(&conversation, level, folders, processes);
            }
            Err(error) => order::say_to(&conversation, &[Word::Failed { message: error.to_string() }]),
        }
    }
    minders.bury_all()?;
    Ok(ExitCode::SUCCESS)
}

/// A minder's life, in a process of its own: one command after the other, until reflow has no more for it.
/// `processes` is the machine's `/proc`.
fn attend(conversation: &OwnedFd, level: Level, folders: &Folders, processes: OwnedFd) -> io::Result<ExitCode> {
    rustix::stdio::dup2_stdin(conversation)?;
    rustix::stdio::dup2_stdout(conversation)?;
    // Makes this process die with the launcher. If that is gone already, then so is reflow, which shows at
    // the conversation.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let number = minder::number_outside(&processes);
    minder::settle_in(&processes, level == Level::Full)?;
    drop(processes);
    if level == Level::Full {
        sandbox::show_own_processes()?;
    }
    let mut own = Own::new(level, folders)?;
    let mut input = order::input()?;
    let heritage = Heritage::new();
    while let Some(order) = read_order(&mut input)? {
        own.furnish(&order.scratch)?;
        let logs = minder::Logs::new(&order, &own)?;
        let (started, mut ended) = minder::mind(&order, number, logs, level == Level::Full)?;
        ended.is_fit = own.tidy().is_ok() && heritage.is_intact();
        let is_fit = ended.is_fit;
        let words: Vec<Word> = started.into_iter().chain([Word::Ended(ended)]).collect();
        order::say(&words);
        if !is_fit {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads an order from standard input, unbuffered: stop words may follow. `None` when there are no more.
fn read_order(input: &mut File) -> io::Result<Option<Order>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        // A reflow that was killed before it had read all words resets the connection.
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return Ok(None),
        read => read?,
    }
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other)
}

/// The next socket; `None` when there will be no more.
fn receive(sockets: BorrowedFd<'_>) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    // One byte goes with each socket, so that no call can take two of them.
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match rustix::net::recvmsg(sockets, &mut [IoSliceMut::new(&mut byte)], &mut control, flags) {
            Err(Errno::INTR) => {}
            result => break result?,
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let sent = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    sent.map(Some).ok_or_else(|| io::Error::other("a request without a socket"))
}

/// The minders there are.
struct Minders {
    all: Vec<Minder>,
    /// Whether commands are adopted by this process when their minder is killed. In a process namespace they end with it.
    adopts: bool,
    /// Whether it has adopted some that may live still.
    has_orphans: bool,
}

struct Minder {
    pid: Pid,
    /// Readable when it has ended. Kernels before 5.3 have no such descriptors; there minders are asked after now and
    /// then.
    end: Option<OwnedFd>,
}

impl Minders {
    fn new(level: Level) -> io::Result<Self> {
        let adopts = level != Level::Full;
        if adopts {
            rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        }
        Ok(Self { all: Vec::new(), adopts, has_orphans: false })
    }

    fn add(&mut self, pid: Pid) {
        let end = rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok();
        self.all.push(Minder { pid, end });
    }

    /// Waits until there is something to read; looks after the minders meanwhile.
    fn bury_until_readable(&mut self, sockets: &OwnedFd) -> io::Result<()> {
        loop {
            let is_told = !self.has_orphans && self.all.iter().all(|minder| minder.end.is_some());
            let ready = self.poll(Some(sockets), if is_told { None } else { Some(UNTOLD) })?;
            if ready.an_end || !is_told {
                self.bury()?;
            }
            if ready.sockets {
                return Ok(());
            }
        }
    }

    /// Waits until all have ended, as they do with their conversations. Those that do not are killed.
    fn bury_all(&mut self) -> io::Result<()> {
        let patient_until = Instant::now() + PATIENCE;
        loop {
            self.bury()?;
            if self.all.is_empty() && !self.has_orphans {
                return Ok(());
            }
            if Instant::now() >= patient_until {
                for minder in &self.all {
                    let _ = rustix::process::kill_process(minder.pid, Signal::KILL);
                }
            }
            self.poll(None, Some(BETWEEN))?;
        }
    }

    /// Waits until something has happened, for so long at most.
    fn poll(&self, sockets: Option<&OwnedFd>, wait: Option<Duration>) -> io::Result<Ready> {
        let ends = self.all.iter().filter_map(|minder| minder.end.as_ref());
        let mut descriptors: Vec<_> =
            sockets.into_iter().chain(ends).map(|descriptor| PollFd::new(descriptor, PollFlags::IN)).collect();
        match rustix::event::poll(&mut descriptors, wait.map(minder::timespec).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut ready = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty());
        let sockets = sockets.is_some() && ready.next().unwrap_or(false);
        Ok(Ready { sockets, an_end: ready.any(|is_ready| is_ready) })
    }

    fn bury(&mut self) -> io::Result<()> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((ended, _))) => self.all.retain(|minder| minder.pid != ended),
                Ok(None) | Err(Errno::CHILD) => break,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let minders: Vec<Pid> = self.all.iter().map(|minder| minder.pid).collect();
        self.has_orphans = self.adopts && kernel::kill_children(&minders);
        Ok(())
    }
}

/// What [`Minders::poll`] has seen.
struct Ready {
    sockets: bool,
    an_end: bool,
}
