//! Types and patterns (language spec §2.2, §2.3).

use crate::ast::{Field, FuncParam, Pattern, PatternKind, Span, Type, TypeKind, Variant};
use crate::format::list::Style;
use crate::format::printer::{Gap, Printer};
use crate::nesting::deeper;
use crate::token::Token;

/// Fields with one type, `a, b T`.
struct Group<'a> {
    /// How many names there are; none if the field is a type alone.
    names: usize,
    ty: &'a Type,
}

/// The groups as written. The tree has a copy of the type for each name, with the place of the one type.
fn groups<'a>(fields: impl Iterator<Item = (bool, &'a Type)>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (is_named, ty) in fields {
        match groups.last_mut() {
            Some(group) if is_named && group.ty.span == ty.span => group.names += 1,
            _ => groups.push(Group { names: usize::from(is_named), ty }),
        }
    }
    groups
}

impl Printer<'_> {
    /// A type; behind a gap that has been set.
    pub(super) fn ty(&mut self, ty: &Type) {
        deeper(|| {
            if self.is_parenthesised(ty.span) {
                self.token();
                self.continued(Gap::Tight, |printer, _| printer.ty(ty));
                self.token();
            } else {
                self.type_kind(&ty.kind);
            }
        });
    }

    /// Whether there is a parenthesis before a part, which leaves no node.
    pub(super) fn is_parenthesised(&self, span: Span) -> bool {
        self.stream.peek() == Some(Token::OpenParen) && self.stream.start() < span.start
    }

    fn type_kind(&mut self, kind: &TypeKind) {
        match kind {
            TypeKind::Int | TypeKind::Float | TypeKind::String | TypeKind::Bool | TypeKind::File | TypeKind::Dir => {
                self.token()
            }
            TypeKind::Alias(path) => {
                for _ in 1..path.len() {
                    self.token();
                    self.token();
                }
                self.token();
            }
            TypeKind::List(element) => {
                self.token();
                self.ty(element);
                self.token();
            }
            TypeKind::Map(key, value) => {
                self.token();
                self.ty(key);
                self.token();
                self.ty(value);
                self.token();
            }
            TypeKind::Tuple(fields) => self.fields(fields),
            TypeKind::Func(fields, result) => {
                self.token();
                self.fields(fields);
                self.gap = Gap::Blank;
                self.ty(result);
            }
            TypeKind::Struct(fields) => self.fields(fields),
            TypeKind::Module(fields) => {
                self.token();
                self.fields(fields);
            }
            TypeKind::Sum(variants) => self.sum(variants),
        }
    }

    fn sum(&mut self, variants: &[Variant]) {
        let indentation = self.page.indentation;
        for (index, variant) in variants.iter().enumerate() {
            if index > 0 {
                self.token_after(Gap::Blank);
                self.gap = Gap::Blank;
                if self.stream.is_after_break(0) {
                    self.page.indentation = indentation + 1;
                    self.gap = Gap::First;
                }
            }
            self.token();
            self.token();
            if let Some(payload) = &variant.payload {
                self.token();
                self.ty(payload);
                self.token();
            }
        }
        self.page.indentation = indentation;
    }

    fn fields(&mut self, fields: &[Field]) {
        self.groups(Style::Closed, &groups(fields.iter().map(|field| (field.name.is_some(), &field.ty))));
    }

    /// The parameters of a function.
    pub(super) fn params(&mut self, params: &[FuncParam]) {
        self.groups(Style::Header, &groups(params.iter().map(|param| (true, &param.ty))));
    }

    fn groups(&mut self, style: Style, groups: &[Group<'_>]) {
        self.bracketed(groups.len(), style, |printer, index| {
            let Group { names, ty } = groups[index];
            for name in 0..names {
                if name > 0 {
                    printer.token();
                    printer.gap = Gap::Blank;
                }
                printer.token();
            }
            if names > 0 {
                printer.gap = Gap::Blank;
            }
            printer.ty(ty);
        });
    }

    /// A pattern; behind a gap that has been set.
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        deeper(|| match &pattern.kind {
            PatternKind::Ident(_) | PatternKind::Ignore => self.token(),
            PatternKind::Tuple(elements) => {
                self.bracketed(elements.len(), Style::Closed, |printer, index| printer.pattern(&elements[index]));
            }
            PatternKind::List { elements, tail } => {
                let count = elements.len() + usize::from(tail.is_some());
                self.bracketed(count, Style::Closed, |printer, index| match (elements.get(index), tail) {
                    (Some(element), _) => printer.pattern(element),
                    (None, Some(tail)) => printer.tail(tail),
                    (None, None) => {}
                });
            }
            PatternKind::Struct(fields) => {
                self.bracketed(fields.len(), Style::Closed, |printer, index| {
                    printer.token();
                    if printer.stream.peek() == Some(Token::Colon) {
                        printer.token();
                        printer.gap = Gap::Blank;
                        printer.pattern(&fields[index].1);
                    }
                });
            }
            PatternKind::Variant { payload, .. } => {
                self.token();
                self.token();
                if let Some(payload) = payload {
                    self.token();
                    self.pattern(payload);
                    self.token();
                }
            }
        });
    }

    /// `...p`, or `...` alone, whose pattern is where the dots are.
    fn tail(&mut self, tail: &Pattern) {
        let is_bare = self.stream.start() == tail.span.start;
        self.token();
        if !is_bare {
            self.pattern(tail);
        }
    }
}
