//! Messages about calls and functions (language spec §3.5).

use ::types::Type;
use ::types::ty::{Field, Fields, FuncType, TypeKind};
use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};

/// A function that is called: how it was named, its type, where it was declared.
pub(crate) struct Callee<'a> {
    /// Its name, `function` if it has none.
    pub(crate) name: &'a str,
    pub(crate) ty: &'a Type,
    pub(crate) func: &'a FuncType,
    pub(crate) declared: Option<Span>,
}

impl Report {
    /// R1030
    pub(crate) fn not_a_function(
        &self,
        span: Span,
        name: &str,
        callee: Operand<'_>,
        declared: Option<Span>,
    ) -> Diagnostic {
        let ty = callee.ty;
        let diagnostic = self
            .error(1030, within(span, callee.span), format_args!("cannot call non-function {name} (type {ty})"))
            .labelled(format!("this is {}, not a function", shown(ty)));
        let diagnostic = self.declared(diagnostic, name, declared);
        let text = self.short_text(callee.span).unwrap_or("x");
        let help = match &ty.kind {
            TypeKind::Module(_) | TypeKind::Struct(_) => {
                let functions = ty.fields().iter().filter(|field| matches!(field.ty.kind, TypeKind::Func(_)));
                super::listed(functions.map(Field::name))
                    .map(|names| format!("its functions are {names}: `{text}.F(…)`"))
            }
            TypeKind::List(_) | TypeKind::Map(_) => Some(format!("an element is written with brackets: `{text}[…]`")),
            _ => None,
        };
        helped(diagnostic, help)
    }

    /// R1031
    pub(crate) fn argument_count(&self, span: Span, callee: &Callee<'_>, args: &[Operand<'_>]) -> Diagnostic {
        let params = &callee.func.args;
        let few_or_many = if args.len() < params.len() { "few" } else { "many" };
        let have = args.iter().map(|arg| arg.ty.to_string()).collect::<Vec<_>>().join(", ");
        let want = Fields(params);
        let message =
            format!("too {few_or_many} arguments in call to {}\n\thave ({have})\n\twant ({want})", callee.name);
        let (place, label, help) = match args.get(params.len()) {
            Some(extra) => {
                let rest = Span { end: args.last().map_or(extra.span.end, |last| last.span.end), ..extra.span };
                let count = args.len() - params.len();
                let label = if count == 1 { "one too many".to_owned() } else { format!("{count} too many") };
                (rest, label, None)
            }
            None => {
                let missing: Vec<String> = params[args.len()..].iter().map(parameter).collect();
                let label = format!("{} of {} arguments", args.len(), params.len());
                let end = args.last().map_or(span.end, |last| last.span.end);
                let place = Span { start: args.first().map_or(span.start, |first| first.span.start), end, at: end };
                (
                    place,
                    label,
                    Some(format!(
                        "{} missing: {}",
                        if missing.len() == 1 { "one is" } else { "some are" },
                        missing.join(", ")
                    )),
                )
            }
        };
        let diagnostic = self.error(1031, within(span, place), message).labelled(label);
        helped(self.declared(diagnostic, callee.name, callee.declared), help)
    }

    /// R1032
    pub(crate) fn argument_type(&self, span: Span, callee: &Callee<'_>, number: usize, arg: Operand<'_>) -> Diagnostic {
        let Some(param) = callee.func.args.get(number) else { return self.error(1032, span, "argument") };
        let (have, want) = (arg.ty, &param.ty);
        let message =
            format!("cannot use type {have} as type {want} in argument to {} (type {})", callee.name, callee.ty);
        let role = match param.name() {
            "" => String::new(),
            name => format!(" for `{name}`"),
        };
        let diagnostic = self.error(1032, within(span, arg.span), message).labelled(format!(
            "expected {}{role}, found {}",
            shown(want),
            shown(have)
        ));
        helped(self.declared(diagnostic, callee.name, callee.declared), self.conversion(arg, want))
    }

    /// R1033
    pub(crate) fn too_many_params(&self, span: Span, first_too_many: Span) -> Diagnostic {
        self.error(1033, within(span, first_too_many), "functions can have at most 128 arguments")
            .labelled("this is the 129th")
            .help("put them into a struct: `func f(options {a, b int}) = options.a`")
    }
}

/// A parameter as it is declared.
fn parameter(field: &Field) -> String {
    match field.name() {
        "" => format!("`{}`", field.ty),
        name => format!("`{name}` ({})", field.ty),
    }
}
