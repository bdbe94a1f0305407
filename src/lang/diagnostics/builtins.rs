//! Messages about calls of builtins (language spec §6): a code for each, R1090 to R1099.

use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};
use crate::tree::Builtin;

impl Report {
    /// R1089: too few arguments.
    pub(crate) fn builtin_count(&self, span: Span, drawn: Span, message: &str, form: &str) -> Diagnostic {
        self.error(1089, within(span, drawn), message)
            .help(format!("it is called as `{form}`"))
            .labelled("not all arguments")
    }

    /// An argument that the builtin does not take; `number` is which.
    pub(crate) fn builtin_argument(
        &self,
        span: Span,
        builtin: Builtin,
        message: &str,
        arg: Operand<'_>,
        wants: &str,
        help: Option<String>,
    ) -> Diagnostic {
        let diagnostic = self
            .error(code(builtin), within(span, arg.span), message)
            .labelled(format!("expected {wants}, found {}", shown(arg.ty)));
        helped(diagnostic, help.or_else(|| self.builtin_fix(builtin, arg)))
    }

    fn builtin_fix(&self, builtin: Builtin, arg: Operand<'_>) -> Option<String> {
        use ::types::Type;
        match builtin {
            Builtin::Range => self.conversion(arg, &Type::int()),
            Builtin::Panic => self.conversion(arg, &Type::string()),
            _ => None,
        }
    }
}

/// The code of what a builtin does not take.
fn code(builtin: Builtin) -> u16 {
    match builtin {
        Builtin::Len => 1090,
        Builtin::Int | Builtin::Float => 1091,
        Builtin::Zip => 1092,
        Builtin::Unzip => 1093,
        Builtin::Flatten => 1094,
        Builtin::Map => 1095,
        Builtin::List => 1096,
        Builtin::Panic | Builtin::Error => 1097,
        Builtin::Range => 1098,
        // `delay` and `trace` take everything.
        Builtin::Reduce | Builtin::Fold | Builtin::Delay | Builtin::Trace => 1099,
    }
}
