//! What the grammar's actions do: from tokens and finished parts to nodes of the tree.
//!
//! The builder holds what all actions share: the source, the names met so far (one allocation for each
//! distinct name), the documentation by token, and the diagnostics. Its methods are the single calls of
//! the actions in the grammar, one file for each part of the tree.

#![expect(clippy::boxed_local, reason = "each reduction moves its values, so large parts travel boxed")]

mod chain;
mod declaration;
mod expression;
mod types;

use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use crate::ast::{Ident, Name, Span};
use crate::diagnostic::{Diagnostic, Source};
use crate::layer::Docs;
use crate::names::NameHash;

pub(crate) use chain::Chain;
pub(crate) use types::TypeArg;

/// The state shared by the actions of one parse.
pub(crate) struct Builder<'s> {
    pub(crate) source: &'s Rc<Source>,
    /// Documentation of the tokens now being parsed.
    pub(crate) docs: Docs,
    pub(crate) diagnostics: Vec<Diagnostic>,
    names: HashMap<&'s str, Name, NameHash>,
    no_doc: Rc<str>,
}

impl<'s> Builder<'s> {
    /// A builder for a source, without names and documentation.
    pub(crate) fn new(source: &'s Rc<Source>) -> Self {
        Self { source, docs: Docs::new(), diagnostics: Vec::new(), names: HashMap::default(), no_doc: Rc::from("") }
    }

    /// The text of a token.
    pub(crate) fn text(&self, start: u32, end: u32) -> &'s str {
        &self.source.text[start as usize..end as usize]
    }

    /// The name that a token spells.
    pub(crate) fn name(&mut self, start: u32, end: u32) -> Name {
        let text = self.text(start, end);
        self.names.entry(text).or_insert_with(|| Rc::from(text)).clone()
    }

    /// The identifier of a token.
    pub(crate) fn ident(&mut self, start: u32, end: u32) -> Ident {
        Ident { name: self.name(start, end), span: token_span(start, end) }
    }

    /// The documentation of the token that begins at `start`.
    fn doc(&self, start: u32) -> Rc<str> {
        if self.docs.is_empty() {
            return self.no_doc.clone();
        }
        self.docs.get(&start).unwrap_or(&self.no_doc).clone()
    }
}

/// The span of a node that is one token.
fn token_span(start: u32, end: u32) -> Span {
    Span { start, end, at: end }
}

/// A list of one item, with room for a few more.
pub(crate) fn one<T>(item: T) -> Vec<T> {
    push(Vec::new(), item)
}

/// A list with one more item.
pub(crate) fn push<T>(mut items: Vec<T>, item: T) -> Vec<T> {
    items.push(item);
    items
}

/// A list with one more item in front.
pub(crate) fn prepend<T>(first: T, mut items: Vec<T>) -> Vec<T> {
    items.insert(0, first);
    items
}

/// Two lists as one.
pub(crate) fn extend<T>(mut items: Vec<T>, more: Vec<T>) -> Vec<T> {
    items.extend(more);
    items
}

/// Two parts as one, boxed.
pub(crate) fn pair<A, B>(first: A, second: B) -> Box<(A, B)> {
    Box::new((first, second))
}

/// What a boxed part is.
pub(crate) type Inner<Part> = <Part as Deref>::Target;
