//! What a container says, on its way into the log files.

use bollard::container::LogOutput;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::logs::LogPaths;

/// The open log files of one container.
pub(super) struct Recorder {
    stdout: File,
    stderr: File,
    /// Why the logs are not complete. What cannot be written is dropped: a full disk must not make the
    /// command hang.
    failure: Option<String>,
}

impl Recorder {
    /// Opens the files, which exist.
    pub(super) async fn open(logs: &LogPaths) -> std::io::Result<Self> {
        let mut options = File::options();
        options.write(true).truncate(true);
        Ok(Self { stdout: options.open(&logs.stdout).await?, stderr: options.open(&logs.stderr).await?, failure: None })
    }

    /// Writes one piece. The engine sends the next one only when this one was taken, so that a talkative
    /// command fills its pipe and not our memory.
    pub(super) async fn record(&mut self, piece: LogOutput) {
        if self.failure.is_some() {
            return;
        }
        let written = match &piece {
            LogOutput::StdErr { message } => self.stderr.write_all(message).await,
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                self.stdout.write_all(message).await
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
