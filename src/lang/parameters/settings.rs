//! Command lines of programs: words to settings.

use std::collections::BTreeMap;

use types::float::Float;
use types::integer::Integer;

use super::{Flag, FlagKind, not_supported};

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
/// first word that is no flag, or behind `--`. Flags that must be given are.
pub fn parse(flags: &[Flag], args: &[String]) -> Result<Settings, FlagError> {
    let settings = split(flags, args)?;
    missing(flags, &settings.set)?;
    Ok(settings)
}

/// The same, whatever is missing.
pub fn split(flags: &[Flag], args: &[String]) -> Result<Settings, FlagError> {
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
        if flag.kind == FlagKind::Other {
            return usage(not_supported(name, &flag.ty));
        }
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

pub(super) fn parse_bool(text: &str) -> Option<bool> {
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
