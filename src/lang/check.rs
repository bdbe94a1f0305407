//! The checker: syntax tree to typed tree (language spec §3).
//!
//! One pass in source order. An expression with an error has an error type, which keeps its parents
//! silent, so that every independent mistake is reported once.

mod scope;

mod pattern;
mod written;

mod aggregate;
mod builtin;
mod call;
mod comprehension;
mod exec;
mod make;
mod module;
mod operator;
mod switch;

use std::rc::Rc;

use syntax::ast::{self, ExprKind as Ast, Literal, Span};
use syntax::diagnostic::{Diagnostic, Source};
use types::float::Float;
use types::integer::Integer;
use types::{Type, Value};

use crate::diagnostics::Report;
use crate::nesting::with_stack;
use crate::session::Session;
use crate::tree::{Builtin, Decl, Expr, ExprKind, Func, Node};
use scope::{Scope, ScopeKind};

pub(crate) use module::check_module;
pub(crate) use pattern::print as print_pattern;

/// Checks one source.
pub(crate) struct Checker<'s> {
    session: &'s Rc<Session>,
    report: Report,
    /// Folder that `make("./…")` starts from.
    folder: String,
    scope: Scope,
    /// Names in the order they were declared, for `type` declarations.
    aliases: std::collections::HashMap<ast::Name, Type>,
    diagnostics: Vec<Diagnostic>,
    /// Set when a parameter is referred to; tells defaults that depend on others.
    saw_param: bool,
}

/// Checks a stand-alone expression against the predeclared names.
pub(crate) fn check_expr(session: &Rc<Session>, source: &Rc<Source>, expr: &ast::Expr) -> (Node, Vec<Diagnostic>) {
    let mut checker = Checker::new(session, source, "");
    let node = checker.expr(expr);
    checker.finish_scope();
    (node, checker.diagnostics)
}

impl<'s> Checker<'s> {
    fn new(session: &'s Rc<Session>, source: &Rc<Source>, folder: &str) -> Self {
        let mut scope = Scope::default();
        for (index, (name, ty)) in crate::system::predeclared_types().into_iter().enumerate() {
            scope.predeclare(name.into(), ty, index as u32);
        }
        scope.enter(ScopeKind::Module);
        Self {
            session,
            report: Report { source: source.clone() },
            folder: folder.to_owned(),
            scope,
            aliases: std::collections::HashMap::new(),
            diagnostics: Vec::new(),
            saw_param: false,
        }
    }

    /// Reports an error; the expression that has it gets a type that keeps its parents silent.
    fn fail(&mut self, diagnostic: Diagnostic, span: Span) -> Node {
        let message = diagnostic.message.clone();
        self.diagnostics.push(diagnostic);
        self.erroneous(span, &message)
    }

    fn erroneous(&self, span: Span, message: &str) -> Node {
        Rc::new(Expr { kind: ExprKind::Literal(Value::Unit), ty: Type::error(message), span })
    }

    /// An expression that was not checked since something below it was wrong.
    fn silent(&self, span: Span) -> Node {
        self.erroneous(span, "type error")
    }

    /// Makes the expression unless its type came out wrong, which is reported.
    fn node(&mut self, kind: ExprKind, ty: Type, span: Span) -> Node {
        match ty.error_message() {
            Some(message) => {
                let diagnostic = self.report.type_error(span, message);
                self.fail(diagnostic, span)
            }
            None => Rc::new(Expr { kind, ty, span }),
        }
    }

    /// Whether a member of a module can have this type; if not, that is reported.
    fn can_be_member(&mut self, ty: &Type, span: Span) -> bool {
        let module = Type::module([types::ty::Field::unnamed(ty.clone())], []);
        if let Some(message) = module.error_message() {
            self.diagnostics.push(self.report.type_error(span, message));
        }
        !module.is_error()
    }

