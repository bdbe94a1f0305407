//! What goes wrong while a program is evaluated: the codes, and how such an error is shown in the text of
//! the program.

use std::rc::Rc;

use base::failure::Origin;
use syntax::ast::Span;
use syntax::diagnostic::{Diagnostic, Source};

pub(crate) const BY_ZERO: u16 = 3001;
pub(crate) const NO_NUMBER: u16 = 3002;
pub(crate) const TOO_LARGE: u16 = 3003;
pub(crate) const BOUNDS: u16 = 3004;
pub(crate) const NO_KEY: u16 = 3005;
pub(crate) const MISMATCH: u16 = 3006;
pub(crate) const PANIC: u16 = 3007;
pub(crate) const ERROR: u16 = 3008;
pub(crate) const LENGTHS: u16 = 3009;
pub(crate) const EMPTY_LIST: u16 = 3010;
pub(crate) const RANGE: u16 = 3011;
pub(crate) const NOT_IMMEDIATE: u16 = 3012;
pub(crate) const ROOM: u16 = 3013;
pub(crate) const NOT_TEXT: u16 = 3014;
pub(crate) const BAD_RESULT: u16 = 3015;
pub(crate) const LOCAL_DATA: u16 = 3020;
pub(crate) const LOCAL_SIZE: u16 = 3021;
pub(crate) const EMPTY_DIR: u16 = 3022;
pub(crate) const ASSERTION: u16 = 3023;
pub(crate) const SYSTEM: u16 = 3024;
/// What cannot happen in a program that was checked.
pub(crate) const INTERNAL: u16 = 3099;

/// The error as a diagnostic in `source`, the text that its origin names.
pub(crate) fn diagnostic(source: &Rc<Source>, origin: &Origin, said: &str) -> Diagnostic {
    let span = Span { start: origin.start, end: origin.end, at: origin.at };
    let message = bare(said, &source.place(origin.at));
    let (label, help) = remarks(origin.code);
    let diagnostic = Diagnostic::error(origin.code, source, span, message).labelled(label);
    match help {
        "" => diagnostic,
        help => diagnostic.help(help),
    }
}

/// What was said without the place, and the label of what was being made there, in front.
fn bare<'m>(said: &'m str, place: &str) -> &'m str {
    let Some(rest) = said.strip_prefix(place) else { return said };
    match rest.strip_prefix(": ") {
        Some(rest) => rest,
        None => {
            let rest = rest.trim_start();
            let label = rest.split_once(": ").filter(|(label, _)| !label.contains(' '));
            label.map_or(rest, |(_, rest)| rest)
        }
    }
}

/// A remark at the place of a failure, and what to do.
fn remarks(code: u16) -> (&'static str, &'static str) {
    match code {
        BY_ZERO => ("the right side is 0 here", "ask first: `if n == 0 { … } else { … / n }`"),
        NO_NUMBER => ("has no result", ""),
        TOO_LARGE => ("would be a number too large to hold", ""),
        BOUNDS => ("there is no such element", "elements are counted from 0; `len(xs)` is how many there are"),
        NO_KEY => ("there is no such key", "`[k | (k, _) <- m]` is the list of the keys of `m`"),
        MISMATCH => ("the value is not of this form", "a `switch` has a case for every form"),
        PANIC | ERROR => ("the program ends itself here", ""),
        LENGTHS => ("the two lists differ in length", ""),
        EMPTY_LIST => ("the list is empty here", "`fold` takes a value for the empty list"),
        RANGE => ("called here", "the first number may not be greater than the second"),
        NOT_IMMEDIATE => ("depends on what is known only while the program runs", ""),
        ROOM => ("asks for this", "amounts are finite and not negative"),
        NOT_TEXT => ("this command", ""),
        BAD_RESULT => ("this command", ""),
        LOCAL_DATA => (
            "read here",
            "a path without a scheme is read while the program is evaluated, from the folder that reflow runs in",
        ),
        LOCAL_SIZE => ("read here", "larger data is named by a URL: `localfile:///path` on this machine"),
        EMPTY_DIR => ("read here", "there is no such folder, or no file in it"),
        ASSERTION => ("asserted here", ""),
        SYSTEM => ("called here", ""),
        _ => ("here", "this is a defect of reflow; please report it with the program"),
    }
}
