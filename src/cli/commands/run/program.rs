//! A program with its parameters bound, as far as evaluation alone goes (CLI spec §10.2, §11).

use std::collections::BTreeMap;
use std::rc::Rc;

use flow::Graph;
use flow::graph::Config as GraphConfig;
use lang::eval::{force, instantiate};
use lang::parameters::{self, Flag, FlagError, FlagKind, Settings};
use types::{Type, Value};

use super::super::session;
use crate::arguments::{self, Global, RunFlags};
use crate::exit::Exit;
use crate::terminal;

/// A program that is ready to be reduced.
pub(super) struct Program {
    pub(super) graph: Graph,
    /// The value of `Main`: a flow, if there is something to run.
    pub(super) main: Value,
    pub(super) ty: Type,
    pub(super) params: Bound,
}

/// Values of parameters as texts.
pub(super) struct Bound {
    /// Those on the command line.
    pub(super) given: BTreeMap<String, String>,
    /// All that can stand there; empty where there is no text.
    pub(super) all: BTreeMap<String, String>,
}

impl Program {
    pub(super) fn load(global: &Global, flags: &RunFlags) -> Result<Self, Exit> {
        let session = session();
        let (module, diagnostics) = session.load(&flags.path);
        let module = module.ok_or_else(|| Exit::of_diagnostics(&diagnostics))?;
        terminal::show_diagnostics(&diagnostics);
        let Some(ty) = module.ty.field("Main").cloned() else {
            return Err(Exit::failed(format!("{}: module has no Main", flags.path)));
        };
        let mut graph = Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: false });
        let params = parameters::flags(&mut graph, &session, &module)?;
        let settings = bind(flags, &params)?;
        let values = parameters::arguments(&mut graph, &session, &params, &settings)?;
        let value = instantiate(&mut graph, &session, &module, &values).map_err(Exit::evaluation)?;
        let main = match &value {
            Value::Module(record) => record.get("Main").cloned().unwrap_or(Value::Unit),
            _ => Value::Unit,
        };
        let ident: Rc<str> = format!("{}.Main", module.name).into();
        let main = force(&mut graph, &ident, main, &ty).map_err(Exit::evaluation)?;
        let text = |flag: &Flag| settings.set.get(&*flag.name).or(flag.default.as_ref()).cloned().unwrap_or_default();
        let all = params.iter().map(|flag| (flag.name.to_string(), text(flag))).collect();
        Ok(Self { graph, main, ty, params: Bound { given: settings.set, all } })
    }
}

/// Takes the program's flags off its words.
fn bind(flags: &RunFlags, params: &[Flag]) -> Result<Settings, Exit> {
    let usage = || usage(&flags.path, params);
    let settings = match parameters::parse(params, &flags.args) {
        Ok(settings) => settings,
        Err(FlagError::Help) => {
            terminal::say(&usage());
            return Err(Exit::Success);
        }
        Err(FlagError::Usage(message)) => return Err(Exit::failed(format!("{message}\n{}", usage()))),
    };
    if settings.rest.is_empty() {
        return Ok(settings);
    }
    Err(Exit::failed(format!("arguments left over: {}\n{}", settings.rest.join(" "), usage())))
}

/// The program's own flags, laid out like the tool's.
fn usage(path: &str, params: &[Flag]) -> String {
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    sorted.into_iter().fold(format!("usage of {path}:\n"), |text, flag| text + &entry(flag))
}

fn entry(flag: &Flag) -> String {
    let kind = Some(flag.kind.name()).filter(|_| flag.kind != FlagKind::Bool);
    let zero = |text: &str| text.is_empty() || matches!(text, "0" | "false");
    let note = match &flag.default {
        _ if flag.required && flag.kind != FlagKind::Bool => Some("(required)".to_owned()),
        Some(default) if zero(default) => None,
        Some(default) if flag.kind == FlagKind::String => {
            Some(format!("(default {})", types::quote::quote(default.as_bytes())))
        }
        Some(default) => Some(format!("(default {default})")),
        None => None,
    };
    arguments::flag_entry(&flag.name, kind, &flag.doc, note.as_deref())
}
