//! Messages about patterns that cannot bind a value (language spec §3.5 *Pattern binding errors*).

use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};
use crate::check::Misfit;

impl Report {
    /// R1060 to R1069, by what does not fit.
    pub(crate) fn binding(&self, span: Span, misfit: &Misfit, value: Option<Operand<'_>>) -> Diagnostic {
        let diagnostic =
            self.error(misfit.code, within(span, misfit.span), &misfit.message).labelled(misfit.label.clone());
        let diagnostic = match value {
            Some(value) => diagnostic.also(&self.source, value.span, format!("this is {}", shown(value.ty))),
            None => diagnostic,
        };
        helped(diagnostic, misfit.help.clone())
    }
}
