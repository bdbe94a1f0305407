//! Exec expressions and `@requires` (language spec §5.11, §9.3).

use std::collections::BTreeMap;
use std::rc::Rc;

use base::config::OutputKind;
use base::digest::Digest;
use base::failure::{Error, Kind};
use base::file::{File, Origin};
use base::fileset::Fileset;
use base::resources::Resources;
use flow::node::{ArgRef, Op};
use flow::requirements::Requirements;
use flow::{FlowId, Graph};
use types::ty::TypeKind;
use types::value::Dir;
use types::{Type, Value};

use super::delay::delay;
use super::env::Env;
use super::{Result, at_run_time, declared, eval as eval_expr, failure, fault, force};
use crate::digest;
use crate::tree::{Decl, Exec, ExprKind, Node, TemplateArg};

/// Evaluates an exec expression: to a node, or to a continuation that will make it once the options
/// and interpolations are known.
pub(super) fn eval(graph: &mut Graph, env: &Env, expr: &Node) -> Result<Value> {
    let ExprKind::Exec(exec) = &expr.kind else {
        return Err(failure(fault::INTERNAL, &env.place(expr.span), "not an exec"));
    };
    let ident = env.ident.text();
    let mut inputs = Vec::new();
    for option in &exec.options {
        inputs.push((declared(graph, env, option)?, option.value.ty.clone()));
    }
    let image = exec.options.iter().rposition(|option| option.name().is_some_and(|name| **name == *"image"));
    let image = match image.map(|image| &inputs[image].0) {
        Some(Value::String(image)) => image.clone(),
        _ => return Err(failure(fault::NOT_IMMEDIATE, &env.place(expr.span), "exec parameter image is not immediate")),
    };
    env.instance.session.met_image(&image);
    let mut names = Vec::new();
    for arg in &exec.args {
        match arg {
            TemplateArg::Output(output) => names.push(format!("{{{{{}}}}}", exec.outputs[*output].0).into()),
            TemplateArg::Input(input, shown) => {
                let value = eval_expr(graph, env, input)?;
                names.push(arg_name(input, shown, &value));
                inputs.push((force(graph, &ident, value, &input.ty)?, input.ty.clone()));
            }
        }
    }
    let build = Build { env: env.clone(), expr: expr.clone(), exec: exec.clone(), image: image.clone(), names };
    let operation = |out: &mut _| digest::write_exec_operation(&image, exec, out);
    let value = delay(graph, env, inputs, operation, move |graph, values| build.run(graph, values))?;
    if let Value::Flow(flow) = &value {
        let id = graph.id_of(flow);
        graph.note_makes_exec(id);
    }
    Ok(value)
}

/// What stands for an argument when the command is shown.
fn arg_name(input: &Node, shown: &str, value: &Value) -> Rc<str> {
    match &input.kind {
        ExprKind::Ident(name, _) => format!("{{{{{name}}}}}").into(),
        _ if value.is_flow() => "{{flow}}".into(),
        _ => format!("{{{{{shown}}}}}").into(),
    }
}

/// An exec whose options and interpolations are about to be known.
struct Build {
    env: Env,
    expr: Node,
    exec: Rc<Exec>,
    image: Rc<[u8]>,
    names: Vec<Rc<str>>,
}

/// The command as it is put together.
#[derive(Default)]
struct Command {
    text: Vec<u8>,
    deps: Vec<FlowId>,
    args: Vec<ArgRef>,
    names: Vec<Rc<str>>,
    /// For each declared output its number in the command, in order of first use.
    numbers: BTreeMap<usize, u32>,
    outputs: Vec<OutputKind>,
}

impl Build {
    fn run(&self, graph: &mut Graph, values: &[Value]) -> Result<Value> {
        let (options, inputs) = values.split_at(self.exec.options.len().min(values.len()));
        let command = self.command(graph, inputs)?;
        let text = String::from_utf8(command.text).map_err(|_| {
            self.failure(fault::NOT_TEXT, "the command is not valid UTF-8: an interpolated string has other bytes")
        })?;
        let node = flow::node::Exec {
            image: String::from_utf8_lossy(&self.image).into(),
            command: text.into(),
            args: Some(command.args.into()),
            outputs: Some(command.outputs.into()),
            resources: self.resources(options)?,
            arg_names: command.names.into(),
            nondeterministic: self.option(options, "nondeterministic").is_some_and(|v| matches!(v, Value::Bool(true))),
        };
        let id = graph.exec(node, command.deps);
        graph.set_place(id, self.env.node_place(self.expr.span));
        let outputs = Outputs {
            declared: self
                .exec
                .outputs
                .iter()
                .zip(0..)
                .map(|((_, is_dir), i)| (*is_dir, command.numbers.get(&i).copied()))
                .collect(),
            place: self.env.place(self.expr.span),
            used: command.numbers.len(),
        };
        let digest = Digest::of("grail.com/reflow/syntax.Eval.coerceExecOutput");
        let id = graph.coerce(digest, id, move |value: &Value| outputs.take(value).map_err(at_run_time));
        graph.label(id, &self.env.ident.text());
        Ok(graph.value(id))
    }

