//! Text to syntax tree: tokens, automatic semicolons, templates, the grammar, diagnostics and how
//! they are drawn.
//!
//! [`parse`] is the facade: it takes a [`diagnostic::Source`] and returns a tree with every diagnostic
//! found. [`Statements`] reads a faultless module piece by piece. Inside, `lexer` makes raw tokens, `layer`
//! makes of them what the grammar wants, the generated parser calls `builder` for each rule, and `recovery`
//! takes over when it stops. [`format`] writes a module's text anew. Must not know: types, values, files.

pub mod ast;
pub mod names;
pub mod nesting;

pub mod diagnostic;
pub mod explain;
mod message;
pub mod render;

mod layer;
mod lexer;
mod token;

mod builder;
mod literal;
mod parse;
mod statements;
mod template;

mod bracket;
mod fault;
mod hint;
mod recovery;

pub mod format;
pub mod placeless;
pub mod session;
pub mod words;

pub use parse::{comments, parse, parse_expr};
pub use session::parse_input;
pub use statements::{Irregular, Statements};

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
