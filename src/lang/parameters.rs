//! Module parameters as command-line flags (language spec §8.3).

use std::collections::BTreeMap;
use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use types::float::Float;
use types::integer::Integer;
use types::print::print;
use types::ty::TypeKind;
use types::{Type, Value};

use crate::eval::env::{Env, Ident, Instance};
use crate::eval::{Arguments, eval};
use crate::module::{Module, Param};
use crate::session::Session;
use crate::system::import_value;

/// A parameter as a flag.
pub struct Flag {
    /// The parameter's name.
    pub name: Rc<str>,
    /// What its value is.
    pub kind: FlagKind,
    /// Whether it must be given.
    pub required: bool,
    /// Documentation.
    pub doc: Rc<str>,
    /// The default as text that would set the same value, if it is an immediate scalar.
    pub default: Option<String>,
}

/// The types of flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagKind {
    /// Any text.
    String,
    /// A decimal integer of any size.
    Int,
    /// A float, with base prefixes and `_` between digits allowed.
    Float,
    /// A truth value; takes a value only behind `=`.
    Bool,
    /// A URL or path of a file.
    File,
    /// A URL or path of a directory.
    Dir,
}

impl FlagKind {
    fn of(ty: &Type) -> Option<Self> {
        Some(match ty.kind {
            TypeKind::String => Self::String,
            TypeKind::Int => Self::Int,
            TypeKind::Float => Self::Float,
            TypeKind::Bool => Self::Bool,
            TypeKind::File => Self::File,
            TypeKind::Dir => Self::Dir,
            _ => return None,
        })
    }

    /// The name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::File => "file",
            Self::Dir => "dir",
        }
    }
}

/// The flags of a module, in the order of its parameters.
///
/// A required parameter of a type that no flag can have is an error: the module cannot be run.
pub fn flags(graph: &mut Graph, session: &Rc<Session>, module: &Rc<Module>) -> Result<Vec<Flag>, Error> {
    let mut flags = Vec::with_capacity(module.params.len());
    for param in &module.params {
        let required = param.default.is_none();
        let Some(kind) = FlagKind::of(&param.ty) else {
            if required {
                let message = format!(
                    "-{}: flags of type {} not supported (valid types are: string, int, float, bool, file, dir)",
                    param.name, param.ty
                );
                return Err(Error::new(Kind::Fatal, message));
            }
            continue;
        };
        let default = default_text(graph, session, module, param)?;
        flags.push(Flag { name: param.name.clone(), kind, required, doc: param.doc.clone(), default });
    }
    Ok(flags)
}

/// The text of a default that is an immediate scalar and stands for itself.
fn default_text(
    graph: &mut Graph,
    session: &Rc<Session>,
    module: &Rc<Module>,
    param: &Param,
) -> Result<Option<String>, Error> {
    let Some(default) = param.default.as_ref().filter(|default| !default.depends_on_params) else {
        return Ok(None);
    };
    let env = Env::new(Instance::new(module.clone(), session.clone()), 1, Ident::default());
    let value = eval(graph, &env, &default.value)?;
    Ok(match &value {
        Value::String(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Some(print(&value, &param.ty)),
        _ => None,
    })
}

/// What a command line says of a module's parameters.
#[derive(Debug, Default, PartialEq)]
pub struct Settings {
    /// Texts by parameter; a flag given twice counts once, the last time.
    pub set: BTreeMap<String, String>,
    /// What is left behind the flags.
    pub rest: Vec<String>,
}

/// Why a command line cannot be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum FlagError {
    /// Help was asked for.
    #[error("flag: help requested")]
    Help,
    /// The words are wrong.
    #[error("{0}")]
    Usage(String),
}

