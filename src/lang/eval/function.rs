//! Functions: closures, calls, and the application of system functions (language spec §5.6, §7.1).

use std::any::Any;
use std::cell::OnceCell;
use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use flow::Graph;
use types::value::Function;
use types::{Type, Value};

use super::delay::{delay, suspend_as};
use super::env::{Env, Ident, Instance, Spot};
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

/// A function literal of a module, as the instance of the module keeps it: a closure holds the instance, so
/// one that the instance held would keep both for ever.
#[derive(Clone)]
pub(super) struct ModuleFunction {
    literal: Node,
    depth: i32,
    ident: Ident,
}

impl ModuleFunction {
    /// The function of a value, if it is a literal that stands in a module itself, and the module is that of
    /// the instance.
    pub(super) fn of(value: &Value, instance: &Rc<Instance>) -> Option<Self> {
        let Value::Function(function) = value else { return None };
        let function: &dyn Any = function.as_ref();
        let Closure { literal, env, .. } = function.downcast_ref()?;
        let is_of_instance = Rc::ptr_eq(&env.instance, instance) && env.is_of_module();
        is_of_instance.then(|| Self { literal: literal.clone(), depth: env.depth, ident: env.ident.clone() })
    }

    /// The function as a value.
    pub(super) fn value(&self, instance: &Rc<Instance>) -> Value {
        closure(&self.env(instance), &self.literal)
    }

    fn env(&self, instance: &Rc<Instance>) -> Env {
        Env::new(instance.clone(), self.depth, self.ident.clone())
    }

    /// Applies the function, without making a value of it first.
    fn apply(&self, graph: &mut Graph, instance: &Rc<Instance>, args: Vec<Value>, site: &Site) -> Result<Value> {
        apply_literal(graph, &self.literal, &self.env(instance), args, site)
    }
}

fn apply_literal(graph: &mut Graph, literal: &Node, env: &Env, args: Vec<Value>, site: &Site) -> Result<Value> {
    match &literal.kind {
        ExprKind::Func(func) => eval(graph, &env.push(args, 1), &func.body),
        _ => Err(failure(fault::INTERNAL, &site.place(), "not a function")),
    }
}

/// `f(a, …)`: waits for the function only; arguments may be flows.
pub(super) fn call(graph: &mut Graph, env: &Env, expr: &Node, callee: &Node, args: &Rc<[Node]>) -> Result<Value> {
    if let ExprKind::Ident(_, slot) = &callee.kind
        && let Some(function) = env.instance.function(*slot)
    {
        let args = eval_all(graph, env, args)?;
        let site = Site { env: env.clone(), span: expr.span, ident: env.ident.clone() };
        return function.apply(graph, &env.instance, args, &site);
    }
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
        return apply_literal(graph, &closure.literal, &closure.env, args, site);
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
