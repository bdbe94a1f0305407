//! Messages about `switch` (language spec §3.5, §3.6).

use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};
use crate::check::Misfit;

impl Report {
    /// R1050
    pub(crate) fn incompatible_pattern(
        &self,
        span: Span,
        pattern: (&str, Span),
        scrutinee: Operand<'_>,
        why: &Misfit,
    ) -> Diagnostic {
        let message = format!("pattern {} is incompatible with type {}", pattern.0, scrutinee.ty);
        let label = if why.span == pattern.1 { why.message.clone() } else { format!("here: {}", why.message) };
        let diagnostic = self.error(1050, within(span, why.span), message).labelled(label).also(
            &self.source,
            scrutinee.span,
            format!("this is {}", shown(scrutinee.ty)),
        );
        helped(diagnostic, why.help.clone())
    }

    /// R1051; `head` is what stands before the cases.
    pub(crate) fn not_exhaustive(
        &self,
        span: Span,
        head: Span,
        scrutinee: Operand<'_>,
        missing: Option<&str>,
    ) -> Diagnostic {
        let diagnostic = self
            .error(1051, within(span, head), "case patterns are not exhaustive")
            .labelled(format!("not every value of type {} has a case", shown(scrutinee.ty)));
        match missing {
            Some("_") | None => diagnostic.help("add `case _: …` for all other values"),
            Some(missing) => diagnostic.help(format!(
                "for example, no case matches {missing}; add `case {missing}: …`, or `case _: …` for all that is left"
            )),
        }
    }

    /// R1052; `covers` is the case above that alone covers everything, if one does.
    pub(crate) fn unreachable_case(&self, span: Span, pattern: (&str, Span), covers: Option<Span>) -> Diagnostic {
        let diagnostic = self
            .error(1052, within(span, pattern.1), format_args!("case is unreachable: {}", pattern.0))
            .labelled("nothing is left to match here");
        match covers {
            Some(covers) => diagnostic
                .also(&self.source, covers, "this case comes first and matches it all")
                .help("cases are tried in order: remove this one, or put the more special of the two first"),
            None => diagnostic.help("the cases above it together match everything that it would; remove it"),
        }
    }
}
