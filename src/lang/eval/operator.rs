//! Operators, conditionals and `~>` (language spec §5.6, §5.8).

use std::cmp::Ordering;
use std::rc::Rc;

use base::digest::Digest;
use flow::Graph;
use syntax::ast::{BinaryOp, UnaryOp};
use types::Value;

use super::delay::{delay, suspend_as};
use super::env::Env;
use super::{Result, eval, failure, fault, force};
use crate::digest;
use crate::tree::Node;

/// Arithmetic, ordering and concatenation.
pub(super) fn binary(
    graph: &mut Graph,
    env: &Env,
    expr: &Node,
    op: BinaryOp,
    left: &Node,
    right: &Node,
) -> Result<Value> {
    let (l, r) = (eval(graph, env, left)?, eval(graph, env, right)?);
    if !l.is_flow() && !r.is_flow() {
        env.instance.session.fuel.spend_before(op, &l, &r)?;
        return apply(op, &l, &r).map_err(|(code, message)| failure(code, &env.place(expr.span), message));
    }
    let inputs = vec![(l, left.ty.clone()), (r, right.ty.clone())];
    let (body_env, span) = (env.clone(), expr.span);
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |_, values| {
            body_env.instance.session.fuel.spend_before(op, &values[0], &values[1])?;
            let result = apply(op, &values[0], &values[1]);
            result.map_err(|(code, message)| failure(code, &body_env.place(span), message))
        },
    )
}

/// What is wrong with operands: the code of the failure, and words.
type Wrong = (u16, String);

fn apply(op: BinaryOp, left: &Value, right: &Value) -> std::result::Result<Value, Wrong> {
    let by_zero = || (fault::BY_ZERO, "division by zero".to_owned());
    match (left, right) {
        (Value::Int(l), Value::Int(r)) => {
            let number = match op {
                BinaryOp::Add => l + r,
                BinaryOp::Subtract => l - r,
                BinaryOp::Multiply => l * r,
                BinaryOp::Divide => l.div_euclid(r).ok_or_else(by_zero)?,
                BinaryOp::Remainder => l.rem_euclid(r).ok_or_else(by_zero)?,
                BinaryOp::ShiftLeft => l.shift_left(r).map_err(|error| (fault::TOO_LARGE, error.to_string()))?,
                BinaryOp::ShiftRight => l.shift_right(r),
                _ => return ordering(op, l.cmp(r)),
            };
            Ok(Value::Int(number))
        }
        (Value::Float(l), Value::Float(r)) => {
            let number = match op {
                BinaryOp::Add => l.add(r),
                BinaryOp::Subtract => l.subtract(r),
                BinaryOp::Multiply => l.multiply(r),
                BinaryOp::Divide => l.divide(r),
                _ => return ordering(op, l.compare(r)),
            };
            number.map(Value::Float).map_err(|error| (fault::NO_NUMBER, error.to_string()))
        }
        (Value::String(l), Value::String(r)) => match op {
            BinaryOp::Add => Ok(Value::String([l.as_ref(), r.as_ref()].concat().into())),
            _ => ordering(op, l.cmp(r)),
        },
        (Value::List(l), Value::List(r)) => {
            if r.is_empty() {
                return Ok(left.clone());
            }
            Ok(Value::list(l.iter().chain(r.iter()).cloned().collect()))
        }
        (Value::Map(l), Value::Map(r)) => Ok(Value::Map(Rc::new(l.union(r)))),
        (Value::Dir(l), Value::Dir(r)) => {
            let mut files = l.as_ref().clone();
            files.extend(r.iter().map(|(path, file)| (path.clone(), file.clone())));
            Ok(Value::dir(files))
        }
        _ => {
            let (l, r) = (left.kind_name(), right.kind_name());
            Err((fault::INTERNAL, format!("operator {} does not apply to {l} and {r}", op.text())))
        }
    }
}

fn ordering(op: BinaryOp, ordering: Ordering) -> std::result::Result<Value, Wrong> {
    Ok(Value::Bool(match op {
        BinaryOp::Less => ordering.is_lt(),
        BinaryOp::LessEqual => ordering.is_le(),
        BinaryOp::Greater => ordering.is_gt(),
        BinaryOp::GreaterEqual => ordering.is_ge(),
        _ => return Err((fault::INTERNAL, format!("operator {} is not an ordering", op.text()))),
    }))
}

/// `!a`, `-a`
pub(super) fn unary(graph: &mut Graph, env: &Env, expr: &Node, op: UnaryOp, operand: &Node) -> Result<Value> {
    let inputs = vec![(eval(graph, env, operand)?, operand.ty.clone())];
    let (body_env, span) = (env.clone(), expr.span);
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |_, values| match (op, &values[0]) {
            (UnaryOp::Not, Value::Bool(truth)) => Ok(Value::Bool(!truth)),
            (UnaryOp::Negate, Value::Int(number)) => Ok(Value::Int(-number)),
            (UnaryOp::Negate, Value::Float(number)) => Ok(Value::Float(-*number)),
            (_, other) => Err(failure(
                fault::INTERNAL,
                &body_env.place(span),
                format_args!("operator {} does not apply to {}", op.text(), other.kind_name()),
            )),
        },
    )
}

/// `a && b`, `a || b`: waits for `a`, evaluates `b` only if it decides.
pub(super) fn short_circuit(
    graph: &mut Graph,
    env: &Env,
    expr: &Node,
    op: BinaryOp,
    left: &Node,
    right: &Node,
) -> Result<Value> {
    let inputs = vec![(eval(graph, env, left)?, left.ty.clone())];
    let (body_env, right) = (env.clone(), right.clone());
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |graph, values| match (&values[0], op) {
            (Value::Bool(false), BinaryOp::And) | (Value::Bool(true), BinaryOp::Or) => Ok(values[0].clone()),
            _ => eval(graph, &body_env, &right),
        },
    )
}

/// `if c { a } else { b }`: waits for the condition, evaluates only the chosen branch.
pub(super) fn conditional(
    graph: &mut Graph,
    env: &Env,
    expr: &Node,
    condition: &Node,
    then: &Node,
    otherwise: &Node,
) -> Result<Value> {
    let inputs = vec![(eval(graph, env, condition)?, condition.ty.clone())];
    let (body_env, then, otherwise) = (env.clone(), then.clone(), otherwise.clone());
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |graph, values| {
            let chosen = if matches!(values[0], Value::Bool(true)) { &then } else { &otherwise };
            eval(graph, &body_env, chosen)
        },
    )
}

/// `a ~> b`: `b`, once `a` is known all the way down.
pub(super) fn sequence(graph: &mut Graph, env: &Env, first: &Node, second: &Node) -> Result<Value> {
    let ident = env.ident.text();
    let before = eval(graph, env, first)?;
    let before = force(graph, &ident, before, &first.ty)?;
    let after = eval(graph, env, second)?;
    if !before.is_flow() {
        return Ok(after);
    }
    let mut digest = Digest::of("grail.com/reflow/syntax.Eval.~>");
    if let Value::Flow(flow) = &after {
        digest = digest.mix(&flow.digest);
    }
    Ok(suspend_as_sequence(graph, &ident, digest, before, after))
}

/// `after` is what the continuation yields, not what it waits for, though it may be a flow.
fn suspend_as_sequence(graph: &mut Graph, ident: &Rc<str>, digest: Digest, before: Value, after: Value) -> Value {
    suspend_as(graph, ident, digest, vec![before], move |_, _| Ok(after.clone()))
}
