//! Messages about names: values, types, fields (language spec §3.3, §3.5, §3.7).

use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Report, helped};

/// What is known of a name that is not defined.
pub(crate) enum Missing<'a> {
    /// Nothing.
    Unknown,
    /// There is another one that is spelled much like it, perhaps declared in this source.
    Near(&'a str, Option<Span>),
    /// It is a builtin.
    Builtin,
    /// It is a type.
    Type(Option<Span>),
    /// It is a system module that was not instantiated.
    System,
    /// It is a word of other languages; this is how it is said here.
    Foreign(&'static str),
}

impl Report {
    /// R1001
    pub(crate) fn not_defined(&self, span: Span, name: &str, missing: &Missing<'_>) -> Diagnostic {
        let diagnostic =
            self.error(1001, span, format_args!("identifier {name:?} not defined")).labelled("not found in this scope");
        match missing {
            Missing::Unknown => diagnostic,
            Missing::Near(near, declared) => {
                self.declared(diagnostic, near, *declared).help(format!("did you mean `{near}`?"))
            }
            Missing::Builtin => diagnostic
                .labelled("a builtin is not a value")
                .help(format!("call it, or wrap it in a function: `func(…) => {name}(…)`")),
            Missing::Type(declared) => self
                .declared(diagnostic, name, *declared)
                .labelled("this is a type, not a value")
                .help("types stand behind names, as in `val x T = …`; values have no type in front"),
            Missing::System => diagnostic.help(format!(
                "`{name}` is a system module; make it known with `val {name} = make(\"$/{name}\")` further up"
            )),
            Missing::Foreign(here) => diagnostic.help(*here),
        }
    }

    /// R1001, where the name is declared further down: the remark that says so.
    pub(crate) fn declared_below(&self, diagnostic: Diagnostic, name: &str, declared: Span) -> Diagnostic {
        diagnostic
            .also(&self.source, declared, format!("`{name}` is declared only here"))
            .help("a name is known below its declaration, not above it; move the declaration up")
    }

    /// R1001, where the name is the one being declared: the remark that says so.
    pub(crate) fn declared_by_this(&self, diagnostic: Diagnostic, name: &str, declared: Span) -> Diagnostic {
        diagnostic
            .also(&self.source, declared, format!("`{name}` is known only below its declaration"))
            .help("there is no recursion: go through a list with a comprehension, `fold` or `reduce` instead")
    }

    /// R1002
    pub(crate) fn unused(&self, span: Span, name: &str) -> Diagnostic {
        Diagnostic::warning(1002, &self.source, span, format!("{name} declared and not used"))
            .labelled("never used")
            .help("remove it, or name it `_`")
    }

    /// R1003
    pub(crate) fn alias_not_found(&self, span: Span, name: &str, near: Option<&str>, is_value: bool) -> Diagnostic {
        let diagnostic = self.error(1003, span, format_args!("type alias {name} not found"));
        match near {
            _ if is_value => diagnostic.labelled("this is a value, not a type"),
            Some(near) => diagnostic.labelled("no such type").help(format!("did you mean `{near}`?")),
            None => diagnostic.labelled("no such type"),
        }
    }

    /// R1004
    pub(crate) fn alias_without_module(&self, span: Span, path: &str, base: &str, near: Option<&str>) -> Diagnostic {
        let message = format!("type alias {path} not found: no such module {base}");
        let help = near.map(|near| format!("did you mean `{near}`?"));
        helped(self.error(1004, span, message).labelled("not found in this scope"), help)
    }

    /// R1005
    pub(crate) fn alias_of_value(&self, span: Span, path: &str, base: &str, ty: &str) -> Diagnostic {
        let message = format!("type alias {path} not found: {base} is not a module");
        self.error(1005, span, message)
            .labelled(format!("`{base}` is of type {ty}"))
            .help("only modules have types: `m.T` is the type `T` of the module value `m`")
    }

    /// R1006
    pub(crate) fn alias_not_in_module(
        &self,
        span: Span,
        path: &str,
        near: Option<&str>,
        is_private: bool,
    ) -> Diagnostic {
        let diagnostic = self.error(1006, span, format_args!("type alias {path} not found"));
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if is_private => Some("only names that begin in upper case are seen from outside".to_owned()),
            None => None,
        };
        helped(diagnostic.labelled("the module has no such type"), help)
    }
}
