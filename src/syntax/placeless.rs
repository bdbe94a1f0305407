//! Trees without places: what a text says, apart from where it says it.
//!
//! Every place in a tree becomes that of nothing, so that the comparison of trees compares all the rest. A
//! place that is overlooked here makes trees differ, never equal.

use crate::ast::{
    Ascription, Clause, Decl, DeclKind, Expr, ExprKind, Field, FuncParam, Ident, Module, Pattern, PatternKind, Span,
    Type, TypeKind,
};
use crate::nesting::deeper;

/// A module without places.
pub fn module(mut module: Module) -> Module {
    for param in &mut module.params {
        ident(&mut param.name);
        param.ty.iter_mut().for_each(ty);
        param.default.iter_mut().for_each(expr);
    }
    module.decls.iter_mut().for_each(decl);
    module
}

fn ident(ident: &mut Ident) {
    ident.span = Span::default();
}

fn decl(decl: &mut Decl) {
    decl.span = Span::default();
    match &mut decl.kind {
        DeclKind::Val { pattern: bound, value, form: _ } => {
            pattern(bound);
            expr(value);
        }
        DeclKind::Type { name, ty: alias } => {
            ident(name);
            ty(alias);
        }
    }
}

fn pattern(pattern_: &mut Pattern) {
    pattern_.span = Span::default();
    deeper(|| match &mut pattern_.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => {}
        PatternKind::Tuple(elements) => elements.iter_mut().for_each(pattern),
        PatternKind::List { elements, tail } => {
            elements.iter_mut().for_each(pattern);
            tail.iter_mut().for_each(|tail| pattern(tail));
        }
        PatternKind::Struct(fields) => fields.iter_mut().for_each(|(name, field)| {
            ident(name);
            pattern(field);
        }),
        PatternKind::Variant { tag: _, payload } => payload.iter_mut().for_each(|payload| pattern(payload)),
    });
}

fn fields(fields: &mut [Field]) {
    for field in fields {
        field.name.iter_mut().for_each(ident);
        ty(&mut field.ty);
    }
}

fn params(params: &mut [FuncParam]) {
    for param in params {
        ident(&mut param.name);
        ty(&mut param.ty);
    }
}

fn ty(ty_: &mut Type) {
    ty_.span = Span::default();
    deeper(|| match &mut ty_.kind {
        TypeKind::Int | TypeKind::Float | TypeKind::String | TypeKind::Bool | TypeKind::File | TypeKind::Dir => {}
        TypeKind::Alias(path) => path.iter_mut().for_each(ident),
        TypeKind::List(element) => ty(element),
        TypeKind::Map(key, value) => {
            ty(key);
            ty(value);
        }
        TypeKind::Tuple(all) | TypeKind::Struct(all) | TypeKind::Module(all) => fields(all),
        TypeKind::Func(arguments, result) => {
            fields(arguments);
            ty(result);
        }
        TypeKind::Sum(variants) => variants.iter_mut().for_each(|variant| {
            ident(&mut variant.tag);
            variant.payload.iter_mut().for_each(ty);
        }),
    });
}

fn exprs<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>) {
    exprs.into_iter().for_each(expr);
}

fn expr(expr_: &mut Expr) {
    expr_.span = Span::default();
    deeper(|| parts(&mut expr_.kind));
}

fn parts(kind: &mut ExprKind) {
    match kind {
        ExprKind::Ident(_) | ExprKind::Literal(_) => {}
        ExprKind::Binary(_, left, right) | ExprKind::Index(left, right) => exprs([&mut **left, &mut **right]),
        ExprKind::Unary(_, operand) | ExprKind::Convert(_, operand) => expr(operand),
        ExprKind::Call(function, arguments) => {
            expr(function);
            exprs(arguments);
        }
        ExprKind::Select(value, field) => {
            expr(value);
            ident(field);
        }
        ExprKind::If(condition, then, otherwise) => exprs([&mut **condition, &mut **then, &mut **otherwise]),
        ExprKind::Switch(value, cases) => {
            expr(value);
            for case in cases {
                case.span = Span::default();
                pattern(&mut case.pattern);
                expr(&mut case.body);
            }
        }
        ExprKind::Block(decls, value) | ExprKind::Requires(decls, value) | ExprKind::Make(value, decls) => {
            decls.iter_mut().for_each(decl);
            expr(value);
        }
        ExprKind::Func(all, body) => {
            params(all);
            expr(body);
        }
        ExprKind::Ascribe(value, ascription) => {
            expr(value);
            match &mut **ascription {
                Ascription::Type(to) | Ascription::Declared(to) | Ascription::Literal(to) => ty(to),
            }
        }
        ExprKind::Tuple(elements) | ExprKind::List(elements) => exprs(elements),
        ExprKind::Struct(fields) => fields.iter_mut().for_each(|(name, value)| {
            ident(name);
            expr(value);
        }),
        ExprKind::Map(entries) => entries.iter_mut().for_each(|(key, value)| exprs([key, value])),
        ExprKind::Comprehension(body, clauses) => {
            expr(body);
            for clause in clauses {
                match clause {
                    Clause::Enumerate(bound, source) => {
                        pattern(bound);
                        expr(source);
                    }
                    Clause::Filter(condition) => expr(condition),
                }
            }
        }
        ExprKind::Variant(tag, payload) => {
            ident(tag);
            payload.iter_mut().for_each(|payload| expr(payload));
        }
        ExprKind::Exec(exec) => {
            exec.raw_start = 0;
            exec.options.iter_mut().for_each(decl);
            ty(&mut exec.outputs);
            exprs(&mut exec.interpolations);
        }
    }
}
