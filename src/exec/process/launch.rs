//! The launcher at work, and the conversation with one of its minders.

use std::io::{ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as Socket;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base::{Error, Kind};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Interest, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::launcher::MARKER;
use crate::launcher::order::{Folders, Level, Order, STOP, Word};

/// A launcher. Dropping it ends it, and with it every command that still runs.
pub(super) struct Launcher {
    child: Child,
    /// Takes a socket for each command; its end means that reflow is gone.
    requests: Option<UnixStream>,
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
            Ok(Self { child, requests: Some(UnixStream::from_std(ours)?) })
        };
        start().map_err(|error: std::io::Error| Error::from(error).during("starting the launcher"))
    }

    /// Has a minder made for `order`; `None` if the launcher is gone.
    pub(super) async fn launch(&self, order: &Order) -> Result<Option<Launched>, Error> {
        let during = |error: std::io::Error| Error::from(error).during("asking the launcher");
        let (ours, theirs) = Socket::pair().map_err(during)?;
        ours.set_nonblocking(true).map_err(during)?;
        let (words, input) = UnixStream::from_std(ours).map_err(during)?.into_split();
        let mut launched = Launched { words: BufReader::new(words).lines(), input };
        match self.send(theirs).await {
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                return Ok(None);
            }
            result => result.map_err(during)?,
        }
        launched.tell(order).await?;
        Ok(Some(launched))
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

impl Drop for Launcher {
    fn drop(&mut self) {
        self.requests = None;
        // It waits for its minders, which have lost their conversations and kill what they mind.
        let _ = self.child.wait();
    }
}

/// A minder at work. Dropping it kills the command.
pub(super) struct Launched {
    words: Lines<BufReader<OwnedReadHalf>>,
    /// Stays open: its end means that reflow is gone.
    input: OwnedWriteHalf,
}

impl Launched {
    async fn tell(&mut self, order: &Order) -> Result<(), Error> {
        let order = serde_json::to_vec(order)
            .map_err(|error| Error::new(Kind::Invalid, format!("the order to the launcher: {error}")))?;
        let length =
            u32::try_from(order.len()).map_err(|_| Error::new(Kind::Invalid, "the command is longer than 4 GiB"))?;
        match self.input.write_all(&[&length.to_le_bytes()[..], &order].concat()).await {
            // A minder that is gone already has said why, which is read next.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::from(error).during("asking the launcher"))
            }
            _ => Ok(()),
        }
    }

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

    /// Asks the command to stop; if it does not the minder kills it a little later.
    pub(super) async fn stop(&mut self) {
        // A minder that is gone needs no asking.
        let _ = self.input.write_all(&[STOP]).await;
    }
}
