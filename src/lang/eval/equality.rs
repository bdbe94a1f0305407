//! `==` and `!=` (language spec §5.7): element by element, waiting only for what decides.
//!
//! All continuations made here carry the same operation material, so two different comparisons may have
//! equal digests; that is in the format (language spec §5.7), and why continuations are never merged.

use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use base::file::File;
use flow::Graph;
use syntax::ast::BinaryOp;
use types::ty::TypeKind;
use types::{Type, Value};

use super::delay::delay;
use super::env::Env;
use super::{Result, eval};
use crate::digest;
use crate::tree::Node;

/// Evaluates `left == right` or `left != right`.
pub(super) fn compare(
    graph: &mut Graph,
    env: &Env,
    expr: &Node,
    op: BinaryOp,
    left: &Node,
    right: &Node,
) -> Result<Value> {
    let (l, r) = (eval(graph, env, left)?, eval(graph, env, right)?);
    let negated = op == BinaryOp::NotEqual;
    let comparison = Comparison { env: env.clone(), expr: expr.clone() };
    let ty = left.ty.clone();
    match &left.ty.kind {
        TypeKind::Int | TypeKind::Float | TypeKind::String | TypeKind::Bool | TypeKind::Unit | TypeKind::Bottom => {
            comparison.wait(graph, vec![(l, ty.clone()), (r, ty)], move |_, _, values| {
                Ok(Value::Bool(scalars_equal(&values[0], &values[1]) != negated))
            })
        }
        TypeKind::File => comparison.files(graph, l, r, negated),
        kind => {
            let is_dir = matches!(kind, TypeKind::Dir);
            let inputs = vec![(l, ty.clone()), (r, ty.clone())];
            comparison.wait(graph, inputs, move |comparison, graph, values| {
                let found = if is_dir {
                    comparison.dirs(graph, &values[0], &values[1])?
                } else {
                    comparison.known(graph, &values[0], &values[1], &ty)?
                };
                Ok(if negated { negate(graph, &comparison.env.ident.text(), found) } else { found })
            })
        }
    }
}

fn scalars_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left.compare(right).is_eq(),
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Unit, Value::Unit) => true,
        _ => false,
    }
}

fn negate(graph: &mut Graph, ident: &Rc<str>, value: Value) -> Value {
    match value {
        Value::Bool(truth) => Value::Bool(!truth),
        Value::Flow(flow) => {
            let dep = graph.id_of(&flow);
            let not = |value: &Value| match value {
                Value::Bool(truth) => Ok(Value::Bool(!truth)),
                other => Ok(other.clone()),
            };
            let id = graph.coerce(Digest::of("grail.com/reflow/syntax.Eval.not"), dep, not);
            graph.label(id, ident);
            graph.value(id)
        }
        other => other,
    }
}

/// A comparison expression in its environment: what all its continuations have in common.
#[derive(Clone)]
struct Comparison {
    env: Env,
    expr: Node,
}

/// Pairs still to be compared, with their types.
type Pairs = Rc<[(Value, Value, Type)]>;

impl Comparison {
    /// Runs `body` on the values of `inputs` once they are known.
    fn wait(
        &self,
        graph: &mut Graph,
        inputs: Vec<(Value, Type)>,
        body: impl Fn(&Comparison, &mut Graph, &[Value]) -> Result<Value> + 'static,
    ) -> Result<Value> {
        let operation = |out: &mut DigestWriter| digest::write_operation(&self.expr, &self.env, out);
        let comparison = self.clone();
        delay(graph, &self.env, inputs, operation, move |graph, values| body(&comparison, graph, values))
    }

    /// `EQ`: compares two known values of a type.
    fn known(&self, graph: &mut Graph, left: &Value, right: &Value, ty: &Type) -> Result<Value> {
        let decided = |truth| Ok(Value::Bool(truth));
        match (left, right) {
            (Value::List(l), Value::List(r)) => {
                if l.len() != r.len() {
                    return decided(false);
                }
                let element = element_type(ty);
                self.all(graph, l.iter().zip(r.iter()).map(|(l, r)| (l.clone(), r.clone(), element.clone())).collect())
            }
            (Value::Tuple(l), Value::Tuple(r)) => {
                let pairs = l.iter().zip(r.iter()).zip(ty.fields());
                self.all(graph, pairs.map(|((l, r), field)| (l.clone(), r.clone(), field.ty.clone())).collect())
            }
            (Value::Struct(l), Value::Struct(r)) => {
                let pairs = ty.fields().iter().filter_map(|field| {
                    Some((l.get(field.name())?.clone(), r.get(field.name())?.clone(), field.ty.clone()))
                });
                self.all(graph, pairs.collect())
            }
            (Value::Variant(l), Value::Variant(r)) => match (&l.payload, &r.payload) {
                _ if l.tag != r.tag => decided(false),
                (Some(l_payload), Some(r_payload)) => {
                    let payload = ty.variant(&l.tag).and_then(|variant| variant.payload.clone());
                    let ty = payload.unwrap_or_else(Type::bottom);
                    self.all(graph, [(l_payload.clone(), r_payload.clone(), ty)].into())
                }
                _ => decided(true),
            },
            (Value::Map(l), Value::Map(r)) => {
                if l.len() != r.len() || !r.iter().all(|(key, _)| l.get(key).is_some()) {
                    return decided(false);
                }
                let element = element_type(ty);
                let pairs =
                    l.iter().filter_map(|(key, value)| Some((value.clone(), r.get(key)?.clone(), element.clone())));
                self.all(graph, pairs.collect())
            }
            (Value::File(l), Value::File(r)) => decided(l == r),
            (Value::Dir(l), Value::Dir(r)) => decided(l == r),
            _ => decided(scalars_equal(left, right)),
        }
    }

