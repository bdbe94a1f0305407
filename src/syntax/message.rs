//! The messages of lexing and parsing: one constructor each, with its code beside it.
//!
//! `lexical` speaks of tokens and literals, `grammar` of how they are put together.

pub(crate) mod grammar;
pub(crate) mod lexical;
