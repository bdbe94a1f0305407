//! Comprehensions.

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Field, Level, TypeKind};

use super::{Checker, pattern};
use crate::diagnostics::Operand;
use crate::tree::{Clause, Comprehension, ExprKind, Node, Pattern};

impl Checker<'_> {
    pub(super) fn comprehension(&mut self, body: &ast::Expr, clauses: &[ast::Clause], span: Span) -> Node {
        self.scope.enter();
        let checked: Vec<Option<Clause>> =
            clauses.iter().enumerate().map(|(number, clause)| self.clause(number, clause, span)).collect();
        let body = self.expr(body);
        self.finish_scope();
        let checked: Option<Vec<Clause>> = checked.into_iter().collect();
        let Some(clauses) = checked.filter(|_| !body.ty.is_error()) else {
            return self.silent(span);
        };
        let flow = clauses.iter().any(|clause| clause.expr().ty.flow);
        let ty = Type::list(body.ty.clone()).with_flow(flow).with_level(Level::NotConst);
        let comprehension = Comprehension { body, clauses, ty: ty.clone() };
        self.node(ExprKind::Comprehension(Rc::new(comprehension)), ty, span)
    }

    /// Checks a clause and binds its names; `None` if it is wrong, which has been reported.
    fn clause(&mut self, number: usize, clause: &ast::Clause, span: Span) -> Option<Clause> {
        match clause {
            ast::Clause::Filter(condition) => {
                let condition = self.expr(condition);
                if condition.ty.is_error() {
                    return None;
                }
                if number == 0 {
                    self.diagnostics.push(self.report.filter_first(span, condition.span));
                    return None;
                }
                if !matches!(condition.ty.kind, TypeKind::Bool) {
                    self.diagnostics.push(self.report.expected_bool(span, Operand::of(&condition)));
                    return None;
                }
                Some(Clause::Filter(condition))
            }
            ast::Clause::Enumerate(written, source) => {
                let source = self.expr(source);
                let element = self.element(&source, span);
                let fitting = element.filter(|element| match pattern::check(written, element) {
                    Ok(()) => true,
                    Err(misfit) => {
                        self.diagnostics.push(self.report.binding(span, &misfit, Some(Operand::of(&source))));
                        false
                    }
                });
                self.scope.push_frame();
                let names = match &fitting {
                    Some(element) => pattern::bindings(written, element),
                    None => pattern::reported(written),
                };
                self.scope.bind_frame(names, fitting.is_some());
                fitting.map(|_| Clause::Enumerate(Rc::new(Pattern::new(written)), source))
            }
        }
    }

    /// What enumerating a source yields.
    fn element(&mut self, source: &Node, span: Span) -> Option<Type> {
        let pair = |key: &Type, value: &Type| Type::tuple([Field::unnamed(key.clone()), Field::unnamed(value.clone())]);
        match &source.ty.kind {
            TypeKind::Error(_) => None,
            TypeKind::List(element) => Some(element.as_ref().clone()),
            TypeKind::Map(types) => Some(pair(&types.0, &types.1)),
            TypeKind::Dir => Some(pair(&Type::string(), &Type::file())),
            _ => {
                self.diagnostics.push(self.report.not_enumerable(span, Operand::of(source)));
                None
            }
        }
    }
}
