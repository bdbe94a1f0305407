//! The files of a run: its state as JSON and its log (CLI spec §5).

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use base::{Digest, Error, Kind};
use jiff::Timestamp;
use serde::Serialize;

/// The files of one run.
pub(crate) struct RunFiles {
    state: PathBuf,
    log: PathBuf,
    log_file: File,
    _lock: File,
}

/// The severity of a record in the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error,
    Info,
    Debug,
}

/// The run's state, in the field order of the spec.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RunState {
    #[serde(rename = "ID")]
    pub(crate) id: Digest,
    pub(crate) program: String,
    pub(crate) params: std::collections::BTreeMap<String, String>,
    pub(crate) args: Vec<String>,
    pub(crate) phase: u8,
    pub(crate) result: String,
    pub(crate) err: Option<RunError>,
    pub(crate) attempt_number: u32,
    pub(crate) last_try: Timestamp,
    pub(crate) created: Timestamp,
    pub(crate) completion: Option<Timestamp>,
    pub(crate) total_resources: Option<()>,
}

/// An error in the run's state.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RunError {
    kind: &'static str,
    cause: Cause,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    error: String,
}

impl RunError {
    pub(crate) fn new(kind: Kind, error: String) -> Self {
        Self { kind: kind.name(), cause: Cause { error } }
    }
}

impl RunFiles {
    /// Makes the files of a run below `home`.
    pub(crate) fn create(home: &Path, id: &Digest) -> Result<Self, Error> {
        let folder = home.join("runs");
        fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        let base = folder.join(id.hex());
        let log = base.with_extension("runlog");
        let log_file = File::create(&log).map_err(|error| at(&log, &error))?;
        let path = base.with_extension("lock");
        let lock = File::create(&path).map_err(|error| at(&path, &error))?;
        // Who else looks at the files knows that they may change; nothing here depends on it.
        let _ = lock.try_lock();
        Ok(Self { state: base.with_extension("json"), log, log_file, _lock: lock })
    }

    /// The path of the log.
    pub(crate) fn log_path(&self) -> &Path {
        &self.log
    }

    /// Replaces the state, keeping the one before it beside it.
    pub(crate) fn write_state(&self, state: &RunState) -> Result<(), Error> {
        let here = |error: &std::io::Error| at(&self.state, error);
        let folder = self.state.parent().unwrap_or(Path::new("."));
        let prefix = self.state.with_extension("write");
        let mut named = tempfile::Builder::new();
        let named = named.prefix(prefix.file_name().unwrap_or_default());
        let mut file = named.tempfile_in(folder).map_err(|error| here(&error))?;
        let mut line = serde_json::to_vec(state).map_err(|error| Error::new(Kind::Other, error.to_string()))?;
        line.push(b'\n');
        file.write_all(&line).and_then(|()| file.as_file().sync_all()).map_err(|error| here(&error))?;
        let before = self.state.with_extension("bak");
        if self.state.exists() {
            let _ = fs::remove_file(&before);
            fs::hard_link(&self.state, &before).map_err(|error| here(&error))?;
        }
        file.persist(&self.state).map_err(|error| here(&error.error))?;
        Ok(())
    }

    /// The path of the timeline.
    pub(crate) fn trace_path(&self) -> PathBuf {
        self.state.with_extension("trace")
    }

    /// Writes the timeline of a run, in place of one that is there.
    pub(crate) fn write_trace(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
        replace(&self.trace_path(), write)
    }

    /// Writes the graph of an evaluation, in place of one that is there.
    pub(crate) fn write_graph(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
        replace(&self.state.with_extension("gv"), write)
    }

    /// Appends a record to the log. A log that cannot be written does not stop a run.
    pub(crate) fn record(&mut self, level: Level, text: &str) {
        let level = match level {
            Level::Error => "ERROR",
            Level::Info => "INFO",
            Level::Debug => "DEBUG",
        };
        let time = jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S").to_string();
        // At once: what is formatted into a file is written piece by piece.
        let _ = self.log_file.write_all(format!("{time} [{level}] {text}\n").as_bytes());
    }
}

/// Puts a file in the place of one that may be there.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|file| {
        let mut out = std::io::BufWriter::new(file);
        write(&mut out)?;
        let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &std::io::Error) -> Error {
    let kind = Error::from(std::io::Error::from(error.kind())).kind();
    Error::new(kind, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn state(attempt_number: u32) -> RunState {
        let now = Timestamp::UNIX_EPOCH;
        RunState {
            id: Digest::of("run"),
            program: "main.rf".repeat(100),
            params: Default::default(),
            args: Vec::new(),
            phase: 1,
            result: String::new(),
            err: None,
            attempt_number,
            last_try: now,
            created: now,
            completion: None,
            total_resources: None,
        }
    }

    #[test]
    fn rt_86_the_state_is_replaced_as_a_whole_and_locked() {
        let home = tempfile::tempdir().unwrap();
        let files = RunFiles::create(home.path(), &Digest::of("run")).unwrap();
        let path = home.path().join("runs").join(Digest::of("run").hex());
        let lock = File::open(path.with_extension("lock")).unwrap();
        assert!(matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)));
        files.write_state(&state(0)).unwrap();
        let attempt = |name: &str| -> u64 {
            let state: serde_json::Value =
                serde_json::from_slice(&fs::read(path.with_extension(name)).unwrap()).unwrap();
            state["AttemptNumber"].as_u64().unwrap()
        };
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut last = 0;
                while !over.load(Ordering::Relaxed) {
                    let seen = attempt("json");
                    assert!(seen >= last);
                    last = seen;
                }
            });
            let written = (1..100).try_for_each(|number| files.write_state(&state(number)));
            over.store(true, Ordering::Relaxed);
            written.unwrap();
        });
        assert_eq!((attempt("json"), attempt("bak")), (99, 98));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 4, "json, bak, lock, runlog");
        drop(files);
        assert!(lock.try_lock().is_ok());
    }
}
