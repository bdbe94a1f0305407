//! Instantiation: a module with arguments becomes a value (language spec §5.2, §8.1).

use std::rc::Rc;

use flow::Graph;
use syntax::ast::Name;
use types::value::Record;
use types::{Type, Value};

use super::env::{Env, Ident, Instance, STDLIB_DEPTH};
use super::{Error, Kind, Result, bind, declared, delay, eval, force};
use crate::digest;
use crate::legacy::{Script, ScriptArguments};
use crate::module::{Importable, Module, ModuleDecl};
use crate::parameters;
use crate::session::Session;
use crate::system;
use crate::tree::{Make, Node};

/// Values for the parameters of a module, by name; a later one of the same name wins.
#[derive(Clone, Default)]
pub struct Arguments(pub Vec<(Name, Value)>);

impl Arguments {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(found, _)| **found == *name).map(|(_, value)| value)
    }
}

/// Evaluates all declarations of a module; the result is its value.
pub fn instantiate(graph: &mut Graph, session: &Rc<Session>, module: &Rc<Module>, args: &Arguments) -> Result<Value> {
    instantiate_with(graph, session, module, args, &mut |_, _, _, value| value)
}

/// Sees what each declaration comes to, and says what it is bound to.
pub(crate) type OnDeclaration<'a> = &'a mut dyn FnMut(&mut Graph, &Env, &ModuleDecl, Result<Value>) -> Result<Value>;

/// Instantiates a module; each declaration is bound to what `on_declaration` makes of its value.
pub(crate) fn instantiate_with(
    graph: &mut Graph,
    session: &Rc<Session>,
    module: &Rc<Module>,
    args: &Arguments,
    on_declaration: OnDeclaration<'_>,
) -> Result<Value> {
    let instance = instance_with(graph, session, module, args, on_declaration)?;
    let values = module.exports.iter().map(|global| instance.lookup(crate::tree::Slot::Global(*global))).collect();
    Ok(Value::Module(Rc::new(Record::new(module.shape.clone(), values))))
}

/// Evaluates all declarations of a module; the result has all its bindings, also those that are not exported.
pub(crate) fn instance_of(
    graph: &mut Graph,
    session: &Rc<Session>,
    module: &Rc<Module>,
    args: &Arguments,
) -> Result<Rc<Instance>> {
    instance_with(graph, session, module, args, &mut |_, _, _, value| value)
}

fn instance_with(
    graph: &mut Graph,
    session: &Rc<Session>,
    module: &Rc<Module>,
    args: &Arguments,
    on_declaration: OnDeclaration<'_>,
) -> Result<Rc<Instance>> {
    let instance = Instance::new(module.clone(), session.clone());
    let mut depth = bind_params(graph, session, &instance, args)?;
    let prefix = if module.name.is_empty() { Ident::default() } else { Ident::default().below(&module.name) };
    for decl in &module.decls {
        let ident = match decl.pattern.plain_name() {
            Some(name) => prefix.below(name),
            None => Ident::default(),
        };
        let env = Env::new(instance.clone(), depth, ident);
        let value = eval(graph, &env, &decl.value);
        let value = on_declaration(graph, &env, decl, value)?;
        depth += 1;
        let bound = match bind::bind(graph, &env, &decl.pattern, value) {
            Ok(bound) => bound,
            Err(error) => {
                let value = on_declaration(graph, &env, decl, Err(error))?;
                bind::bind(graph, &env, &decl.pattern, value)?
            }
        };
        for value in bound {
            instance.bind_global(value, depth);
        }
    }
    Ok(instance)
}

/// Binds the parameters to arguments and defaults; the depth of the last frame.
fn bind_params(graph: &mut Graph, session: &Rc<Session>, instance: &Rc<Instance>, args: &Arguments) -> Result<i32> {
    // The frame of the arguments, then the empty frame of the instance.
    let args_depth = STDLIB_DEPTH + 1;
    let mut depth = args_depth + 1;
    for param in &instance.module.params {
        let given = match args.get(&param.name) {
            Some(given) => Some(given.clone()),
            None => parameters::injected(graph, session, param)?,
        };
        let Some(default) = &param.default else {
            let given = given.ok_or_else(|| {
                Error::new(Kind::Precondition, format!("missing required module parameter {}", param.name))
            })?;
            instance.bind_param(given, args_depth);
            continue;
        };
        depth += 1;
        // A parameter called like a predeclared constant takes that instead of its default
        // (language spec §5.2, a quirk that digests see).
        match (given, session.predeclared_named(&param.name)) {
            (Some(given), _) => instance.bind_param(given, args_depth),
            (None, Some(predeclared)) => instance.bind_param(predeclared, STDLIB_DEPTH),
            (None, None) => {
                let env = Env::new(instance.clone(), depth, Ident::default());
                let value = eval(graph, &env, &default.value)?;
                instance.bind_param(bind::bind_name(graph, &env, value), depth);
            }
        }
    }
    Ok(depth)
}

/// `make("…", …)`
pub(super) fn make(graph: &mut Graph, env: &Env, expr: &Node, make: &Make) -> Result<Value> {
    let mut args = Vec::with_capacity(make.args.len());
    for arg in &make.args {
        let value = declared(graph, env, arg)?;
        let values = bind::bind(graph, env, &arg.pattern, value)?;
        args.extend(arg.pattern.names().cloned().zip(values));
    }
    match &make.module {
        Importable::System(system) => Ok(system.value()),
        Importable::Module(module) => instantiate(graph, &env.instance.session, module, &Arguments(args)),
        Importable::Legacy(script) => legacy(graph, env, expr, script, args),
    }
}

/// A legacy script as a module: it waits for all its arguments (language spec §11).
fn legacy(graph: &mut Graph, env: &Env, expr: &Node, script: &Rc<Script>, args: Vec<(Name, Value)>) -> Result<Value> {
    let ident = env.ident.text();
    let (mut names, mut inputs) = (Vec::new(), Vec::new());
    for (name, value) in args {
        let ty = if *name == *"args" { Type::list(Type::string()) } else { Type::string() };
        inputs.push((force(graph, &ident, value, &ty)?, ty));
        names.push(name);
    }
    let script = script.clone();
    let operation = |out: &mut _| digest::write_operation(expr, env, out);
    delay(graph, env, inputs, operation, move |graph, values| {
        let mut arguments = ScriptArguments::default();
        for (name, value) in names.iter().zip(values) {
            match value {
                Value::String(text) => drop(arguments.params.insert(name.to_string(), system::text(text))),
                Value::List(texts) => {
                    let text = |value: &Value| match value {
                        Value::String(text) => system::text(text),
                        _ => String::new(),
                    };
                    arguments.args = texts.iter().map(text).collect();
                }
                _ => {}
            }
        }
        script.instantiate(graph, &arguments)
    })
}

/// An environment for an expression that belongs to no module: only the predeclared names.
pub(crate) fn bare_env(session: &Rc<Session>, module: Rc<Module>) -> Env {
    Env::new(Instance::new(module, session.clone()), STDLIB_DEPTH, Ident::default())
}
