//! Values of flags that are more than words and numbers.

use std::time::Duration;

use base::assertion::Policy;
use base::regexp::Regexp;
use clap::builder::ValueParser;

/// A Boolean flag, with Go's spellings. Bare `-name` has become `--name=true` before.
pub(super) fn boolean() -> ValueParser {
    ValueParser::new(|text: &str| match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("it must be true or false".to_owned()),
    })
}

/// A regular expression.
pub(super) fn pattern(text: &str) -> Result<Regexp, String> {
    Regexp::parse(text).map_err(|error| error.to_string())
}

/// A duration as Go writes it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    base::units::parse_duration(text).map_err(|error| error.to_string())
}

/// When a cached result is still good.
pub(super) fn policy(text: &str) -> Result<Policy, String> {
    text.parse().map_err(|_| "it must be never or exact".to_owned())
}
