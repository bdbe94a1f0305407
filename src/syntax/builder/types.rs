//! Types and patterns (language spec §2.2, §2.3).

use crate::ast::{Field, FuncParam, Ident, Pattern, PatternKind, Span, Type, TypeKind, Variant};
use crate::builder::{Builder, pair, token_span};
use crate::message::grammar;

/// An item of a flat list of types: one type, or a name and its type.
pub(crate) struct TypeArg {
    first: Type,
    second: Option<Type>,
}

impl Builder<'_> {
    /// A type that begins with the token that gives its position.
    pub(crate) fn ty(&mut self, kind: TypeKind, start: u32, opening: u32, end: u32) -> Type {
        Type { kind, span: Span { start, end, at: opening } }
    }

    /// `a.b.C`
    pub(crate) fn alias(&mut self, path: Vec<Ident>, start: u32, end: u32) -> Type {
        let at = path.first().map_or(end, |first| first.span.end);
        self.ty(TypeKind::Alias(path), start, at, end)
    }

    /// `[T]`
    pub(crate) fn list_type(&mut self, element: Type, start: u32, end: u32) -> Type {
        self.ty(TypeKind::List(Box::new(element)), start, start + 1, end)
    }

    /// `[K:V]`
    pub(crate) fn map_type(&mut self, key: Type, value: Type, start: u32, end: u32) -> Type {
        self.ty(TypeKind::Map(Box::new(key), Box::new(value)), start, start + 1, end)
    }

    /// `{a, b T}`
    pub(crate) fn struct_type(&mut self, fields: Vec<FuncParam>, start: u32, end: u32) -> Type {
        self.ty(TypeKind::Struct(named(fields)), start, start + 1, end)
    }

    /// `module {a, b T}`; `opening` is the end of the keyword.
    pub(crate) fn module_type(&mut self, fields: Vec<FuncParam>, start: u32, opening: u32, end: u32) -> Type {
        self.ty(TypeKind::Module(named(fields)), start, opening, end)
    }

    /// `func(a, b T) U`; `opening` is the end of the keyword.
    pub(crate) fn func_type(
        &mut self,
        arguments: Vec<TypeArg>,
        result: Type,
        start: u32,
        opening: u32,
        end: u32,
    ) -> Type {
        let arguments = self.fields(arguments);
        self.ty(TypeKind::Func(arguments, Box::new(result)), start, opening, end)
    }

    /// `(T, U)`, `(a, b T, c U)`, `(a T)`; `(T)` is `T` itself.
    pub(crate) fn tuple_type(&mut self, arguments: Vec<TypeArg>, start: u32, end: u32) -> Type {
        let mut fields = self.fields(arguments);
        match fields.pop() {
            Some(Field { name: None, ty }) if fields.is_empty() => ty,
            last => {
                fields.extend(last);
                self.ty(TypeKind::Tuple(fields), start, start + 1, end)
            }
        }
    }

    /// `#A | #B(T)`
    pub(crate) fn sum_type(&mut self, variants: Vec<Variant>, start: u32, end: u32) -> Type {
        self.ty(TypeKind::Sum(variants), start, start + 1, end)
    }

    /// `#A`, `#A(T)` in a type.
    pub(crate) fn type_variant(&mut self, tag: Ident, payload: Option<Type>) -> Box<Variant> {
        Box::new(Variant { tag, payload })
    }

    /// An item of a list of types.
    pub(crate) fn type_arg(&mut self, first: Type, second: Option<Type>) -> Box<TypeArg> {
        Box::new(TypeArg { first, second })
    }

    /// Resolves a flat list of types: each `n T` gives its type to the names pending before it; without
    /// any such item, all are types. A list that mixes both is reported and is empty.
    fn fields(&mut self, arguments: Vec<TypeArg>) -> Vec<Field> {
        if arguments.iter().all(|argument| argument.second.is_none()) {
            return arguments.into_iter().map(|argument| Field { name: None, ty: argument.first }).collect();
        }
        let mut fields = Vec::new();
        let mut pending = Vec::new();
        for argument in arguments {
            match self.argument_name(&argument) {
                Some(name) => pending.push(name),
                None => return Vec::new(),
            }
            if let Some(ty) = argument.second {
                fields.extend(pending.drain(..).map(|name| Field { name: Some(name), ty: ty.clone() }));
            }
        }
        if let Some(name) = pending.first() {
            self.diagnostics.push(grammar::mixed_arguments(self.source, name.span));
            return Vec::new();
        }
        fields
    }

    /// The name that an item of a named list begins with; reports an item that has none.
    fn argument_name(&mut self, argument: &TypeArg) -> Option<Ident> {
        let span = argument.first.span;
        let fault = match &argument.first.kind {
            TypeKind::Alias(path) => match path.as_slice() {
                [name] => return Some(name.clone()),
                _ => grammar::non_simple_argument(self.source, span),
            },
            _ if argument.second.is_none() => grammar::mixed_arguments(self.source, span),
            _ => grammar::expected_identifier(self.source, span, self.text(span.start, span.end)),
        };
        self.diagnostics.push(fault);
        None
    }

    /// `a, b T` of a function's or struct's fields.
    pub(crate) fn field_group(&mut self, names: Vec<Ident>, ty: Type) -> Vec<FuncParam> {
        let mut names = group(names);
        let last = names.pop();
        let mut fields: Vec<FuncParam> = names.into_iter().map(|name| FuncParam { name, ty: ty.clone() }).collect();
        fields.extend(last.map(|name| FuncParam { name, ty }));
        fields
    }

    /// A pattern whose position is the token from `start` to `opening`.
    pub(crate) fn pattern(&mut self, kind: PatternKind, start: u32, opening: u32, end: u32) -> Pattern {
        Pattern { kind, span: Span { start, end, at: opening } }
    }

    /// `x`
    pub(crate) fn bind(&mut self, name: Ident) -> Pattern {
        Pattern { span: name.span, kind: PatternKind::Ident(name.name) }
    }

    /// `[p, …]` with its tail, if it has one.
    pub(crate) fn list_pattern(
        &mut self,
        elements: Vec<Pattern>,
        tail: Option<Pattern>,
        start: u32,
        end: u32,
    ) -> Pattern {
        self.pattern(PatternKind::List { elements, tail: tail.map(Box::new) }, start, start + 1, end)
    }

    /// A bare `...`
    pub(crate) fn ignored_tail(&mut self, start: u32, end: u32) -> Pattern {
        Pattern { kind: PatternKind::Ignore, span: token_span(start, end) }
    }

    /// `{a}` for `{a: a}` in a pattern.
    pub(crate) fn short_field_pattern(&mut self, name: Ident) -> Box<(Ident, Pattern)> {
        let pattern = self.bind(name.clone());
        pair(name, pattern)
    }

    /// `#T`, `#T(p)`
    pub(crate) fn variant_pattern(&mut self, tag: Ident, payload: Option<Pattern>, start: u32, end: u32) -> Pattern {
        self.pattern(PatternKind::Variant { tag: tag.name, payload: payload.map(Box::new) }, start, start + 1, end)
    }
}

/// Gives every name of a group the position of the first (language spec §1.7).
pub(super) fn group(mut names: Vec<Ident>) -> Vec<Ident> {
    if let Some(at) = names.first().map(|first| first.span.at) {
        for name in &mut names {
            name.span.at = at;
        }
    }
    names
}

/// Written fields, all with names.
fn named(fields: Vec<FuncParam>) -> Vec<Field> {
    fields.into_iter().map(|field| Field { name: Some(field.name), ty: field.ty }).collect()
}
