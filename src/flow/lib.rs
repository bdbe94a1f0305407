//! The flow graph: what is to be computed, as data.
//!
//! The language evaluates a program to nodes of a [`Graph`]; the engine reduces them. A node says what
//! it is (its operation), what it needs (its dependencies), and what it is called: its logical digest.
//! A node whose result decides further nodes carries a [`node::Continuation`], which is implemented by
//! the language, so that the engine grows the graph without knowing the language.
//!
//! Must not know: how a node is run, where bytes are, what is cached.

pub mod node;

pub mod graph;
pub mod key;

pub mod reach;
pub mod requirements;

pub use graph::{FlowId, Graph};
pub use node::{Node, Op};
