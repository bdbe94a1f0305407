//! Text to syntax tree: tokens, automatic semicolons, templates, the grammar, diagnostics and how
//! they are drawn.
//!
//! `parse` is the facade: it takes a [`diagnostic::Source`] and returns a tree with every diagnostic
//! found. Must not know: types, values, files.

pub mod ast;
pub mod diagnostic;
