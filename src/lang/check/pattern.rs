//! Patterns against types: whether a pattern can bind values of a type, what its names get, and how it
//! prints (language spec §3.5).

use syntax::ast::{Name, Pattern, PatternKind, Span};
use types::Type;
use types::coverage::Pat;
use types::ty::TypeKind;

use crate::nesting::MAX_PATTERN_DEPTH;

/// What is said of a pattern that nests too deeply.
pub(super) const TOO_DEEP: &str = "pattern is nested too deeply";

/// Whether a pattern nests more deeply than patterns may.
pub(super) fn is_too_deep(pattern: &Pattern) -> bool {
    let mut level = vec![pattern];
    for _ in 0..MAX_PATTERN_DEPTH {
        if level.is_empty() {
            return false;
        }
        level = level.into_iter().flat_map(children).collect();
    }
    true
}

/// The patterns right inside a pattern.
fn children(pattern: &Pattern) -> Vec<&Pattern> {
    match &pattern.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => Vec::new(),
        PatternKind::Tuple(elements) => elements.iter().collect(),
        PatternKind::List { elements, tail } => elements.iter().chain(tail.as_deref()).collect(),
        PatternKind::Struct(fields) => fields.iter().map(|(_, pattern)| pattern).collect(),
        PatternKind::Variant { payload, .. } => payload.as_deref().into_iter().collect(),
    }
}

/// Why a pattern cannot bind values of a type, in the words of the spec.
pub(super) fn check(pattern: &Pattern, ty: &Type) -> Result<(), String> {
    if matches!(pattern.kind, PatternKind::Ident(_) | PatternKind::Ignore) {
        return Ok(());
    }
    if is_too_deep(pattern) {
        return Err(TOO_DEEP.to_owned());
    }
    fits(pattern, ty)
}

fn fits(pattern: &Pattern, ty: &Type) -> Result<(), String> {
    match &pattern.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => Ok(()),
        PatternKind::Tuple(elements) => {
            let TypeKind::Tuple(fields) = &ty.kind else {
                return Err(format!("expected tuple, got {ty}"));
            };
            if fields.len() != elements.len() {
                return Err(format!("expected tuple of size {}, got {} ({ty})", fields.len(), elements.len()));
            }
            elements.iter().zip(fields.iter()).try_for_each(|(element, field)| fits(element, &field.ty))
        }
        PatternKind::List { elements, tail } => {
            let TypeKind::List(element) = &ty.kind else {
                return Err(format!("expected list, got {ty}"));
            };
            elements.iter().try_for_each(|pattern| fits(pattern, element))?;
            tail.iter().try_for_each(|tail| fits(tail, ty))
        }
        PatternKind::Struct(fields) => {
            if !matches!(ty.kind, TypeKind::Struct(_) | TypeKind::Module(_)) {
                return Err(format!("expected struct, got {ty}"));
            }
            fields.iter().try_for_each(|(label, pattern)| match ty.field(&label.name) {
                Some(field) => fits(pattern, field),
                None => Err(format!("struct {ty} does not have field {}", label.name)),
            })
        }
        PatternKind::Variant { tag, payload } => {
            if !matches!(ty.kind, TypeKind::Sum(_)) {
                return Err(format!("expected sum type, got {ty}"));
            }
            let Some(variant) = ty.variant(tag) else {
                return Err(format!("#{tag} is not a variant of {ty}"));
            };
            match (&variant.payload, payload) {
                (Some(element), Some(pattern)) => fits(pattern, element),
                (None, Some(_)) => Err(format!("#{tag} does not have an element")),
                (Some(_), None) => Err(format!("#{tag} element is not matched; try `#{tag} _`")),
                (None, None) => Ok(()),
            }
        }
    }
}

/// The names of a checked pattern with their types and places, left to right, tail last.
pub(super) fn bindings(pattern: &Pattern, ty: &Type) -> Vec<(Name, Type, Span)> {
    let mut out = Vec::new();
    collect(pattern, ty, &mut out);
    out
}

fn collect(pattern: &Pattern, ty: &Type, out: &mut Vec<(Name, Type, Span)>) {
    match (&pattern.kind, &ty.kind) {
        (PatternKind::Ident(name), _) => out.push((name.clone(), ty.clone(), pattern.span)),
        (PatternKind::Tuple(elements), TypeKind::Tuple(fields)) => {
            elements.iter().zip(fields.iter()).for_each(|(element, field)| collect(element, &field.ty, out));
        }
        (PatternKind::List { elements, tail }, TypeKind::List(element)) => {
            elements.iter().for_each(|pattern| collect(pattern, element, out));
            tail.iter().for_each(|tail| collect(tail, ty, out));
        }
        (PatternKind::Struct(fields), _) => fields.iter().for_each(|(label, pattern)| {
            if let Some(field) = ty.field(&label.name) {
                collect(pattern, field, out);
            }
        }),
        (PatternKind::Variant { tag, payload: Some(payload) }, _) => {
            if let Some(element) = ty.variant(tag).and_then(|variant| variant.payload.as_ref()) {
                collect(payload, element, out);
            }
        }
        _ => {}
    }
}

/// The set of values that a pattern covers.
pub(super) fn coverage(pattern: &Pattern) -> Pat {
    match &pattern.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => Pat::Any,
        PatternKind::Tuple(elements) => Pat::Tuple(elements.iter().map(coverage).collect()),
        PatternKind::List { elements, tail } => Pat::List {
            elements: elements.iter().map(coverage).collect(),
            tail: tail.as_ref().map(|tail| Box::new(coverage(tail))),
        },
        PatternKind::Struct(fields) => {
            Pat::Struct(fields.iter().map(|(label, pattern)| (label.name.clone(), coverage(pattern))).collect())
        }
        PatternKind::Variant { tag, payload } => {
            Pat::Variant(tag.clone(), payload.as_ref().map(|payload| Box::new(coverage(payload))))
        }
    }
}

/// A pattern as written, normalised.
pub(crate) fn print(pattern: &Pattern) -> String {
    let list = |patterns: &[Pattern]| patterns.iter().map(print).collect::<Vec<_>>().join(", ");
    match &pattern.kind {
        PatternKind::Ident(name) => name.to_string(),
        PatternKind::Ignore => "_".to_owned(),
        PatternKind::Tuple(elements) => format!("({})", list(elements)),
        PatternKind::List { elements, tail: None } => format!("[{}]", list(elements)),
        PatternKind::List { elements, tail: Some(tail) } => format!("[{}, ...{}]", list(elements), print(tail)),
        PatternKind::Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(label, pattern)| format!("{}:{}", label.name, print(pattern))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        PatternKind::Variant { tag, payload: Some(payload) } => format!("#{tag}({})", print(payload)),
        PatternKind::Variant { tag, payload: None } => format!("#{tag}"),
    }
}
