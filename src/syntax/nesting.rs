//! Trees of any depth: copying, comparing, showing and dropping a node grows the stack where it must.
//!
//! A program may nest as deep as its text is long. Every way down the tree passes through an
//! expression, a type or a pattern, so it is enough that these three look at the stack; the derived code
//! of everything between them stays as it is.

use std::fmt;
use std::mem;

use crate::ast::{Expr, ExprKind, Literal, Pattern, PatternKind, Type, TypeKind};

/// Stack that the code between two looks at the stack may use, in bytes.
const RED_ZONE: usize = 64 << 10;
/// Size of each new piece of stack, in bytes.
const PIECE: usize = 1 << 20;

/// Runs `work`, on more stack if little is left. For every walk over a tree.
pub fn deeper<R>(work: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, PIECE, work)
}

/// Whether what is left of the stack is too little for another level.
fn is_short_of_stack() -> bool {
    stacker::remaining_stack().is_none_or(|left| left < RED_ZONE)
}

macro_rules! nested {
    ($node:ident, $leaf:pat, $empty:expr) => {
        impl Clone for $node {
            fn clone(&self) -> Self {
                deeper(|| Self { kind: self.kind.clone(), span: self.span })
            }
        }

        impl PartialEq for $node {
            fn eq(&self, other: &Self) -> bool {
                self.span == other.span && deeper(|| self.kind == other.kind)
            }
        }

        impl fmt::Debug for $node {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                deeper(|| {
                    f.debug_struct(stringify!($node)).field("kind", &self.kind).field("span", &self.span).finish()
                })
            }
        }

        impl Drop for $node {
            fn drop(&mut self) {
                // With enough stack the children go the ordinary way, right after this returns.
                if !matches!(self.kind, $leaf) && is_short_of_stack() {
                    let kind = mem::replace(&mut self.kind, $empty);
                    stacker::grow(PIECE, || drop(kind));
                }
            }
        }
    };
}

nested!(Expr, ExprKind::Ident(_) | ExprKind::Literal(_), ExprKind::Literal(Literal::Bool(false)));
nested!(
    Type,
    TypeKind::Int
        | TypeKind::Float
        | TypeKind::String
        | TypeKind::Bool
        | TypeKind::File
        | TypeKind::Dir
        | TypeKind::Alias(_),
    TypeKind::Int
);
nested!(Pattern, PatternKind::Ident(_) | PatternKind::Ignore, PatternKind::Ignore);

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::ast::{Span, UnaryOp};

    #[test]
    fn deep_trees_are_copied_compared_shown_and_dropped() {
        let span = Span::default();
        let mut expr = Expr { kind: ExprKind::Ident(Rc::from("x")), span };
        for _ in 0..200_000 {
            expr = Expr { kind: ExprKind::Unary(UnaryOp::Not, Box::new(expr)), span };
        }
        let copy = expr.clone();
        assert!(copy == expr);
        assert!(format!("{expr:?}").ends_with("at: 0 } }"));
        drop(expr);
        assert!(matches!(copy.kind, ExprKind::Unary(..)));
    }
}
