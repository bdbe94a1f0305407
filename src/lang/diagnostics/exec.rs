//! Messages about `exec` and `@requires` (language spec §3.5).

use ::types::Type;
use ::types::ty::TypeKind;
use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};

/// The options of `exec`.
pub(crate) const EXEC_OPTIONS: [&str; 6] = ["image", "cpu", "mem", "disk", "cpufeatures", "nondeterministic"];
/// The options of `@requires`.
pub(crate) const REQUIRES_OPTIONS: [&str; 5] = ["cpu", "mem", "disk", "cpufeatures", "wide"];

/// Which of the two an option belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionsOf {
    /// `exec(…)`
    Exec,
    /// `@requires(…)`
    Requires,
}

impl OptionsOf {
    /// The code of a message that both have.
    fn code(self, exec: u16) -> u16 {
        match self {
            OptionsOf::Exec => exec,
            OptionsOf::Requires => exec + 10,
        }
    }
}

impl Report {
    /// R1070
    pub(crate) fn image_missing(&self, span: Span, head: Span) -> Diagnostic {
        self.error(1070, within(span, head), "exec image parameter is required")
            .labelled("no `image` among the options")
            .help("name the container image that the command runs in: `image := \"debian:12\"`")
    }

    /// R1071, R1081
    pub(crate) fn option_pattern(&self, span: Span, option: Span, of: OptionsOf) -> Diagnostic {
        let message = match of {
            OptionsOf::Exec => "execs do not support pattern matching declarations",
            OptionsOf::Requires => "pattern matching declarations are not supported",
        };
        self.error(of.code(1071), within(span, option), message)
            .labelled("not a plain name")
            .help("take the value apart in a declaration above")
    }

    /// R1072, R1082
    pub(crate) fn option_not_immediate(&self, span: Span, name: &str, value: Operand<'_>, of: OptionsOf) -> Diagnostic {
        let message = match of {
            OptionsOf::Exec => format!("exec parameter {name} is not immediate"),
            OptionsOf::Requires => format!("parameter {name} is not immediate"),
        };
        let help = match of {
            OptionsOf::Exec => {
                "the image must be known before anything runs: it cannot depend on a file, an exec or `delay`"
            }
            OptionsOf::Requires => {
                "the room must be known before anything runs: it cannot depend on a file, an exec or `delay`"
            }
        };
        self.error(of.code(1072), within(span, value.span), message)
            .labelled("may be known only while the program runs")
            .help(help)
    }

    /// R1073, R1083
    pub(crate) fn option_type(
        &self,
        span: Span,
        message: &str,
        value: Operand<'_>,
        (want, or): (&Type, Option<&Type>),
        of: OptionsOf,
    ) -> Diagnostic {
        let or = or.map(|ty| format!(" or {ty}")).unwrap_or_default();
        let diagnostic = self
            .error(of.code(1073), within(span, value.span), message)
            .labelled(format!("expected {want}{or}, found {}", shown(value.ty)));
        let help = match (&value.ty.kind, &want.kind) {
            (TypeKind::String, TypeKind::Int) => {
                self.short_text(value.span).and_then(size).or_else(|| self.conversion(value, want))
            }
            (TypeKind::Float, TypeKind::Int) => Some("amounts of memory and disk are whole bytes: `4*GiB`".to_owned()),
            _ => self.conversion(value, want),
        };
        helped(diagnostic, help)
    }

    /// R1074, R1084
    pub(crate) fn unknown_option(&self, span: Span, name: &str, option: Span, of: OptionsOf) -> Diagnostic {
        let (message, known): (String, &[&str]) = match of {
            OptionsOf::Exec => (format!("unrecognized exec parameter {name}"), &EXEC_OPTIONS),
            OptionsOf::Requires => (format!("unrecognized parameter {name}"), &REQUIRES_OPTIONS),
        };
        let help = match (name, base::spelling::nearest(name, known.iter().copied())) {
            (_, Some(near)) => Some(format!("did you mean `{near}`?")),
            ("memory" | "ram", None) => Some("did you mean `mem`?".to_owned()),
            ("cpus" | "threads" | "cores", None) => Some("did you mean `cpu`?".to_owned()),
            ("container" | "docker", None) if of == OptionsOf::Exec => Some("did you mean `image`?".to_owned()),
            _ => super::listed(known.iter().copied()).map(|names| format!("there is {names}")),
        };
        let diagnostic = self.error(of.code(1074), within(span, option), message).labelled("no such option");
        helped(diagnostic, help)
    }

    /// R1075
    pub(crate) fn output_unlabelled(&self, span: Span, number: usize, output: Operand<'_>) -> Diagnostic {
        let ty = output.ty;
        self.error(1075, within(span, output.span), format_args!("output {number} (type {ty}) must be labelled"))
            .labelled("has no name")
            .help(format!("give it the name that the command writes to: `(out {ty})`, then `{{{{out}}}}`"))
    }

    /// R1076
    pub(crate) fn output_type(&self, span: Span, output: Operand<'_>) -> Diagnostic {
        let ty = output.ty;
        self.error(1076, within(span, output.span), format_args!("execs can only return files and dirs, not {ty}"))
            .labelled("neither file nor dir")
            .help("let the command write a file: `(out file)`")
    }

    /// R1077
    pub(crate) fn not_interpolated(&self, span: Span, value: Operand<'_>) -> Diagnostic {
        let ty = value.ty;
        let text = self.short_text(value.span).unwrap_or("x");
        let help = match &ty.kind {
            TypeKind::Bool => {
                Some(format!("write what the command is to see: `if {text} {{ \"yes\" }} else {{ \"no\" }}`"))
            }
            TypeKind::List(element) if matches!(element.kind, TypeKind::String) => {
                Some(format!("join them: `make(\"$/strings\").Join({text}, \" \")`"))
            }
            TypeKind::List(_) => Some("lists of files and of directories become paths; make one of it".to_owned()),
            TypeKind::Tuple(_) => Some("a pattern takes a tuple apart: `val (a, b) = …`".to_owned()),
            TypeKind::Struct(_) | TypeKind::Module(_) => Some(format!("take one of its fields: `{text}.field`")),
            TypeKind::Func(_) => Some(format!("call it: `{text}(…)`")),
            TypeKind::Sum(_) => Some(format!("a `switch {text}` says what each variant means to the command")),
            _ => None,
        };
        let diagnostic = self
            .error(1077, within(span, value.span), format_args!("values of type {ty} cannot be interpolated"))
            .labelled(format!("this is {}", shown(ty)));
        helped(diagnostic, help)
    }
}

impl Report {
    /// R1078
    pub(crate) fn image_not_constant(&self, image: Span) -> Diagnostic {
        Diagnostic::warning(1078, &self.source, image, "image is not a const value")
            .labelled("known only once the program is evaluated")
            .help("a literal, or a parameter with a literal as its default, is known before")
    }
}

/// `"4GiB"` as an expression.
fn size(quoted: &str) -> Option<String> {
    let text = quoted.trim_matches('"').replace(' ', "");
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(split);
    let unit = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "k" => "KiB",
        "m" => "MiB",
        "g" => "GiB",
        "t" => "TiB",
        _ => return None,
    };
    (!digits.is_empty()).then(|| format!("sizes are numbers of bytes: `{digits}*{unit}`"))
}
