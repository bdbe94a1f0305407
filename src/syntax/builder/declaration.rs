//! Modules, parameters and declarations (language spec §2.1).

use crate::ast::{
    Ascription, Decl, DeclKind, Expr, ExprKind, FuncParam, Ident, Literal, Module, Param, Pattern, Span, Type, ValForm,
};
use crate::builder::types::group;
use crate::builder::{Builder, token_span};
use crate::message::grammar;

impl Builder<'_> {
    /// A whole module.
    pub(crate) fn module(&mut self, keyspace: Option<Literal>, params: Vec<Param>, decls: Vec<Decl>) -> Box<Module> {
        Box::new(Module { keyspace, params, decls })
    }

    /// `param x, y T = e` on its own: names without a comment take the one of the keyword.
    pub(crate) fn single_param(&mut self, start: u32, mut params: Vec<Param>) -> Vec<Param> {
        let doc = self.doc(start);
        for param in &mut params {
            if param.doc.is_empty() {
                param.doc = doc.clone();
            }
        }
        params
    }

    /// A group of names with a type, a default, or both; a default is for one name only.
    pub(crate) fn params(&mut self, names: Vec<Ident>, ty: Option<Type>, default: Option<Box<Expr>>) -> Vec<Param> {
        let mut default = default.map(|default| match &ty {
            Some(ty) => ascribe(default, Ascription::Type(ty.clone())),
            None => default,
        });
        if let (Some(_), [first, .., last]) = (&default, names.as_slice()) {
            let span = Span { end: last.span.end, ..first.span };
            self.diagnostics.push(grammar::declaration_error(self.source, span));
            default = None;
        }
        let names = group(names);
        names
            .into_iter()
            .map(|name| {
                let doc = self.doc(name.span.start);
                Param { name, ty: ty.clone(), default: default.take().map(|default| *default), doc }
            })
            .collect()
    }

    /// `val p [T] = e`, which has the position of `e`.
    pub(crate) fn val(
        &mut self,
        pattern: Pattern,
        ty: Option<Type>,
        value: Box<Expr>,
        start: u32,
        end: u32,
    ) -> Box<Decl> {
        let at = value.span.at;
        let value = match ty {
            Some(ty) => ascribe(value, Ascription::Type(ty)),
            None => value,
        };
        self.declared(pattern, value, ValForm::Val, Span { start, end, at })
    }

    /// `x := e`
    pub(crate) fn assign(&mut self, name: Ident, value: Box<Expr>, start: u32, end: u32) -> Box<Decl> {
        let at = name.span.at;
        let pattern = self.bind(name);
        self.declared(pattern, value, ValForm::Assign, Span { start, end, at })
    }

    /// `func f(…) [T] = e`; `opening` is the end of the keyword.
    #[expect(clippy::too_many_arguments, reason = "one for each part of the production")]
    pub(crate) fn func(
        &mut self,
        name: Ident,
        params: Vec<FuncParam>,
        result: Option<Type>,
        body: Box<Expr>,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Box<Decl> {
        let span = Span { start, end, at: opening };
        let literal = Box::new(Expr { kind: ExprKind::Func(params, body), span });
        let value = match result {
            Some(result) => ascribe(literal, Ascription::Declared(result)),
            None => literal,
        };
        let pattern = self.bind(name);
        self.declared(pattern, value, ValForm::Func, span)
    }

    /// `x` for `x := x` in `exec(…)`, `make(…)` and `@requires(…)`.
    pub(crate) fn short_decl(&mut self, name: Ident) -> Box<Decl> {
        let span = name.span;
        let value = Box::new(Expr { kind: ExprKind::Ident(name.name.clone()), span });
        let pattern = self.bind(name);
        self.declared(pattern, value, ValForm::Shorthand, span)
    }

    fn declared(&mut self, pattern: Pattern, value: Box<Expr>, form: ValForm, span: Span) -> Box<Decl> {
        Box::new(Decl { kind: DeclKind::Val { pattern, value: *value, form }, span, doc: self.doc(span.start) })
    }

    /// `@requires(…) d`: the value of `d` is wrapped, and the `@` carries the documentation.
    pub(crate) fn requires(&mut self, needs: Vec<Decl>, decl: Box<Decl>, start: u32, end: u32) -> Box<Decl> {
        let Decl { kind, span, doc: _ } = *decl;
        let kind = match kind {
            DeclKind::Val { pattern, value, form } => {
                let place = Span { start, end, at: value.span.at };
                let value = Expr { kind: ExprKind::Requires(needs, Box::new(value)), span: place };
                DeclKind::Val { pattern, value, form }
            }
            alias @ DeclKind::Type { .. } => alias,
        };
        Box::new(Decl { kind, span: Span { start, ..span }, doc: self.doc(start) })
    }

    /// `type A T`; `opening` is the end of the keyword.
    pub(crate) fn type_decl(&mut self, name: Ident, ty: Type, start: u32, opening: u32, end: u32) -> Box<Decl> {
        Box::new(Decl {
            kind: DeclKind::Type { name, ty },
            span: Span { start, end, at: opening },
            doc: self.doc(start),
        })
    }

    /// Adds a declaration to those of a block or an argument list, where aliases have no place.
    pub(crate) fn local(&mut self, mut decls: Vec<Decl>, decl: Box<Decl>) -> Vec<Decl> {
        if matches!(decl.kind, DeclKind::Type { .. }) {
            let keyword = token_span(decl.span.start, decl.span.at);
            self.diagnostics.push(grammar::type_not_at_top(self.source, keyword));
        } else {
            decls.push(*decl);
        }
        decls
    }
}

/// An expression held to a type; the node has the place and the position of the expression.
pub(super) fn ascribe(value: Box<Expr>, ascription: Ascription) -> Box<Expr> {
    let span = value.span;
    Box::new(Expr { kind: ExprKind::Ascribe(value, Box::new(ascription)), span })
}
