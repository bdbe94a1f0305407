//! `switch`: patterns, exhaustiveness and reachability (language spec §3.6).

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::coverage::{Pat, analyse};
use types::ty::{Level, unify};

use super::{Checker, pattern};
use crate::diagnostics::Operand;
use crate::tree::{Case, ExprKind, Node, Pattern};

impl Checker<'_> {
    pub(super) fn switch(&mut self, scrutinee: &ast::Expr, cases: &[ast::Case], span: Span) -> Node {
        let scrutinee = self.expr(scrutinee);
        let mut checked = Vec::with_capacity(cases.len());
        let mut fits = !scrutinee.ty.is_error();
        for case in cases {
            let names = match self.case_names(case, &scrutinee, span) {
                Some(names) => names,
                None => {
                    fits = false;
                    pattern::reported(&case.pattern)
                }
            };
            self.scope.enter();
            self.scope.push_frame();
            self.scope.bind_frame(names, fits);
            let body = self.expr(&case.body);
            self.finish_scope();
            if fits {
                checked.push(Case { pattern: Rc::new(Pattern::new(&case.pattern)), body });
            }
        }
        if !fits || !self.covers(&scrutinee, cases, span) || checked.iter().any(|case| case.body.ty.is_error()) {
            return self.silent(span);
        }
        let ty = unify(checked.iter().map(|case| &case.body.ty));
        if let Some(message) = ty.error_message() {
            let bodies: Vec<&Node> = checked.iter().map(|case| &case.body).collect();
            return self.disagree(&bodies, message, span, "all cases of a switch have one type");
        }
        let flow = ty.flow || scrutinee.ty.flow;
        let ty = ty.with_flow(flow).with_level(Level::NotConst);
        self.node(ExprKind::Switch(scrutinee, checked.into()), ty, span)
    }

    /// What a case binds; `None` if its pattern does not fit, which is reported unless the scrutinee was.
    fn case_names(&mut self, case: &ast::Case, scrutinee: &Node, span: Span) -> Option<Vec<(ast::Name, Type, Span)>> {
        if scrutinee.ty.is_error() {
            return None;
        }
        match pattern::check(&case.pattern, &scrutinee.ty) {
            Ok(()) => Some(pattern::bindings(&case.pattern, &scrutinee.ty)),
            Err(misfit) if misfit.is_too_deep() => {
                self.diagnostics.push(self.report.binding(span, &misfit, None));
                None
            }
            Err(misfit) => {
                let text = pattern::print(&case.pattern);
                let pattern = (text.as_str(), case.pattern.span);
                self.diagnostics.push(self.report.incompatible_pattern(span, pattern, Operand::of(scrutinee), &misfit));
                None
            }
        }
    }

    /// Whether every value meets a case and every case adds something.
    fn covers(&mut self, scrutinee: &Node, cases: &[ast::Case], span: Span) -> bool {
        let patterns: Vec<Pat> = cases.iter().map(|case| pattern::coverage(&case.pattern)).collect();
        let coverage = analyse(&scrutinee.ty, &patterns);
        if !coverage.exhaustive {
            let head = Span { end: scrutinee.span.end, ..span };
            let missing = coverage.missing.as_deref();
            self.diagnostics.push(self.report.not_exhaustive(span, head, Operand::of(scrutinee), missing));
        }
        for index in &coverage.unreachable {
            let case = &cases[*index];
            let covers = |earlier: &usize| {
                let both = [patterns[*earlier].clone(), patterns[*index].clone()];
                analyse(&scrutinee.ty, &both).unreachable == [1]
            };
            let earlier = (0..*index).find(covers).map(|earlier| cases[earlier].pattern.span);
            let text = pattern::print(&case.pattern);
            self.diagnostics.push(self.report.unreachable_case(case.span, (&text, case.pattern.span), earlier));
        }
        coverage.exhaustive && coverage.unreachable.is_empty()
    }
}