    /// Whether all pairs are equal, in order; stops at the first that is not.
    fn all(&self, graph: &mut Graph, pairs: Pairs) -> Result<Value> {
        self.all_from(graph, &pairs, 0)
    }

    fn all_from(&self, graph: &mut Graph, pairs: &Pairs, from: usize) -> Result<Value> {
        for (i, (left, right, ty)) in pairs.iter().enumerate().skip(from) {
            if left.is_flow() || right.is_flow() {
                let inputs = vec![(left.clone(), ty.clone()), (right.clone(), ty.clone())];
                let (ty, pairs) = (ty.clone(), pairs.clone());
                return self.wait(graph, inputs, move |comparison, graph, values| {
                    let found = comparison.known(graph, &values[0], &values[1], &ty)?;
                    comparison.and(graph, found, &pairs, i + 1)
                });
            }
            match crate::nesting::with_stack(|| self.known(graph, left, right, ty))? {
                Value::Bool(true) => {}
                decided => return self.and(graph, decided, pairs, i + 1),
            }
        }
        Ok(Value::Bool(true))
    }

    /// `AND`: what was found so far, then the pairs behind it.
    fn and(&self, graph: &mut Graph, found: Value, pairs: &Pairs, next: usize) -> Result<Value> {
        match found {
            Value::Bool(false) => Ok(found),
            Value::Bool(true) => self.all_from(graph, pairs, next),
            found => {
                let pairs = pairs.clone();
                self.wait(graph, vec![(found, Type::bool())], move |comparison, graph, values| {
                    comparison.and(graph, values[0].clone(), &pairs, next)
                })
            }
        }
    }

    /// Files: a reference compared with a resolved file is resolved first.
    fn files(&self, graph: &mut Graph, left: Value, right: Value, negated: bool) -> Result<Value> {
        let inputs = vec![(left, Type::file()), (right, Type::file())];
        self.wait(graph, inputs, move |comparison, graph, values| {
            let (Value::File(left), Value::File(right)) = (&values[0], &values[1]) else {
                return Ok(Value::Bool(negated));
            };
            if left.is_reference() == right.is_reference() {
                return Ok(Value::Bool((left == right) != negated));
            }
            let (left, right) = (comparison.resolve(graph, left), comparison.resolve(graph, right));
            let inputs = vec![(left, Type::file()), (right, Type::file())];
            comparison.wait(graph, inputs, move |_, _, values| {
                Ok(Value::Bool(
                    matches!((&values[0], &values[1]), (Value::File(l), Value::File(r)) if l == r) != negated,
                ))
            })
        })
    }

    fn dirs(&self, graph: &mut Graph, left: &Value, right: &Value) -> Result<Value> {
        let (Value::Dir(left), Value::Dir(right)) = (left, right) else {
            return Ok(Value::Bool(false));
        };
        if left.len() != right.len() {
            return Ok(Value::Bool(false));
        }
        let mut open = Vec::new();
        for ((left_path, l), (right_path, r)) in left.iter().zip(right.iter()) {
            let comparable = l.is_reference() == r.is_reference();
            if left_path != right_path || (comparable && l != r) {
                return Ok(Value::Bool(false));
            }
            if !comparable {
                open.push((self.resolve(graph, l), Type::file()));
                open.push((self.resolve(graph, r), Type::file()));
            }
        }
        self.wait(graph, open, |_, _, values| {
            let same = |pair: &[Value]| matches!((&pair[0], &pair[1]), (Value::File(l), Value::File(r)) if l == r);
            Ok(Value::Bool(values.chunks_exact(2).all(same)))
        })
    }

    /// The file itself, or for a reference a flow that fetches its content.
    fn resolve(&self, graph: &mut Graph, file: &File) -> Value {
        if !file.is_reference() {
            return Value::file(file.clone());
        }
        let intern = graph.intern(file.source(), true);
        graph.set_place(intern, self.env.node_place(self.expr.span));
        let value =
            crate::system::file_of_fileset(graph, "grail.com/reflow/syntax.coerceFilesetToFile", intern, file.source());
        if let Value::Flow(flow) = &value {
            let id = graph.id_of(flow);
            graph.label(id, &self.env.ident.text());
        }
        value
    }
}

fn element_type(ty: &Type) -> Type {
    match &ty.kind {
        TypeKind::List(element) => element.as_ref().clone(),
        TypeKind::Map(types) => types.1.clone(),
        _ => ty.clone(),
    }
}
