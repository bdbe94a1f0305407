//! Operators and conditionals.

use syntax::ast::{self, BinaryOp, Span, UnaryOp};
use types::Type;
use types::ty::{Level, TypeKind, unify};

use super::{Checker, any_flow};
use crate::tree::{ExprKind, Node};

impl Checker<'_> {
    pub(super) fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Node {
        let (left, right) = (self.expr(left), self.expr(right));
        if left.ty.is_error() || right.ty.is_error() {
            return self.silent(span);
        }
        match self.binary_type(op, &left, &right, span) {
            Ok(ty) => self.node(ExprKind::Binary(op, left, right), ty, span),
            Err(diagnostic) => self.fail(*diagnostic, span),
        }
    }

    fn binary_type(
        &self,
        op: BinaryOp,
        left: &Node,
        right: &Node,
        span: Span,
    ) -> Result<Type, Box<syntax::diagnostic::Diagnostic>> {
        let (l, r) = (&left.ty, &right.ty);
        if op == BinaryOp::Sequence {
            return Ok(r.clone().with_flow(any_flow([l, r])).with_level(Level::NotConst));
        }
        if op == BinaryOp::Add && matches!(l.kind, TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Dir) {
            // Unification decides whether it may be delayed (language spec §3.4).
            return Ok(unify([l, r]));
        }
        if !l.equal(r) {
            return Err(Box::new(self.report.operand_mismatch(span, op, (l, left.span), (r, right.span))));
        }
        let is = |kinds: &[fn(&TypeKind) -> bool]| kinds.iter().any(|is| is(&l.kind));
        let int: fn(&TypeKind) -> bool = |kind| matches!(kind, TypeKind::Int);
        let float: fn(&TypeKind) -> bool = |kind| matches!(kind, TypeKind::Float);
        let string: fn(&TypeKind) -> bool = |kind| matches!(kind, TypeKind::String);
        let bool: fn(&TypeKind) -> bool = |kind| matches!(kind, TypeKind::Bool);
        let (allowed, ty) = match op {
            BinaryOp::Add => (is(&[string, int, float]), l.clone()),
            BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => (is(&[int, float]), l.clone()),
            BinaryOp::Remainder | BinaryOp::ShiftLeft | BinaryOp::ShiftRight => (is(&[int]), Type::int()),
            BinaryOp::And | BinaryOp::Or => (is(&[bool]), Type::bool()),
            BinaryOp::BitAnd | BinaryOp::Sequence => (false, l.clone()),
            BinaryOp::Equal | BinaryOp::NotEqual if l.is_comparable() => (true, Type::bool()),
            BinaryOp::Less | BinaryOp::Greater | BinaryOp::LessEqual | BinaryOp::GreaterEqual
                if is(&[string, int, float]) =>
            {
                (true, Type::bool())
            }
            _ => return Err(Box::new(self.report.not_comparable(span, l))),
        };
        if !allowed {
            return Err(Box::new(self.report.operator_not_allowed(span, op, l)));
        }
        Ok(ty.with_flow(any_flow([l, r])).with_level(l.level.min(r.level)))
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &ast::Expr, span: Span) -> Node {
        let operand = self.expr(operand);
        if operand.ty.is_error() {
            return self.silent(span);
        }
        let diagnostic = match (op, &operand.ty.kind) {
            (UnaryOp::Not, TypeKind::Bool) | (UnaryOp::Negate, TypeKind::Int | TypeKind::Float) => None,
            (UnaryOp::Not, _) => Some(self.report.not_a_bool(span, &operand.ty)),
            (UnaryOp::Negate, _) => Some(self.report.not_a_number(span, &operand.ty)),
        };
        match diagnostic {
            Some(diagnostic) => self.fail(diagnostic, span),
            None => {
                let ty = operand.ty.clone();
                self.node(ExprKind::Unary(op, operand), ty, span)
            }
        }
    }

    pub(super) fn conditional(
        &mut self,
        condition: &ast::Expr,
        then: &ast::Expr,
        otherwise: &ast::Expr,
        span: Span,
    ) -> Node {
        let (condition, then, otherwise) = (self.expr(condition), self.expr(then), self.expr(otherwise));
        if !condition.ty.is_error() && !matches!(condition.ty.kind, TypeKind::Bool) {
            let diagnostic = self.report.expected_bool(span, &condition.ty);
            let diagnostic = diagnostic.also(&self.report.source, condition.span, "this is the condition");
            return self.fail(diagnostic, span);
        }
        if [&condition, &then, &otherwise].iter().any(|node| node.ty.is_error()) {
            return self.silent(span);
        }
        let ty = unify([&then.ty, &otherwise.ty]);
        let flow = ty.flow || condition.ty.flow;
        let ty = ty.with_flow(flow).with_level(Level::NotConst);
        self.node(ExprKind::If(condition, then, otherwise), ty, span)
    }
}
