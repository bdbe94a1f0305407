//! Operators and conditionals.

use syntax::ast::{self, BinaryOp, Span, UnaryOp};
use types::Type;
use types::ty::{Level, TypeKind, unify};

use super::{Checker, any_flow};
use crate::diagnostics::Operand;
use crate::tree::{ExprKind, Node};

impl Checker<'_> {
    pub(super) fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Node {
        let (left, right) = (self.expr(left), self.expr(right));
        if left.ty.is_error() || right.ty.is_error() {
            return self.silent(span);
        }
        match self.binary_type(op, &left, &right, span) {
            Ok(ty) if ty.is_error() => {
                let message = ty.error_message().unwrap_or_default();
                self.disagree(&[&left, &right], message, span, "what is put together with `+` has one type")
            }
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
            return Err(Box::new(self.report.operand_mismatch(span, op, Operand::of(left), Operand::of(right))));
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
            _ => {
                let order = !matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
                return Err(Box::new(self.report.not_comparable(span, Operand::of(left), Operand::of(right), order)));
            }
        };
        if !allowed {
            return Err(Box::new(self.report.operator_not_allowed(span, op, Operand::of(left), Operand::of(right))));
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
            (UnaryOp::Not, _) => Some(self.report.not_a_bool(span, Operand::of(&operand))),
            (UnaryOp::Negate, _) => Some(self.report.not_a_number(span, Operand::of(&operand))),
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
            let diagnostic = self.report.expected_bool(span, Operand::of(&condition));
            return self.fail(diagnostic, span);
        }
        if [&condition, &then, &otherwise].iter().any(|node| node.ty.is_error()) {
            return self.silent(span);
        }
        let ty = unify([&then.ty, &otherwise.ty]);
        if let Some(message) = ty.error_message() {
            return self.disagree(&[&then, &otherwise], message, span, "both branches of an `if` have one type");
        }
        let flow = ty.flow || condition.ty.flow;
        let ty = ty.with_flow(flow).with_level(Level::NotConst);
        self.node(ExprKind::If(condition, then, otherwise), ty, span)
    }

    /// Reports that the types of nodes cannot be unified, at the first that does not go with the others.
    pub(super) fn disagree(&mut self, nodes: &[&Node], message: &str, span: Span, rule: &str) -> Node {
        let mut unified = Type::bottom();
        let other = nodes.iter().position(|node| {
            unified = unify([&unified, &node.ty]);
            unified.is_error()
        });
        let diagnostic = match other {
            None => self.report.too_deep(span, message),
            Some(other) => {
                let clashes = |node: &&Node| unify([&node.ty, &nodes[other].ty]).is_error();
                let first = nodes[..other].iter().copied().find(clashes).unwrap_or(nodes[0]);
                let (first, other) = (result_of(first), result_of(nodes[other]));
                self.report.disagreement(span, message, first, other, rule)
            }
        };
        self.fail(diagnostic, span)
    }
}

/// What a node comes to: of a block its last expression.
fn result_of(node: &Node) -> Operand<'_> {
    match &node.kind {
        ExprKind::Block(_, body) => result_of(body),
        _ => Operand::of(node),
    }
}
