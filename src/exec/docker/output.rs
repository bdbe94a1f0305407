//! What a container says, on its way into the log files.
//!
//! When a container is taken over, or the connection to the engine was lost, the engine sends everything from
//! the beginning again: what the files have already is compared and skipped.

use std::path::PathBuf;

use bollard::container::LogOutput;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

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
    /// What is there already of what comes next.
    before: Option<Before>,
}

/// The part of a file that comes again.
struct Before {
    file: BufReader<File>,
    /// Bytes not yet compared.
    left: u64,
}

/// What is said where the engine does not have what we have.
const GAP: &str = "the Docker engine has kept only the end of what the command said";

impl Stream {
    /// Begins to skip what the file has.
    async fn rewind(&mut self) -> std::io::Result<()> {
        self.flush().await?;
        self.file = None;
        self.before = match File::open(&self.path).await {
            Ok(file) => {
                let left = file.metadata().await?.len();
                Some(Before { file: BufReader::new(file), left })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(())
    }

    /// Takes a piece; whether it was what was to be expected.
    async fn take(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        let (known, is_same) = match &mut self.before {
            Some(before) => before.compare(bytes).await?,
            None => (0, true),
        };
        if !is_same || self.before.as_ref().is_some_and(|before| before.left == 0) {
            self.before = None;
        }
        if known < bytes.len() {
            let file = match &mut self.file {
                Some(file) => file,
                None => {
                    let file = OpenOptions::new().create(true).append(true).open(&self.path).await?;
                    self.file.insert(file)
                }
            };
            file.write_all(&bytes[known..]).await?;
        }
        Ok(is_same)
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.file {
            Some(file) => file.flush().await,
            None => Ok(()),
        }
    }
}

impl Before {
    /// How many bytes of a piece are in the file already, and whether the piece goes on as the file does.
    async fn compare(&mut self, bytes: &[u8]) -> std::io::Result<(usize, bool)> {
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let mut there = vec![0; count];
        self.file.read_exact(&mut there).await?;
        self.left -= count as u64;
        let is_same = there == bytes[..count];
        Ok((if is_same { count } else { 0 }, is_same))
    }
}

impl Recorder {
    /// A recorder into these files.
    pub(super) fn new(logs: &LogPaths) -> Self {
        let stream = |path: &PathBuf| Stream { path: path.clone(), file: None, before: None };
        Self { stdout: stream(&logs.stdout), stderr: stream(&logs.stderr), failure: None }
    }

    /// Prepares for everything from the beginning.
    pub(super) async fn rewind(&mut self) {
        for rewound in [self.stdout.rewind().await, self.stderr.rewind().await] {
            self.note(rewound);
        }
    }

    /// Writes one piece. The engine sends the next one only when this one was taken, so that a talkative
    /// command fills its pipe and not our memory.
    pub(super) async fn record(&mut self, piece: LogOutput) {
        if self.failure.as_deref().is_some_and(|failure| failure != GAP) {
            return;
        }
        let written = match &piece {
            LogOutput::StdErr { message } => self.stderr.take(message).await,
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                self.stdout.take(message).await
            }
        };
        match written {
            Ok(true) => {}
            Ok(false) => self.fail(GAP.to_owned()),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Notes why the logs are not complete.
    pub(super) fn fail(&mut self, failure: String) {
        self.failure.get_or_insert(failure);
    }

    /// Completes the files; why they are not complete, if so.
    pub(super) async fn finish(mut self) -> Option<String> {
        for flushed in [self.stdout.flush().await, self.stderr.flush().await] {
            self.note(flushed);
        }
        self.failure
    }

    fn note(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.fail(error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Digest;

    use super::*;
    use crate::executor::ExecId;

    fn said(text: &str) -> LogOutput {
        LogOutput::StdOut { message: text.to_owned().into() }
    }

    /// What the log holds after it held `before` and the engine has sent `pieces` from the beginning, and what
    /// was noted.
    async fn after(before: &str, pieces: &[&str]) -> (String, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        let logs = LogPaths::new(folder.path(), ExecId::new(Digest::of("exec")));
        logs.begin("command").unwrap();
        if !before.is_empty() {
            std::fs::write(&logs.stdout, before).unwrap();
        }
        let mut recorder = Recorder::new(&logs);
        recorder.rewind().await;
        for piece in pieces {
            recorder.record(said(piece)).await;
        }
        let failure = recorder.finish().await;
        assert!(!logs.stderr.exists());
        (std::fs::read_to_string(&logs.stdout).unwrap_or_default(), failure)
    }

    #[tokio::test]
    async fn what_comes_again_is_written_once() {
        let whole = ("one\ntwo\nthree\n".to_owned(), None);
        for before in ["", "o", "one\n", "one\ntwo\nth", "one\ntwo\nthree\n"] {
            assert_eq!(after(before, &["one\n", "two\n", "three\n"]).await, whole, "{before:?}");
            assert_eq!(after(before, &["one\ntwo\nthree\n"]).await, whole, "{before:?}");
        }
        assert_eq!(after("", &[]).await, (String::new(), None));
        // The engine lost its copy: ours stays.
        assert_eq!(after("one\ntwo\n", &["one\n"]).await, ("one\ntwo\n".to_owned(), None));
    }

    #[tokio::test]
    async fn a_gap_is_told() {
        let (text, failure) = after("one\ntwo\n", &["seven\n", "eight\n"]).await;
        assert_eq!(text, "one\ntwo\nseven\neight\n");
        assert!(failure.unwrap().contains("only the end"));
    }

    #[tokio::test]
    async fn it_can_be_rewound_while_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let logs = LogPaths::new(folder.path(), ExecId::new(Digest::of("exec")));
        logs.begin("command").unwrap();
        let mut recorder = Recorder::new(&logs);
        for (pieces, rewinds) in
            [(&["a\n", "b\n"][..], true), (&["a\n", "b\n", "c\n"], true), (&["a\nb\nc\nd\n"], false)]
        {
            for piece in pieces {
                recorder.record(said(piece)).await;
            }
            if rewinds {
                recorder.rewind().await;
            }
        }
        assert_eq!(recorder.finish().await, None);
        assert_eq!(std::fs::read_to_string(&logs.stdout).unwrap(), "a\nb\nc\nd\n");
    }
}
