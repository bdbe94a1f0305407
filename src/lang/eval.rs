//! Evaluation: expressions to values and flows (language spec §5).
//!
//! Immediate computation happens here and now; what depends on a flow becomes a continuation in the
//! graph, which leads back here once the flow has a value. Every construct first tries the immediate
//! way and only pays for a continuation when something really is a flow.

pub mod env;
pub mod fault;

mod delay;
mod force;

pub(crate) mod bind;
mod function;

mod access;
mod comprehension;
mod equality;
mod operator;
mod switch;

mod builtin;
mod exec;

mod instance;
mod settle;

use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use syntax::ast::BinaryOp;
use types::Value;
use types::value::{Map, Record, Variant};

pub(crate) use exec::is_path_type;
pub use force::force;
pub use instance::{Arguments, instantiate};
pub(crate) use instance::{bare_env, instance_of, instantiate_with};
pub use settle::settle;

use crate::digest;
use crate::nesting::with_stack;
use crate::tree::{Decl, ExprKind, Node};
use env::{Env, Spot};

pub(crate) use delay::delay;
pub(crate) use function::Site;

/// What evaluation comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the program at a place, without a class of its own: what is raised while a program is
/// still being evaluated prints as it is. If it comes up when the program runs, it is one of the class
/// *evaluation* (language spec §5.12).
///
/// `code` is the one under which it is explained.
pub(crate) fn failure(code: u16, spot: &Spot, message: impl std::fmt::Display) -> Error {
    Error::new(Kind::Other, format!("{spot}: {message}")).about(spot.origin(code))
}

/// An error as it is reported when the program runs.
pub(crate) fn at_run_time(error: Error) -> Error {
    match error.kind() {
        Kind::Other => error.with_kind(Kind::Eval),
        _ => error,
    }
}

/// Evaluates an expression to a value, which may be a flow or hold flows.
pub fn eval(graph: &mut Graph, env: &Env, expr: &Node) -> Result<Value> {
    let value = with_stack(|| eval_here(graph, env, expr))?;
    env.instance.session.fuel.spend_on(&value)?;
    if let Value::Flow(flow) = &value {
        let id = graph.id_of(flow);
        if graph.ident(id).is_empty() {
            graph.label(id, &env.ident.text());
        }
    }
    Ok(value)
}

fn eval_here(graph: &mut Graph, env: &Env, expr: &Node) -> Result<Value> {
    match &expr.kind {
        ExprKind::Ident(_, slot) => Ok(env.lookup(*slot)),
        ExprKind::Literal(value) => Ok(value.clone()),
        ExprKind::Ascribe(operand) => eval(graph, env, operand),
        ExprKind::Binary(op, left, right) => match op {
            BinaryOp::Sequence => operator::sequence(graph, env, left, right),
            BinaryOp::And | BinaryOp::Or => operator::short_circuit(graph, env, expr, *op, left, right),
            BinaryOp::Equal | BinaryOp::NotEqual => equality::compare(graph, env, expr, *op, left, right),
            _ => operator::binary(graph, env, expr, *op, left, right),
        },
        ExprKind::Unary(op, operand) => operator::unary(graph, env, expr, *op, operand),
        ExprKind::Call(callee, args) => function::call(graph, env, expr, callee, args),
        ExprKind::Builtin(builtin, args) => builtin::call(graph, env, expr, *builtin, args),
        ExprKind::Index(collection, index) => access::index(graph, env, expr, collection, index),
        ExprKind::Select(operand, name) => access::select(graph, env, expr, operand, name),
        ExprKind::If(condition, then, otherwise) => operator::conditional(graph, env, expr, condition, then, otherwise),
        ExprKind::Switch(scrutinee, cases) => switch::switch(graph, env, scrutinee, cases),
        ExprKind::Block(decls, body) => {
            let env = block(graph, env, decls)?;
            eval(graph, &env, body)
        }
        ExprKind::Func(_) => Ok(function::closure(env, expr)),
        ExprKind::Tuple(elements) => Ok(Value::tuple(eval_all(graph, env, elements)?)),
        ExprKind::Struct(shape, values) => {
            let values = eval_all(graph, env, values)?;
            Ok(Value::Struct(Rc::new(Record::new(shape.clone(), values))))
        }
        ExprKind::List(elements) => Ok(Value::list(eval_all(graph, env, elements)?)),
        ExprKind::Map(entries) => map(graph, env, expr, entries),
        ExprKind::Comprehension(comprehension) => comprehension::eval(graph, env, comprehension),
        ExprKind::Variant(tag, payload) => {
            let payload = payload.as_ref().map(|payload| eval(graph, env, payload)).transpose()?;
            Ok(Value::Variant(Rc::new(Variant { tag: tag.clone(), payload })))
        }
        ExprKind::Exec(_) => exec::eval(graph, env, expr),
        ExprKind::Make(make) => instance::make(graph, env, expr, make),
        ExprKind::Requires(options, operand) => exec::requires(graph, env, options, operand),
    }
}

fn eval_all(graph: &mut Graph, env: &Env, exprs: &[Node]) -> Result<Vec<Value>> {
    exprs.iter().map(|expr| eval(graph, env, expr)).collect()
}

/// Evaluates the declarations of a block; the result is where its body is evaluated.
pub(crate) fn block(graph: &mut Graph, env: &Env, decls: &[Decl]) -> Result<Env> {
    let mut env = env.clone();
    for decl in decls {
        let value = declared(graph, &env.deeper(), decl)?;
        let values = bind::bind(graph, &env, &decl.pattern, value)?;
        env = env.push(values, 2);
    }
    Ok(env)
}

/// Evaluates the right side of a declaration under the label that its name gives.
fn declared(graph: &mut Graph, env: &Env, decl: &Decl) -> Result<Value> {
    match decl.name() {
        Some(name) => eval(graph, &env.labelled(env.ident.below(name)), &decl.value),
        None => eval(graph, env, &decl.value),
    }
}

/// A map literal: keys first, in the order of their digests, then the values (language spec §5.6).
fn map(graph: &mut Graph, env: &Env, expr: &Node, entries: &Rc<[(Node, Node)]>) -> Result<Value> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    // Literals cannot be delayed, and of two equal ones the later wins in any order.
    if !entries.iter().all(|(key, _)| matches!(key.kind, ExprKind::Literal(_))) {
        order.sort_by_cached_key(|i| digest::expr_digest(&entries[*i].0, env));
    }
    let keys = order.iter().map(|i| eval(graph, env, &entries[*i].0)).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<_> = keys.iter().zip(&order).map(|(key, i)| (key.clone(), entries[*i].0.ty.clone())).collect();
    let (body_env, entries) = (env.clone(), entries.clone());
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |graph, keys| {
            let mut pairs = Vec::with_capacity(keys.len());
            for (key, i) in keys.iter().zip(&order) {
                pairs.push((key.clone(), eval(graph, &body_env, &entries[*i].1)?));
            }
            Ok(Value::Map(Rc::new(Map::from_entries(pairs))))
        },
    )
}
