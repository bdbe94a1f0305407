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
    from_clause(graph, env, comprehension, 0)
}

/// Evaluates clause `at` and all behind it.
fn from_clause(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>, at: usize) -> Result<Value> {
    let expr = comprehension.clauses[at].expr();
    let inputs = vec![(super::eval(graph, env, expr)?, expr.ty.clone())];
    let (body_env, body) = (env.clone(), comprehension.clone());
    let operation = |out: &mut _| digest::write_comprehension_operation(comprehension, at, env, out);
    delay(graph, env, inputs, operation, move |graph, values| match &body.clauses[at] {
        Clause::Enumerate(pattern, _) => enumerate(graph, &body_env, &body, at, pattern, &values[0]),
        Clause::Filter(_) => match &values[0] {
            Value::Bool(true) => behind(graph, &body_env, &body, at).map(Found::into_list),
            _ => Ok(Value::list(Vec::new())),
        },
    })
}

/// What lies behind a clause for one element.
enum Found {
    /// The body's value: the clause was the last.
    Element(Value),
    /// A list, or a flow of one.
    List(Value),
}

impl Found {
    fn into_list(self) -> Value {
        match self {
            Found::Element(value) => Value::list(vec![value]),
            Found::List(list) => list,
        }
    }
}

fn behind(graph: &mut Graph, env: &Env, comprehension: &Rc<Comprehension>, at: usize) -> Result<Found> {
    if at + 1 == comprehension.clauses.len() {
        return super::eval(graph, env, &comprehension.body).map(Found::Element);
    }
    from_clause(graph, env, comprehension, at + 1).map(Found::List)
}

fn enumerate(
    graph: &mut Graph,
    env: &Env,
    comprehension: &Rc<Comprehension>,
    at: usize,
    pattern: &Pattern,
    source: &Value,
) -> Result<Value> {
    let mut elements = Vec::new();
    let mut lists = Vec::new();
    let mut each = |graph: &mut Graph, element: Value| -> Result<()> {
        let bound = bind::bind(graph, env, pattern, element)?;
        match behind(graph, &env.push(bound, 1), comprehension, at)? {
            Found::Element(value) => elements.push(value),
            Found::List(list) => lists.push(list),
        }
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
    if at + 1 == comprehension.clauses.len() {
        return Ok(Value::list(elements));
    }
    let ty: &Type = &comprehension.ty;
    let inputs = lists.into_iter().map(|list| (list, ty.clone())).collect();
    let operation = |out: &mut _| digest::write_comprehension_operation(comprehension, at, env, out);
    delay(graph, env, inputs, operation, |_, lists| Ok(concatenate(lists)))
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
