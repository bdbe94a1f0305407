//! Binding patterns lazily, one path for each leaf (language spec §5.5).

use flow::Graph;
use types::Value;

use super::delay::suspend_as;
use super::env::Env;
use super::{Result, failure, fault};
use crate::tree::Pattern;
use crate::tree::pattern::{Path, Step};

/// The values that a pattern's names are bound to, in order. Leaves without a name are checked too,
/// as far as the value is known.
pub(crate) fn bind(graph: &mut Graph, env: &Env, pattern: &Pattern, value: Value) -> Result<Vec<Value>> {
    if pattern.plain_name().is_some() && !value.is_flow() {
        return Ok(vec![value]);
    }
    let mut values = Vec::with_capacity(pattern.leaves.len());
    for leaf in &pattern.leaves {
        let place = Place { env: env.clone(), pattern_span: pattern.span };
        let found = walk(graph, place, value.clone(), leaf.path.clone())?;
        if leaf.name.is_some() {
            values.push(found);
        }
    }
    Ok(values)
}

/// The value that a plain name is bound to.
pub(super) fn bind_name(graph: &mut Graph, env: &Env, value: Value) -> Value {
    if !value.is_flow() {
        return value;
    }
    let path = Path::whole();
    let (digest, ident) = (path.digest(), env.ident.text());
    suspend_as(graph, &ident, digest, vec![value], |_, values| Ok(values[0].clone()))
}

/// Where match errors are reported.
#[derive(Clone)]
struct Place {
    env: Env,
    pattern_span: syntax::ast::Span,
}

/// `MATCH(value, path)`: takes steps until the path ends or the value is a flow.
fn walk(graph: &mut Graph, place: Place, mut value: Value, mut path: Path) -> Result<Value> {
    loop {
        if path.is_exhausted() {
            return Ok(value);
        }
        if value.is_flow() {
            let (digest, ident) = (path.digest(), place.env.ident.text());
            let body =
                move |graph: &mut Graph, values: &[Value]| walk(graph, place.clone(), values[0].clone(), path.clone());
            return Ok(suspend_as(graph, &ident, digest, vec![value], body));
        }
        let Some((taken, rest)) = path.split() else {
            return Ok(value);
        };
        value = step(&value, taken)
            .map_err(|mismatch| failure(fault::MISMATCH, &place.env.place(place.pattern_span), mismatch.text()))?;
        path = rest;
    }
}

/// Why a step cannot be taken.
pub(super) enum Mismatch {
    /// A list of another length.
    Length { pattern: usize, list: usize, tail: bool },
    /// Another variant.
    Tag { pattern: String, value: String },
    /// Not a value of the pattern's kind: cannot happen in a checked program.
    Kind(&'static str),
}

impl Mismatch {
    fn text(&self) -> String {
        match self {
            Mismatch::Length { pattern, list, tail: false } => {
                format!("cannot match list pattern of size {pattern} with a list of size {list}")
            }
            Mismatch::Length { pattern, list, tail: true } => {
                format!("cannot match pattern of size {pattern} with a list of size {list}")
            }
            Mismatch::Tag { pattern, value } => {
                format!("cannot match tag #{pattern} with a variant with tag #{value}")
            }
            Mismatch::Kind(kind) => format!("cannot match a value of kind {kind}"),
        }
    }
}

/// Takes one step into a known value.
pub(super) fn step(value: &Value, step: &Step) -> std::result::Result<Value, Mismatch> {
    match (step, value) {
        (Step::Tuple { index, .. }, Value::Tuple(elements)) => {
            elements.get(*index).cloned().ok_or(Mismatch::Kind("tuple"))
        }
        (Step::Element { index, count, tail }, Value::List(elements)) => {
            let fits = if *tail { elements.len() >= *count } else { elements.len() == *count };
            let mismatch = Mismatch::Length { pattern: *count, list: elements.len(), tail: false };
            elements.get(*index).filter(|_| fits).cloned().ok_or(mismatch)
        }
        (Step::Tail { count }, Value::List(elements)) => match elements.get(*count..) {
            Some(tail) => Ok(Value::list(tail.to_vec())),
            None => Err(Mismatch::Length { pattern: *count, list: elements.len(), tail: true }),
        },
        (Step::Field(name), Value::Struct(record) | Value::Module(record)) => {
            record.get(name).cloned().ok_or(Mismatch::Kind("struct"))
        }
        (Step::Variant(tag), Value::Variant(variant)) => {
            if variant.tag == *tag {
                // A bare variant pattern ends here; the value it leads to is not looked at.
                Ok(variant.payload.clone().unwrap_or(Value::Unit))
            } else {
                Err(Mismatch::Tag { pattern: tag.to_string(), value: variant.tag.to_string() })
            }
        }
        (_, other) => Err(Mismatch::Kind(other.kind_name())),
    }
}
