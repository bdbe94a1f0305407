//! The language: checks modules, evaluates them to a flow graph, and describes them.
//!
//! ```text
//! syntax tree ── check ──▶ typed tree ── eval ──▶ values and flow nodes
//! ```
//!
//! A [`session::Session`] loads and checks modules, each once; [`module::Module`] is what comes of it;
//! [`eval`] instantiates modules and evaluates expressions; continuations in the graph lead back here.
//!
//! Must not know: files (it gets a [`sources::Sources`]), the network, the engine.

pub mod sources;

mod fuel;
mod nesting;

pub mod tree;

mod diagnostics;

pub mod explain;

pub mod check;

pub mod bundle;
pub mod legacy;
pub mod module;
pub mod session;

pub mod parameters;

pub mod digest;

pub mod eval;

pub mod system;

pub mod doc;
pub mod testing;

pub mod interactive;
