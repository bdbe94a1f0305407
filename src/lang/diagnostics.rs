//! The checker's messages: one constructor for each, with its code and the wording of language spec
//! §3.5, which people's scripts know.
//!
//! A message is said at the place that the spec gives and drawn at the part that is wrong: [`within`]
//! puts the two together. What each code means at length stands in [`crate::explain`].

mod access;
mod builtins;
mod control;
mod conversion;
mod exec;
mod functions;
mod modules;
mod names;
mod operators;
mod patterns;
mod types;

use std::fmt::Display;
use std::rc::Rc;

use ::types::Type;
use ::types::ty::TypeKind;
use syntax::ast::Span;
use syntax::diagnostic::{Diagnostic, Source};

pub(crate) use exec::OptionsOf;
pub(crate) use functions::Callee;
pub(crate) use modules::{Unavailable, unexpected_entry};
pub(crate) use names::Missing;

/// Makes diagnostics for one source.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) source: Rc<Source>,
}

/// What is drawn, at the place in which it is said.
pub(crate) fn within(said: Span, drawn: Span) -> Span {
    Span { at: said.at, ..drawn }
}

/// An expression that a message is about: its type and its place.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub(crate) ty: &'a Type,
    pub(crate) span: Span,
}

impl<'a> Operand<'a> {
    pub(crate) fn of(node: &'a crate::tree::Node) -> Self {
        Self { ty: &node.ty, span: node.span }
    }
}

impl Report {
    fn error(&self, code: u16, span: Span, message: impl Display) -> Diagnostic {
        Diagnostic::error(code, &self.source, span, message.to_string())
    }

    /// The text of a place.
    fn text(&self, span: Span) -> &str {
        self.source.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of a place, if it is short enough to be repeated in a remark.
    fn short_text(&self, span: Span) -> Option<&str> {
        const MOST: usize = 40;
        Some(self.text(span)).filter(|text| !text.is_empty() && text.len() <= MOST && !text.contains('\n'))
    }

    /// Adds where something was declared, if that is in this source.
    fn declared(&self, diagnostic: Diagnostic, name: &str, declared: Option<Span>) -> Diagnostic {
        match declared {
            Some(span) => diagnostic.also(&self.source, span, format!("`{name}` is declared here")),
            None => diagnostic,
        }
    }
}

/// Adds a help, if there is one.
fn helped(diagnostic: Diagnostic, help: Option<String>) -> Diagnostic {
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Names in back quotes as a list: `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and `c` ``; nothing if there
/// are none or too many to be of help.
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    const MOST: usize = 8;
    let names: Vec<String> = names.into_iter().take(MOST + 1).map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => None,
        many if many.len() > MOST => None,
        [only] => Some(only.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// A type in a remark; where it gets long only what kind of type it is.
fn shown(ty: &Type) -> String {
    const MOST: usize = 60;
    let text = ty.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    match ty.kind {
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Tuple(_) | TypeKind::Struct(_) | TypeKind::Module(_) => {
            format!("a {}", ty.kind_name())
        }
        TypeKind::Func(_) => "a function".to_owned(),
        TypeKind::Sum(_) => "a sum type".to_owned(),
        _ => text,
    }
}
