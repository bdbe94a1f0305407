//! Diagnostics for other programs: one JSON object a line (`-error-format json`).
//!
//! Lines and columns count from 1, columns in Unicode scalar values; an end is one past the last character.
//! `rendered` is the one-line form, whose place is the one that the language gives a message.

use engine::Failure;
use serde::Serialize;
use syntax::diagnostic::{Diagnostic, Label};

use crate::explain;

/// A diagnostic as an object. The names are an interface.
#[derive(Serialize)]
struct Finding<'a> {
    code: String,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    secondary: Vec<Place<'a>>,
    help: Option<&'a str>,
    rendered: String,
}

/// A stretch of a text with a remark.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'a str,
}

impl<'a> Place<'a> {
    fn of(label: &'a Label) -> Self {
        let (line, column) = label.source.position(label.span.start);
        let (end_line, end_column) = label.source.position(label.span.end);
        Self { file: &label.source.name, line, column, end_line, end_column, label: &label.message }
    }
}

/// Each diagnostic as a line.
pub(crate) fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| line(&finding(diagnostic))).collect()
}

fn finding(diagnostic: &Diagnostic) -> Finding<'_> {
    Finding {
        code: diagnostic.code.to_string(),
        severity: if diagnostic.is_error() { "error" } else { "warning" },
        message: &diagnostic.message,
        place: diagnostic.primary.as_ref().map(Place::of),
        secondary: diagnostic.secondary.iter().map(Place::of).collect(),
        help: diagnostic.help.as_deref(),
        rendered: diagnostic.line(),
    }
}

/// A failed step as a line. Its place has no extent.
pub(crate) fn failure(failure: &Failure) -> String {
    let place = failure.place.as_ref().map(|place| {
        let (line, column) = (place.line as usize, place.column as usize);
        Place { file: &place.file, line, column, end_line: line, end_column: column, label: &failure.ident }
    });
    line(&Finding {
        code: explain::code_of(failure).to_string(),
        severity: "error",
        message: &failure.error.to_string(),
        place,
        secondary: Vec::new(),
        help: None,
        rendered: failure.to_string(),
    })
}

fn line(finding: &Finding<'_>) -> String {
    // Texts and numbers always become JSON.
    serde_json::to_string(finding).unwrap_or_default() + "\n"
}
