//! Messages about `make` and about modules that cannot be had (language spec §8.1, §8.2).

use syntax::ast::Span;
use syntax::diagnostic::{Diagnostic, Source};

use super::{Operand, Report, helped, listed, shown, within};
use crate::module::{Module, Param};

/// Why a module cannot be had.
#[derive(Clone, Debug)]
pub(crate) enum Unavailable {
    /// Its text cannot be read.
    Unreadable(String),
    /// It is of a kind that is not known.
    Extension(String),
    /// It imports itself.
    Cycle(String),
    /// Modules import one another too deeply.
    Depth(String),
    /// There is no such system module.
    System(String),
    /// It is a bundle that cannot be used.
    Bundle(String),
    /// Its text is too large.
    TooLarge(String),
    /// It is a legacy script where only a module will do.
    Script(String),
}

impl Unavailable {
    /// Whether there may be another module that was meant.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Extension(_))
    }

    fn reason(&self) -> &str {
        match self {
            Self::Unreadable(reason)
            | Self::Extension(reason)
            | Self::Cycle(reason)
            | Self::Depth(reason)
            | Self::System(reason)
            | Self::Bundle(reason)
            | Self::TooLarge(reason)
            | Self::Script(reason) => reason,
        }
    }

    fn code(&self) -> u16 {
        match self {
            Self::Unreadable(_) => 2001,
            Self::Extension(_) => 2002,
            Self::Cycle(_) => 2003,
            Self::Depth(_) => 2004,
            Self::System(_) => 2005,
            Self::Bundle(_) => 2006,
            Self::TooLarge(_) => 2008,
            Self::Script(_) => 2044,
        }
    }

    fn help(&self, path: &str) -> Option<String> {
        match self {
            Self::Unreadable(_) | Self::Depth(_) | Self::Bundle(_) | Self::TooLarge(_) | Self::Script(_) => None,
            Self::Extension(_) => Some(
                "a module is a file `NAME.rf`, a bundle one `NAME.rfx`, a legacy script one `NAME.reflow`".to_owned(),
            ),
            Self::Cycle(_) => {
                Some("move what both need into a third module, or hand it over as a parameter".to_owned())
            }
            Self::System(_) => {
                let name = path.trim_start_matches("$/");
                match base::spelling::nearest(name, crate::system::NAMES) {
                    Some(near) => Some(format!("did you mean `$/{near}`?")),
                    None => listed(crate::system::NAMES).map(|names| format!("there is {names}")),
                }
            }
        }
    }

    /// The message for a module that a command names.
    pub(crate) fn diagnostic(&self, path: &str) -> Diagnostic {
        let source = Source::new(path, "");
        helped(Diagnostic::error(self.code(), &source, Span::default(), self.reason()), self.help(path))
    }
}

impl Report {
    /// R2010
    pub(crate) fn module_path(&self, span: Span, path: Operand<'_>) -> Diagnostic {
        self.error(2010, within(span, path.span), format_args!("expected string, got {}", path.ty))
            .labelled("not a string literal")
            .help("which modules there are is known before anything is evaluated, so the path stands in quotes")
    }

    /// R2001 to R2008, for a module that is imported. `elsewhere` is a path that would have been found.
    pub(crate) fn open_module(
        &self,
        span: Span,
        (path, place): (&str, Span),
        why: &Unavailable,
        elsewhere: Option<&str>,
    ) -> Diagnostic {
        let message = format!("failed to open module {path}: {}", why.reason());
        let diagnostic = self.error(why.code(), within(span, place), message).labelled("imported here");
        match elsewhere {
            Some(other) => diagnostic.help(format!("there is a module `{other}`")),
            None if matches!(why, Unavailable::Unreadable(_)) && !path.starts_with("./") && !path.starts_with('/') => {
                diagnostic.help(
                    "a path that does not begin with `./` starts from the folder that reflow runs in, not from that of \
                     the importing module",
                )
            }
            None => helped(diagnostic, why.help(path)),
        }
    }

    /// R2020
    pub(crate) fn unknown_parameter(
        &self,
        span: Span,
        (name, place): (&str, Span),
        module: Option<&Module>,
    ) -> Diagnostic {
        let diagnostic = self
            .error(2020, within(span, place), format_args!("module has no parameter {name}"))
            .labelled("no such parameter");
        let Some(module) = module else {
            return diagnostic.help("system modules have no parameters");
        };
        let known: Vec<&str> = module.params.iter().map(|param| &*param.name).collect();
        match module.near_param(name) {
            Some(near) => declared(diagnostic, module, near).help(format!("did you mean `{}`?", near.name)),
            None if known.is_empty() => diagnostic.help("the module has no parameters at all"),
            None => helped(diagnostic, listed(known).map(|names| format!("there is {names}"))),
        }
    }

    /// R2021
    pub(crate) fn parameter_type(
        &self,
        span: Span,
        name: &str,
        value: Operand<'_>,
        module: &Module,
        param: &Param,
    ) -> Diagnostic {
        let (ty, want) = (value.ty, &param.ty);
        let diagnostic = self
            .error(2021, within(span, value.span), format_args!("invalid type {ty} for parameter {name} (type {want})"))
            .labelled(format!("expected {}, found {}", shown(want), shown(ty)));
        let help = self.conversion(value, want);
        helped(declared(diagnostic, module, param), help)
    }

    /// R2020 to R2022 for a legacy script, whose parameters have no place of their own.
    pub(crate) fn script_argument(&self, (code, message): (u16, String), span: Span, place: Span) -> Diagnostic {
        self.error(code, within(span, place), message)
    }

    /// R2022
    pub(crate) fn missing_parameters(&self, span: Span, path: Span, module: &Module, missing: &[&Param]) -> Diagnostic {
        let names: Vec<&str> = missing.iter().map(|param| &*param.name).collect();
        let plural = if names.len() == 1 { "" } else { "s" };
        let message = format!("missing required module parameter{plural} {}", names.join(", "));
        let label = match names.as_slice() {
            [only] => format!("`{only}` is not given"),
            many => format!("{} parameters are not given", many.len()),
        };
        let diagnostic = self.error(2022, within(span, path), message).labelled(label);
        let diagnostic = missing.iter().fold(diagnostic, |diagnostic, param| declared(diagnostic, module, param));
        let args: Vec<String> = names.iter().map(|name| format!("{name} := …")).collect();
        diagnostic.help(format!("give it behind the path: `make({}, {})`", self.text(path), args.join(", ")))
    }
}

/// Adds where a parameter is declared.
fn declared(diagnostic: Diagnostic, module: &Module, param: &Param) -> Diagnostic {
    let text = format!("the parameter `{}` is declared here", param.name);
    diagnostic.also(&module.source, param.span, text)
}

/// R2007: a file in a bundle that does not belong there.
pub(crate) fn unexpected_entry(path: &str, name: &str) -> Diagnostic {
    let message = format!("the bundle has an entry {name:?} that does not belong in one; it is ignored");
    Diagnostic::warning(2007, &Source::new(path, ""), Span::default(), message)
}
