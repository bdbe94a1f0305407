//! What the engine tells while it works.
//!
//! Displays, logs and traces listen; the engine never prints. Events borrow from the run: a listener
//! copies what it keeps, and nothing is described for nobody.

use std::time::{Duration, SystemTime};

use base::config::ExecConfig;
use base::profile::Gauges;
use base::{Digest, Error, Fileset, Resources};
use exec::Pull;
use flow::node::{Exec, Op, Place};
use flow::{FlowId, Graph};

use crate::attempt::Reason;
use crate::describe;
use crate::failure::Failure;
use crate::job::ExecEnd;

/// Who is told.
pub type Listener<'a> = &'a mut dyn FnMut(&Event<'_>);

/// What happened. Events about one node come in the order of the variants.
pub enum Event<'a> {
    /// The run begins with a graph of so many nodes; continuations will add more.
    RunStarted {
        /// Nodes known so far.
        nodes: usize,
    },
    /// A batch of cache lookups is over.
    LookedUp {
        /// How many nodes.
        nodes: usize,
        /// How long it took.
        elapsed: Duration,
    },
    /// A batch of cache lookups failed; its nodes count as not cached.
    LookupFailed {
        /// How many nodes.
        nodes: usize,
        /// Why.
        error: &'a Error,
    },
    /// An exec was answered from the cache.
    Cached {
        /// Which.
        step: Step<'a>,
        /// The key that was found; `None` if another node of this run has the same key.
        key: Option<Digest>,
        /// The result.
        fileset: &'a Fileset,
    },
    /// An exec will run as soon as there is room.
    ExecQueued {
        /// Which.
        step: Step<'a>,
        /// Why it is not answered from the cache.
        cause: Cause,
        /// The room that it waits for.
        resources: &'a Resources,
        /// Whether its memory is a prediction rather than what the program declares.
        is_predicted: bool,
    },
    /// There is room; the exec is handed to the executor.
    ExecSubmitted {
        /// Which.
        step: Step<'a>,
        /// 0 for the first try.
        attempt: u32,
        /// The keys that its result will be stored under, most concrete first.
        keys: &'a [Digest],
        /// What runs.
        config: &'a ExecConfig,
    },
    /// Files that a step needs are gone from the store or damaged. What they come from is made again.
    BlobsLost {
        /// Which.
        step: Step<'a>,
        /// The files, by digest.
        lost: &'a [Digest],
    },
    /// Another process runs the same exec; this one waits for its result.
    ExecElsewhere {
        /// Which.
        step: Step<'a>,
    },
    /// An image that execs need is being fetched; at any time.
    ImagePull {
        /// The image as configured.
        image: &'a str,
        /// How far that is.
        pull: Pull,
    },
    /// A run that was killed has started the exec's command, which works on or has ended; this run takes it over.
    ExecAdopted {
        /// Which.
        step: Step<'a>,
        /// When it was started.
        since: SystemTime,
    },
    /// The exec's command runs.
    ExecStarted {
        /// Which.
        step: Step<'a>,
        /// The host's number of its first process, if that is on this machine.
        pid: Option<u32>,
        /// The name of its container, if it has one.
        container: Option<&'a str>,
    },
    /// The engine that has the exec's command was out of reach, and answers again: the command works on.
    ExecRegained {
        /// Which.
        step: Step<'a>,
        /// How long the engine was out of reach.
        after: Duration,
    },
    /// What the exec's command uses at present: told now and then of one that takes its time.
    ExecMeasured {
        /// Which.
        step: Step<'a>,
        /// The latest of each gauge.
        gauges: &'a Gauges,
    },
    /// The exec's command has ended; its outputs are being collected.
    ExecExited {
        /// Which.
        step: Step<'a>,
        /// Exit status.
        status: i32,
    },
    /// The exec failed and will be tried again.
    ExecRetried {
        /// Which.
        step: Step<'a>,
        /// The number of the next try; the first was 0.
        attempt: u32,
        /// Why it is worth it.
        reason: Reason,
        /// How it failed.
        error: &'a Error,
        /// The room for the next try.
        resources: &'a Resources,
        /// How long until the next try.
        wait: Duration,
    },
    /// The exec is over; a result is durable.
    ExecEnded {
        /// Which.
        step: Step<'a>,
        /// Its room and inputs.
        config: &'a ExecConfig,
        /// How it went.
        end: &'a ExecEnd,
    },
    /// A transfer began.
    TransferStarted {
        /// An intern or extern.
        step: Step<'a>,
        /// The files of an extern.
        fileset: Option<&'a Fileset>,
    },
    /// An intern has its files.
    Interned {
        /// Which.
        step: Step<'a>,
        /// The files.
        fileset: &'a Fileset,
        /// How long it took.
        elapsed: Duration,
    },
    /// An extern has put its files where they should be.
    Externed {
        /// Which.
        step: Step<'a>,
        /// The files.
        fileset: &'a Fileset,
        /// How long it took.
        elapsed: Duration,
    },
    /// A node's state changed. Told only where it is asked for.
    NodeChanged {
        /// Which.
        step: Step<'a>,
        /// The new state, in the words of runtime spec §3.4.
        state: &'static str,
    },
    /// A node failed by itself, not through what it needs.
    NodeFailed(&'a Failure),
    /// Where the run stands, now and then.
    Progress(&'a Progress),
    /// The run is over.
    RunEnded {
        /// What was done.
        counts: &'a Counts,
        /// Nodes in the graph.
        nodes: usize,
    },
}

/// Why an exec runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing is stored under its key: it is new, or an input, the command or the image changed.
    NotCached,
    /// The cache was not to be read.
    CacheOff,
    /// Its entry was not to be used.
    Invalidated,
    /// Its entry has an empty part, which was not to be used.
    EmptyResult,
    /// What its entry was made from is no longer as it was.
    Outdated,
    /// The cache could not be read.
    LookupFailed,
}

impl Cause {
    /// In a word, as the history has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotCached => "new",
            Self::CacheOff => "cache off",
            Self::Invalidated => "invalidated",
            Self::EmptyResult => "empty",
            Self::Outdated => "outdated",
            Self::LookupFailed => "lookup failed",
        }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotCached => "not in the cache",
            Self::CacheOff => "the cache is off",
            Self::Invalidated => "invalidated on request",
            Self::EmptyResult => "the cached result has an empty part",
            Self::Outdated => "what the cached result was made from has changed",
            Self::LookupFailed => "the cache could not be read",
        }
    }
}

