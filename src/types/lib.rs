//! Types and values of the language: the type algebra, numbers, values, how they print and how they
//! are digested.
//!
//! Values refer to flows and functions through small handles ([`FlowRef`], [`value::Function`]), so
//! that this crate needs to know neither the graph nor the evaluator. Must not know: syntax, storage,
//! how anything is run.

pub mod float;
pub mod integer;

pub mod ty;

pub mod coverage;

pub mod value;

pub mod digest;
pub mod print;
pub mod quote;

pub use ty::Type;
pub use value::{FlowRef, Value};
