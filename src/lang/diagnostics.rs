//! The checker's messages: one constructor for each, with its code and the wording of language spec
//! §3.5, which people's scripts know.

use std::fmt::Display;
use std::rc::Rc;

use syntax::ast::{BinaryOp, Span};
use syntax::diagnostic::{Diagnostic, Source};
use types::Type;
use types::ty::Fields;

/// Makes diagnostics for one source.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) source: Rc<Source>,
}

impl Report {
    fn error(&self, code: u16, span: Span, message: impl Display) -> Diagnostic {
        Diagnostic::error(code, &self.source, span, message.to_string())
    }

    /// A message that another part has worded: unification, map keys, tags.
    pub(crate) fn type_error(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1000, span, message)
    }

    pub(crate) fn not_defined(&self, span: Span, name: &str, is_builtin: bool, near: Option<&str>) -> Diagnostic {
        let diagnostic =
            self.error(1001, span, format_args!("identifier {name:?} not defined")).labelled("not found in this scope");
        match near {
            _ if is_builtin => diagnostic.help(format!("`{name}` is a builtin, which can only be called")),
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }

    pub(crate) fn operand_mismatch(
        &self,
        span: Span,
        op: BinaryOp,
        left: (&Type, Span),
        right: (&Type, Span),
    ) -> Diagnostic {
        let (l, r) = (left.0, right.0);
        self.error(1002, span, format_args!("cannot apply binary operator {:?} to type {l} and {r}", op.text()))
            .also(&self.source, left.1, format!("this is {l}"))
            .also(&self.source, right.1, format!("this is {r}"))
    }

    pub(crate) fn operator_not_allowed(&self, span: Span, op: BinaryOp, ty: &Type) -> Diagnostic {
        match op {
            BinaryOp::Add => self.error(1003, span, format_args!("binary operator + not allowed for type {ty}")),
            _ => self.error(1003, span, format_args!("binary operator {:?} not allowed for type {ty}", op.text())),
        }
    }

    pub(crate) fn not_comparable(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1004, span, format_args!("cannot compare values of type {ty}"))
    }

    pub(crate) fn not_a_bool(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1005, span, format_args!("unary operator \"!\" is only valid for bools, not {ty}"))
    }

    pub(crate) fn not_a_number(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1006, span, format_args!("unary operator \"-\" is only valid for integers and floats, not {ty}"))
    }

    pub(crate) fn not_a_function(&self, span: Span, name: &str, ty: &Type) -> Diagnostic {
        self.error(1007, span, format_args!("cannot call non-function {name} (type {ty})"))
    }

    pub(crate) fn argument_count(&self, span: Span, function: &str, have: &[&Type], want: &Type) -> Diagnostic {
        let fields = match &want.kind {
            types::ty::TypeKind::Func(func) => func.args.clone(),
            _ => Rc::from([]),
        };
        let few_or_many = if have.len() < fields.len() { "few" } else { "many" };
        let have = have.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let want = Fields(&fields);
        self.error(
            1008,
            span,
            format_args!("too {few_or_many} arguments in call to {function}\n\thave ({have})\n\twant ({want})"),
        )
    }

    pub(crate) fn argument_type(&self, span: Span, have: &Type, want: &Type, function: &str, ty: &Type) -> Diagnostic {
        self.error(
            1009,
            span,
            format_args!("cannot use type {have} as type {want} in argument to {function} (type {ty})"),
        )
    }

    pub(crate) fn ascription(&self, span: Span, name: &str, have: &Type, want: &Type) -> Diagnostic {
        self.error(1010, span, format_args!("cannot use {name} (type {have}) as type {want}"))
            .labelled(format!("expected {want}, found {have}"))
    }

    pub(crate) fn too_many_params(&self, span: Span) -> Diagnostic {
        self.error(1011, span, "functions can have at most 128 arguments")
    }

    pub(crate) fn expected_bool(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1012, span, format_args!("expected boolean expression, got {ty}"))
    }

    pub(crate) fn incompatible_pattern(&self, span: Span, pattern: &str, ty: &Type) -> Diagnostic {
        self.error(1013, span, format_args!("pattern {pattern} is incompatible with type {ty}"))
    }

    pub(crate) fn not_exhaustive(&self, span: Span, missing: Option<&str>) -> Diagnostic {
        let diagnostic = self.error(1014, span, "case patterns are not exhaustive");
        match missing {
            Some(missing) => diagnostic.help(format!("for example, no case matches {missing}")),
            None => diagnostic,
        }
    }

    pub(crate) fn unreachable_case(&self, span: Span, pattern: &str) -> Diagnostic {
        self.error(1015, span, format_args!("case is unreachable: {pattern}"))
            .help("the cases above it match everything that it would")
    }

    pub(crate) fn expected_record(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1016, span, format_args!("expected struct or module, got {ty}"))
    }

    pub(crate) fn no_field(&self, span: Span, name: &str, near: Option<&str>) -> Diagnostic {
        let diagnostic = self.error(1017, span, format_args!("field {name:?} not found"));
        match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }

    pub(crate) fn expected_type(&self, span: Span, want: &Type, have: &Type) -> Diagnostic {
        self.error(1018, span, format_args!("expected {want}, got {have}"))
    }

    pub(crate) fn not_indexable(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1019, span, format_args!("expected a map or list, got {ty}"))
    }

    pub(crate) fn not_enumerable(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(1020, span, format_args!("expected list, map, or dir, got {ty}"))
    }

    pub(crate) fn filter_first(&self, span: Span) -> Diagnostic {
        self.error(1021, span, "the first clause of a comprehension must be an enumeration")
    }

    /// A pattern that cannot bind a value of the type, worded by the pattern checker.
    pub(crate) fn binding(&self, span: Span, message: &str) -> Diagnostic {
        self.error(1022, span, message)
    }

    /// A wrong exec, worded where it was found.
    pub(crate) fn exec(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1023, span, message)
    }

    /// A wrong `@requires`, worded where it was found.
    pub(crate) fn requires(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1024, span, message)
    }

    /// A wrong call of a builtin, worded where it was found.
    pub(crate) fn builtin(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1025, span, message)
    }

    pub(crate) fn type_in_block(&self, span: Span) -> Diagnostic {
        self.error(1026, span, "type declarations are only allowed at the top of a module")
    }

    pub(crate) fn alias(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(1027, span, message)
    }

    pub(crate) fn unused(&self, span: Span, name: &str) -> Diagnostic {
        Diagnostic::warning(1028, &self.source, span, format!("{name} declared and not used"))
            .help("remove it, or name it `_`")
    }

    pub(crate) fn module_path(&self, span: Span, ty: &Type) -> Diagnostic {
        self.error(2001, span, format_args!("expected string, got {ty}"))
    }

    pub(crate) fn open_module(&self, span: Span, path: &str, reason: impl Display) -> Diagnostic {
        self.error(2002, span, format_args!("failed to open module {path}: {reason}"))
    }

    pub(crate) fn module_parameter(&self, span: Span, message: impl Display) -> Diagnostic {
        self.error(2003, span, message)
    }
}
