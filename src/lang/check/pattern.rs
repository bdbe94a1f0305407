//! Patterns against types: whether a pattern can bind values of a type, what its names get, and how it
//! prints (language spec §3.5).

use syntax::ast::{Name, Pattern, PatternKind, Span};
use types::Type;
use types::coverage::Pat;
use types::ty::TypeKind;

use crate::diagnostics::listed;
use crate::nesting::MAX_PATTERN_DEPTH;

/// The code of patterns that nest too deeply.
const TOO_DEEP: u16 = 1069;

/// Why a pattern cannot bind values of a type.
pub(crate) struct Misfit {
    /// The code of the message.
    pub(crate) code: u16,
    /// The part of the pattern that does not fit.
    pub(crate) span: Span,
    /// What is said, in the words of the spec.
    pub(crate) message: String,
    /// A remark at the part.
    pub(crate) label: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Misfit {
    fn new(code: u16, span: Span, message: String, label: impl Into<String>) -> Self {
        Self { code, span, message, label: label.into(), help: None }
    }

    /// Whether the pattern itself is the matter, not the type.
    pub(super) fn is_too_deep(&self) -> bool {
        self.code == TOO_DEEP
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn too_deep(pattern: &Pattern) -> Self {
        let message = "pattern is nested too deeply".to_owned();
        Self::new(TOO_DEEP, pattern.span, message, "here the limit of 1000 levels is passed")
    }
}

/// Whether a pattern nests more deeply than patterns may.
fn is_too_deep(pattern: &Pattern) -> bool {
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

/// Whether a pattern can bind values of a type.
pub(super) fn check(pattern: &Pattern, ty: &Type) -> Result<(), Misfit> {
    if matches!(pattern.kind, PatternKind::Ident(_) | PatternKind::Ignore) {
        return Ok(());
    }
    if is_too_deep(pattern) {
        return Err(Misfit::too_deep(pattern));
    }
    fits(pattern, ty)
}

fn fits(pattern: &Pattern, ty: &Type) -> Result<(), Misfit> {
    let misfit = |code, message, label: &str| Err(Misfit::new(code, pattern.span, message, label));
    match &pattern.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => Ok(()),
        PatternKind::Tuple(elements) => {
            let TypeKind::Tuple(fields) = &ty.kind else {
                let only = elements.len() == 1;
                let misfit =
                    Misfit::new(1060, pattern.span, format!("expected tuple, got {ty}"), "matches tuples only");
                return Err(if only {
                    misfit.help("parentheses in a pattern make a tuple; leave them out")
                } else {
                    misfit
                });
            };
            if fields.len() != elements.len() {
                let (want, have) = (fields.len(), elements.len());
                let label = format!("has {have} {}, not {want}", if have == 1 { "element" } else { "elements" });
                return misfit(1061, format!("expected tuple of size {want}, got {have} ({ty})"), &label);
            }
            elements.iter().zip(fields.iter()).try_for_each(|(element, field)| fits(element, &field.ty))
        }
        PatternKind::List { elements, tail } => {
            let TypeKind::List(element) = &ty.kind else {
                return misfit(1062, format!("expected list, got {ty}"), "matches lists only");
            };
            elements.iter().try_for_each(|pattern| fits(pattern, element))?;
            tail.iter().try_for_each(|tail| fits(tail, ty))
        }
        PatternKind::Struct(fields) => {
            if !matches!(ty.kind, TypeKind::Struct(_) | TypeKind::Module(_)) {
                return misfit(1063, format!("expected struct, got {ty}"), "matches structs only");
            }
            fields.iter().try_for_each(|(label, pattern)| match ty.field(&label.name) {
                Some(field) => fits(pattern, field),
                None => Err(no_field(&label.name, label.span, ty)),
            })
        }
        PatternKind::Variant { tag, payload } => {
            if !matches!(ty.kind, TypeKind::Sum(_)) {
                return misfit(1065, format!("expected sum type, got {ty}"), "matches variants only");
            }
            let Some(variant) = ty.variant(tag) else { return Err(no_variant(tag, pattern.span, ty)) };
            match (&variant.payload, payload) {
                (Some(element), Some(pattern)) => fits(pattern, element),
                (None, Some(_)) => {
                    let misfit = Misfit::new(
                        1067,
                        pattern.span,
                        format!("#{tag} does not have an element"),
                        "matches an element",
                    );
                    Err(misfit.help(format!("write `#{tag}` alone")))
                }
                (Some(_), None) => {
                    let message = format!("#{tag} element is not matched; try `#{tag} _`");
                    let misfit = Misfit::new(1068, pattern.span, message, "matches no element");
                    Err(misfit.help(format!("write `#{tag}(x)` to name the element, or `#{tag}(_)` to leave it")))
                }
                (None, None) => Ok(()),
            }
        }
    }
}

/// A struct pattern names a field that is not there.
fn no_field(name: &Name, span: Span, ty: &Type) -> Misfit {
    let message = format!("struct {ty} does not have field {name}");
    let misfit = Misfit::new(1064, span, message, "no such field");
    let names = || ty.fields().iter().map(types::ty::Field::name);
    match (base::spelling::nearest(name, names()), listed(names())) {
        (Some(near), _) => misfit.help(format!("did you mean `{near}`?")),
        (None, Some(names)) => misfit.help(format!("there is {names}")),
        (None, None) => misfit,
    }
}

/// A variant pattern has a tag that the sum does not have.
fn no_variant(tag: &Name, span: Span, ty: &Type) -> Misfit {
    let misfit = Misfit::new(1066, span, format!("#{tag} is not a variant of {ty}"), "no such variant");
    let tags = || ty.variants().iter().map(|variant| &*variant.tag);
    match base::spelling::nearest(tag, tags()) {
        Some(near) => misfit.help(format!("did you mean `#{near}`?")),
        None => {
            let tags: Vec<String> = tags().map(|tag| format!("#{tag}")).collect();
            match listed(tags.iter().map(String::as_str)) {
                Some(tags) => misfit.help(format!("there is {tags}")),
                None => misfit,
            }
        }
    }
}

/// The names of a pattern that cannot be bound, which has been reported.
pub(super) fn reported(pattern: &Pattern) -> Vec<(Name, Type, Span)> {
    let mut names = Vec::new();
    let mut rest = vec![pattern];
    while let Some(pattern) = rest.pop() {
        if let PatternKind::Ident(name) = &pattern.kind {
            names.push((name.clone(), super::Checker::reported(), pattern.span));
        }
        rest.extend(children(pattern));
    }
    names
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
