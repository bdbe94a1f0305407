//! What is wrong with a legacy script, and where.

use std::rc::Rc;

use base::failure::{Error, Kind};
use syntax::ast::Span;
use syntax::diagnostic::{Diagnostic, Source};

/// One mistake; the first ends the check of a script.
#[derive(Debug)]
pub(crate) struct Mistake {
    code: u16,
    source: Rc<Source>,
    span: Span,
    message: String,
}

/// What work on a script comes to.
pub(super) type Result<T> = std::result::Result<T, Mistake>;

impl Mistake {
    /// A mistake with the code of a diagnostic.
    pub(super) fn new(code: u16, source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self { code, source: source.clone(), span, message: message.into() }
    }
}

impl From<Mistake> for Diagnostic {
    fn from(mistake: Mistake) -> Self {
        Self::error(mistake.code, &mistake.source, mistake.span, mistake.message)
    }
}

/// The mistake as a failure of the program that runs the script.
impl From<Mistake> for Error {
    fn from(mistake: Mistake) -> Self {
        Error::new(Kind::Eval, format!("{}: {}", mistake.source.place(mistake.span.at), mistake.message))
    }
}
