//! The launcher's own loop: each socket that reflow hands over goes to a minder, which is made if none is idle.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::order::{self, Folders, Level, Order, Word};
use super::{minder, sandbox};

/// How often minders are looked after where the kernel does not tell of their ends.
const UNTOLD: Duration = Duration::from_secs(1);

/// Serves until reflow closes its end of standard input, then waits for the minders that are left: they see
/// that reflow is gone, too. In a minder this returns when there are no more commands for it.
pub(super) fn serve(level: Level, folders: &Folders) -> io::Result<ExitCode> {
    // Otherwise the allocator's memory would consist of pages that are dear to copy, at each fork; commands decide
    // for themselves. See `Launcher::start`.
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    // Away from the terminal: its signals are for reflow, which decides what becomes of its commands.
    // This fails for a process that leads a group, which is none of the terminal's then.
    let _ = rustix::process::setsid();
    let sockets = io::stdin().as_fd().try_clone_to_owned()?;
    let mut minders = Minders::default();
    let prepared = if level == Level::Plain { Ok(()) } else { sandbox::prepare(folders) };
    while let Some(conversation) = {
        minders.bury_until_readable(&sockets)?;
        receive(sockets.as_fd())?
    } {
        if let Err(error) = &prepared {
            order::say_to(&conversation, &Word::Failed { message: error.to_string() });
            continue;
        }
        let Some(conversation) = minders.give(conversation) else { continue };
        let (line, theirs) = match pair() {
            Ok(pair) => pair,
            Err(error) => {
                order::say_to(&conversation, &Word::Failed { message: error.to_string() });
                continue;
            }
        };
        // SAFETY: `run_if_asked` is called first thing in main: there are no other threads, so the child may
        // do anything that the parent may.
        #[allow(unsafe_code, reason = "proved above")]
        match unsafe { sandbox::fork_into_namespaces(level) } {
            Ok(Some(minder)) => minders.add(minder, line),
            Ok(None) => {
                // What is not dropped here could be taken from the minder by its command.
                drop((sockets, minders, line));
                return attend(conversation, &theirs, level, folders);
            }
            Err(error) => order::say_to(&conversation, &Word::Failed { message: error.to_string() }),
        }
    }
    drop(sockets);
    minders.wait_for_all()
}

/// The two ends of the line between the launcher and a minder.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    Ok(rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None)?)
}

/// A minder's life, in a process of its own: one command after the other, the next ones by `line`.
fn attend(first: OwnedFd, line: &OwnedFd, level: Level, folders: &Folders) -> io::Result<ExitCode> {
    let converse = |conversation: OwnedFd| -> io::Result<()> {
        rustix::stdio::dup2_stdin(&conversation)?;
        Ok(rustix::stdio::dup2_stdout(&conversation)?)
    };
    converse(first)?;
    // Makes this process die with the launcher. If that is gone already, then so is reflow, which shows at
    // the conversation.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let own = minder::number_outside();
    minder::settle_in(level == Level::Full)?;
    if level == Level::Full {
        sandbox::show_own_processes()?;
    }
    loop {
        serve_one(level, folders, own)?;
        // Nobody else shall wait for more words. Standard error leads nowhere.
        converse(io::stderr().as_fd().try_clone_to_owned()?)?;
        if rustix::io::write(line, &[IDLE]).is_err() {
            return Ok(ExitCode::SUCCESS);
        }
        let Some(next) = receive(line.as_fd())? else { return Ok(ExitCode::SUCCESS) };
        converse(next)?;
        if level != Level::Plain {
            sandbox::renew_ipc()?;
        }
    }
}

/// Runs the command that is ordered by standard input.
fn serve_one(level: Level, folders: &Folders, own: Option<u32>) -> io::Result<()> {
    let mut order = read_order()?;
    if level == Level::Plain {
        let logs = minder::Logs::new(&order)?;
        return minder::mind(&order, own, logs, false);
    }
    sandbox::translate(&mut order, folders);
    let logs = minder::Logs::new(&order)?;
    sandbox::build(&order.layout)?;
    minder::mind(&order, own, logs, level == Level::Full)?;
    sandbox::clear()
}

