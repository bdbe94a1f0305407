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
mod interactive;
mod make;
mod module;
mod operator;
mod order;
mod switch;

use std::rc::Rc;

use syntax::ast::{self, ExprKind as Ast, Literal, Span};
use syntax::diagnostic::{Diagnostic, Source};
use types::float::Float;
use types::integer::Integer;
use types::{Type, Value};

use crate::diagnostics::{Missing, Operand, Report};
use crate::nesting::with_stack;
use crate::session::Session;
use crate::tree::{Builtin, Decl, Expr, ExprKind, Func, Node};
use scope::Scope;

pub(crate) use interactive::{Checked, Known, check_input};
pub(crate) use module::{check_faultless, check_module};
pub(crate) use pattern::{Misfit, print as print_pattern};

/// Checks one source.
pub(crate) struct Checker<'s> {
    session: &'s Rc<Session>,
    report: Report,
    /// Folder that `make("./…")` starts from.
    folder: String,
    scope: Scope,
    /// The types that the module has declared so far, with where.
    aliases: std::collections::HashMap<ast::Name, (Type, Span)>,
    diagnostics: Vec<Diagnostic>,
    /// Set when a parameter is referred to; tells defaults that depend on others.
    saw_param: bool,
    /// Whether names may be missing because what declares them could not be parsed: then nothing is said
    /// of names that are not defined or not used.
    is_partial: bool,
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
        scope.enter();
        Self {
            session,
            report: Report { source: source.clone() },
            folder: folder.to_owned(),
            scope,
            aliases: std::collections::HashMap::new(),
            diagnostics: Vec::new(),
            saw_param: false,
            is_partial: false,
        }
    }

    /// Where a type is declared, if that is in this source.
    fn declared_type(&self, name: &str) -> Option<Span> {
        self.aliases.get(name).map(|(_, span)| *span).filter(|span| *span != Span::default())
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

    /// Makes the expression. What its type can still be wrong in is that it is nested too deeply.
    fn node(&mut self, kind: ExprKind, ty: Type, span: Span) -> Node {
        match ty.error_message() {
            Some(message) => {
                let diagnostic = self.report.too_deep(span, message);
                self.fail(diagnostic, span)
            }
            None => Rc::new(Expr { kind, ty, span }),
        }
    }

    /// Whether a member of a module can have this type; if not, that is reported.
    fn can_be_member(&mut self, ty: &Type, span: Span) -> bool {
        let module = Type::module([types::ty::Field::unnamed(ty.clone())], []);
        if let Some(message) = module.error_message() {
            self.diagnostics.push(self.report.too_deep(span, message));
        }
        !module.is_error()
    }

    /// The type of what has been reported: it keeps everything silent that uses it.
    fn reported() -> Type {
        Type::error("type error")
    }

    /// Leaves a scope and warns of what was not used in it.
    fn finish_scope(&mut self) {
        let mut unused = self.scope.leave();
        unused.sort_by_key(|(_, span)| span.start);
        if self.is_partial {
            return;
        }
        for (name, span) in unused {
            self.diagnostics.push(self.report.unused(span, &name));
        }
    }

    /// Checks an expression.
    fn expr(&mut self, expr: &ast::Expr) -> Node {
        with_stack(|| self.expr_here(expr))
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Rc<[Node]> {
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
            Some((_, ty)) if ty.is_error() => self.silent(span),
            Some((slot, ty)) => {
                self.saw_param |= matches!(slot, crate::tree::Slot::Param(_));
                self.node(ExprKind::Ident(name.clone(), slot), ty, span)
            }
            None if self.is_partial => self.silent(span),
            None => {
                let diagnostic = self.not_defined(name, span);
                self.fail(diagnostic, span)
            }
        }
    }

    fn not_defined(&self, name: &ast::Name, span: Span) -> Diagnostic {
        let near = self.scope.nearest(name);
        let missing = match &near {
            _ if Builtin::named(name).is_some() => Missing::Builtin,
            _ if self.aliases.contains_key(name) => Missing::Type(self.declared_type(name)),
            _ if crate::system::NAMES.contains(&&**name) => Missing::System,
            Some(near) => Missing::Near(near, self.scope.declared(near)),
            None => match &**name {
                "True" | "TRUE" => Missing::Foreign("truth values are written `true` and `false`"),
                "False" | "FALSE" => Missing::Foreign("truth values are written `true` and `false`"),
                "null" | "nil" | "None" | "undefined" => {
                    Missing::Foreign("there is no empty value; a sum type says what may be missing: `#Some(T) | #None`")
                }
                "print" | "println" | "printf" | "echo" => {
                    Missing::Foreign("`trace(x)` prints a value to standard error and yields it")
                }
                _ => Missing::Unknown,
            },
        };
        self.report.not_defined(span, name, &missing)
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
                    let diagnostic = self.report.too_deep(span, message);
                    return self.fail(diagnostic, span);
                }
            },
        };
        self.node(ExprKind::Literal(value), ty.with_level(types::ty::Level::Const), span)
    }

    fn block(&mut self, decls: &[ast::Decl], body: &ast::Expr, span: Span) -> Node {
        self.scope.enter();
        let mut checked = Vec::with_capacity(decls.len());
        for decl in decls {
            let declared = self.decl(decl);
            self.scope.push_frame();
            self.scope.bind_frame(declared.names, !declared.has_errors);
            checked.push(declared.decl);
        }
        let body = self.expr(body);
        self.finish_scope();
        let checked: Option<Rc<[Decl]>> = checked.into_iter().collect();
        let Some(checked) = checked.filter(|_| !body.ty.is_error()) else { return self.silent(span) };
        let ty = body.ty.clone();
        self.node(ExprKind::Block(checked, body), ty, span)
    }

    /// Checks the right side of a value declaration, and that its pattern fits.
    fn decl(&mut self, decl: &ast::Decl) -> Declared {
        let ast::DeclKind::Val { pattern, value, .. } = &decl.kind else {
            // The parser has said that types are declared at the top of a module only.
            return Declared { names: Vec::new(), decl: None, has_errors: true };
        };
        let known = self.diagnostics.len();
        let value = self.expr(value);
        if value.ty.is_error() {
            return Declared { names: pattern::reported(pattern), decl: None, has_errors: true };
        }
        if let Err(misfit) = pattern::check(pattern, &value.ty) {
            self.diagnostics.push(self.report.binding(decl.span, &misfit, Some(Operand::of(&value))));
            return Declared { names: pattern::reported(pattern), decl: None, has_errors: true };
        }
        let has_errors = self.diagnostics[known..].iter().any(Diagnostic::is_error);
        let names = pattern::bindings(pattern, &value.ty);
        let tree = Rc::new(crate::tree::Pattern::new(pattern));
        Declared { names, decl: Some(Decl { pattern: tree, value }), has_errors }
    }

    fn func(&mut self, params: &[ast::FuncParam], body: &ast::Expr, span: Span) -> Node {
        let (args, body) = self.func_parts(params, body, span);
        let Some(args) = args.filter(|_| !body.ty.is_error()) else { return self.silent(span) };
        let names: Vec<_> = params.iter().map(|param| param.name.name.clone()).collect();
        let ty = Type::func(args, body.ty.clone());
        self.node(ExprKind::Func(Rc::new(Func { params: names, body })), ty, span)
    }

    /// The parameters of a function, unless they are wrong, and its body.
    fn func_parts(
        &mut self,
        params: &[ast::FuncParam],
        body: &ast::Expr,
        span: Span,
    ) -> (Option<Vec<types::ty::Field>>, Node) {
        let mut fits = true;
        if let Some(first) = params.get(MOST_PARAMS) {
            self.diagnostics.push(self.report.too_many_params(span, first.name.span));
            fits = false;
        }
        let types: Vec<Option<Type>> = params.iter().map(|param| self.written(&param.ty)).collect();
        self.scope.enter();
        self.scope.push_frame();
        let bound = params
            .iter()
            .zip(&types)
            .map(|(param, ty)| (param.name.name.clone(), ty.clone().unwrap_or_else(Self::reported), param.name.span));
        self.scope.bind_frame(bound.collect(), false);
        let body = self.expr(body);
        self.finish_scope();
        let types: Option<Vec<Type>> = types.into_iter().collect();
        let args = types.filter(|_| fits).map(|types| {
            let named = params.iter().zip(types);
            named.map(|(param, ty)| types::ty::Field::named(param.name.name.clone(), ty)).collect()
        });
        (args, body)
    }

    /// A value that must be of a type. If it is not, or is wrong itself, what uses it still knows the type.
    fn ascribe(&mut self, operand: &ast::Expr, ascription: &ast::Ascription, span: Span) -> Node {
        match ascription {
            ast::Ascription::Type(written) => {
                let node = self.expr(operand);
                let Some(wanted) = self.written(written) else { return self.silent(span) };
                if node.ty.is_error() {
                    return self.assumed(wanted, span);
                }
                self.ascribed(operand, node, wanted, written.span, span)
            }
            ast::Ascription::Declared(written) => self.declared_function(operand, written, span),
            ast::Ascription::Literal(written) => {
                let node = self.expr(operand);
                let Some(wanted) = self.written(written) else { return self.silent(span) };
                if node.ty.is_error() {
                    return self.silent(span);
                }
                // The reference holds the whole function against the type; that stays accepted, and so is
                // the sensible reading (language spec §13 #1).
                let wanted = match &node.ty.kind {
                    types::ty::TypeKind::Func(func) if !node.ty.is_subtype(&wanted) => {
                        Type::func(func.args.to_vec(), wanted)
                    }
                    _ => wanted,
                };
                self.ascribed(operand, node, wanted, written.span, span)
            }
        }
    }

    /// `func f(…) T = e`: what calls it knows its type even if its body is wrong.
    fn declared_function(&mut self, operand: &ast::Expr, written: &ast::Type, span: Span) -> Node {
        let Ast::Func(params, body) = &operand.kind else {
            let node = self.expr(operand);
            return if self.written(written).is_some() { node } else { self.silent(span) };
        };
        let (args, body) = self.func_parts(params, body, operand.span);
        let wanted = self.written(written);
        let (Some(args), Some(result)) = (args, wanted) else { return self.silent(span) };
        let wanted = Type::func(args.clone(), result);
        if body.ty.is_error() {
            return self.assumed(wanted, span);
        }
        let names: Vec<_> = params.iter().map(|param| param.name.name.clone()).collect();
        let ty = Type::func(args, body.ty.clone());
        let node = self.node(ExprKind::Func(Rc::new(Func { params: names, body })), ty, operand.span);
        if node.ty.is_error() { node } else { self.ascribed(operand, node, wanted, written.span, span) }
    }

    fn ascribed(&mut self, operand: &ast::Expr, node: Node, wanted: Type, written: Span, span: Span) -> Node {
        if wanted.is_error() || node.ty.is_subtype(&wanted) {
            let flow = node.ty.flow;
            return self.node(ExprKind::Ascribe(node), wanted.with_flow(flow), span);
        }
        let diagnostic = match (&node.kind, &node.ty.kind, &wanted.kind) {
            (ExprKind::Func(func), types::ty::TypeKind::Func(_), types::ty::TypeKind::Func(want)) => {
                let types = (&node.ty, &wanted);
                self.report.result_ascription(span, Operand::of(&func.body), types, &want.result, written)
            }
            _ => {
                let name = match &operand.kind {
                    Ast::Ident(name) => name.to_string(),
                    _ => "value".to_owned(),
                };
                self.report.ascription(span, &name, Operand::of(&node), &wanted, written)
            }
        };
        self.diagnostics.push(diagnostic);
        self.assumed(wanted, span)
    }

    /// A value that was reported, of a type that was given for it.
    fn assumed(&mut self, ty: Type, span: Span) -> Node {
        self.node(ExprKind::Literal(Value::Unit), ty, span)
    }
}

/// The most parameters that a function has (language spec §3.5).
const MOST_PARAMS: usize = 128;

/// A checked declaration: what it binds, and itself unless it is wrong, which has been reported.
struct Declared {
    names: Vec<(ast::Name, Type, Span)>,
    decl: Option<Decl>,
    /// Whether there are errors in it: then nobody is told that it is not used.
    has_errors: bool,
}

/// Whether any of the types may be delayed.
fn any_flow<'t>(types: impl IntoIterator<Item = &'t Type>) -> bool {
    types.into_iter().any(|ty| ty.flow)
}
