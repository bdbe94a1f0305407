//! Executors: they run a command with materialized inputs and bring its outputs into a repository.
//!
//! A request comes in as `base::config::ExecConfig` under a deterministic id; [`template`] renders
//! the command, [`stage`] lays out the inputs, an executor ([`process`] or [`docker`]) runs it, and
//! [`collect`] digests the outputs and moves them into the `store`. [`pool`] is the ledger from which
//! a scheduler takes the room that a command needs, [`live`] what commands use at the moment.
//!
//! This crate must not know flows or the language: it is asked to run commands, not why.

pub mod cancel;
pub mod executor;

mod template;

mod scratch;
mod stage;

pub mod launcher;

pub mod canned;
pub mod docker;
pub mod process;

mod collect;
mod gauges;
mod logs;
mod verdict;

mod blocking;
mod credentials;
mod machine;
mod site;

pub mod live;
pub mod pool;
pub mod shell;

pub use blocking::{blocking, on_own_thread};
pub use cancel::{CancelHandle, CancelToken};
pub use canned::{CannedExecutor, CannedOptions, CannedOutput, CannedResult};
pub use credentials::Credentials;
pub use docker::{DockerExecutor, DockerOptions, Endpoint, MemoryLimit};
pub use executor::{
    Collected, ExecEvent, ExecId, ExecReport, ExecRequest, Executor, Kept, Leftovers, LogFile, Pull, PullProgress,
    Transferred, Usage,
};
pub use logs::{LogPaths, logs_of};
pub use machine::capacity;
pub use pool::{Lease, Pool};
pub use process::{ProcessExecutor, ProcessOptions};
pub use scratch::temporary_of;