    fn failure(&self, code: u16, message: impl std::fmt::Display) -> Error {
        failure(code, &self.env.place(self.expr.span), message)
    }

    fn command(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Command> {
        let mut command = Command::default();
        let mut inputs = inputs.iter();
        for (i, fragment) in self.exec.fragments.iter().enumerate() {
            command.literal(fragment.as_bytes());
            let Some(arg) = self.exec.args.get(i) else { continue };
            match arg {
                TemplateArg::Output(output) => {
                    let is_dir = self.exec.outputs[*output].1;
                    command.output(*output, is_dir, &self.names[i]);
                }
                TemplateArg::Input(..) => {
                    let value =
                        inputs.next().ok_or_else(|| self.failure(fault::INTERNAL, "an interpolation has no value"))?;
                    self.input(graph, &mut command, value, &self.names[i])?;
                }
            }
        }
        Ok(command)
    }

    fn input(&self, graph: &mut Graph, command: &mut Command, value: &Value, name: &Rc<str>) -> Result<()> {
        match value {
            Value::String(text) => command.literal(text),
            Value::Int(number) => command.literal(number.to_string().as_bytes()),
            Value::Float(number) => command.literal(number.to_string().as_bytes()),
            _ => {
                let dep = match value {
                    Value::Flow(flow) => {
                        let digest = Digest::of("grail.com/reflow/syntax.coerceFlowToFileset");
                        let dep = graph.id_of(flow);
                        graph.coerce(digest, dep, move |value: &Value| {
                            to_fileset(value).map(|fileset| Value::Fileset(Rc::new(fileset)))
                        })
                    }
                    known => graph.fileset(to_fileset(known)?),
                };
                command.args.push(ArgRef::Input(command.deps.len() as u32));
                command.deps.push(dep);
                command.names.push(name.clone());
                command.text.extend_from_slice(b"%s");
            }
        }
        Ok(())
    }

    /// The last option of this name.
    fn option<'a>(&self, options: &'a [Value], name: &str) -> Option<&'a Value> {
        let position = self.exec.options.iter().rposition(|option| option.name().is_some_and(|found| **found == *name));
        position.and_then(|position| options.get(position))
    }

    fn resources(&self, options: &[Value]) -> Result<Resources> {
        resources(|name| self.option(options, name).cloned()).map_err(|message| self.failure(fault::ROOM, message))
    }
}

impl Command {
    fn literal(&mut self, text: &[u8]) {
        for byte in text {
            self.text.push(*byte);
            if *byte == b'%' {
                self.text.push(b'%');
            }
        }
    }

    fn output(&mut self, declared: usize, is_dir: bool, name: &Rc<str>) {
        let next = self.outputs.len() as u32;
        let number = *self.numbers.entry(declared).or_insert(next);
        if number == next {
            self.outputs.push(if is_dir { OutputKind::Dir } else { OutputKind::File });
        }
        self.args.push(ArgRef::Output(number));
        self.names.push(name.clone());
        self.text.extend_from_slice(b"%s");
    }
}

/// The fileset form of a file, dir or list of them (runtime spec §2.12a).
fn to_fileset(value: &Value) -> Result<Fileset> {
    match value {
        Value::File(file) => Ok(Fileset::of_file(file.as_ref().clone())),
        Value::Dir(files) => Ok(Fileset::of_map(files.as_ref().clone())),
        Value::List(elements) => elements.iter().map(to_fileset).collect::<Result<_>>().map(Fileset::of_list),
        other => {
            Err(Error::new(Kind::Eval, format!("a value of kind {} cannot be an exec's input", other.kind_name())))
        }
    }
}

