//! The engine: reduces a flow graph to a value.
//!
//! [`evaluate()`] is a synchronous loop around a [`reduce::Reducer`], which owns the states of all nodes
//! and never waits: it answers each [`job::Completion`] with the [`job::Job`]s that have become
//! possible. Everything slow (cache lookups, image names, commands, files coming in and going out) is
//! a job; `workers` does the jobs elsewhere and sends completions back. The same completions in the
//! same order give the same result.
//!
//! The way of an exec: its dependencies have values → its image is resolved → its key is looked up →
//! (miss) it waits for room ([`scheduler`]) → its command runs → its result is durable → its value is
//! announced. The engine speaks in [`Event`]s and must not know syntax, the terminal or any cloud.

pub mod event;
pub mod failure;
pub mod summary;

pub mod describe;
pub mod dot;
pub mod explain;
pub mod trace;

pub mod job;

pub mod memory;
mod state;
mod stored;

mod local;
pub mod reduce;

pub mod audit;
pub mod plan;
pub mod replay;

pub mod attempt;
pub mod predict;
pub mod restart;
pub mod scheduler;

pub mod local_files;
pub mod source;
mod workers;

pub mod evaluate;

pub use evaluate::{Config, Outcome, evaluate, evaluate_on};
pub use event::{Cause, Counts, Event, Progress, Step};
pub use failure::{Failure, Failures};
pub use memory::Memory;
pub use source::{ExternalSource, Sources, WithoutExports};
pub use summary::Summary;
