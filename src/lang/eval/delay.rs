//! The continuation primitive `CONT` (language spec §5.3).

use base::digest::DigestWriter;
use flow::Graph;
use flow::node::Resumed;
use types::{Type, Value};

use super::env::Env;
use super::{Result, at_run_time};

/// Runs `body` on the values of `inputs`: now if all are known, else in a continuation.
///
/// `operation` writes the material that stands for the code, `D` in the spec; it is asked only when
/// there is a continuation to name.
pub(crate) fn delay(
    graph: &mut Graph,
    env: &Env,
    inputs: Vec<(Value, Type)>,
    operation: impl FnOnce(&mut DigestWriter),
    body: impl Fn(&mut Graph, &[Value]) -> Result<Value> + 'static,
) -> Result<Value> {
    if inputs.iter().any(|(value, _)| value.is_flow()) {
        return Ok(suspend(graph, env, inputs, operation, body));
    }
    let values: Vec<Value> = inputs.into_iter().map(|(value, _)| value).collect();
    body(graph, &values)
}

/// Makes a continuation that runs `body` on the values of `inputs`, even if all are known.
pub(crate) fn suspend(
    graph: &mut Graph,
    env: &Env,
    inputs: Vec<(Value, Type)>,
    operation: impl FnOnce(&mut DigestWriter),
    body: impl Fn(&mut Graph, &[Value]) -> Result<Value> + 'static,
) -> Value {
    let mut material = DigestWriter::new();
    for (value, ty) in inputs.iter().filter(|(value, _)| !value.is_flow()) {
        types::digest::write_value(value, ty, &mut material);
    }
    operation(&mut material);
    let values = inputs.into_iter().map(|(value, _)| value).collect();
    suspend_as(graph, &env.ident.text(), material.finish(), values, body)
}

/// Makes a continuation of a given flow digest that runs `body` on `values`, the flows among them
/// replaced by what they come to.
pub(crate) fn suspend_as(
    graph: &mut Graph,
    ident: &std::rc::Rc<str>,
    flow_digest: base::digest::Digest,
    values: Vec<Value>,
    body: impl Fn(&mut Graph, &[Value]) -> Result<Value> + 'static,
) -> Value {
    let deps = values.iter().filter_map(Value::as_flow).map(|flow| graph.id_of(flow)).collect();
    let code = move |graph: &mut Graph, known: &[Value]| {
        let mut known = known.iter();
        let filled: Vec<Value> = values
            .iter()
            .map(|value| if value.is_flow() { known.next().unwrap_or(value).clone() } else { value.clone() })
            .collect();
        let value = body(graph, &filled).map_err(at_run_time)?;
        resumed(graph, value)
    };
    let id = graph.continuation(flow_digest, deps, code);
    graph.label(id, ident);
    graph.value(id)
}

/// What a continuation's result means to the engine.
pub(crate) fn resumed(graph: &Graph, value: Value) -> Result<Resumed> {
    Ok(match &value {
        Value::Flow(flow) => Resumed::Flow(graph.id_of(flow)),
        _ => Resumed::Value(value),
    })
}
