//! reflow: a typed, lazy, functional language and runtime for data processing.
//!
//! This facade re-exports the crates of the workspace, from the ground up, so that one dependency
//! gives a program the whole house. `ARCHITECTURE.md` is its map.

pub use base;
pub use engine;
pub use exec;
pub use flow;
pub use lang;
pub use store;
pub use syntax;
pub use types;
