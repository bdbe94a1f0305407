//! Text to syntax tree: tokens, automatic semicolons, templates, the grammar, diagnostics and how
//! they are drawn.
//!
//! [`parse`] is the facade: it takes a [`diagnostic::Source`] and returns a tree with every diagnostic
//! found. Must not know: types, values, files.

pub mod ast;
pub mod diagnostic;
pub mod explain;
pub mod nesting;
pub mod render;

mod layer;
mod lexer;
mod literal;
mod template;
mod token;

mod builder;
mod parse;

mod bracket;
mod fault;
mod hint;
mod recovery;

mod message;

pub use parse::{parse, parse_expr};

lalrpop_util::lalrpop_mod!(
    #[allow(
        missing_docs,
        unreachable_pub,
        unused,
        clippy::all,
        clippy::panic,
        clippy::unwrap_used,
        reason = "generated from grammar/reflow.lalrpop"
    )]
    grammar,
    "/reflow.rs"
);