/// What a run did. Nodes of equal key count as one execution and as cached from then on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Execs whose command ran, to success or failure; retries count once.
    pub executed: u64,
    /// Execs answered from the cache.
    pub cached: u64,
    /// Interns performed.
    pub interned: u64,
    /// Externs performed.
    pub externed: u64,
    /// External nodes that failed by themselves.
    pub failed: u64,
}

/// Where a run stands: how many nodes are at which point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Nodes of the graph.
    pub nodes: usize,
    /// Asked for, and waiting for others.
    pub waiting: usize,
    /// Being looked up.
    pub lookups: usize,
    /// Execs waiting for room.
    pub queued: usize,
    /// Execs handed to the executor.
    pub executing: usize,
    /// Execs that another process runs.
    pub elsewhere: usize,
    /// Interns and externs not over.
    pub transferring: usize,
    /// Nodes with a value.
    pub done: usize,
    /// Nodes that failed, or whose needs did.
    pub failed: usize,
    /// What was done so far.
    pub counts: Counts,
}

/// A node as listeners see it.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    graph: &'a Graph,
    id: FlowId,
}

impl<'a> Step<'a> {
    /// The node `id` of `graph`.
    pub fn new(graph: &'a Graph, id: FlowId) -> Self {
        Self { graph, id }
    }

    /// The node's id, equal in all events about it.
    pub fn id(&self) -> FlowId {
        self.id
    }

    /// The node's logical digest.
    pub fn digest(&self) -> Digest {
        self.graph.digest(self.id)
    }

    /// The label; empty if there is none.
    pub fn ident(&self) -> &'a str {
        self.graph.ident(self.id)
    }

    /// `exec`, `intern`, `extern`.
    pub fn op_name(&self) -> &'static str {
        self.graph.op(self.id).name()
    }

    /// Where in the program the node was made.
    pub fn place(&self) -> Option<&'a Place> {
        self.graph.place(self.id)
    }

    /// What an exec runs.
    pub fn exec(&self) -> Option<&'a Exec> {
        match self.graph.op(self.id) {
            Op::Exec(exec) => Some(exec),
            _ => None,
        }
    }

    /// The URL of an intern or extern.
    pub fn url(&self) -> Option<&'a str> {
        match self.graph.op(self.id) {
            Op::Intern { url, .. } | Op::Extern { url } => Some(url),
            _ => None,
        }
    }

    /// What the node does, in the width of a line: the abbreviated command, or the end of the URL.
    pub fn summary(&self) -> String {
        match (self.exec(), self.url()) {
            (Some(exec), _) => describe::abbreviated_command(exec),
            (None, Some(url)) => describe::abbreviate_left(url, describe::URL_WIDTH),
            (None, None) => String::new(),
        }
    }
}
