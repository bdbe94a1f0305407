//! Functions: closures, calls, and the application of system functions (language spec §5.6, §7.1).

use std::any::Any;
use std::cell::OnceCell;
use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use flow::Graph;
use types::value::Function;
use types::{Type, Value};

use super::delay::{delay, suspend_as};
use super::env::Spot;
use super::env::{Env, Ident};
use super::{Result, eval, eval_all, failure, fault, force};
use crate::digest;
use crate::system::{Call, Mode, SystemFunction};
use crate::tree::{ExprKind, Node};

/// A function literal with the environment it was evaluated in.
struct Closure {
    literal: Node,
    env: Env,
    digest: OnceCell<Digest>,
}

impl Function for Closure {
    fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| digest::expr_digest(&self.literal, &self.env))
    }
}

/// The place and label of an application.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) env: Env,
    pub(crate) span: syntax::ast::Span,
    /// The label; builtins apply functions under an empty one.
    pub(crate) ident: Ident,
}

impl Site {
    pub(crate) fn place(&self) -> Spot {
        self.env.place(self.span)
    }
}

/// The value of a function literal.
pub(super) fn closure(env: &Env, literal: &Node) -> Value {
    Value::Function(Rc::new(Closure { literal: literal.clone(), env: env.clone(), digest: OnceCell::new() }))
}

/// `f(a, …)`: waits for the function only; arguments may be flows.
pub(super) fn call(graph: &mut Graph, env: &Env, expr: &Node, callee: &Node, args: &Rc<[Node]>) -> Result<Value> {
    let function = eval(graph, env, callee)?;
    let site = Site { env: env.clone(), span: expr.span, ident: env.ident.clone() };
    if !function.is_flow() {
        let args = eval_all(graph, env, args)?;
        return apply(graph, &function, args, &site);
    }
    let inputs = vec![(function, callee.ty.clone())];
    let args = args.clone();
    delay(
        graph,
        env,
        inputs,
        |out| digest::write_operation(expr, env, out),
        move |graph, values| {
            let args = eval_all(graph, &site.env, &args)?;
            apply(graph, &values[0], args, &site)
        },
    )
}

/// Applies a function to arguments, which may be flows.
pub(crate) fn apply(graph: &mut Graph, function: &Value, args: Vec<Value>, site: &Site) -> Result<Value> {
    site.env.instance.session.go_on()?;
    let Value::Function(function) = function else {
        return Err(failure(
            fault::INTERNAL,
            &site.place(),
            format_args!("cannot call a value of kind {}", function.kind_name()),
        ));
    };
    let function: &dyn Any = function.as_ref();
    if let Some(closure) = function.downcast_ref::<Closure>() {
        let ExprKind::Func(func) = &closure.literal.kind else {
            return Err(failure(fault::INTERNAL, &site.place(), "not a function"));
        };
        return eval(graph, &closure.env.push(args, 1), &func.body);
    }
    match function.downcast_ref::<SystemFunction>() {
        Some(system) => apply_system(graph, system, args, site),
        None => Err(failure(fault::INTERNAL, &site.place(), "cannot call a function of another evaluator")),
    }
}

fn apply_system(graph: &mut Graph, function: &SystemFunction, mut args: Vec<Value>, site: &Site) -> Result<Value> {
    let call = Call::new(site);
    let types: Vec<Type> = function.arg_types();
    if function.mode == Mode::Forced {
        for (arg, ty) in args.iter_mut().zip(&types) {
            *arg = force(graph, &call.ident, arg.clone(), ty)?;
        }
    }
    if function.mode == Mode::Direct || !args.iter().any(Value::is_flow) {
        return (function.run)(graph, &call, &args);
    }
    let mut material = DigestWriter::new();
    for (arg, ty) in args.iter().zip(&types).filter(|(arg, _)| !arg.is_flow()) {
        types::digest::write_value(arg, ty, &mut material);
    }
    material.digest(&function.digest());
    let (run, ident, place) = (function.run, call.ident.clone(), call.node_place.clone());
    let value = suspend_as(graph, &ident, material.finish(), args, move |graph, values| run(graph, &call, values));
    if let Value::Flow(flow) = &value {
        let id = graph.id_of(flow);
        graph.set_place(id, place);
    }
    Ok(value)
}