/// Reads the order from standard input, which stays open: stop words follow.
fn read_order() -> io::Result<Order> {
    // Not through std's buffer: what follows the order is polled for.
    let mut input = order::input()?;
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
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

/// What a minder says when it is ready for another command.
const IDLE: u8 = b'i';

/// The minders there are. Making one takes longer than many a command, so they are kept.
#[derive(Default)]
struct Minders(Vec<Minder>);

struct Minder {
    pid: Pid,
    /// Readable when it has ended. Kernels before 5.3 have no such descriptors; there minders are asked after now and
    /// then.
    end: Option<OwnedFd>,
    /// Takes a socket for each command but the first; `None` when the minder has closed its end.
    line: Option<OwnedFd>,
    is_idle: bool,
}

impl Minders {
    fn add(&mut self, pid: Pid, line: OwnedFd) {
        let end = rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok();
        self.0.push(Minder { pid, end, line: Some(line), is_idle: false });
    }

    /// Hands a socket to a minder that is idle; gives it back if there is none.
    fn give(&mut self, conversation: OwnedFd) -> Option<OwnedFd> {
        for minder in self.0.iter_mut().filter(|minder| minder.is_idle) {
            minder.is_idle = false;
            if minder.line.as_ref().is_some_and(|line| send(line, &conversation).is_ok()) {
                return None;
            }
        }
        Some(conversation)
    }

    /// Waits until there is something to read; looks after the minders meanwhile.
    fn bury_until_readable(&mut self, sockets: &OwnedFd) -> io::Result<()> {
        loop {
            let mut descriptors = vec![PollFd::new(sockets, PollFlags::IN)];
            let ends = self.0.iter().filter_map(|minder| minder.end.as_ref());
            descriptors.extend(ends.map(|end| PollFd::new(end, PollFlags::IN)));
            let told = descriptors.len() == self.0.len() + 1;
            let lines = self.0.iter().filter_map(|minder| minder.line.as_ref());
            descriptors.extend(lines.map(|line| PollFd::new(line, PollFlags::IN)));
            let wait = Timespec { tv_sec: UNTOLD.as_secs().cast_signed(), tv_nsec: 0 };
            match rustix::event::poll(&mut descriptors, if told { None } else { Some(&wait) }) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let is_readable = !descriptors[0].revents().is_empty();
            let has_news = descriptors[1..].iter().any(|descriptor| !descriptor.revents().is_empty());
            if has_news || !told {
                self.0.iter_mut().for_each(Minder::listen);
                self.bury()?;
            }
            if is_readable {
                return Ok(());
            }
        }
    }

    fn bury(&mut self) -> io::Result<()> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((ended, _))) => self.0.retain(|minder| minder.pid != ended),
                Ok(None) | Err(Errno::CHILD) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn wait_for_all(self) -> io::Result<ExitCode> {
        // Idle ones end with their lines.
        drop(self);
        loop {
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::CHILD) => return Ok(ExitCode::SUCCESS),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Minder {
    /// Hears whether it is idle.
    fn listen(&mut self) {
        let Some(line) = &self.line else { return };
        let mut said = [0];
        match rustix::net::recv(line, &mut said, RecvFlags::DONTWAIT) {
            Ok((_, 1)) => self.is_idle = said[0] == IDLE,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Ok(_) | Err(_) => self.line = None,
        }
    }
}

/// Sends a socket, with one byte, by a line.
fn send(line: &OwnedFd, socket: &OwnedFd) -> io::Result<()> {
    let descriptors = [socket.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    // Nobody is there to be signalled: the error tells enough.
    let flags = SendFlags::NOSIGNAL;
    rustix::io::retry_on_intr(|| rustix::net::sendmsg(line, &[IoSlice::new(&[0])], &mut control, flags))?;
    Ok(())
}
