//! The conversation with one launcher.

use std::path::Path;
use std::process::Stdio;

use base::{Error, Kind};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::launcher::MARKER;
use crate::launcher::order::{Order, STOP, Word};

/// A launcher at work. Dropping it kills it and, with it, the command.
pub(super) struct Launched {
    child: Child,
    /// Stays open: its end means that reflow is gone.
    input: ChildStdin,
    words: Lines<BufReader<ChildStdout>>,
}

impl Launched {
    /// Starts a launcher and gives it its order.
    pub(super) async fn new(launcher: &Path, order: &Order) -> Result<Self, Error> {
        let during = |error: std::io::Error| Error::from(error).during("starting the launcher");
        // Without hooks between fork and exec: that lets the standard library use posix_spawn, whose
        // cost does not grow with the memory of this process.
        let mut child = Command::new(launcher)
            .arg(MARKER)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(during)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::new(Kind::Fatal, "the launcher has no standard streams"));
        };
        let order = serde_json::to_vec(order)
            .map_err(|error| Error::new(Kind::Invalid, format!("the order to the launcher: {error}")))?;
        let length =
            u32::try_from(order.len()).map_err(|_| Error::new(Kind::Invalid, "the command is longer than 4 GiB"))?;
        // A launcher that is gone already has said why, which is read next.
        let told = [&length.to_le_bytes()[..], &order].concat();
        match input.write_all(&told).await {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(during(error)),
            _ => {}
        }
        Ok(Self { child, input, words: BufReader::new(output).lines() })
    }

    /// The launcher's number; everything that the command starts is below it.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// What the launcher says next.
    pub(super) async fn next(&mut self) -> Result<Word, Error> {
        match self.words.next_line().await? {
            Some(line) => serde_json::from_str(&line)
                .map_err(|error| Error::new(Kind::Fatal, format!("the launcher said {line:?}: {error}"))),
            None => {
                let status = self.child.wait().await?;
                Err(Error::new(
                    Kind::Temporary,
                    format!("the launcher of the command ended unexpectedly ({status}); was it killed?"),
                ))
            }
        }
    }

    /// Waits until the launcher, and everything below it, is gone.
    pub(super) async fn gone(&mut self) -> Result<(), Error> {
        self.child.wait().await?;
        Ok(())
    }

    /// Asks the command to stop; if it does not the launcher kills it a little later.
    pub(super) async fn stop(&mut self) {
        // A launcher that is gone needs no asking.
        let _ = self.input.write_all(&[STOP]).await;
    }
}
