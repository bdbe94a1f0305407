//! Modules, parameters, declarations and blocks (language spec §2.1).

use crate::ast::{Ascription, Decl, DeclKind, Expr, ExprKind, Module, Param, Pattern, Type, ValForm};
use crate::format::align::align;
use crate::format::list::Style;
use crate::format::printer::{Gap, Printer};
use crate::token::Token;

impl Printer<'_> {
    /// A whole module.
    pub(super) fn module(mut self, module: &Module) -> String {
        if module.keyspace.is_some() {
            self.token();
            self.token_after(Gap::Blank);
            self.terminated(true);
        }
        self.stray_semicolons();
        let mut params = module.params.iter();
        while self.stream.peek() == Some(Token::Param) {
            self.token_after(Gap::Line);
            self.gap = Gap::Blank;
            if self.stream.peek() == Some(Token::OpenParen) {
                self.param_group(&mut params);
            } else {
                self.param(&mut params);
            }
            self.terminated(true);
            self.stray_semicolons();
        }
        for decl in &module.decls {
            self.gap = Gap::Line;
            self.decl(decl);
            self.terminated(true);
        }
        let (text, line_ends) = self.finish();
        align(&text, &line_ends)
    }

    /// Semicolons where a declaration could be. They go, unless a comment stands before them, which would
    /// then document what is behind.
    fn stray_semicolons(&mut self) {
        while self.stream.peek() == Some(Token::Semicolon) {
            if self.stream.comments().is_empty() {
                self.stream.skip();
            } else {
                self.token_after(Gap::Line);
            }
        }
    }

    /// `(` … `)` behind `param`: always one entry a line.
    fn param_group<'a>(&mut self, params: &mut impl Iterator<Item = &'a Param>) {
        self.token();
        self.page.indentation += 1;
        self.gap = Gap::First;
        while !matches!(self.stream.peek(), Some(Token::CloseParen) | None) {
            self.param(params);
            self.terminated(true);
            self.gap = Gap::Line;
        }
        self.close();
    }

    /// `x, y T = e`
    fn param<'a>(&mut self, params: &mut impl Iterator<Item = &'a Param>) {
        self.token();
        let mut param = params.next();
        while self.stream.peek() == Some(Token::Comma) {
            self.token();
            self.token_after(Gap::Blank);
            param = params.next();
        }
        let Some(Param { ty, default, .. }) = param else { return };
        if let Some(ty) = ty {
            self.gap = Gap::Blank;
            self.ty(ty);
        }
        if let Some(default) = default {
            self.definition(unascribed(default).0);
        }
    }

    /// What ends a declaration before the next one. A line feed does for a written semicolon, unless a
    /// comment stands on its line: a comment that a line feed ends a declaration behind takes the
    /// documentation of the next one with it (language spec §1.3).
    pub(super) fn terminated(&mut self, is_broken: bool) {
        let is_semicolon = |token| token == Some(Token::Semicolon);
        while is_semicolon(self.stream.peek())
            && is_semicolon(self.stream.peek_at(1))
            && self.stream.comments_at(1).is_empty()
        {
            self.stream.skip();
        }
        if !is_semicolon(self.stream.peek()) {
            return;
        }
        let is_last = matches!(self.stream.peek_at(1), None | Some(Token::CloseParen));
        let has_comment = !self.stream.comments().is_empty() || self.stream.has_line_end_comments(1);
        if is_broken && (is_last || !has_comment) {
            self.stream.skip();
        } else {
            self.token_after(Gap::Tight);
        }
    }

    /// A declaration; behind a gap that has been set.
    pub(super) fn decl(&mut self, decl: &Decl) {
        match &decl.kind {
            DeclKind::Type { ty, .. } => {
                self.token();
                self.token_after(Gap::Blank);
                self.gap = Gap::Blank;
                self.ty(ty);
            }
            DeclKind::Val { pattern, value, form } => {
                let mut value = value;
                while let ExprKind::Requires(needs, inner) = &value.kind {
                    self.requires(needs);
                    value = inner;
                }
                self.val(pattern, value, *form);
            }
        }
    }

    /// `@requires(…)` on the line of its declaration or above it.
    fn requires(&mut self, needs: &[Decl]) {
        self.token();
        self.token();
        self.decls(needs);
        self.skip_all(Token::Semicolon);
        self.gap = if self.stream.is_after_break(0) { Gap::First } else { Gap::Blank };
    }

    /// Declarations as arguments.
    pub(super) fn decls(&mut self, decls: &[Decl]) {
        self.bracketed(decls.len(), Style::Header, |printer, index| printer.decl(&decls[index]));
    }

    fn val(&mut self, pattern: &Pattern, value: &Expr, form: ValForm) {
        match form {
            ValForm::Shorthand => self.token(),
            ValForm::Assign => {
                self.token();
                self.definition(value);
            }
            ValForm::Val => {
                self.token();
                self.gap = Gap::Blank;
                self.pattern(pattern);
                let (value, ty) = unascribed(value);
                if let Some(ty) = ty {
                    self.gap = Gap::Blank;
                    self.ty(ty);
                }
                self.definition(value);
            }
            ValForm::Func => {
                self.token();
                self.token_after(Gap::Blank);
                let (literal, result) = match &value.kind {
                    ExprKind::Ascribe(literal, ascription) => match &**ascription {
                        Ascription::Declared(result) => (&**literal, Some(result)),
                        _ => (value, None),
                    },
                    _ => (value, None),
                };
                if let ExprKind::Func(params, body) = &literal.kind {
                    self.function(params, result, body);
                }
            }
        }
    }

    /// `= e`, `:= e`
    fn definition(&mut self, value: &Expr) {
        self.token_after(Gap::Blank);
        self.continued_expression(Gap::Blank, value);
    }

    /// The declarations and the value of a block in its braces.
    pub(super) fn braced(&mut self, decls: &[Decl], value: &Expr, is_broken: bool) {
        self.token();
        self.page.indentation += usize::from(is_broken);
        self.gap = if is_broken { Gap::First } else { Gap::Blank };
        self.block(decls, value, is_broken);
        self.skip_all(Token::Semicolon);
        if is_broken {
            self.close();
        } else {
            self.token_after(Gap::Blank);
        }
    }

    /// The declarations and the value of a block; behind a gap that has been set.
    pub(super) fn block(&mut self, decls: &[Decl], value: &Expr, is_broken: bool) {
        for decl in decls {
            self.decl(decl);
            self.terminated(is_broken);
            self.gap = if is_broken { Gap::Line } else { Gap::Blank };
        }
        self.expression(value);
    }
}

/// A value without its ascription to a written type, and that type.
fn unascribed(value: &Expr) -> (&Expr, Option<&Type>) {
    if let ExprKind::Ascribe(inner, ascription) = &value.kind
        && let Ascription::Type(ty) = &**ascription
    {
        return (inner, Some(ty));
    }
    (value, None)
}
