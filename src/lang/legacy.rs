//! Legacy scripts, `.reflow`: the language before modules (language spec §11).
//!
//! A script is a list of definitions of strings, flows of filesets, and functions. It is checked by
//! evaluating it with empty parameters: what kind of value an expression has depends on nothing else. It
//! can be run, its result being all that it exports, and modules can instantiate it.

mod builtin;
mod eval;
mod mistake;
mod params;
mod parse;

use std::collections::BTreeMap;
use std::rc::Rc;

use base::digest::Digest;
use base::failure::{Error, Kind};
use base::fileset::Fileset;
use flow::{Graph, Op};
use syntax::ast::{Name, Span};
use syntax::diagnostic::{Diagnostic, Source};
use types::ty::Field;
use types::value::{Record, Shape};
use types::{Type, Value};

use crate::module::is_exported;
use crate::sources::{Sources, below, folder};
use eval::{Evaluated, Evaluator};
use mistake::Mistake;
use parse::Statement;

/// How many files may include one another.
const INCLUDE_DEPTH: usize = 50;

/// A script that was parsed and checked.
pub struct Script {
    /// Prefix of the labels of its flows: the base name without extension.
    name: Name,
    params: Vec<ScriptParam>,
    statements: Vec<(Rc<Source>, Statement)>,
    hash_v1: bool,
    /// The exported definitions, and what they are.
    exports: Vec<(Name, Type)>,
}

/// A parameter of a script.
pub struct ScriptParam {
    /// Its name.
    pub name: Rc<str>,
    /// What it is for; may be empty.
    pub help: Rc<str>,
    span: Span,
    source: Rc<Source>,
}

/// Texts for the parameters of a script, and its arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScriptArguments {
    /// By parameter.
    pub params: BTreeMap<String, String>,
    /// The value of `args`.
    pub args: Vec<String>,
}

impl Script {
    /// Parses and checks a script; files that it includes come from `sources`.
    pub(crate) fn check(sources: &dyn Sources, source: &Rc<Source>, name: &str) -> Result<Self, Mistake> {
        let mut script =
            Self { name: name.into(), params: Vec::new(), statements: Vec::new(), hash_v1: true, exports: Vec::new() };
        script.include(sources, source, 0)?;
        let empty = script.params.iter().map(|param| (param.name.to_string(), String::new())).collect();
        let arguments = ScriptArguments { params: empty, args: Vec::new() };
        let evaluated = script.evaluate(&mut Graph::default(), &arguments)?;
        script.exports =
            evaluated.definitions.iter().filter_map(|(name, value)| Some((name.clone(), value.ty()?))).collect();
        script.exports.retain(|(name, _)| is_exported(name) && **name != *"Main");
        Ok(script)
    }

    fn include(&mut self, sources: &dyn Sources, source: &Rc<Source>, depth: usize) -> Result<(), Mistake> {
        for statement in parse::parse(source)? {
            match statement {
                Statement::Include(path, span) => {
                    let error = |message: String| Mistake::new(2042, source, span, message);
                    if depth == INCLUDE_DEPTH {
                        return Err(error(format!("files include one another more than {INCLUDE_DEPTH} deep")));
                    }
                    let path = match path.starts_with('/') {
                        true => path.to_string(),
                        false => below(folder(&source.name), &path),
                    };
                    let bytes =
                        sources.read(&path).map_err(|reason| error(format!("open {path}: {}", reason.message())))?;
                    let text = String::from_utf8(bytes).map_err(|_| error(format!("{path} is not valid UTF-8")))?;
                    self.include(sources, &Source::new(path, text), depth + 1)?;
                }
                Statement::Hash(v2) => self.hash_v1 = !v2,
                Statement::Define(name, expr) => {
                    params::find(&mut self.params, source, &expr)?;
                    self.statements.push((source.clone(), Statement::Define(name, expr)));
                }
                Statement::Extern(flow, url) => {
                    params::find(&mut self.params, source, &flow)?;
                    params::find(&mut self.params, source, &url)?;
                    self.statements.push((source.clone(), Statement::Extern(flow, url)));
                }
            }
        }
        Ok(())
    }

    /// Whether its flows have digests of the first generation.
    pub fn hash_v1(&self) -> bool {
        self.hash_v1
    }

    /// Its parameters, in the order of the text.
    pub fn params(&self) -> &[ScriptParam] {
        &self.params
    }

