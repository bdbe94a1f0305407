//! The contract between the engine and what runs its commands.
//!
//! The engine hands over an [`ExecRequest`], hears [`ExecEvent`]s while it waits, and gets an
//! [`ExecReport`]. Two kinds of failure are kept apart: the command's own (in the report's outcome)
//! and the machinery's (the `Err` of [`Executor::run`]), since only the former says anything about
//! the command.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base::config::ExecConfig;
use base::profile::{Gauges, Profile};
use base::{Digest, Error, Fileset, Resources};

use crate::cancel::CancelToken;

/// The name of an exec. The caller derives it from the exec's cache key, so that what a killed run
/// has left behind is found again under the same name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecId(Digest);

impl ExecId {
    /// The id that stands for `key`.
    pub const fn new(key: Digest) -> Self {
        Self(key)
    }

    /// The digest that the id was made from.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// 64 hex digits, as used in the names of folders, log files and containers.
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl fmt::Display for ExecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for ExecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What to run, under which name.
#[derive(Clone, Debug)]
pub struct ExecRequest {
    /// The exec's name; at most one run of an id goes on at a time.
    pub id: ExecId,
    /// Command, image, inputs, outputs and room. Every file of the inputs is resolved and in the
    /// executor's repository.
    pub config: ExecConfig,
}

/// What is told of the fetching of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// It begins, or was begun for somebody else.
    Begun,
    /// It goes on; told twice a second at most.
    Going(PullProgress),
    /// The image is here.
    Done(PullProgress),
    /// It cannot be fetched.
    Failed,
}

/// How far the fetching of an image is, over all of its layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// Bytes that have come from the registry.
    pub bytes: u64,
    /// Bytes of the layers whose size is known yet.
    pub known: u64,
    /// Layers that are in place, among them those that were before.
    pub done: usize,
    /// Layers of the image that are known yet.
    pub layers: usize,
}

/// What happens to an exec while it runs, in this order; steps that are not needed are left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExecEvent {
    /// The inputs are in place.
    Staged,
    /// The image is not on this machine and is being fetched.
    Pull {
        /// The image as configured.
        image: String,
        /// How far that is.
        pull: Pull,
    },
    /// A killed run has started the command, which this one takes over.
    Adopted {
        /// When it was started.
        since: SystemTime,
    },
    /// The command runs.
    Started {
        /// The host's number of the command's first process, if it is on this machine.
        pid: Option<u32>,
        /// The container's name, for executors that have one.
        container: Option<String>,
    },
    /// What the command uses at present; told now and then of a command that takes its time.
    Gauges(Gauges),
    /// The engine that has the command was out of reach, and answers again: the command works on.
    Regained {
        /// How long the engine was out of reach.
        after: Duration,
    },
    /// The command has ended and its room is free; outputs are still being collected.
    Exited {
        /// Exit status; 128+n for a command that signal n ended.
        status: i32,
    },
}

/// A saved output stream of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Where the bytes are. Nothing is there when `size` is 0.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
}

/// What a run consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// From the command's start to its end.
    pub wall: Duration,
    /// Processor time, user and system, in seconds; 0 when unknown.
    pub cpu: f64,
    /// Largest memory seen, in bytes; 0 when unknown. The Docker executor samples the whole container; the process
    /// executor samples all processes, and knows of the largest one also between samples.
    pub max_memory: u64,
    /// What was read from and written to devices; `None` when unknown.
    pub io: Option<Transferred>,
}

/// Bytes that a command has had read from devices and written to them. What the kernel answers out of its cache
/// is not among them, and what it has not written back yet is not either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Bytes read.
    pub read: u64,
    /// Bytes written.
    pub written: u64,
}

/// The outputs of a successful command, now in the repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected {
    /// A list with one element for each declared output; without declared outputs the one fileset of
    /// `/return/default` (runtime spec §6.8).
    pub fileset: Fileset,
    /// The distinct blobs of the outputs, in order of digest.
    pub new_blobs: Vec<Digest>,
    /// What was left out of the outputs and why, a line each, such as a link that leads nowhere.
    pub notes: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct ExecReport {
    /// The outputs, or the command's own failure: `DockerExec` for an exit status, `Temporary` for
    /// status 75, `Oom` when memory ran out, `Invalid` for outputs that cannot be taken.
    pub outcome: Result<Collected, Error>,
    /// What it consumed.
    pub usage: Usage,
    /// What was sampled while it ran; nothing of a command that took less than a second.
    pub profile: Profile,
    /// Exit status, 128+n for signal n.
    pub status: Option<i32>,
    /// Its standard output. Stays when the scratch folder is gone.
    pub stdout: LogFile,
    /// Its standard error. Stays when the scratch folder is gone.
    pub stderr: LogFile,
    /// The rendered command, as a file.
    pub script: PathBuf,
    /// When the command was started.
    pub started: SystemTime,
    /// When the command ended.
    pub ended: SystemTime,
}

/// What killed runs have left behind.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// What nobody can use any more, and is gone.
    pub removed: Vec<ExecId>,
    /// What the next run of the same exec takes over.
    pub kept: Vec<Kept>,
}

/// A command that outlived its reflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its exec.
    pub id: ExecId,
    /// The exec's label for people.
    pub ident: String,
    /// The name of its container.
    pub container: String,
    /// Whether it still works; else it has succeeded.
    pub is_running: bool,
}

/// Runs commands. Implementations are cheap to share and run any number of execs at once; how many
/// is for the caller to decide (see [`crate::Pool`]).
#[async_trait]
pub trait Executor: Send + Sync {
    /// `process`, `docker`.
    fn name(&self) -> &'static str;

    /// What must be mixed into the keys of results, if they may not answer for those of a container.
    fn salt(&self) -> Option<Digest>;

    /// The room there is: `cpu` cores, `mem` bytes (0.95 of the total), `disk` bytes of the file
    /// system that holds the scratch folders.
    fn capacity(&self) -> Resources;

    /// One line for the user about a weakness of this executor on this machine, if there is one.
    fn notice(&self) -> Option<String> {
        None
    }

    /// The exact image that `image` stands for at present, fetching it when it is missing.
    ///
    /// Docker: `repository@sha256:…`, or the image id for an image without repository digest.
    /// Process: `image` as it is. Errors: `NotExist` for an unknown image, `Net` or `Unavailable` when
    /// it cannot be found out. `pulls` is told of the fetching.
    async fn resolve_image(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error>;

    /// Like [`Executor::resolve_image`], but fetches nothing: `None` if the image is not on this machine.
    async fn find_image(&self, image: &str) -> Result<Option<String>, Error> {
        self.resolve_image(image, &|_| {}).await.map(Some)
    }

    /// Removes what killed runs with this state folder have left behind, is in nobody's use, and cannot be
    /// taken over by [`Executor::run`]; tells what that was, and what stays.
    async fn remove_leftovers(&self) -> Result<Leftovers, Error> {
        Ok(Leftovers::default())
    }

    /// Waits until what goes on in the background is done, such as the removal of what ended commands leave. To be
    /// called before the process ends.
    async fn settle(&self) {}

    /// Runs a command to its end and collects its outputs. A command of the same id that a killed run has
    /// started is taken over where it stands, if the executor's commands outlive it.
    ///
    /// `Err` is a failure of the machinery, `Canceled` among them; the command's own failures are in
    /// the report. Neither process, container nor scratch folder stays once the executor has settled, unless an
    /// engine that does not answer has them (`Unavailable`): then the next run of the id takes them over.
    async fn run(
        &self,
        request: &ExecRequest,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error>;
}
