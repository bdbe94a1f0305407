//! What is wrong with words, in a line: clap knows the facts, these are the words for them.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Says what clap found wrong.
pub(super) fn explain(error: &Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        // Of several that are missing the first is told.
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let name = flag_name(&argument);
    match error.kind() {
        ErrorKind::MissingRequiredArgument if argument.starts_with('-') => format!("{name} is missing"),
        ErrorKind::MissingRequiredArgument => format!("{} is missing", argument.trim_matches(['<', '>', '.'])),
        ErrorKind::UnknownArgument => format!("there is an argument too many: {argument}"),
        ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue);
            let known = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => known.join(", "),
                _ => String::new(),
            };
            format!("bad value {value:?} of {name}: it must be one of {known}")
        }
        ErrorKind::ValueValidation => {
            let value = text(ContextKind::InvalidValue);
            let reason = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("bad value {value:?} of {name}: {reason}")
        }
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8".to_owned(),
        _ => error.render().to_string().trim().trim_start_matches("error: ").to_owned(),
    }
}

/// The name of a flag as people write it; clap writes `--name <value>`.
fn flag_name(argument: &str) -> String {
    let name = argument.split_whitespace().next().unwrap_or(argument).trim_start_matches('-');
    format!("-{name}")
}