    /// The exported definitions with the types that modules see.
    pub fn exports(&self) -> &[(Name, Type)] {
        &self.exports
    }

    /// The type of the script as a module.
    pub(crate) fn ty(&self) -> Type {
        let main = Field::named("Main", Type::fileset().with_flow(true));
        let exports = self.exports.iter().map(|(name, ty)| Field::named(name.clone(), ty.clone()));
        Type::module(exports.chain([main]).collect::<Vec<_>>(), [])
    }

    /// What is wrong with the parameters if the script is to be a module.
    pub(crate) fn unfit_as_module(&self) -> Option<Diagnostic> {
        let is_identifier = |name: &str| {
            let starts_well = name.starts_with(char::is_alphabetic);
            starts_well && name.chars().all(|character| character.is_alphanumeric() || character == '_')
        };
        self.params.iter().find_map(|param| {
            let message = match &*param.name {
                "args" => "reserved parameter name args".to_owned(),
                name if !is_identifier(name) => format!("param {name:?} is not a valid Reflow identifier"),
                _ => return None,
            };
            Some(Diagnostic::error(2043, &param.source, param.span, message))
        })
    }

    /// The module that comes of the script with these arguments.
    pub(crate) fn instantiate(&self, graph: &mut Graph, arguments: &ScriptArguments) -> Result<Value, Error> {
        let evaluated = self.evaluate_at_run_time(graph, arguments)?;
        let main = result(graph, &evaluated);
        let mut values = Vec::with_capacity(self.exports.len() + 1);
        for (name, _) in &self.exports {
            values.push(evaluated.definitions.get(name).map_or(Value::Unit, |value| value.to_value(graph)));
        }
        values.push(graph.value(main));
        let names = self.exports.iter().map(|(name, _)| name.clone()).chain(["Main".into()]);
        Ok(Value::Module(Rc::new(Record::new(Shape::new(names.collect()), values))))
    }

    /// The script's result: a flow of all that it exports, or nothing.
    pub fn run(&self, graph: &mut Graph, arguments: &ScriptArguments) -> Result<Value, Error> {
        let evaluated = self.evaluate_at_run_time(graph, arguments)?;
        if evaluated.externs.is_empty() {
            return Ok(Value::Fileset(Rc::default()));
        }
        let id = result(graph, &evaluated);
        Ok(graph.value(id))
    }

    fn evaluate_at_run_time(&self, graph: &mut Graph, arguments: &ScriptArguments) -> Result<Evaluated, Error> {
        self.evaluate(graph, arguments).map_err(Error::from)
    }

    fn evaluate(&self, graph: &mut Graph, arguments: &ScriptArguments) -> Result<Evaluated, Mistake> {
        let before = graph.set_hash_v1(self.hash_v1);
        let evaluated = Evaluator::new(arguments, self.hash_v1).statements(graph, &self.name, &self.statements);
        graph.set_hash_v1(before);
        evaluated
    }
}

/// The merge of all externs, or nothing.
fn result(graph: &mut Graph, evaluated: &Evaluated) -> flow::FlowId {
    match evaluated.externs.is_empty() {
        true => graph.fileset(Fileset::new()),
        false => graph.add(Op::Merge, evaluated.externs.clone()),
    }
}

/// A list of the filesets that a flow yields.
fn list_of(graph: &mut Graph, id: flow::FlowId) -> Value {
    let id = graph.coerce(Digest::of("reflow/legacy.list"), id, |value: &Value| match value {
        Value::Fileset(fileset) => {
            Ok(Value::list(fileset.list.iter().map(|part| Value::Fileset(Rc::new(part.clone()))).collect::<Vec<_>>()))
        }
        other => Err(Error::new(Kind::Eval, format!("expected a fileset, got {}", other.kind_name()))),
    });
    graph.value(id)
}

/// A result in full, as scripts print theirs (command-line spec §7.1).
pub fn print_result(fileset: &Fileset) -> String {
    if fileset.is_empty() {
        return "void".to_owned();
    }
    if fileset.map.is_empty() {
        return format!("list<{}>", fileset.list.iter().map(print_result).collect::<Vec<_>>().join(", "));
    }
    let file = |(path, file): (&String, &base::File)| match file.is_reference() {
        true => format!("{path}={}", file.short()),
        false => format!("{path}={}", file.digest()),
    };
    fileset.map.iter().map(file).collect::<Vec<_>>().join(", ")
}
