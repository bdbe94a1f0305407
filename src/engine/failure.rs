//! What went wrong in a run: every failure that has a cause of its own, with what a person needs to
//! look into it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base::{Digest, Error, Fileset, Kind, Resources};
use flow::FlowId;
use flow::node::Place;

/// A node that failed by itself, not through what it needs.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The node.
    pub id: FlowId,
    /// Its label; empty if it has none.
    pub ident: String,
    /// Its logical digest.
    pub digest: Digest,
    /// Its operation's name.
    pub op: &'static str,
    /// Where in the program it was made.
    pub place: Option<Place>,
    /// What went wrong.
    pub error: Error,
    /// Whether its image could not be had; then nothing of it has run.
    pub of_image: bool,
    /// What is known of the command, if one ran.
    pub exec: Option<Box<ExecDetails>>,
}

/// What is known of a command that failed.
#[derive(Clone, Debug)]
pub struct ExecDetails {
    /// The command with the program's names in place of arguments.
    pub command: String,
    /// The image that ran.
    pub image: String,
    /// The input arguments by the program's names, each once.
    pub inputs: Vec<(String, Fileset)>,
    /// The room it had.
    pub resources: Resources,
    /// The key that its result would have been stored under.
    pub key: Digest,
    /// Its row in the history of tasks, by which it can be run again; none if it never had one.
    pub row: Option<Digest>,
    /// How often it was tried.
    pub attempts: u32,
    /// What its last try left; `None` if the machinery failed.
    pub run: Option<RunDetails>,
}

/// What the last try of a command left.
#[derive(Clone, Debug)]
pub struct RunDetails {
    /// Exit status, 128+n for signal n.
    pub status: Option<i32>,
    /// From its start to its end.
    pub wall: Duration,
    /// The rendered command, as a file.
    pub script: PathBuf,
    /// Its standard output.
    pub stdout: LogTail,
    /// Its standard error.
    pub stderr: LogTail,
}

/// The last lines of a command's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTail {
    /// The whole output; there is no file if `size` is 0.
    pub path: PathBuf,
    /// Bytes of the whole output.
    pub size: u64,
    /// Its last lines.
    pub lines: Vec<String>,
    /// Whether there are lines before them.
    pub cut: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.ident.is_empty() { self.op } else { &self.ident };
        write!(f, "{name} {}: {}", self.digest.short(), self.error)
    }
}

/// Why a run has no value: its failures in the order they happened, at least one.
#[derive(Clone, Debug)]
pub struct Failures {
    first: Error,
    nodes: Vec<Failure>,
}

impl Failures {
    /// The failures of these nodes; `None` if there are none.
    pub(crate) fn of_nodes(nodes: Vec<Failure>) -> Option<Self> {
        let first = nodes.first()?.error.clone();
        Some(Self { first, nodes })
    }

    /// A failure of the run itself, beside those of nodes.
    pub(crate) fn of_run(error: Error, nodes: Vec<Failure>) -> Self {
        Self { first: error, nodes }
    }

    /// The error that decides what becomes of the run.
    pub fn error(&self) -> &Error {
        &self.first
    }

    /// The kind of [`Failures::error`].
    pub fn kind(&self) -> Kind {
        self.first.kind()
    }

    /// Whether the run was stopped on request.
    pub fn is_canceled(&self) -> bool {
        self.kind() == Kind::Canceled
    }

    /// Whether the run may succeed when started again.
    pub fn is_restartable(&self) -> bool {
        self.first.is_restartable()
    }

    /// The nodes that failed by themselves; none, if the run was stopped before one did.
    pub fn nodes(&self) -> &[Failure] {
        &self.nodes
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nodes.as_slice() {
            [only] if only.error == self.first => fmt::Display::fmt(only, f),
            [] => fmt::Display::fmt(&self.first, f),
            many => write!(f, "{} ({} failures)", self.first, many.len()),
        }
    }
}
