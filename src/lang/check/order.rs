//! Names that are declared, but not above where they are used: what a message about an undefined name
//! says of them (language spec §3.8).

use syntax::ast::{Decl, DeclKind, Expr, ExprKind, Pattern, PatternKind, Span};
use syntax::diagnostic::{Code, Diagnostic};

use crate::diagnostics::Report;

/// The code of names that are not defined.
const NOT_DEFINED: Code = Code(1001);

/// A declaration that a name would have been known by.
enum Found {
    /// One further down.
    Below(Span),
    /// The one that the name is used in.
    Around(Span),
}

/// Adds to messages about undefined names where the name is declared, if that is too late.
pub(super) fn explain(report: &Report, decls: &[Decl], diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.code == NOT_DEFINED) {
        let Some(label) = &diagnostic.primary else { continue };
        let (name, at) = (label.source.text[label.span.start as usize..label.span.end as usize].to_owned(), label.span);
        let Some(found) = find(decls, &name, at) else { continue };
        let bare = Diagnostic { secondary: Vec::new(), help: None, ..diagnostic.clone() };
        *diagnostic = match found {
            Found::Below(place) => report.declared_below(bare, &name, place),
            Found::Around(place) => report.declared_by_this(bare, &name, place),
        };
    }
}

fn find(decls: &[Decl], name: &str, at: Span) -> Option<Found> {
    let mut below = None;
    for decl in decls {
        let DeclKind::Val { pattern, value, .. } = &decl.kind else { continue };
        let is_around = contains(value.span, at) || contains(decl.span, at);
        let own = bound(pattern, name);
        if is_around {
            let inside = inner(value, name, at);
            return inside.or(own.map(Found::Around)).or_else(|| {
                let behind = decls.iter().filter(|decl| decl.span.start > at.start);
                behind.filter_map(|decl| declares(decl, name)).next().map(Found::Below)
            });
        }
        if below.is_none() && decl.span.start > at.start {
            below = own.map(Found::Below);
        }
    }
    below
}

/// Looks in the blocks of a function or declaration.
fn inner(expr: &Expr, name: &str, at: Span) -> Option<Found> {
    match &expr.kind {
        ExprKind::Ascribe(operand, _) | ExprKind::Requires(_, operand) | ExprKind::Func(_, operand) => {
            inner(operand, name, at)
        }
        ExprKind::Block(decls, body) => find(decls, name, at).or_else(|| inner(body, name, at)),
        ExprKind::If(_, then, otherwise) => inner(then, name, at).or_else(|| inner(otherwise, name, at)),
        _ => None,
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Where a declaration binds a name, whatever its pattern.
pub(super) fn declares(decl: &Decl, name: &str) -> Option<Span> {
    match &decl.kind {
        DeclKind::Val { pattern, .. } => bound(pattern, name),
        DeclKind::Type { .. } => None,
    }
}

/// Where a pattern binds a name.
fn bound(pattern: &Pattern, name: &str) -> Option<Span> {
    match &pattern.kind {
        PatternKind::Ident(found) => (**found == *name).then_some(pattern.span),
        PatternKind::Ignore => None,
        PatternKind::Tuple(elements) => elements.iter().find_map(|element| bound(element, name)),
        PatternKind::List { elements, tail } => {
            elements.iter().chain(tail.as_deref()).find_map(|element| bound(element, name))
        }
        PatternKind::Struct(fields) => fields.iter().find_map(|(_, field)| bound(field, name)),
        PatternKind::Variant { payload, .. } => payload.as_ref().and_then(|payload| bound(payload, name)),
    }
}
