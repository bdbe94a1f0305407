//! Indexing and field access (language spec §5.6).

use flow::Graph;
use syntax::ast::Name;
use types::Value;
use types::print::print;

use super::delay::delay;
use super::env::Env;
use super::{Result, eval, failure, fault};
use crate::digest;
use crate::tree::Node;

/// `l[i]`, `m[k]`
pub(super) fn index(graph: &mut Graph, env: &Env, expr: &Node, collection: &Node, index: &Node) -> Result<Value> {
    let inputs =
        vec![(eval(graph, env, collection)?, collection.ty.clone()), (eval(graph, env, index)?, index.ty.clone())];
    let (body_env, span, key_type) = (env.clone(), expr.span, index.ty.clone());
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |_, values| {
            let place = || body_env.place(span);
            match (&values[0], &values[1]) {
                (Value::List(elements), Value::Int(index)) => {
                    let index = index.low_i64();
                    let found = usize::try_from(index).ok().and_then(|index| elements.get(index));
                    found.cloned().ok_or_else(|| {
                        let size = elements.len();
                        failure(
                            fault::BOUNDS,
                            &place(),
                            format_args!("index {index} out of bounds for list of size {size}"),
                        )
                    })
                }
                (Value::Map(map), key) => map.get(key).cloned().ok_or_else(|| {
                    failure(fault::NO_KEY, &place(), format_args!("key {} not found", print(key, &key_type)))
                }),
                (other, _) => Err(failure(
                    fault::INTERNAL,
                    &place(),
                    format_args!("cannot index a value of kind {}", other.kind_name()),
                )),
            }
        },
    )
}

/// `e.x`
pub(super) fn select(graph: &mut Graph, env: &Env, expr: &Node, operand: &Node, name: &Name) -> Result<Value> {
    let inputs = vec![(eval(graph, env, operand)?, operand.ty.clone())];
    let (body_env, span, name) = (env.clone(), expr.span, name.clone());
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |_, values| {
            match &values[0] {
                Value::Struct(record) | Value::Module(record) => record.get(&name).cloned(),
                _ => None,
            }
            .ok_or_else(|| failure(fault::INTERNAL, &body_env.place(span), format_args!("field {name:?} not found")))
        },
    )
}
