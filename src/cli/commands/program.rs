//! A program with its parameters bound, as far as evaluation alone goes (CLI spec §10.2, §11).

use std::collections::BTreeMap;
use std::rc::Rc;

use flow::Graph;
use flow::graph::Config as GraphConfig;
use lang::eval::{force, instantiate};
use lang::legacy::{ScriptArguments, print_result};
use lang::module::{Importable, Module};
use lang::parameters::{self, Flag, FlagError, FlagKind, Settings};
use lang::session::Session;
use types::{Type, Value};

use super::{session, without_advice};
use crate::arguments::{self, Global};
use crate::exit::Exit;
use crate::terminal;

/// A program that was checked, with its flags.
pub(super) struct Program {
    pub(super) session: Rc<Session>,
    pub(super) graph: Graph,
    path: String,
    module: Rc<Module>,
    flags: Vec<Flag>,
}

/// A program that is ready to be reduced.
pub(super) struct Ready {
    pub(super) graph: Graph,
    /// The value of `Main`: a flow, if there is something to run.
    pub(super) main: Value,
    pub(super) ty: Type,
    pub(super) params: Bound,
    /// Words behind the flags; only legacy scripts take any.
    pub(super) args: Vec<String>,
    /// Whether it is a legacy script, whose results print in full.
    pub(super) legacy: bool,
}

/// Values of parameters as texts.
pub(super) struct Bound {
    /// Those on the command line.
    pub(super) given: BTreeMap<String, String>,
    /// All that can stand there; empty where there is no text.
    pub(super) all: BTreeMap<String, String>,
}

/// Why a program does not take its words.
pub(super) enum Refused {
    /// Help was asked for: the usage.
    Help(String),
    /// What is wrong with them, and the usage.
    Words(String),
}

impl Refused {
    /// What the program at `path` with these flags says of its words.
    pub(super) fn new(error: FlagError, path: &str, flags: &[Flag]) -> Self {
        match error {
            FlagError::Help => Self::Help(usage(path, flags)),
            FlagError::Usage(message) => Self::Words(format!("{message}\n{}", usage(path, flags))),
        }
    }
}

impl From<Refused> for Exit {
    /// As `run` has it: help is what was wanted, anything else is a failure (CLI spec §11).
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Help(usage) => {
                terminal::say(&usage);
                Exit::Success
            }
            Refused::Words(message) => Exit::failed(message),
        }
    }
}

impl Program {
    /// Loads and checks a program.
    pub(super) fn load(global: &Global, path: &str) -> Result<Self, Exit> {
        let session = session();
        let (module, diagnostics) = session.load(path);
        let diagnostics = without_advice(diagnostics);
        let module = module.ok_or_else(|| Exit::of_diagnostics(&diagnostics))?;
        terminal::show_diagnostics(&diagnostics);
        let mut graph = Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: false });
        let flags = parameters::flags(&mut graph, &session, &module)?;
        Ok(Self { session, graph, path: path.to_owned(), module, flags })
    }

    /// The type of a member of the program.
    pub(super) fn member(&self, name: &str) -> Option<&Type> {
        self.module.ty.field(name)
    }

    /// Takes the program's flags off its words.
    pub(super) fn bind(&self, words: &[String]) -> Result<Settings, Refused> {
        let refused = |error| Refused::new(error, &self.path, &self.flags);
        let settings = parameters::parse(&self.flags, words).map_err(refused)?;
        if settings.rest.is_empty() {
            return Ok(settings);
        }
        let left_over = format!("arguments left over: {}", settings.rest.join(" "));
        Err(refused(FlagError::Usage(left_over)))
    }

    /// The value of the program.
    pub(super) fn instantiate(&mut self, settings: &Settings) -> Result<Value, Exit> {
        let values = parameters::arguments(&mut self.graph, &self.session, &self.flags, settings)?;
        instantiate(&mut self.graph, &self.session, &self.module, &values)
            .map_err(|error| Exit::of_evaluation(&self.session, &error))
    }

    /// The value of `Main`, all of it; nothing if there is none.
    pub(super) fn main(&mut self, program: &Value) -> Result<Option<Value>, Exit> {
        let main = match program {
            Value::Module(record) => record.get("Main").cloned(),
            _ => None,
        };
        let (Some(main), Some(ty)) = (main, self.module.ty.field("Main")) else { return Ok(None) };
        let ident: Rc<str> = format!("{}.Main", self.module.name).into();
        let forced = force(&mut self.graph, &ident, main, ty);
        forced.map(Some).map_err(|error| Exit::of_evaluation(&self.session, &error))
    }
}

