//! Module parameters as command-line flags (language spec §8.3).
//!
//! [`flags`] says which flags a module has, [`parse`] what a command line sets, [`arguments`] makes values
//! of that. A bundle has a command line of its own, whose values take the place of defaults: [`inject`].

mod settings;

use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use types::float::Float;
use types::print::print;
use types::ty::TypeKind;
use types::{Type, Value};

use crate::eval::env::{Env, Ident, Instance};
use crate::eval::{Arguments, eval};
use crate::legacy::{Script, ScriptParam};
use crate::module::{Module, Param};
use crate::session::Session;
use crate::system::import_value;

pub use settings::{FlagError, Settings, parse, split};

/// A parameter as a flag.
pub struct Flag {
    /// The parameter's name.
    pub name: Rc<str>,
    /// What its value is.
    pub kind: FlagKind,
    /// The parameter's type.
    pub ty: Type,
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
    /// Something that no text stands for. The flag is there, but refuses to be set.
    Other,
}

impl FlagKind {
    fn of(ty: &Type) -> Self {
        match ty.kind {
            TypeKind::String => Self::String,
            TypeKind::Int => Self::Int,
            TypeKind::Float => Self::Float,
            TypeKind::Bool => Self::Bool,
            TypeKind::File => Self::File,
            TypeKind::Dir => Self::Dir,
            _ => Self::Other,
        }
    }

    /// The name of the type; that of [`FlagKind::Other`] says only that it is one of the language.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::File => "file",
            Self::Dir => "dir",
            Self::Other => "value",
        }
    }
}

/// The flags of a module, in the order of its parameters.
///
/// A required parameter of a type that no flag can have is an error: the module cannot be run.
pub fn flags(graph: &mut Graph, session: &Rc<Session>, module: &Rc<Module>) -> Result<Vec<Flag>, Error> {
    let mut flags = Vec::with_capacity(module.params.len());
    for param in &module.params {
        let mut flag = Flag::of(param);
        if flag.kind == FlagKind::Other && flag.required {
            return Err(Error::new(Kind::Fatal, not_supported(&param.name, &param.ty)));
        }
        let value = match (&flag.default, &param.default) {
            (None, Some(default)) if !default.depends_on_params => {
                let env = Env::new(Instance::new(module.clone(), session.clone()), 1, Ident::default());
                Some(eval(graph, &env, &default.value)?)
            }
            _ => None,
        };
        match (flag.kind, &value) {
            // It has no text, but nor is it known yet: the reference offers it all the same.
            (FlagKind::Other, Some(value)) if !value.is_flow() => continue,
            (FlagKind::Other, _) | (_, None) => {}
            (_, Some(value)) => flag.default = default_text(value, &param.ty),
        }
        flags.push(flag);
    }
    Ok(flags)
}

impl Flag {
    /// The flag of a parameter, with a default only if a bundle has set one.
    fn of(param: &Param) -> Self {
        Self {
            name: param.name.clone(),
            kind: FlagKind::of(&param.ty),
            ty: param.ty.clone(),
            required: param.is_required(),
            doc: param.doc.clone(),
            default: param.injected.as_deref().map(str::to_owned),
        }
    }
}

/// The flags of a legacy script: its parameters, all of them strings.
pub fn script_flags(script: &Script) -> Vec<Flag> {
    let flag = |param: &ScriptParam| Flag {
        name: param.name.clone(),
        kind: FlagKind::String,
        ty: Type::string(),
        required: true,
        doc: param.help.clone(),
        default: None,
    };
    script.params().iter().map(flag).collect()
}

fn not_supported(name: &str, ty: &Type) -> String {
    format!("-{name}: flags of type {ty} not supported (valid types are: string, int, float, bool, file, dir)")
}

/// The text of a default that is an immediate scalar.
fn default_text(value: &Value, ty: &Type) -> Option<String> {
    match value {
        Value::String(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Some(print(value, ty)),
        _ => None,
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
        bound.push((flag.name.clone(), value(graph, session, &flag.name, &flag.ty, text)?));
    }
    Ok(Arguments(bound))
}

/// The value that the text of a flag stands for.
fn value(graph: &mut Graph, session: &Rc<Session>, name: &str, ty: &Type, text: &str) -> Result<Value, Error> {
    let wrong = || Error::new(Kind::Invalid, format!("invalid value {text:?} for flag -{name}"));
    Ok(match FlagKind::of(ty) {
        FlagKind::String => Value::string(text),
        FlagKind::Int => Value::Int(text.parse().map_err(|_| wrong())?),
        FlagKind::Float => Value::Float(Float::parse_flag(text).map_err(|_| wrong())?),
        FlagKind::Bool => Value::Bool(settings::parse_bool(text).ok_or_else(wrong)?),
        FlagKind::File => import_value(graph, session, false, &format!("-{name}"), text)?,
        FlagKind::Dir => import_value(graph, session, true, &format!("-{name}"), text)?,
        FlagKind::Other => return Err(Error::new(Kind::Invalid, not_supported(name, ty))),
    })
}

/// The flags of a module for the making of a bundle: all of them, without their defaults.
pub fn declared(module: &Module) -> Vec<Flag> {
    module.params.iter().map(Flag::of).collect()
}

/// What the command line of a bundle says, without asking for values that must be given.
pub fn parse_injected(flags: &[Flag], args: &[String]) -> Result<Settings, FlagError> {
    let settings = settings::split(flags, args)?;
    match settings.rest.is_empty() {
        true => Ok(settings),
        false => Err(FlagError::Usage(format!("arguments left over: {}", settings.rest.join(" ")))),
    }
}

/// Sets the flags of a bundle: they come before defaults, and behind all that is given to the module
/// (language spec §8.4).
pub(crate) fn inject(module: &mut Module, args: &[String]) -> Result<(), FlagError> {
    let settings = parse_injected(&declared(module), args)?;
    for param in &mut module.params {
        param.injected = settings.set.get(&*param.name).map(|text| text.as_str().into());
    }
    Ok(())
}

/// The value that a bundle sets for a parameter.
pub(crate) fn injected(graph: &mut Graph, session: &Rc<Session>, param: &Param) -> Result<Option<Value>, Error> {
    param.injected.as_ref().map(|text| value(graph, session, &param.name, &param.ty, text)).transpose()
}

/// The same as it would be written in a program.
pub(crate) fn injected_source(param: &Param) -> Option<String> {
    let text = param.injected.as_deref()?;
    let quoted = || types::quote::quote(text.as_bytes());
    Some(match FlagKind::of(&param.ty) {
        FlagKind::String => quoted(),
        FlagKind::File => format!("file({})", quoted()),
        FlagKind::Dir => format!("dir({})", quoted()),
        FlagKind::Float => Float::parse_flag(text).map_or(text.to_owned(), |number| number.to_string()),
        FlagKind::Bool => settings::parse_bool(text).map_or(text.to_owned(), |truth| truth.to_string()),
        FlagKind::Int | FlagKind::Other => text.to_owned(),
    })
}
