//! The launcher at work, and the conversation with one of its minders.

use std::io::{ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as Socket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use base::{Error, Kind};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Interest, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::launcher::MARKER;
use crate::launcher::order::{Ended, Folders, Level, Order, STOP, Word};

/// A launcher. Dropping it ends it, and with it every command that still runs.
pub(super) struct Launcher {
    child: Child,
    /// Takes a socket for each minder; its end means that reflow is gone.
    requests: Option<UnixStream>,
    /// Minders without a command. Making one takes longer than many a command.
    idle: Mutex<Vec<Launched>>,
}

impl Launcher {
    /// Starts the program, which is to make sandboxes of this level. To be called in a runtime.
    pub(super) fn start(program: &Path, level: Level, folders: &Folders) -> Result<Self, Error> {
        let start = || {
            let (ours, theirs) = Socket::pair()?;
            ours.set_nonblocking(true)?;
            // Without hooks between fork and exec: that lets the standard library use posix_spawn, whose
            // cost does not grow with the memory of this process.
            let mut command = Command::new(program);
            command.arg(MARKER).arg(level.argument()).arg(&folders.execs).arg(&folders.logs).env_clear();
            // Of the allocator, mimalloc. See `server::serve`.
            command.env("MIMALLOC_ALLOW_THP", "0");
            command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
            let child = command.spawn()?;
            Ok(Self { child, requests: Some(UnixStream::from_std(ours)?), idle: Mutex::default() })
        };
        start().map_err(|error: std::io::Error| Error::from(error).during("starting the launcher"))
    }

    /// Has a minder take care of `order`, whose scratch folder has the number `folder`; `None` if the launcher is
    /// gone.
    pub(super) async fn launch(&self, order: &Order, folder: Option<u64>) -> Result<Option<Launched>, Error> {
        let during = |error: std::io::Error| Error::from(error).during("asking the launcher");
        let order = framed(order)?;
        while let Some(idle) = self.wake(folder) {
            let mut launched = Launched { folder, ..idle };
            // One that was killed meanwhile is not asked again.
            if launched.input.write_all(&order).await.is_ok() {
                return Ok(Some(launched));
            }
        }
        let (ours, theirs) = Socket::pair().map_err(during)?;
        ours.set_nonblocking(true).map_err(during)?;
        let (words, input) = UnixStream::from_std(ours).map_err(during)?.into_split();
        let mut launched = Launched { words: BufReader::new(words).lines(), input, folder, was_asked: false };
        match self.send(theirs).await {
            Err(error) if is_gone(&error) => return Ok(None),
            result => result.map_err(during)?,
        }
        match launched.input.write_all(&order).await {
            // A minder that is gone already has said why, which is read next.
            Err(error) if !is_gone(&error) => Err(during(error)),
            _ => Ok(Some(launched)),
        }
    }

    /// A minder without a command: the one that minded the last command in the folder, which has everything in its
    /// place, or any.
    fn wake(&self, folder: Option<u64>) -> Option<Launched> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let knows = idle.iter().position(|minder| minder.folder == folder);
        (!idle.is_empty()).then(|| idle.swap_remove(knows.unwrap_or(0)))
    }

    /// Takes a minder back whose command has ended like this. To be called when nobody needs its scratch folder any
    /// more.
    pub(super) fn rest(&self, minder: Launched, ended: &Ended) {
        // A word that was too late to stop the last command would be taken for part of the next order.
        if ended.is_fit && !minder.was_asked {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(minder);
        }
    }

    async fn send(&self, socket: Socket) -> std::io::Result<()> {
        let Some(requests) = &self.requests else { return Err(Errno::PIPE.into()) };
        loop {
            requests.writable().await?;
            let sent = requests.try_io(Interest::WRITABLE, || {
                let descriptors = [socket.as_fd()];
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut control = SendAncillaryBuffer::new(&mut space);
                control.push(SendAncillaryMessage::ScmRights(&descriptors));
                let byte = [IoSlice::new(&[0])];
                Ok(rustix::net::sendmsg(requests, &byte, &mut control, SendFlags::NOSIGNAL)?)
            });
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result.map(drop),
            }
        }
    }
}

/// An order as a minder reads it.
fn framed(order: &Order) -> Result<Vec<u8>, Error> {
    let order = serde_json::to_vec(order)
        .map_err(|error| Error::new(Kind::Invalid, format!("the order to the launcher: {error}")))?;
    let length =
        u32::try_from(order.len()).map_err(|_| Error::new(Kind::Invalid, "the command is longer than 4 GiB"))?;
    Ok([&length.to_le_bytes()[..], &order].concat())
}

/// Whether the other end of a socket is no more.
fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

impl Drop for Launcher {
    fn drop(&mut self) {
        self.requests = None;
        self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        // It waits for its minders, which have lost their conversations and kill what they mind.
        let _ = self.child.wait();
    }
}

/// A minder at work. Dropping it kills the command.
pub(super) struct Launched {
    words: Lines<BufReader<OwnedReadHalf>>,
    /// Stays open: its end means that reflow is gone.
    input: OwnedWriteHalf,
    /// The number of the scratch folder.
    folder: Option<u64>,
    /// Whether the command was asked to stop.
    was_asked: bool,
}

impl Launched {
    /// What the minder says next.
    pub(super) async fn next(&mut self) -> Result<Word, Error> {
        match self.words.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line)
                .map_err(|error| Error::new(Kind::Fatal, format!("the launcher said {line:?}: {error}"))),
            Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error.into()),
            _ => Err(Error::new(
                Kind::Temporary,
                "the launcher of the command ended unexpectedly; was it killed?".to_owned(),
            )),
        }
    }

    /// The end of a command that nobody watches; the inner error is why it could not be started.
    pub(super) async fn end(&mut self) -> Result<Result<Ended, String>, Error> {
        loop {
            match self.next().await? {
                Word::Started { .. } => {}
                Word::Ended(ended) => return Ok(Ok(ended)),
                Word::Failed { message } => return Ok(Err(message)),
            }
        }
    }

    /// Asks the command to stop; if it does not the minder kills it a little later.
    pub(super) async fn stop(&mut self) {
        self.was_asked = true;
        // A minder that is gone needs no asking.
        let _ = self.input.write_all(&[STOP]).await;
    }
}