impl Ready {
    /// A program with these words, for its `Main`.
    pub(super) fn load(global: &Global, path: &str, words: &[String]) -> Result<Self, Exit> {
        if path.ends_with(".reflow") {
            return Self::load_script(global, path, words);
        }
        let mut program = Program::load(global, path)?;
        let Some(ty) = program.member("Main").cloned() else {
            return Err(Exit::of_mistake(
                lang::module::no_main(&program.module),
                format!("{path}: module has no Main"),
            ));
        };
        let settings = program.bind(words)?;
        let value = program.instantiate(&settings)?;
        let main = program.main(&value)?.unwrap_or(Value::Unit);
        let params = Bound::of(&program.flags, settings.set);
        Ok(Self { graph: program.graph, main, ty, params, args: Vec::new(), legacy: false })
    }

    /// A legacy script with these words (CLI spec §11 #9).
    fn load_script(global: &Global, path: &str, words: &[String]) -> Result<Self, Exit> {
        let (loaded, diagnostics) = session().load_any(path);
        let Some(Importable::Legacy(script)) = loaded else { return Err(Exit::of_diagnostics(&diagnostics)) };
        let flags = parameters::script_flags(&script);
        let refused = |error| Refused::new(error, path, &flags);
        let Settings { set, rest } = parameters::split(&flags, words).map_err(refused)?;
        let undefined = flags.iter().filter(|flag| set.get(&*flag.name).is_none_or(String::is_empty));
        let undefined: Vec<_> = undefined.map(|flag| format!("parameter {:?} is undefined", flag.name)).collect();
        if !undefined.is_empty() {
            return Err(refused(FlagError::Usage(undefined.join("\n"))).into());
        }
        let mut graph = Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: script.hash_v1() });
        let arguments = ScriptArguments { params: set.clone(), args: rest.clone() };
        let main = script.run(&mut graph, &arguments).map_err(Exit::evaluation)?;
        Ok(Self { graph, main, ty: Type::fileset(), params: Bound::of(&flags, set), args: rest, legacy: true })
    }

    /// How a value of the program prints.
    pub(super) fn printer(&self) -> fn(&Value, &Type) -> String {
        if !self.legacy {
            return types::print::print;
        }
        |value, ty| match value {
            Value::Fileset(fileset) => print_result(fileset),
            other => types::print::print(other, ty),
        }
    }
}

impl Bound {
    fn of(flags: &[Flag], given: BTreeMap<String, String>) -> Self {
        let text = |flag: &Flag| given.get(&*flag.name).or(flag.default.as_ref()).cloned().unwrap_or_default();
        let all = flags.iter().map(|flag| (flag.name.to_string(), text(flag))).collect();
        Self { given, all }
    }
}

/// The program's own flags, laid out like the tool's.
fn usage(path: &str, params: &[Flag]) -> String {
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    sorted.into_iter().fold(format!("usage of {path}:\n"), |text, flag| text + &entry(flag))
}

fn entry(flag: &Flag) -> String {
    let ty = flag.ty.to_string();
    let kind = match flag.kind {
        FlagKind::Bool => None,
        FlagKind::Other => Some(&*ty),
        kind => Some(kind.name()),
    };
    let zero = |text: &str| text.is_empty() || matches!(text, "0" | "false");
    let note = match &flag.default {
        _ if flag.required && flag.kind != FlagKind::Bool => Some("(required)".to_owned()),
        Some(default) if zero(default) => None,
        Some(default) if flag.kind == FlagKind::String => {
            Some(format!("(default {})", base::quote::quote(default.as_bytes())))
        }
        Some(default) => Some(format!("(default {default})")),
        None => None,
    };
    arguments::flag_entry(&flag.name, kind, &flag.doc, note.as_deref())
}
