//! Comprehensions (language spec §5.10).

use std::rc::Rc;

use flow::Graph;
use types::{Type, Value};

use super::delay::delay;
use super::env::Env;
use super::{Result, bind};
use crate::digest;
use crate::tree::{Clause, Comprehension, Pattern};

/// Evaluates a comprehension to a list, or a flow that yields one.
pub(super) fn eval(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>) -> Result<Value> {
    from_clause(graph, env, comprehension, 0).map(Found::into_list)
}

/// What a part of a comprehension comes to for one element. A million elements may be filtered, so what
/// is known at once does not become a list of its own.
enum Found {
    /// A filter let nothing through.
    Nothing,
    /// One element.
    Element(Value),
    /// A list, or a flow of one.
    List(Value),
}

impl Found {
    fn into_list(self) -> Value {
        match self {
            Found::Nothing => Value::list(Vec::new()),
            Found::Element(value) => Value::list(vec![value]),
            Found::List(list) => list,
        }
    }
}

/// Evaluates clause `at` and all behind it.
fn from_clause(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>, at: usize) -> Result<Found> {
    let expr = comprehension.clauses[at].expr();
    let value = super::eval(graph, env, expr)?;
    if !value.is_flow() {
        return known(graph, env, comprehension, at, &value);
    }
    let (body_env, body) = (env.clone(), comprehension.clone());
    let operation = |out: &mut _| digest::write_comprehension_operation(comprehension, at, env, out);
    let later = delay(graph, env, vec![(value, expr.ty.clone())], operation, move |graph, values| {
        known(graph, &body_env, &body, at, &values[0]).map(Found::into_list)
    });
    later.map(Found::List)
}

/// Goes on behind clause `at`, whose source or condition is `value`.
fn known(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>, at: usize, value: &Value) -> Result<Found> {
    match &comprehension.clauses[at] {
        Clause::Enumerate(pattern, _) => enumerate(graph, env, comprehension, at, pattern, value).map(Found::List),
        Clause::Filter(_) => match value {
            Value::Bool(true) => behind(graph, env, comprehension, at),
            _ => Ok(Found::Nothing),
        },
    }
}

/// What lies behind clause `at`.
fn behind(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>, at: usize) -> Result<Found> {
    if at + 1 == comprehension.clauses.len() {
        return super::eval(graph, env, &comprehension.body).map(Found::Element);
    }
    from_clause(graph, env, comprehension, at + 1)
}

fn enumerate(
    graph: &mut Graph,
    env: &Env,
    comprehension: &Rc<Comprehension>,
    at: usize,
    pattern: &Pattern,
    source: &Value,
) -> Result<Value> {
    let mut found = Vec::new();
    let mut each = |graph: &mut Graph, element: Value| -> Result<()> {
        env.instance.session.go_on()?;
        let bound = bind::bind(graph, env, pattern, element)?;
        // What was filtered out stays in the count: it enters the digest if another part is delayed.
        found.push(behind(graph, &env.push(bound, 1), comprehension, at)?);
        Ok(())
    };
    match source {
        Value::List(list) => {
            for element in list.iter() {
                each(graph, element.clone())?;
            }
        }
        Value::Map(map) => {
            for (key, value) in map.iter() {
                each(graph, Value::tuple([key.clone(), value.clone()]))?;
            }
        }
        Value::Dir(files) => {
            for (path, file) in files.iter() {
                each(graph, Value::tuple([Value::string(path), Value::file(file.clone())]))?;
            }
        }
        _ => {}
    }
    if !found.iter().any(|part| matches!(part, Found::List(list) if list.is_flow())) {
        return Ok(joined(found));
    }
    let ty: &Type = &comprehension.ty;
    let inputs = found.into_iter().map(|part| (part.into_list(), ty.clone())).collect();
    let operation = |out: &mut _| digest::write_comprehension_operation(comprehension, at, env, out);
    delay(graph, env, inputs, operation, |_, lists| Ok(concatenate(lists)))
}

/// One list of parts that are all known.
fn joined(parts: Vec<Found>) -> Value {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Found::Nothing => {}
            Found::Element(value) => all.push(value),
            Found::List(Value::List(elements)) => all.extend(elements.iter().cloned()),
            Found::List(_) => {}
        }
    }
    Value::list(all)
}

/// One list of the elements of all `lists`.
pub(super) fn concatenate(lists: &[Value]) -> Value {
    let mut all = Vec::new();
    for list in lists {
        if let Value::List(elements) = list {
            all.extend(elements.iter().cloned());
        }
    }
    Value::list(all)
}
