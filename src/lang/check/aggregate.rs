//! Tuples, structs, lists, maps and variants, and access to them.

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Field, Level, TypeKind, Variant, unify};
use types::value::Shape;

use super::{Checker, any_flow};
use crate::diagnostics::Operand;
use crate::tree::{ExprKind, Node};

/// A composite is as constant as its least constant component.
fn level<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> Level {
    nodes.into_iter().map(|node| node.ty.level).min().unwrap_or(Level::Const)
}

impl Checker<'_> {
    fn any_error(&self, nodes: &[Node]) -> bool {
        nodes.iter().any(|node| node.ty.is_error())
    }

    pub(super) fn tuple(&mut self, elements: &[ast::Expr], span: Span) -> Node {
        let nodes = self.exprs(elements);
        if self.any_error(&nodes) {
            return self.silent(span);
        }
        let fields: Vec<_> = nodes.iter().map(|node| Field::unnamed(node.ty.clone())).collect();
        let ty = Type::tuple(fields).with_level(level(nodes.iter()));
        self.node(ExprKind::Tuple(nodes), ty, span)
    }

    pub(super) fn record(&mut self, fields: &[(ast::Ident, ast::Expr)], span: Span) -> Node {
        let nodes = self.exprs(fields.iter().map(|(_, value)| value));
        if self.any_error(&nodes) {
            return self.silent(span);
        }
        let names: Vec<_> = fields.iter().map(|(label, _)| label.name.clone()).collect();
        let types: Vec<_> =
            names.iter().zip(nodes.iter()).map(|(name, node)| Field::named(name.clone(), node.ty.clone())).collect();
        let ty = Type::record(types).with_level(level(nodes.iter()));
        self.node(ExprKind::Struct(Shape::new(names), nodes), ty, span)
    }

    pub(super) fn list(&mut self, elements: &[ast::Expr], span: Span) -> Node {
        let nodes = self.exprs(elements);
        if self.any_error(&nodes) {
            return self.silent(span);
        }
        let element = unify(nodes.iter().map(|node| &node.ty));
        if let Some(message) = element.error_message() {
            let all: Vec<&Node> = nodes.iter().collect();
            return self.disagree(&all, message, span, "all elements of a list have one type");
        }
        let ty = Type::list(element).with_level(level(nodes.iter()));
        self.node(ExprKind::List(nodes), ty, span)
    }

    pub(super) fn map(&mut self, entries: &[(ast::Expr, ast::Expr)], span: Span) -> Node {
        let keys = self.exprs(entries.iter().map(|(key, _)| key));
        let values = self.exprs(entries.iter().map(|(_, value)| value));
        if self.any_error(&keys) || self.any_error(&values) {
            return self.silent(span);
        }
        let element = unify(values.iter().map(|node| &node.ty));
        if let Some(message) = element.error_message() {
            let all: Vec<&Node> = values.iter().collect();
            return self.disagree(&all, message, span, "all elements of a map have one type");
        }
        let ty = match keys.first() {
            None => Type::map(Type::top(), Type::bottom()),
            Some(first) => {
                let key = unify(keys.iter().map(|node| &node.ty));
                if let Some(message) = key.error_message() {
                    let all: Vec<&Node> = keys.iter().collect();
                    let message = format!("error: {message} is not a valid map key type");
                    return self.disagree(&all, &message, span, "all keys of a map have one type");
                }
                if !key.is_map_key() {
                    let message = format!("{key} is not a valid map key type");
                    let diagnostic = self.report.map_key(span, first.span, message);
                    return self.fail(diagnostic, span);
                }
                Type::map(key, element)
            }
        };
        let ty = ty.with_level(level(keys.iter().chain(values.iter())));
        let entries: Rc<[_]> = keys.iter().cloned().zip(values.iter().cloned()).collect();
        self.node(ExprKind::Map(entries), ty, span)
    }

    pub(super) fn variant(&mut self, tag: &ast::Ident, payload: Option<&ast::Expr>, span: Span) -> Node {
        let payload = payload.map(|payload| self.expr(payload));
        if payload.as_ref().is_some_and(|payload| payload.ty.is_error()) {
            return self.silent(span);
        }
        if !types::ty::is_tag(&tag.name) {
            let diagnostic = self.report.tag(crate::diagnostics::within(span, tag.span), &tag.name, None);
            return self.fail(diagnostic, span);
        }
        let payload_type = payload.as_ref().map(|payload| payload.ty.clone());
        let ty = Type::sum([Variant::new(tag.name.clone(), payload_type)]).with_level(level(payload.as_ref()));
        self.node(ExprKind::Variant(tag.name.clone(), payload), ty, span)
    }

    pub(super) fn select(&mut self, operand: &ast::Expr, field: &ast::Ident, span: Span) -> Node {
        let operand = self.expr(operand);
        if operand.ty.is_error() {
            return self.silent(span);
        }
        if !matches!(operand.ty.kind, TypeKind::Struct(_) | TypeKind::Module(_)) {
            let diagnostic = self.report.expected_record(span, Operand::of(&operand), &field.name);
            return self.fail(diagnostic, span);
        }
        let Some(ty) = operand.ty.field(&field.name).cloned() else {
            let names: Vec<_> = operand.ty.fields().iter().filter_map(|field| field.name.clone()).collect();
            let near = base::spelling::nearest(&field.name, names);
            let place = (&*field.name, field.span);
            let diagnostic = self.report.no_field(span, place, Operand::of(&operand), near.as_deref());
            return self.fail(diagnostic, span);
        };
        let flow = any_flow([&ty, &operand.ty]);
        self.node(ExprKind::Select(operand, field.name.clone()), ty.with_flow(flow), span)
    }

    pub(super) fn index(&mut self, collection: &ast::Expr, index: &ast::Expr, span: Span) -> Node {
        let (collection, index) = (self.expr(collection), self.expr(index));
        if collection.ty.is_error() || index.ty.is_error() {
            return self.silent(span);
        }
        let (of, by) = (Operand::of(&collection), Operand::of(&index));
        let found = match &collection.ty.kind {
            TypeKind::List(element) if matches!(index.ty.kind, TypeKind::Int) => Ok(element.as_ref().clone()),
            TypeKind::List(_) => Err(self.report.index_of_list(span, by)),
            TypeKind::Map(types) if types.0.equal(&index.ty) => Ok(types.1.clone()),
            TypeKind::Map(_) => Err(self.report.key_of_map(span, of, by)),
            _ => Err(self.report.not_indexable(span, of)),
        };
        match found {
            Err(diagnostic) => self.fail(diagnostic, span),
            Ok(ty) => {
                // The collection's own attribute does not count (language spec §3.4).
                let flow = any_flow([&ty, &index.ty]);
                self.node(ExprKind::Index(collection, index), ty.with_flow(flow), span)
            }
        }
    }
}
