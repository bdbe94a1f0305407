//! What the codes mean: the catalogues of all layers, and that of running, `R4xxx`, which is here.

use base::Kind;
use engine::Failure;
use syntax::diagnostic::Code;
use syntax::explain::Explanation;

use crate::terminal;

mod running;

/// Docker was asked for and does not answer.
pub(crate) const ENGINE_UNREACHABLE: Code = Code(4020);
/// The state folder cannot be used.
pub(crate) const STATE_FOLDER: Code = Code(4021);

/// Every explanation, in the order of the codes.
pub(crate) fn all() -> impl Iterator<Item = &'static Explanation> {
    syntax::explain::all().chain(lang::explain::all()).chain(running::EXPLANATIONS)
}

/// The code under which a failed node is explained.
pub(crate) fn code_of(failure: &Failure) -> Code {
    if let Some((origin, _)) = failure.error.origin() {
        return Code(origin.code);
    }
    let ran = failure.exec.as_ref().is_some_and(|exec| exec.run.is_some());
    Code(match (failure.error.kind(), failure.op) {
        (Kind::DockerExec, _) => 4001,
        (Kind::Oom, _) => 4002,
        (Kind::ResourcesExhausted, _) => 4005,
        (Kind::Temporary | Kind::TooManyTries, "exec") if ran => 4007,
        (Kind::Invalid | Kind::NotExist | Kind::Eval | Kind::Other, "exec") if ran => 4006,
        (Kind::Integrity, _) => 4011,
        (_, "exec") if failure.exec.is_none() => 4003,
        (Kind::NotExist, "extern") => 4012,
        (Kind::NotExist, _) => 4004,
        (Kind::NotSupported, _) => 4008,
        (Kind::NotAllowed, _) => 4009,
        (Kind::Timeout | Kind::Net | Kind::Unavailable | Kind::Temporary | Kind::TooManyTries, _) => 4010,
        (_, "extern") => 4012,
        _ => 4013,
    })
}

/// Where to read on about a code, as a line to add on a terminal; nothing elsewhere, where what is said is
/// for other programs too.
pub(crate) fn pointer(codes: &[Code]) -> String {
    if codes.is_empty() || !terminal::is_drawing() {
        return String::new();
    }
    let mut codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    codes.sort();
    codes.dedup();
    format!("\n\tto read on: reflow explain {}", codes.join(" "))
}

/// A failure of a step `main.Main`, for tests.
#[cfg(test)]
pub(crate) fn made_failure(kind: Kind, op: &'static str, message: &str) -> Failure {
    Failure {
        id: flow::Graph::default().intern("localfile:///input", false),
        ident: "main.Main".to_owned(),
        digest: base::Digest::of("main.Main"),
        op,
        place: None,
        error: base::Error::new(kind, message),
        of_image: false,
        exec: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_kind_of_a_failure_and_what_was_done() {
        for (kind, op, expected) in [
            (Kind::Oom, "exec", "R4002"),
            (Kind::NotExist, "exec", "R4003"),
            (Kind::NotExist, "intern", "R4004"),
            (Kind::NotExist, "extern", "R4012"),
            (Kind::ResourcesExhausted, "exec", "R4005"),
            (Kind::NotSupported, "intern", "R4008"),
            (Kind::NotAllowed, "extern", "R4009"),
            (Kind::Timeout, "intern", "R4010"),
            (Kind::Net, "extern", "R4010"),
            (Kind::Unavailable, "intern", "R4010"),
            (Kind::Integrity, "exec", "R4011"),
            (Kind::Other, "extern", "R4012"),
            (Kind::Fatal, "intern", "R4013"),
        ] {
            let code = code_of(&made_failure(kind, op, "made for this test"));
            assert_eq!(code.to_string(), expected, "{kind:?} of {op}");
        }
    }
}