    /// Leaves a scope and warns of what was not used in it.
    fn finish_scope(&mut self) {
        let mut unused = self.scope.leave();
        unused.sort_by_key(|(_, span)| span.start);
        for (name, span) in unused {
            self.diagnostics.push(self.report.unused(span, &name));
        }
    }

    /// Checks an expression.
    fn expr(&mut self, expr: &ast::Expr) -> Node {
        with_stack(|| self.expr_here(expr))
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Vec<Node> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_here(&mut self, expr: &ast::Expr) -> Node {
        let span = expr.span;
        match &expr.kind {
            Ast::Ident(name) => self.ident(name, span),
            Ast::Literal(literal) => self.literal(literal, span),
            Ast::Binary(op, left, right) => self.binary(*op, left, right, span),
            Ast::Unary(op, operand) => self.unary(*op, operand, span),
            Ast::Call(callee, args) => self.call(callee, args, span),
            Ast::Convert(conversion, operand) => self.convert(*conversion, operand, span),
            Ast::Index(collection, index) => self.index(collection, index, span),
            Ast::Select(operand, field) => self.select(operand, field, span),
            Ast::If(condition, then, otherwise) => self.conditional(condition, then, otherwise, span),
            Ast::Switch(scrutinee, cases) => self.switch(scrutinee, cases, span),
            Ast::Block(decls, body) => self.block(decls, body, span),
            Ast::Func(params, body) => self.func(params, body, span),
            Ast::Ascribe(operand, ascription) => self.ascribe(operand, ascription, span),
            Ast::Tuple(elements) => self.tuple(elements, span),
            Ast::Struct(fields) => self.record(fields, span),
            Ast::List(elements) => self.list(elements, span),
            Ast::Map(entries) => self.map(entries, span),
            Ast::Comprehension(body, clauses) => self.comprehension(body, clauses, span),
            Ast::Variant(tag, payload) => self.variant(tag, payload.as_deref(), span),
            Ast::Exec(exec) => self.exec(exec, span),
            Ast::Make(path, args) => self.make(path, args, span),
            Ast::Requires(options, operand) => self.requires(options, operand, span),
        }
    }

    fn ident(&mut self, name: &ast::Name, span: Span) -> Node {
        match self.scope.lookup(name) {
            Some((slot, ty)) => {
                self.saw_param |= matches!(slot, crate::tree::Slot::Param(_));
                self.node(ExprKind::Ident(name.clone(), slot), ty, span)
            }
            None => {
                let near = self.scope.nearest(name);
                let is_builtin = Builtin::named(name).is_some();
                let diagnostic = self.report.not_defined(span, name, is_builtin, near.as_deref());
                self.fail(diagnostic, span)
            }
        }
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Node {
        let (value, ty) = match literal {
            Literal::Int(number) => (Value::Int(Integer::from(number.clone())), Type::int()),
            Literal::String(bytes) => (Value::String(bytes.clone()), Type::string()),
            Literal::Bool(truth) => (Value::Bool(*truth), Type::bool()),
            Literal::Float(text) => match Float::parse(text.as_bytes()) {
                Ok(number) => (Value::Float(number), Type::float()),
                Err(error) => {
                    let message = format!("failed to parse float {text:?}: {error}");
                    let diagnostic = self.report.type_error(span, message);
                    return self.fail(diagnostic, span);
                }
            },
        };
        self.node(ExprKind::Literal(value), ty.with_level(types::ty::Level::Const), span)
    }

    fn block(&mut self, decls: &[ast::Decl], body: &ast::Expr, span: Span) -> Node {
        self.scope.enter(ScopeKind::Block);
        let mut checked = Vec::with_capacity(decls.len());
        let mut wrong = false;
        for decl in decls {
            match self.decl(decl) {
                Some((pattern, decl)) => {
                    self.scope.push_frame();
                    self.scope.bind_frame(pattern::bindings(pattern, &decl.value.ty));
                    checked.push(decl);
                }
                None => wrong = true,
            }
        }
        let body = if wrong { self.silent(span) } else { self.expr(body) };
        self.finish_scope();
        if body.ty.is_error() {
            return body;
        }
        let ty = body.ty.clone();
        self.node(ExprKind::Block(checked.into(), body), ty, span)
    }

    /// Checks the right side of a value declaration, and that its pattern fits; gives the pattern as
    /// written, too.
    fn decl<'d>(&mut self, decl: &'d ast::Decl) -> Option<(&'d ast::Pattern, Decl)> {
        let ast::DeclKind::Val { pattern, value, .. } = &decl.kind else {
            self.diagnostics.push(self.report.type_in_block(decl.span));
            return None;
        };
        let value = self.expr(value);
        if value.ty.is_error() {
            return None;
        }
        if let Err(message) = pattern::check(pattern, &value.ty) {
            self.diagnostics.push(self.report.binding(decl.span, &message));
            return None;
        }
        let tree = Rc::new(crate::tree::Pattern::new(pattern));
        Some((pattern, Decl { pattern: tree, value }))
    }

    fn func(&mut self, params: &[ast::FuncParam], body: &ast::Expr, span: Span) -> Node {
        if params.len() > 128 {
            let diagnostic = self.report.too_many_params(span);
            return self.fail(diagnostic, span);
        }
        let types: Option<Vec<Type>> = params.iter().map(|param| self.written(&param.ty)).collect();
        let Some(types) = types else { return self.silent(span) };
        self.scope.enter(ScopeKind::Function);
        self.scope.push_frame();
        let bound = params.iter().zip(&types).map(|(param, ty)| (param.name.name.clone(), ty.clone(), param.name.span));
        self.scope.bind_frame(bound.collect());
        let body = self.expr(body);
        self.finish_scope();
        if body.ty.is_error() {
            return self.silent(span);
        }
        let names: Vec<_> = params.iter().map(|param| param.name.name.clone()).collect();
        let args: Vec<_> =
            names.iter().zip(types).map(|(name, ty)| types::ty::Field::named(name.clone(), ty)).collect();
        let ty = Type::func(args, body.ty.clone());
        self.node(ExprKind::Func(Rc::new(Func { params: names, body })), ty, span)
    }

    fn ascribe(&mut self, operand: &ast::Expr, ascription: &ast::Ascription, span: Span) -> Node {
        let node = self.expr(operand);
        let written = match ascription {
            ast::Ascription::Type(ty) | ast::Ascription::Declared(ty) | ast::Ascription::Literal(ty) => ty,
        };
        let Some(wanted) = self.written(written) else { return self.silent(span) };
        if node.ty.is_error() {
            return node;
        }
        let result_of = |wanted: &Type| match &node.ty.kind {
            types::ty::TypeKind::Func(func) => Type::func(func.args.clone(), wanted.clone()),
            _ => wanted.clone(),
        };
        let wanted = match ascription {
            ast::Ascription::Type(_) => wanted,
            ast::Ascription::Declared(_) => result_of(&wanted),
            // The reference holds the whole function against the type; that stays accepted, and so is
            // the sensible reading (language spec §13 #1).
            ast::Ascription::Literal(_) if node.ty.is_subtype(&wanted) => wanted,
            ast::Ascription::Literal(_) => result_of(&wanted),
        };
        if !node.ty.is_subtype(&wanted) {
            let name = match &operand.kind {
                Ast::Ident(name) => name.to_string(),
                _ => "value".to_owned(),
            };
            let diagnostic = self.report.ascription(span, &name, &node.ty, &wanted);
            return self.fail(diagnostic, span);
        }
        let flow = node.ty.flow;
        self.node(ExprKind::Ascribe(node), wanted.with_flow(flow), span)
    }
}

/// Whether any of the types may be delayed.
fn any_flow<'t>(types: impl IntoIterator<Item = &'t Type>) -> bool {
    types.into_iter().any(|ty| ty.flow)
}
