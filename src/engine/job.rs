//! What the loop asks of the world, and what the world answers: the closed sets of jobs and
//! completions.
//!
//! Both are plain data that may cross threads. Every job is answered by exactly one completion (an
//! exec's events come before it).

use std::time::Duration;

use base::assertion::{Assertions, Key, Properties};
use base::{Digest, Error, File, Fileset};
use exec::{ExecEvent, ExecReport, ExecRequest, Pull};
use flow::FlowId;
use store::tasks::Measured;
use store::{Argument, Hit};

use crate::failure::LogTail;

/// Something to do elsewhere.
#[derive(Debug)]
pub enum Job {
    /// Find out which image a text stands for; answered by [`Completion::ImageResolved`].
    ResolveImage {
        /// The text in the program.
        text: String,
        /// The same without qualifiers.
        image: String,
    },
    /// Ask the cache; answered by [`Completion::LookedUp`].
    Lookup {
        /// Nodes with the keys that would answer for them.
        wanted: Vec<(FlowId, Digest)>,
    },
    /// Find out how subjects of assertions are now; answered by [`Completion::Refreshed`].
    Refresh {
        /// The subjects, each once in a run.
        keys: Vec<Key>,
    },
    /// Ask the history what the execs of an ident took; answered by [`Completion::Measured`].
    Measure {
        /// The ident.
        ident: String,
    },
    /// Run a command and make its result durable; answered by [`Completion::Executed`].
    Execute(Box<ExecTask>),
    /// Wait until no other process has the lock of a key; answered by [`Completion::KeyFree`].
    AwaitKey {
        /// The node that waits.
        id: FlowId,
        /// The key.
        key: Digest,
    },
    /// Wait before the next try of an exec, or until the run is to stop; answered by [`Completion::Paused`].
    Pause {
        /// The node that waits.
        id: FlowId,
        /// How long.
        time: Duration,
    },
    /// Put bytes into the repository; answered by [`Completion::Put`].
    Put {
        /// The bytes of each node.
        data: Vec<(FlowId, Vec<u8>)>,
    },
    /// Bring files in; answered by [`Completion::Interned`].
    Intern {
        /// The node.
        id: FlowId,
        /// Where from.
        url: String,
        /// Whether references are not enough.
        must_resolve: bool,
    },
    /// Take files out; answered by [`Completion::Externed`].
    Extern(Box<ExternTask>),
}

/// An exec to run.
#[derive(Clone, Debug)]
pub struct ExecTask {
    /// The node.
    pub id: FlowId,
    /// The keys to store the result under, most concrete first.
    pub keys: Vec<Digest>,
    /// What to run, with what, under the name of the first key.
    pub request: ExecRequest,
    /// How often it has been tried.
    pub attempt: u32,
    /// Whether another process may have stored a result in the meantime that is as good.
    pub recheck: Recheck,
    /// Whether the result is to be stored under the keys.
    pub write: bool,
    /// What its inputs assert; its result asserts the same.
    pub assertions: Assertions,
    /// What the history says of the node.
    pub history: History,
    /// What its material says besides the request.
    pub nature: Nature,
    /// What is wrong with the result that is recorded for its key.
    pub flaw: Option<Flaw>,
    /// Its row in the history, once it has one.
    pub row: Option<Digest>,
}

/// Parts of an exec's material that are of no concern to an executor.
#[derive(Clone, Debug, Default)]
pub struct Nature {
    /// The program's names for the arguments, and what they are.
    pub arguments: Vec<Argument>,
    /// What keeps a repetition apart from its like.
    pub repetition: Option<Digest>,
    /// Whether the program says that results may differ.
    pub nondeterministic: bool,
}

/// Why a result that is recorded cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Files are not in the repository.
    Incomplete,
    /// It cannot be decoded.
    Unreadable,
}

impl ExecTask {
    /// The key that stands for exactly what the exec does.
    pub fn key(&self) -> Digest {
        self.request.id.digest()
    }
}

/// What the history of tasks says of a node.
#[derive(Clone, Debug)]
pub struct History {
    /// Its logical digest.
    pub flow: Digest,
    /// Its label.
    pub ident: String,
    /// Its place in the program; empty if unknown.
    pub position: String,
    /// Its command with the program's names in place of arguments, or its URL.
    pub command: String,
}

/// Which result of another process will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// None: the exec must run.
    Never,
    /// One without empty parts.
    UnlessEmpty,
    /// Any.
    Any,
}

