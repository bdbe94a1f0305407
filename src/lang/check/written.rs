//! Types as written to types (language spec §2.2, §3.3).

use syntax::ast::{self, TypeKind as Ast};
use types::Type;
use types::ty::{Field, TypeKind, Variant};

use super::Checker;
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
                let (key_type, element) = (self.written(key)?, self.written(element)?);
                match &key.kind {
                    // An alias is not looked through here (language spec §2.2).
                    Ast::Alias(path) => Type::error(format!("{} is not a valid map key type", dotted(path))),
                    _ => Type::map(key_type, element),
                }
            }
            Ast::Tuple(fields) => match fields.as_slice() {
                [ast::Field { name: Some(label), ty }] => self.written(ty)?.labelled(label.name.clone()),
                _ => Type::tuple(self.written_fields(fields)?),
            },
            Ast::Func(args, result) => {
                let args = self.written_fields(args)?;
                Type::func(args, self.written(result)?)
            }
            Ast::Struct(fields) => Type::record(self.written_fields(fields)?),
            Ast::Module(fields) => Type::module(self.written_fields(fields)?, []),
            Ast::Sum(variants) => {
                let variants: Option<Vec<Variant>> = variants
                    .iter()
                    .map(|variant| {
                        let payload = match &variant.payload {
                            Some(payload) => Some(self.written(payload)?),
                            None => None,
                        };
                        Some(Variant::new(variant.tag.name.clone(), payload))
                    })
                    .collect();
                Type::sum(variants?)
            }
        };
        match ty.error_message() {
            Some(message) => {
                self.diagnostics.push(self.report.type_error(written.span, message));
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

    fn alias(&mut self, path: &[ast::Ident], written: &ast::Type) -> Option<Type> {
        let found = match path {
            [name] => match self.aliases.get(&name.name) {
                Some(ty) => Ok(ty.clone()),
                None => Err(format!("type alias {} not found", name.name)),
            },
            [bases @ .., name] => self
                .module_type(bases)
                .and_then(|ty| match ty.alias(&name.name) {
                    Some(ty) => Ok(ty.clone()),
                    None => Err(String::new()),
                })
                .map_err(|reason| match reason.as_str() {
                    "" => format!("type alias {} not found", dotted(path)),
                    reason => format!("type alias {} not found: {reason}", dotted(path)),
                }),
            [] => Err("type alias not found".to_owned()),
        };
        match found {
            Ok(ty) => Some(ty),
            Err(message) => {
                self.diagnostics.push(self.report.alias(written.span, message));
                None
            }
        }
    }

    /// The module type that a dotted base names.
    fn module_type(&self, bases: &[ast::Ident]) -> Result<Type, String> {
        let mut name = String::new();
        let mut found: Option<Type> = None;
        for base in bases {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&base.name);
            let next = match &found {
                None => self.scope.type_of(&base.name).cloned(),
                Some(ty) => ty.field(&base.name).cloned(),
            };
            match next {
                None => return Err(format!("no such module {name}")),
                Some(ty) if !matches!(ty.kind, TypeKind::Module(_)) => return Err(format!("{name} is not a module")),
                Some(ty) => found = Some(ty),
            }
        }
        found.ok_or_else(|| format!("no such module {name}"))
    }
}

/// A dotted name as written.
fn dotted(path: &[ast::Ident]) -> String {
    path.iter().map(|part| &*part.name).collect::<Vec<_>>().join(".")
}
