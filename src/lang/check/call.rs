//! Calls of functions; calls of builtin names lead to [`super::builtin`].

use syntax::ast::{self, ExprKind as Ast, Span};
use types::ty::{Level, TypeKind};

use super::{Checker, any_flow};
use crate::diagnostics::{Callee, Operand};
use crate::tree::{Builtin, ExprKind, Node};

impl Checker<'_> {
    pub(super) fn call(&mut self, callee: &ast::Expr, args: &[ast::Expr], span: Span) -> Node {
        let name = match &callee.kind {
            Ast::Ident(name) => Some(name.clone()),
            _ => None,
        };
        if let Some(name) = name.as_ref().filter(|name| !self.scope.is_bound(name))
            && let Some(builtin) = Builtin::named(name)
        {
            return self.builtin(builtin, args, span);
        }
        let function = self.expr(callee);
        let args = self.exprs(args);
        if function.ty.is_error() || args.iter().any(|arg| arg.ty.is_error()) {
            return self.silent(span);
        }
        let declared = name.as_deref().and_then(|name| self.scope.declared(name));
        let TypeKind::Func(ty) = function.ty.kind.clone() else {
            let name = name.as_deref().unwrap_or("");
            let diagnostic = self.report.not_a_function(span, name, Operand::of(&function), declared);
            return self.fail(diagnostic, span);
        };
        let shown = name.as_deref().unwrap_or("function");
        let callee = Callee { name: shown, ty: &function.ty, func: &ty, declared };
        if args.len() != ty.args.len() {
            let have: Vec<_> = args.iter().map(Operand::of).collect();
            let diagnostic = self.report.argument_count(span, &callee, &have);
            return self.fail(diagnostic, span);
        }
        let mut fits = true;
        for (number, (arg, want)) in args.iter().zip(ty.args.iter()).enumerate() {
            if !arg.ty.is_subtype(&want.ty) {
                self.diagnostics.push(self.report.argument_type(span, &callee, number, Operand::of(arg)));
                fits = false;
            }
        }
        if !fits {
            return self.silent(span);
        }
        let flow = ty.result.flow || function.ty.flow || any_flow(args.iter().map(|arg| &arg.ty));
        let result = ty.result.clone().with_flow(flow).with_level(Level::NotConst);
        self.node(ExprKind::Call(function, args), result, span)
    }
}
