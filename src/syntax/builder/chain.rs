//! Chains of operands and operators become trees (language spec §2.4).

use crate::ast::{BinaryOp, Expr, ExprKind, Span};
use crate::builder::Builder;

/// A chain of which the left part is waiting for operators that bind no tighter than its own.
pub(crate) struct Chain {
    /// Left operands and their operators, each binding tighter than the one before it.
    waiting: Vec<(Operand, BinaryOp)>,
    /// What the next operator is about.
    last: Operand,
}

/// An operand and its extent, which parentheses make larger than its own span.
struct Operand {
    expr: Box<Expr>,
    start: u32,
    end: u32,
}

impl Builder<'_> {
    /// A chain of one operand.
    pub(crate) fn chain(&mut self, expr: Box<Expr>, start: u32, end: u32) -> Chain {
        Chain { waiting: Vec::new(), last: Operand { expr, start, end } }
    }

    /// A chain with one more operator and operand; all operators are left-associative.
    pub(crate) fn link(&mut self, chain: Chain, operator: BinaryOp, expr: Box<Expr>, start: u32, end: u32) -> Chain {
        let Chain { mut waiting, last } = chain;
        let last = close(&mut waiting, last, operator.precedence());
        waiting.push((last, operator));
        Chain { waiting, last: Operand { expr, start, end } }
    }

    /// The tree of a whole chain.
    pub(crate) fn chained(&mut self, mut chain: Chain) -> Box<Expr> {
        close(&mut chain.waiting, chain.last, 0).expr
    }
}

/// Applies the waiting operators that bind at least as tight as `precedence`.
fn close(waiting: &mut Vec<(Operand, BinaryOp)>, mut last: Operand, precedence: u8) -> Operand {
    while let Some((left, operator)) = waiting.pop_if(|(_, operator)| operator.precedence() >= precedence) {
        let span = Span { start: left.start, end: last.end, at: left.expr.span.at };
        let kind = ExprKind::Binary(operator, left.expr, last.expr);
        last = Operand { expr: Box::new(Expr { kind, span }), start: left.start, end: last.end };
    }
    last
}
