//! Messages about types that do not fit together or cannot be made (language spec §3.1–3.3, §3.5).

use std::fmt::Display;

use ::types::Type;
use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};

impl Report {
    /// R1020: unification has failed, worded by it. `first` and `other` are the two that do not agree.
    pub(crate) fn disagreement(
        &self,
        span: Span,
        message: impl Display,
        first: Operand<'_>,
        other: Operand<'_>,
        rule: &str,
    ) -> Diagnostic {
        let diagnostic = self
            .error(1020, within(span, other.span), message)
            .labelled(format!("this is {}", shown(other.ty)))
            .also(&self.source, first.span, format!("this is {}", shown(first.ty)));
        let fix = self.conversion(other, first.ty);
        helped(diagnostic, Some(fix.map_or_else(|| rule.to_owned(), |fix| format!("{rule}; {fix}"))))
    }

    /// R1021
    pub(crate) fn ascription(
        &self,
        span: Span,
        name: &str,
        value: Operand<'_>,
        want: &Type,
        written: Span,
    ) -> Diagnostic {
        let have = value.ty;
        let diagnostic = self
            .error(1021, within(span, value.span), format_args!("cannot use {name} (type {have}) as type {want}"))
            .labelled(format!("expected {}, found {}", shown(want), shown(have)))
            .also(&self.source, written, "the type is given here");
        helped(diagnostic, self.conversion(value, want))
    }

    /// R1021, for the result of a function; `body` is what computes it.
    pub(crate) fn result_ascription(
        &self,
        span: Span,
        body: Operand<'_>,
        (have, want): (&Type, &Type),
        wanted_result: &Type,
        written: Span,
    ) -> Diagnostic {
        let diagnostic = self
            .error(1021, within(span, body.span), format_args!("cannot use value (type {have}) as type {want}"))
            .labelled(format!("expected {}, found {}", shown(wanted_result), shown(body.ty)))
            .also(&self.source, written, "the type of the result is given here");
        helped(diagnostic, self.conversion(body, wanted_result))
    }

    /// R1022, worded where the map's type is made.
    pub(crate) fn map_key(&self, span: Span, key: Span, message: impl Display) -> Diagnostic {
        self.error(1022, within(span, key), message)
            .labelled("not a type of keys")
            .help("keys are of type int, float, string, bool or file; a type written for them is one of these words")
    }

    /// R1023, R1024: a tag, worded where the sum is made.
    pub(crate) fn tag(&self, span: Span, tag: &str, first: Option<Span>) -> Diagnostic {
        match first {
            Some(first) => self
                .error(1024, span, format_args!("tag {tag:?} is not unique"))
                .labelled("again here")
                .also(&self.source, first, "first here"),
            None => {
                let mut letters = tag.chars();
                let upper: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
                self.error(1023, span, format_args!("tag {tag:?} does not begin with uppercase"))
                    .labelled("begins in lower case")
                    .help(format!("write `#{upper}`"))
            }
        }
    }

    /// R1025, for types that are nested too deeply or have too many parts, worded where they are made.
    pub(crate) fn too_deep(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1025, span, message).labelled("the limit is passed here")
    }
}