/// Resource amounts from options; `mem`, `cpu` and `disk` are always there.
fn resources(option: impl Fn(&str) -> Option<Value>) -> std::result::Result<Resources, String> {
    let mut resources = Resources::new();
    for name in ["mem", "cpu", "disk"] {
        let amount = match option(name) {
            Some(Value::Int(amount)) => amount.low_i64() as f64,
            Some(Value::Float(amount)) => amount.to_f64(),
            _ => 0.0,
        };
        if !amount.is_finite() || amount < 0.0 {
            return Err(format!("{name} must not be negative or infinite"));
        }
        resources.set(name, amount);
    }
    if let Some(Value::List(features)) = option("cpufeatures") {
        let cpu = resources.get("cpu");
        for feature in features.iter() {
            if let Value::String(feature) = feature {
                resources.set(String::from_utf8_lossy(feature), cpu);
            }
        }
    }
    Ok(resources)
}

/// Takes an exec's fileset list apart into the declared outputs.
struct Outputs {
    /// For each declared output: whether it is a directory, and its number in the command.
    declared: Vec<(bool, Option<u32>)>,
    place: super::env::Spot,
    used: usize,
}

impl Outputs {
    fn take(&self, value: &Value) -> Result<Value> {
        let Value::Fileset(fileset) = value else {
            return Err(failure(
                fault::BAD_RESULT,
                &self.place,
                format_args!("bad exec result: expected a fileset, got {}", value.kind_name()),
            ));
        };
        if fileset.list.len() != self.used {
            return Err(failure(
                fault::BAD_RESULT,
                &self.place,
                format_args!(
                    "bad exec result: expected size {}, got {} ({})",
                    self.used,
                    fileset.list.len(),
                    fileset.short()
                ),
            ));
        }
        let mut values = Vec::with_capacity(self.declared.len());
        for (is_dir, number) in &self.declared {
            let part = number.and_then(|number| fileset.list.get(number as usize));
            values.push(match (is_dir, part) {
                (true, part) => Value::dir(part.map(|part| part.map.clone()).unwrap_or_else(Dir::new)),
                // An output that the command never mentions is a file that was never made.
                (false, None) => Value::file(File::reference(0, Origin::default())),
                (false, Some(part)) => Value::file(part.file().cloned().map_err(|_| {
                    failure(fault::BAD_RESULT, &self.place, format_args!("output file not created in {}", part.short()))
                })?),
            });
        }
        match <[Value; 1]>::try_from(values) {
            Ok([only]) => Ok(only),
            Err(values) => Ok(Value::tuple(values)),
        }
    }
}

/// `@requires(…) …`: says what room the graph of the operand needs.
pub(super) fn requires(graph: &mut Graph, env: &Env, options: &Rc<[Decl]>, operand: &Node) -> Result<Value> {
    let mut values = Vec::new();
    for option in options.iter() {
        let value = declared(graph, env, option)?;
        if value.is_flow() {
            let name = option.name().cloned().unwrap_or_default();
            return Err(failure(
                fault::NOT_IMMEDIATE,
                &env.place(operand.span),
                format_args!("parameter {name} is not immediate"),
            ));
        }
        values.push(value);
    }
    let option = |name: &str| {
        let position = options.iter().rposition(|option| option.name().is_some_and(|found| **found == *name));
        position.map(|position| values[position].clone())
    };
    let min = resources(option).map_err(|message| failure(fault::ROOM, &env.place(operand.span), message))?;
    let width = u64::from(matches!(option("wide"), Some(Value::Bool(true))));
    if width > 0 {
        let place = env.place(operand.span);
        env.instance.session.trace(&format!("WARNING: setting `wide := true` has no real effect: {place}"));
    }
    let ident = env.ident.text();
    let value = eval_expr(graph, env, operand)?;
    let forced = force(graph, &ident, value, &operand.ty)?;
    match &forced {
        Value::Flow(flow) => {
            let dep = graph.id_of(flow);
            let id = graph.add(Op::Require(Box::new(Requirements { min, width })), [dep]);
            graph.label(id, &ident);
            Ok(graph.value(id))
        }
        _ => Ok(forced),
    }
}

/// Whether values of the type can stand in a template as arguments rather than text.
pub(crate) fn is_path_type(ty: &Type) -> bool {
    match &ty.kind {
        TypeKind::File | TypeKind::Dir => true,
        TypeKind::List(element) => matches!(element.kind, TypeKind::File | TypeKind::Dir),
        _ => false,
    }
}
