//! What a command said: its two streams, kept as files when everything else of the exec is gone.
//!
//! `logs/<2 hex>/<hex id>.stdout`, `.stderr` and `.sh` (the command itself). A stream that stayed
//! silent has no file.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use base::Error;

use crate::executor::{ExecId, LogFile};

/// The files of one exec.
#[derive(Clone, Debug)]
pub struct LogPaths {
    /// Standard output.
    pub stdout: PathBuf,
    /// Standard error.
    pub stderr: PathBuf,
    /// The rendered command.
    pub script: PathBuf,
}

/// The files of an exec that an executor with the state folder `state` runs.
pub fn logs_of(state: &Path, id: ExecId) -> LogPaths {
    LogPaths::new(&state.join("logs"), id)
}

impl LogPaths {
    /// The names for `id` below the folder `logs`.
    pub(crate) fn new(logs: &Path, id: ExecId) -> Self {
        let hex = id.hex();
        let folder = logs.join(&hex[..2]);
        let with = |suffix: &str| folder.join(format!("{hex}.{suffix}"));
        Self { stdout: with("stdout"), stderr: with("stderr"), script: with("sh") }
    }

    /// Makes the folder, removes the logs of an earlier run and writes the command down. A stream's file is
    /// made when there is something to write: most commands are silent, and making files costs.
    pub(crate) fn begin(&self, command: &str) -> Result<(), Error> {
        let write = || -> io::Result<()> {
            if let Some(folder) = self.script.parent() {
                fs::create_dir_all(folder)?;
            }
            for stream in [&self.stdout, &self.stderr] {
                match fs::remove_file(stream) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            fs::write(&self.script, command)
        };
        write().map_err(|error| Error::from(error).during(format!("log {}", self.script.display())))
    }

    /// The streams as they are now.
    pub(crate) fn finish(&self) -> (LogFile, LogFile) {
        (finished(&self.stdout), finished(&self.stderr))
    }
}

fn finished(path: &Path) -> LogFile {
    LogFile { path: path.to_owned(), size: fs::metadata(path).map_or(0, |metadata| metadata.len()) }
}

impl LogFile {
    /// The last bytes of the stream, at most `limit`.
    pub fn tail(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.size > 0 {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.size.saturating_sub(limit)))?;
            file.take(limit).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

/// What the logs of a failed command tell about why it failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Clues {
    /// Lines that speak of an error, standard error's first: `(stderr) line 3: Error: …`.
    pub(crate) hints: Vec<String>,
    /// Whether a Go program ran out of memory.
    pub(crate) go_out_of_memory: bool,
}

/// A log beyond this many bytes is searched in its last part only, without line numbers.
const SEARCHED: u64 = 16 << 20;
/// Hints kept for a stream: the last ones, since commands tend to fail at their end.
const HINTS: usize = 10;
/// Bytes of a line that are looked at.
const LINE: u64 = 4096;
/// Characters of a hint that are shown.
const SHOWN: usize = 300;

/// Searches both streams.
pub(crate) fn clues(stdout: &LogFile, stderr: &LogFile) -> Clues {
    let mut clues = Clues::default();
    for (name, log) in [("stderr", stderr), ("stdout", stdout)] {
        // Hints are a courtesy; a log that cannot be read gives none.
        let _ = search(name, log, &mut clues);
    }
    clues
}

fn search(name: &str, log: &LogFile, clues: &mut Clues) -> io::Result<()> {
    if log.size == 0 {
        return Ok(());
    }
    let mut file = File::open(&log.path)?;
    let skipped = log.size.saturating_sub(SEARCHED);
    file.seek(SeekFrom::Start(skipped))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut hints = std::collections::VecDeque::new();
    let (mut line, mut number) = (Vec::new(), 0_usize);
    while read_line(&mut reader, &mut line)? {
        number += 1;
        let text = String::from_utf8_lossy(&line);
        if text.contains("runtime: out of memory") || text.contains("runtime: cannot allocate memory") {
            clues.go_out_of_memory = true;
        }
        if ["panic", "error", "Error", "ERROR"].iter().any(|word| text.contains(word)) {
            let shown: String = text.trim_end().chars().take(SHOWN).collect();
            let place = if skipped == 0 { format!(" line {number}") } else { String::new() };
            hints.push_back(format!("({name}){place}: {shown}"));
            if hints.len() > HINTS {
                hints.pop_front();
            }
        }
    }
    clues.hints.extend(hints);
    Ok(())
}

/// Reads the next line, of which only the first bytes are kept; whether there was one.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let kept = reader.by_ref().take(LINE).read_until(b'\n', line)?;
    if kept as u64 == LINE && line.last() != Some(&b'\n') {
        reader.skip_until(b'\n')?;
    }
    Ok(kept > 0)
}

#[cfg(test)]
mod tests {
    use base::Digest;

    use super::*;

    fn log(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> LogFile {
        let path = folder.join(name);
        fs::write(&path, content.as_ref()).unwrap();
        LogFile { path, size: content.as_ref().len() as u64 }
    }

    #[test]
    fn silent_streams_have_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let paths = LogPaths::new(folder.path(), ExecId::new(Digest::of("a")));
        paths.begin("echo hello").unwrap();
        fs::write(&paths.stderr, "hello").unwrap();
        let (stdout, stderr) = paths.finish();
        assert_eq!((stdout.size, stdout.path.exists()), (0, false));
        assert_eq!((stderr.size, stderr.path.exists()), (5, true));
        assert_eq!(stdout.tail(10).unwrap(), b"");
        assert_eq!(stderr.tail(3).unwrap(), b"llo");
        assert_eq!(stderr.tail(100).unwrap(), b"hello");
        assert_eq!(fs::read_to_string(&paths.script).unwrap(), "echo hello");
        // A second run of the same exec starts with empty logs.
        paths.begin("echo").unwrap();
        assert_eq!(paths.finish().1.size, 0);
        assert!(!stderr.path.exists());
    }

    #[test]
    fn hints_name_stream_and_line_stderr_first() {
        let folder = tempfile::tempdir().unwrap();
        let stdout = log(folder.path(), "stdout", "fine\nERROR: late\nan error\n");
        let stderr = log(folder.path(), "stderr", b"go panic \xff\nfine");
        let clues = clues(&stdout, &stderr);
        assert_eq!(
            clues.hints,
            ["(stderr) line 1: go panic \u{fffd}", "(stdout) line 2: ERROR: late", "(stdout) line 3: an error"]
        );
        assert!(!clues.go_out_of_memory);
    }

    #[test]
    fn long_lines_and_many_hints_are_cut() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("error {}\n", "x".repeat(100_000));
        let many: String = (1..=30).map(|n| format!("error {n}\n")).collect();
        let stdout = log(folder.path(), "stdout", many);
        let stderr = log(folder.path(), "stderr", format!("{long}runtime: out of memory\n"));
        let clues = clues(&stdout, &stderr);
        assert_eq!(clues.hints.len(), 1 + HINTS);
        assert_eq!(clues.hints[0].len(), "(stderr) line 1: ".len() + SHOWN);
        assert_eq!(clues.hints[1], "(stdout) line 21: error 21");
        assert!(clues.go_out_of_memory);
    }
}
