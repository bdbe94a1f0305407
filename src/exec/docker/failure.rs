//! What the engine's errors mean.

use std::error::Error as _;

use base::{Error, Kind};
use bollard::errors::Error as DockerError;

/// The error with everything under it: the outermost of these often says no more than "client error".
pub(super) fn text(error: &DockerError) -> String {
    let mut text = match error {
        DockerError::DockerResponseServerError { message, .. } => message.trim_end().to_owned(),
        error => error.to_string(),
    };
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// The HTTP status that the engine answered with.
pub(super) fn status(error: &DockerError) -> Option<u16> {
    match error {
        DockerError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// A failure of the machinery: `NotAllowed` when the engine says so, else `Unavailable`
/// (runtime spec §6.5).
pub(super) fn machinery(doing: &str, error: &DockerError) -> Error {
    let kind = match status(error) {
        Some(401 | 403) => Kind::NotAllowed,
        _ => Kind::Unavailable,
    };
    Error::new(kind, text(error)).during(format!("Docker engine: {doing}"))
}
