//! Expressions (language spec §2.5–§2.8).

use std::rc::Rc;

use num_bigint::BigUint;

use crate::ast::{
    Ascription, BinaryOp, Case, Clause, Conversion, Decl, Exec, Expr, ExprKind, FuncParam, Ident, Literal, Pattern,
    Span, Type, UnaryOp,
};
use crate::builder::{Builder, pair, token_span};
use crate::literal::{self, Unquote};
use crate::message::lexical;
use crate::template;

impl Builder<'_> {
    /// A node whose position token ends at `opening`.
    pub(crate) fn expr(&mut self, kind: ExprKind, start: u32, opening: u32, end: u32) -> Box<Expr> {
        Box::new(Expr { kind, span: Span { start, end, at: opening } })
    }

    /// A decimal integer.
    pub(crate) fn int(&mut self, start: u32, end: u32) -> Literal {
        let text = self.text(start, end);
        if let Ok(small) = text.parse::<u64>() {
            return Literal::Int(BigUint::from(small));
        }
        Literal::Int(BigUint::parse_bytes(text.as_bytes(), 10).unwrap_or_else(|| {
            self.diagnostics.push(lexical::integer_not_parsed(self.source, token_span(start, end), text));
            BigUint::ZERO
        }))
    }

    /// A float.
    pub(crate) fn float(&mut self, start: u32, end: u32) -> Literal {
        let text = self.text(start, end);
        if !literal::float_is_valid(text) {
            self.diagnostics.push(lexical::float_not_parsed(self.source, token_span(start, end), text));
            return Literal::Float(Rc::from("0."));
        }
        Literal::Float(self.name(start, end))
    }

    /// A string in double quotes.
    pub(crate) fn string(&mut self, start: u32, end: u32) -> Literal {
        let text = self.text(start, end);
        Literal::String(match literal::unquote(text) {
            Ok(value) => Rc::from(value),
            Err(Unquote::Open) => Rc::default(),
            Err(Unquote::Escape(range)) => {
                let escape = Span { start: start + range.start as u32, end: start + range.end as u32, at: end };
                self.diagnostics.push(lexical::string_not_unquoted(self.source, escape, text));
                Rc::default()
            }
        })
    }

    /// A string in back quotes; it keeps bytes that are not UTF-8.
    pub(crate) fn raw_string(&mut self, start: u32, end: u32) -> Literal {
        let malformed = self.source.malformed();
        let inside = malformed.partition_point(|(offset, _)| *offset < start)
            ..malformed.partition_point(|(offset, _)| *offset < end);
        Literal::String(Rc::from(literal::unquote_raw(self.text(start, end), start, &malformed[inside])))
    }

    /// `true`, `false`
    pub(crate) fn bool(&mut self, value: bool) -> Literal {
        Literal::Bool(value)
    }

    /// A literal as an expression.
    pub(crate) fn literal(&mut self, value: Literal, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Literal(value), start, end, end)
    }

    /// A name as an expression.
    pub(crate) fn reference(&mut self, start: u32, end: u32) -> Box<Expr> {
        let name = self.name(start, end);
        self.expr(ExprKind::Ident(name), start, end, end)
    }

    /// `!a`, `-a`
    pub(crate) fn unary(&mut self, operator: UnaryOp, operand: Box<Expr>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Unary(operator, operand), start, start + 1, end)
    }

    /// `f(a, …)`
    pub(crate) fn call(&mut self, function: Box<Expr>, arguments: Vec<Expr>, start: u32, end: u32) -> Box<Expr> {
        let at = function.span.at;
        self.expr(ExprKind::Call(function, arguments), start, at, end)
    }

    /// `a[i]`
    pub(crate) fn index(&mut self, collection: Box<Expr>, index: Box<Expr>, start: u32, end: u32) -> Box<Expr> {
        let at = collection.span.at;
        self.expr(ExprKind::Index(collection, index), start, at, end)
    }

    /// `a.b`
    pub(crate) fn select(&mut self, value: Box<Expr>, field: Ident, start: u32, end: u32) -> Box<Expr> {
        let at = value.span.at;
        self.expr(ExprKind::Select(value, field), start, at, end)
    }

    /// `int(e)`, `float(e)`; `opening` is the end of the keyword.
    pub(crate) fn convert(
        &mut self,
        to: Conversion,
        value: Box<Expr>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        self.expr(ExprKind::Convert(to, value), start, opening, end)
    }

    /// `func(…) [T] => e`; with a result type the literal is ascribed, at the position of the body.
    pub(crate) fn func_literal(
        &mut self,
        params: Vec<FuncParam>,
        result: Option<Type>,
        body: Box<Expr>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        let at = body.span.at;
        let literal = self.expr(ExprKind::Func(params, body), start, opening, end);
        match result {
            None => literal,
            Some(result) => {
                let ascription = Box::new(Ascription::Literal(result));
                self.expr(ExprKind::Ascribe(literal, ascription), start, at, end)
            }
        }
    }

    /// `{ decl; …; e }` in its braces.
    pub(crate) fn block(&mut self, decls: Vec<Decl>, value: Box<Expr>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Block(decls, value), start, start + 1, end)
    }

    /// `if c { … } else …`; `opening` is the end of the keyword that gives the position.
    pub(crate) fn conditional(
        &mut self,
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        let kind = ExprKind::If(condition, then, otherwise);
        self.expr(kind, start, opening, end)
    }

    /// `else { … }`: a block without declarations around the block; `opening` is the end of `else`.
    pub(crate) fn else_block(&mut self, body: Box<Expr>, opening: u32) -> Box<Expr> {
        let Span { start, end, .. } = body.span;
        self.expr(ExprKind::Block(Vec::new(), body), start, opening, end)
    }

    /// `else if …`: the conditional itself, at the position of `else`.
    pub(crate) fn else_if(
        &mut self,
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        self.conditional(condition, then, otherwise, start, opening, end)
    }

    /// `switch e { … }`; `opening` is the end of the keyword.
    pub(crate) fn switch(
        &mut self,
        value: Box<Expr>,
        cases: Vec<Case>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        self.expr(ExprKind::Switch(value, cases), start, opening, end)
    }

    /// `case p: …`; `opening` is the end of the keyword.
    pub(crate) fn case(&mut self, pattern: Pattern, body: Box<Expr>, start: u32, opening: u32, end: u32) -> Box<Case> {
        Box::new(Case { pattern, body: *body, span: Span { start, end, at: opening } })
    }

    /// The declarations and the value of a `case`, which have no braces.
    pub(crate) fn case_block(&mut self, decls: Vec<Decl>, value: Box<Expr>, start: u32, end: u32) -> Box<Expr> {
        let at = decls.first().map_or(value.span.at, |first| first.span.at);
        self.expr(ExprKind::Block(decls, value), start, at, end)
    }

    /// `(a, b, …)`
    pub(crate) fn tuple(&mut self, elements: Vec<Expr>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Tuple(elements), start, start + 1, end)
    }

    /// `{a: x, b}`
    pub(crate) fn structure(&mut self, fields: Vec<(Ident, Expr)>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Struct(fields), start, start + 1, end)
    }

    /// `{a}` for `{a: a}`.
    pub(crate) fn short_field(&mut self, name: Ident) -> Box<(Ident, Expr)> {
        let value = Expr { kind: ExprKind::Ident(name.name.clone()), span: name.span };
        pair(name, value)
    }

    /// `[a, …]` and what is appended: `([a] + xs) + ys`.
    pub(crate) fn list(&mut self, items: Vec<Expr>, appends: Vec<Expr>, start: u32, end: u32) -> Box<Expr> {
        let list = self.expr(ExprKind::List(items), start, start + 1, end);
        appends.into_iter().fold(list, |list, more| self.sum(list, Box::new(more), start, end))
    }

    /// `[k: v, …]` and what is appended: `n + (m + [k: v])`.
    pub(crate) fn map(&mut self, entries: Vec<(Expr, Expr)>, appends: Vec<Expr>, start: u32, end: u32) -> Box<Expr> {
        let map = self.expr(ExprKind::Map(entries), start, start + 1, end);
        appends.into_iter().fold(map, |map, more| self.sum(Box::new(more), map, start, end))
    }

    /// The `a + b` that an append stands for.
    fn sum(&mut self, left: Box<Expr>, right: Box<Expr>, start: u32, end: u32) -> Box<Expr> {
        let at = left.span.at;
        self.expr(ExprKind::Binary(BinaryOp::Add, left, right), start, at, end)
    }

    /// `[e | …]`
    pub(crate) fn comprehension(&mut self, body: Box<Expr>, clauses: Vec<Clause>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Comprehension(body, clauses), start, start + 1, end)
    }

    /// `p <- e`
    pub(crate) fn enumeration(&mut self, pattern: Pattern, source: Box<Expr>) -> Box<Clause> {
        Box::new(Clause::Enumerate(pattern, *source))
    }

    /// `if e` in a comprehension.
    pub(crate) fn filter(&mut self, condition: Box<Expr>) -> Box<Clause> {
        Box::new(Clause::Filter(*condition))
    }

    /// `#T`, `#T(e)`
    pub(crate) fn variant(&mut self, tag: Ident, payload: Option<Box<Expr>>, start: u32, end: u32) -> Box<Expr> {
        self.expr(ExprKind::Variant(tag, payload), start, start + 1, end)
    }

    /// `make("path", …)`; `opening` is the end of the keyword.
    pub(crate) fn make(
        &mut self,
        path: Box<Expr>,
        arguments: Vec<Decl>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Expr> {
        self.expr(ExprKind::Make(path, arguments), start, opening, end)
    }

    /// `exec(…) outputs {" … "}`; `opening` is the end of the keyword, the template begins at `from`.
    pub(crate) fn exec(
        &mut self,
        options: Vec<Decl>,
        outputs: Type,
        start: u32,
        opening: u32,
        from: u32,
        end: u32,
    ) -> Box<Expr> {
        let body = template::read(self, from, end);
        let exec = Exec {
            options,
            outputs,
            raw: body.raw,
            raw_start: body.raw_start,
            fragments: body.fragments,
            interpolations: body.interpolations,
        };
        self.expr(ExprKind::Exec(Box::new(exec)), start, opening, end)
    }
}
