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

/// Whether there is no such container. Podman has another status for one that goes while it looks.
pub(super) fn is_gone(error: &DockerError) -> bool {
    status(error) == Some(404) || status(error) == Some(500) && text(error).contains("no such container")
}

/// Whether a container could not be made as another one has its name. Podman has no status of its own for that.
pub(super) fn is_name_taken(error: &DockerError) -> bool {
    status(error) == Some(409) || status(error) == Some(500) && text(error).contains("already in use")
}

/// Whether what was taken for the name of an image is none. Podman has no status of its own for that.
pub(super) fn is_no_image_name(error: &DockerError) -> bool {
    status(error) == Some(400) || status(error) == Some(500) && text(error).contains("invalid reference format")
}

/// What a failure to start says if the image has no bash.
pub(super) fn lacks_bash(error: &DockerError) -> Option<Error> {
    let text = text(error);
    let message = "the image has no /bin/bash, which runs every command; choose an image with bash in it";
    (text.contains("/bin/bash") && text.contains("no such file")).then(|| Error::new(Kind::Invalid, message))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podman_says_the_same_with_another_status() {
        let error = |status_code, message: &str| DockerError::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        };
        let gone = "container 0d34 does not exist in database: no such container";
        assert!(is_gone(&error(404, "No such container: x")) && is_gone(&error(500, gone)));
        let taken = "the container name \"x\" is already in use by 0d34";
        assert!(is_name_taken(&error(409, "Conflict")) && is_name_taken(&error(500, taken)));
        let no_name = "normalizing image: normalizing name for compat API: invalid reference format";
        assert!(is_no_image_name(&error(400, "invalid reference format")) && is_no_image_name(&error(500, no_name)));
        let other = error(500, "the disk is full");
        assert!(!is_gone(&other) && !is_name_taken(&other) && !is_no_image_name(&other));
        let no_bash = "exec: \"/bin/bash\": stat /bin/bash: no such file or directory";
        assert!(lacks_bash(&error(409, no_bash)).is_some() && lacks_bash(&other).is_none());
    }
}
