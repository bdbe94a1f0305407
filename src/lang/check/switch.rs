//! `switch`: patterns, exhaustiveness and reachability (language spec §3.6).

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::coverage::{Pat, analyse};
use types::ty::{Level, unify};

use super::scope::ScopeKind;
use super::{Checker, pattern};
use crate::tree::{Case, ExprKind, Node, Pattern};

impl Checker<'_> {
    pub(super) fn switch(&mut self, scrutinee: &ast::Expr, cases: &[ast::Case], span: Span) -> Node {
        let scrutinee = self.expr(scrutinee);
        if scrutinee.ty.is_error() {
            return self.silent(span);
        }
        let mut checked = Vec::with_capacity(cases.len());
        let mut fits = true;
        for case in cases {
            if pattern::is_too_deep(&case.pattern) {
                self.diagnostics.push(self.report.binding(span, pattern::TOO_DEEP));
                fits = false;
                continue;
            }
            if pattern::check(&case.pattern, &scrutinee.ty).is_err() {
                let text = pattern::print(&case.pattern);
                self.diagnostics.push(self.report.incompatible_pattern(span, &text, &scrutinee.ty));
                fits = false;
                continue;
            }
            self.scope.enter(ScopeKind::Clause);
            self.scope.push_frame();
            self.scope.bind_frame(pattern::bindings(&case.pattern, &scrutinee.ty));
            let body = self.expr(&case.body);
            self.finish_scope();
            checked.push(Case { pattern: Rc::new(Pattern::new(&case.pattern)), body });
        }
        if !fits || !self.covers(&scrutinee.ty, cases, span) || checked.iter().any(|case| case.body.ty.is_error()) {
            return self.silent(span);
        }
        let ty = unify(checked.iter().map(|case| &case.body.ty));
        let flow = ty.flow || scrutinee.ty.flow;
        let ty = ty.with_flow(flow).with_level(Level::NotConst);
        self.node(ExprKind::Switch(scrutinee, checked.into()), ty, span)
    }

    /// Whether every value meets a case and every case adds something.
    fn covers(&mut self, ty: &Type, cases: &[ast::Case], span: Span) -> bool {
        let patterns: Vec<Pat> = cases.iter().map(|case| pattern::coverage(&case.pattern)).collect();
        let coverage = analyse(ty, &patterns);
        if !coverage.exhaustive {
            self.diagnostics.push(self.report.not_exhaustive(span, coverage.missing.as_deref()));
        }
        for index in &coverage.unreachable {
            let case = &cases[*index];
            self.diagnostics.push(self.report.unreachable_case(case.span, &pattern::print(&case.pattern)));
        }
        coverage.exhaustive && coverage.unreachable.is_empty()
    }
}
