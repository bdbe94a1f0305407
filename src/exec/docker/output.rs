//! What a container says, on its way into the log files.

use std::path::PathBuf;

use bollard::container::LogOutput;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::logs::LogPaths;

/// The log files of one container.
pub(super) struct Recorder {
    stdout: Stream,
    stderr: Stream,
    /// Why the logs are not complete. What cannot be written is dropped: a full disk must not make the
    /// command hang.
    failure: Option<String>,
}

/// One file, made when there is something to write.
struct Stream {
    path: PathBuf,
    file: Option<File>,
}

impl Stream {
    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::create(&self.path).await?),
        };
        file.write_all(bytes).await
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.file {
            Some(file) => file.flush().await,
            None => Ok(()),
        }
    }
}

impl Recorder {
    /// A recorder into these files, which do not exist.
    pub(super) fn new(logs: &LogPaths) -> Self {
        let stream = |path: &PathBuf| Stream { path: path.clone(), file: None };
        Self { stdout: stream(&logs.stdout), stderr: stream(&logs.stderr), failure: None }
    }

    /// Writes one piece. The engine sends the next one only when this one was taken, so that a talkative
    /// command fills its pipe and not our memory.
    pub(super) async fn record(&mut self, piece: LogOutput) {
        if self.failure.is_some() {
            return;
        }
        let written = match &piece {
            LogOutput::StdErr { message } => self.stderr.write(message).await,
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                self.stdout.write(message).await
            }
        };
        self.note(written);
    }

    /// Notes why no more will come.
    pub(super) fn fail(&mut self, failure: String) {
        self.failure.get_or_insert(failure);
    }

    /// Completes the files; why they are not complete, if so.
    pub(super) async fn finish(mut self) -> Option<String> {
        let flushed = tokio::join!(self.stdout.flush(), self.stderr.flush());
        self.note(flushed.0);
        self.note(flushed.1);
        self.failure
    }

    fn note(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.fail(error.to_string());
        }
    }
}
