//! Types as written to types (language spec §2.2, §3.3).

use syntax::ast::{self, Name, Span, TypeKind as Ast};
use types::Type;
use types::ty::{Field, TypeKind, Variant};

use super::Checker;
use crate::diagnostics::within;
use crate::nesting::with_stack;

impl Checker<'_> {
    /// The type that a written type stands for; `None` if it is wrong, which has been reported.
    pub(super) fn written(&mut self, written: &ast::Type) -> Option<Type> {
        with_stack(|| self.written_here(written))
    }

    fn written_here(&mut self, written: &ast::Type) -> Option<Type> {
        let ty = match &written.kind {
            Ast::Int => Type::int(),
            Ast::Float => Type::float(),
            Ast::String => Type::string(),
            Ast::Bool => Type::bool(),
            Ast::File => Type::file(),
            Ast::Dir => Type::dir(),
            Ast::Alias(path) => return self.alias(path, written),
            Ast::List(element) => Type::list(self.written(element)?),
            Ast::Map(key, element) => {
                let (key_type, element) = (self.written(key), self.written(element));
                let (key_type, element) = (key_type?, element?);
                let wrong = match &key.kind {
                    // An alias is not looked through here (language spec §2.2).
                    Ast::Alias(path) => Some(dotted(path)),
                    _ => (!key_type.is_map_key()).then(|| key_type.to_string()),
                };
                if let Some(wrong) = wrong {
                    let message = format!("{wrong} is not a valid map key type");
                    self.diagnostics.push(self.report.map_key(written.span, key.span, message));
                    return None;
                }
                Type::map(key_type, element)
            }
            Ast::Tuple(fields) => match fields.as_slice() {
                [ast::Field { name: Some(label), ty }] => self.written(ty)?.labelled(label.name.clone()),
                _ => Type::tuple(self.written_fields(fields)?),
            },
            Ast::Func(args, result) => {
                let (args, result) = (self.written_fields(args), self.written(result));
                Type::func(args?, result?)
            }
            Ast::Struct(fields) => Type::record(self.written_fields(fields)?),
            Ast::Module(fields) => Type::module(self.written_fields(fields)?, []),
            Ast::Sum(variants) => self.sum(variants, written.span)?,
        };
        match ty.error_message() {
            Some(message) => {
                self.diagnostics.push(self.report.too_deep(written.span, message));
                None
            }
            None => Some(ty),
        }
    }

    fn written_fields(&mut self, fields: &[ast::Field]) -> Option<Vec<Field>> {
        let fields: Vec<Option<Field>> = fields
            .iter()
            .map(|field| {
                let ty = self.written(&field.ty)?;
                Some(Field { name: field.name.as_ref().map(|name| name.name.clone()), ty })
            })
            .collect();
        fields.into_iter().collect()
    }

    fn sum(&mut self, written: &[ast::Variant], span: Span) -> Option<Type> {
        let mut first = std::collections::HashMap::new();
        let mut variants = Vec::with_capacity(written.len());
        let mut fits = true;
        for variant in written {
            let tag = &variant.tag;
            if !types::ty::is_tag(&tag.name) {
                self.diagnostics.push(self.report.tag(within(span, tag.span), &tag.name, None));
                fits = false;
            } else if let Some(first) = first.insert(tag.name.clone(), tag.span) {
                self.diagnostics.push(self.report.tag(within(span, tag.span), &tag.name, Some(first)));
                fits = false;
            }
            let payload = variant.payload.as_ref().map(|payload| self.written(payload));
            fits &= !matches!(payload, Some(None));
            variants.push(Variant::new(tag.name.clone(), payload.flatten()));
        }
        fits.then(|| Type::sum(variants))
    }

    fn alias(&mut self, path: &[ast::Ident], written: &ast::Type) -> Option<Type> {
        match path {
            [] => None,
            [name] => match self.aliases.get(&name.name) {
                // What was wrong with its declaration has been said.
                Some((ty, _)) => Some(ty.clone()).filter(|ty| !ty.is_error()),
                None => {
                    self.alias_not_found(name, written.span);
                    None
                }
            },
            [bases @ .., name] => {
                let module = self.module_type(bases, path, written.span)?;
                if let Some(ty) = module.alias(&name.name) {
                    return Some(ty.clone());
                }
                let TypeKind::Module(found) = &module.kind else { return None };
                let near = base::spelling::nearest(&name.name, found.aliases.iter().map(|(alias, _)| &**alias));
                let is_private = !crate::module::is_exported(&name.name);
                let span = within(written.span, name.span);
                self.diagnostics.push(self.report.alias_not_in_module(span, &dotted(path), near, is_private));
                None
            }
        }
    }

    fn alias_not_found(&mut self, name: &ast::Ident, span: Span) {
        if self.is_partial {
            return;
        }
        let word = match name.name.to_lowercase().as_str() {
            "str" | "text" | "bytes" => Some("string"),
            "integer" | "int64" | "int32" | "long" | "uint" | "num" | "number" => Some("int"),
            "boolean" => Some("bool"),
            "double" | "float64" | "float32" | "real" => Some("float"),
            "path" => Some("file"),
            "directory" | "folder" => Some("dir"),
            _ => None,
        };
        let words = ["int", "float", "string", "bool", "file", "dir"].map(Name::from);
        let near = || base::spelling::nearest(&name.name, self.aliases.keys().cloned().chain(words));
        let near = word.map(Name::from).or_else(near);
        let is_value = self.scope.is_bound(&name.name);
        self.diagnostics.push(self.report.alias_not_found(span, &name.name, near.as_deref(), is_value));
    }

    /// The module type that a dotted base names; what is wrong with it is reported.
    fn module_type(&mut self, bases: &[ast::Ident], path: &[ast::Ident], span: Span) -> Option<Type> {
        let mut found: Option<Type> = None;
        for (number, base) in bases.iter().enumerate() {
            let next = match &found {
                None => self.scope.type_of(&base.name).cloned(),
                Some(ty) => ty.field(&base.name).cloned(),
            };
            let place = within(span, Span { start: bases[0].span.start, ..base.span });
            let name = dotted(&bases[..=number]);
            match next {
                None if self.is_partial => return None,
                None => {
                    let near = if number == 0 { self.scope.nearest(&base.name) } else { None };
                    let near = near.as_deref();
                    self.diagnostics.push(self.report.alias_without_module(place, &dotted(path), &name, near));
                    return None;
                }
                Some(ty) if ty.is_error() => return None,
                Some(ty) if !matches!(ty.kind, TypeKind::Module(_)) => {
                    let ty = ty.to_string();
                    self.diagnostics.push(self.report.alias_of_value(place, &dotted(path), &name, &ty));
                    return None;
                }
                Some(ty) => found = Some(ty),
            }
        }
        found
    }
}

/// A dotted name as written.
fn dotted(path: &[ast::Ident]) -> String {
    path.iter().map(|part| &*part.name).collect::<Vec<_>>().join(".")
}
