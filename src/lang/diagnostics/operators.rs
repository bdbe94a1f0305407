//! Messages about operators and conditions (language spec §3.5).

use ::types::Type;
use ::types::ty::TypeKind;
use syntax::ast::{BinaryOp, Span};
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, shown, within};

impl Report {
    /// R1010
    pub(crate) fn operand_mismatch(
        &self,
        span: Span,
        op: BinaryOp,
        left: Operand<'_>,
        right: Operand<'_>,
    ) -> Diagnostic {
        let (l, r) = (left.ty, right.ty);
        let message = format!("cannot apply binary operator {:?} to type {l} and {r}", op.text());
        let help = match (&l.kind, &r.kind) {
            (TypeKind::Int, TypeKind::Float) => self.conversion(left, r),
            (TypeKind::Float, TypeKind::Int) => self.conversion(right, l),
            (TypeKind::String, _) => self.conversion(right, l),
            (_, TypeKind::String) => self.conversion(left, r),
            _ if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) => {
                Some("both sides must be of one type; a declaration with a type widens one: `val x T = …`".to_owned())
            }
            _ => None,
        };
        let diagnostic = self
            .error(1010, within(span, right.span), message)
            .labelled(format!("this is {}", shown(r)))
            .also(&self.source, left.span, format!("this is {}", shown(l)));
        helped(diagnostic, help)
    }

    /// R1011
    pub(crate) fn operator_not_allowed(
        &self,
        span: Span,
        op: BinaryOp,
        left: Operand<'_>,
        right: Operand<'_>,
    ) -> Diagnostic {
        let ty = left.ty;
        let message = match op {
            BinaryOp::Add => format!("binary operator + not allowed for type {ty}"),
            _ => format!("binary operator {:?} not allowed for type {ty}", op.text()),
        };
        let help = match (op, &ty.kind) {
            (BinaryOp::BitAnd, TypeKind::Bool) => Some("for truth values write `&&`"),
            (BinaryOp::BitAnd, _) => Some("there are no bitwise operators"),
            (BinaryOp::Add, TypeKind::Bool) => Some("truth values are put together with `&&` and `||`"),
            (BinaryOp::Add, TypeKind::File) => Some("files are put together by a command: `cat {{a}} {{b}} > {{out}}`"),
            (BinaryOp::Remainder, TypeKind::Float) => Some("`%` is defined on integers: `int(x)` takes the whole part"),
            (BinaryOp::And | BinaryOp::Or, TypeKind::Int | TypeKind::Float) => {
                Some("a condition is a comparison: `x != 0`")
            }
            (BinaryOp::And | BinaryOp::Or, TypeKind::String) => Some("a condition is a comparison: `x != \"\"`"),
            (BinaryOp::Subtract, TypeKind::List(_)) => {
                Some("a comprehension with a filter leaves elements out: `[x | x <- xs, if x != y]`")
            }
            _ => None,
        };
        let both = Span { start: left.span.start, end: right.span.end, at: span.at };
        let diagnostic = self.error(1011, both, message).labelled(format!("both sides are {}", shown(ty)));
        helped(diagnostic, help.map(str::to_owned))
    }

    /// R1012
    pub(crate) fn not_comparable(&self, span: Span, left: Operand<'_>, right: Operand<'_>, order: bool) -> Diagnostic {
        let ty = left.ty;
        let both = Span { start: left.span.start, end: right.span.end, at: span.at };
        let help = match (&ty.kind, order) {
            (_, true) => "`<` and its like order strings, integers and floats",
            (TypeKind::Module(_) | TypeKind::Func(_), false) => {
                "compare what they yield: modules and functions cannot be"
            }
            _ => "only strings, numbers, truth values, files, directories, and what is made of them can be compared",
        };
        self.error(1012, both, format_args!("cannot compare values of type {ty}"))
            .labelled(format!("both sides are {}", shown(ty)))
            .help(help)
    }

    /// R1013
    pub(crate) fn not_a_bool(&self, span: Span, operand: Operand<'_>) -> Diagnostic {
        let message = format!("unary operator \"!\" is only valid for bools, not {}", operand.ty);
        let diagnostic = self
            .error(1013, within(span, operand.span), message)
            .labelled(format!("expected bool, found {}", shown(operand.ty)));
        helped(diagnostic, condition(operand.ty))
    }

    /// R1014
    pub(crate) fn not_a_number(&self, span: Span, operand: Operand<'_>) -> Diagnostic {
        let message = format!("unary operator \"-\" is only valid for integers and floats, not {}", operand.ty);
        self.error(1014, within(span, operand.span), message)
            .labelled(format!("expected int or float, found {}", shown(operand.ty)))
    }

    /// R1015
    pub(crate) fn expected_bool(&self, span: Span, condition_of: Operand<'_>) -> Diagnostic {
        let ty = condition_of.ty;
        let diagnostic = self
            .error(1015, within(span, condition_of.span), format_args!("expected boolean expression, got {ty}"))
            .labelled(format!("expected bool, found {}", shown(ty)));
        helped(diagnostic, condition(ty))
    }
}

/// How a value of another type becomes a condition.
fn condition(ty: &Type) -> Option<String> {
    let comparison = match ty.kind {
        TypeKind::Int => "x != 0",
        TypeKind::Float => "x != 0.0",
        TypeKind::String => "x != \"\"",
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::File | TypeKind::Dir => "len(x) > 0",
        _ => return None,
    };
    Some(format!("nothing but a bool is true or false; compare: `{comparison}`"))
}