/// Splits a command line into flags and the rest: `-x value`, `-x=value`, `--x…`; parsing stops at the
/// first word that is no flag, or behind `--`.
pub fn parse(flags: &[Flag], args: &[String]) -> Result<Settings, FlagError> {
    let mut settings = Settings::default();
    let mut args = args.iter();
    let usage = |message: String| Err(FlagError::Usage(message));
    while let Some(arg) = args.clone().next() {
        let Some(name) = arg.strip_prefix('-').filter(|name| !name.is_empty()) else { break };
        args.next();
        if name == "-" {
            break;
        }
        let name = name.strip_prefix('-').unwrap_or(name);
        if name.starts_with(['-', '=']) {
            return usage(format!("bad flag syntax: {arg}"));
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let Some(flag) = flags.iter().find(|flag| *flag.name == *name) else {
            if matches!(name, "h" | "help") {
                return Err(FlagError::Help);
            }
            return usage(format!("flag provided but not defined: -{name}"));
        };
        let value = match (value, flag.kind) {
            (Some(value), _) => value,
            (None, FlagKind::Bool) => "true".to_owned(),
            (None, _) => match args.next() {
                Some(value) => value.clone(),
                None => return usage(format!("flag needs an argument: -{name}")),
            },
        };
        check(flag, &value).map_err(FlagError::Usage)?;
        settings.set.insert(name.to_owned(), value);
    }
    settings.rest = args.cloned().collect();
    missing(flags, &settings.set)?;
    Ok(settings)
}

fn missing(flags: &[Flag], set: &BTreeMap<String, String>) -> Result<(), FlagError> {
    let mut missing: Vec<_> = flags.iter().filter(|flag| flag.required && !set.contains_key(&*flag.name)).collect();
    missing.sort_by(|left, right| left.name.cmp(&right.name));
    let lines: Vec<_> = missing.iter().map(|flag| format!("missing mandatory flag -{}", flag.name)).collect();
    match lines.as_slice() {
        [] => Ok(()),
        [line] => Err(FlagError::Usage(line.clone())),
        lines => Err(FlagError::Usage(format!("flag errors:\n\t{}", lines.join("\n\t")))),
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn check(flag: &Flag, text: &str) -> Result<(), String> {
    let name = &flag.name;
    match flag.kind {
        FlagKind::Int if text.parse::<Integer>().is_err() => {
            Err(format!("invalid value {text:?} for flag -{name}: cannot parse {text:?} as integer"))
        }
        FlagKind::Float if Float::parse_flag(text).is_err() => {
            Err(format!("invalid value {text:?} for flag -{name}: cannot parse {text:?} as float"))
        }
        FlagKind::Bool if parse_bool(text).is_none() => Err(format!(
            "invalid boolean value {text:?} for -{name}: strconv.ParseBool: parsing {text:?}: invalid syntax"
        )),
        _ => Ok(()),
    }
}

/// The arguments that instantiate a module with these settings. Defaults that are immediate scalars are
/// bound too, from their text, as the reference does: digests of functions see the frame.
pub fn arguments(
    graph: &mut Graph,
    session: &Rc<Session>,
    flags: &[Flag],
    settings: &Settings,
) -> Result<Arguments, Error> {
    let mut bound = Vec::new();
    for flag in flags {
        let Some(text) = settings.set.get(&*flag.name).or(flag.default.as_ref()) else { continue };
        let wrong = || Error::new(Kind::Invalid, format!("invalid value {text:?} for flag -{}", flag.name));
        let value = match flag.kind {
            FlagKind::String => Value::string(text),
            FlagKind::Int => Value::Int(text.parse().map_err(|_| wrong())?),
            FlagKind::Float => Value::Float(Float::parse_flag(text).map_err(|_| wrong())?),
            FlagKind::Bool => Value::Bool(parse_bool(text).ok_or_else(wrong)?),
            FlagKind::File | FlagKind::Dir => {
                import_value(graph, session, flag.kind == FlagKind::Dir, &format!("-{}", flag.name), text)?
            }
        };
        bound.push((flag.name.clone(), value));
    }
    Ok(Arguments(bound))
}
