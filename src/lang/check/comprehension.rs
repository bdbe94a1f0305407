//! Comprehensions.

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Field, Level, TypeKind};

use super::scope::ScopeKind;
use super::{Checker, pattern};
use crate::tree::{Clause, Comprehension, ExprKind, Node, Pattern};

impl Checker<'_> {
    pub(super) fn comprehension(&mut self, body: &ast::Expr, clauses: &[ast::Clause], span: Span) -> Node {
        self.scope.enter(ScopeKind::Clause);
        let checked = self.clauses(clauses, span);
        let body = match &checked {
            Some(_) => self.expr(body),
            None => self.silent(span),
        };
        self.finish_scope();
        let Some(clauses) = checked.filter(|_| !body.ty.is_error()) else {
            return self.silent(span);
        };
        let flow = clauses.iter().any(|clause| clause.expr().ty.flow);
        let ty = Type::list(body.ty.clone()).with_flow(flow).with_level(Level::NotConst);
        let comprehension = Comprehension { body, clauses, ty: ty.clone() };
        self.node(ExprKind::Comprehension(Rc::new(comprehension)), ty, span)
    }

    fn clauses(&mut self, clauses: &[ast::Clause], span: Span) -> Option<Vec<Clause>> {
        let mut checked = Vec::with_capacity(clauses.len());
        for (i, clause) in clauses.iter().enumerate() {
            match clause {
                ast::Clause::Filter(condition) => {
                    let condition = self.expr(condition);
                    if condition.ty.is_error() {
                        return None;
                    }
                    if i == 0 {
                        self.diagnostics.push(self.report.filter_first(span));
                        return None;
                    }
                    if !matches!(condition.ty.kind, TypeKind::Bool) {
                        self.diagnostics.push(self.report.expected_bool(span, &condition.ty));
                        return None;
                    }
                    checked.push(Clause::Filter(condition));
                }
                ast::Clause::Enumerate(written, source) => {
                    let source = self.expr(source);
                    let element = self.element(&source, span)?;
                    if let Err(message) = pattern::check(written, &element) {
                        self.diagnostics.push(self.report.binding(span, &message));
                        return None;
                    }
                    self.scope.push_frame();
                    self.scope.bind_frame(pattern::bindings(written, &element));
                    checked.push(Clause::Enumerate(Rc::new(Pattern::new(written)), source));
                }
            }
        }
        Some(checked)
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
                self.diagnostics.push(self.report.not_enumerable(span, &source.ty));
                None
            }
        }
    }
}