impl Recheck {
    /// Whether `fileset` will do.
    pub fn accepts(self, fileset: &Fileset) -> bool {
        match self {
            Self::Never => false,
            Self::UnlessEmpty => !fileset.any_empty(),
            Self::Any => true,
        }
    }
}

/// Files to take out.
#[derive(Clone, Debug)]
pub struct ExternTask {
    /// The node.
    pub id: FlowId,
    /// Where to.
    pub url: String,
    /// The files, without lists.
    pub fileset: Fileset,
    /// What identifies the export: its physical digest.
    pub key: Digest,
    /// What the history says of the node.
    pub history: History,
}

/// Something that was done, or happened.
#[derive(Debug)]
pub enum Completion {
    /// What an image text stands for.
    ImageResolved {
        /// The text in the program.
        text: String,
        /// The image.
        result: Result<String, Error>,
    },
    /// What the cache knows.
    LookedUp {
        /// As in the job.
        wanted: Vec<(FlowId, Digest)>,
        /// One answer for each.
        result: Result<Vec<Option<Hit>>, Error>,
        /// How long it took.
        elapsed: Duration,
    },
    /// How subjects of assertions are now.
    Refreshed {
        /// What is known of each.
        results: Vec<(Key, Result<Properties, Error>)>,
    },
    /// What the execs of an ident took.
    Measured {
        /// The ident.
        ident: String,
        /// The latest first.
        result: Result<Vec<Measured>, Error>,
    },
    /// An image is being fetched. No answer to a job.
    ImagePull {
        /// The image as configured.
        image: String,
        /// How far that is.
        pull: Pull,
    },
    /// Something happened to a running exec. No answer to a job.
    ExecEvent {
        /// The node.
        id: FlowId,
        /// What.
        event: ExecEvent,
    },
    /// An exec is over.
    Executed(Box<Executed>),
    /// Nobody has the lock of the key that a node waits for.
    KeyFree {
        /// The node.
        id: FlowId,
    },
    /// The wait before the next try of an exec is over.
    Paused {
        /// The node.
        id: FlowId,
    },
    /// Bytes are in the repository.
    Put {
        /// The file of each node.
        results: Vec<(FlowId, Result<File, Error>)>,
    },
    /// Files are in.
    Interned {
        /// The node.
        id: FlowId,
        /// The files.
        result: Result<Fileset, Error>,
        /// How long it took.
        elapsed: Duration,
    },
    /// Files are out.
    Externed {
        /// As in the job.
        task: Box<ExternTask>,
        /// How it went.
        result: Result<(), Error>,
        /// How long it took.
        elapsed: Duration,
    },
    /// An exec or extern could not be done, or its result not be kept: files of the store that it needs are gone
    /// or damaged since they were found.
    BlobsLost {
        /// The node.
        id: FlowId,
        /// The files, by digest.
        lost: Vec<Digest>,
        /// What could not be done.
        error: Error,
    },
    /// Whoever did the job of these nodes is gone without an answer.
    Lost {
        /// The nodes.
        ids: Vec<FlowId>,
    },
    /// The run is to stop. Answers no job.
    Canceled,
}

/// An exec that is over.
#[derive(Debug)]
pub struct Executed {
    /// As in the job.
    pub task: ExecTask,
    /// How it went.
    pub end: ExecEnd,
}

/// How an exec went.
#[derive(Debug)]
pub enum ExecEnd {
    /// Not at all: another process runs the same.
    Elsewhere,
    /// Not at all: another process has stored its result in the meantime.
    Cached(Hit),
    /// The machinery failed.
    Broken(Error),
    /// The command ran to its end.
    Ran {
        /// How, and what it left.
        report: Box<ExecReport>,
        /// Whether a result could be made durable.
        durable: Result<(), Error>,
        /// The ends of its outputs, if it failed.
        tails: Option<Tails>,
    },
}

/// The ends of a command's outputs.
#[derive(Clone, Debug, Default)]
pub struct Tails {
    /// Of its standard output.
    pub stdout: LogTail,
    /// Of its standard error.
    pub stderr: LogTail,
}

/// A salted key: what a weaker executor ran must not answer for a container.
pub(crate) fn salted(salt: Option<&Digest>, key: Digest) -> Digest {
    match salt {
        None => key,
        Some(salt) => {
            let mut out = base::digest::DigestWriter::new();
            out.bytes(salt.as_bytes()).digest(&key);
            out.finish()
        }
    }
}
