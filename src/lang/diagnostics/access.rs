//! Messages about fields, elements and what can be gone through (language spec §3.5).

use ::types::Type;
use ::types::ty::{Field, TypeKind};
use syntax::ast::Span;
use syntax::diagnostic::Diagnostic;

use super::{Operand, Report, helped, listed, shown, within};

impl Report {
    /// R1040
    pub(crate) fn expected_record(&self, span: Span, operand: Operand<'_>, field: &str) -> Diagnostic {
        let ty = operand.ty;
        let text = self.short_text(operand.span).unwrap_or("x");
        let help = match &ty.kind {
            TypeKind::Tuple(_) => Some("a pattern takes a tuple apart: `val (a, b) = …`".to_owned()),
            TypeKind::Func(_) => Some(format!("call it first: `{text}(…).{field}`")),
            TypeKind::List(_) => Some(format!("of each element: `[x.{field} | x <- {text}]`")),
            TypeKind::String if crate::system::NAMES.contains(&text) => {
                Some(format!("a module is made of its path: `val {text} = make(\"$/{text}\")`"))
            }
            TypeKind::String => Some("a module is made of its path: `make(\"./module.rf\")`".to_owned()),
            TypeKind::Dir | TypeKind::File | TypeKind::Map(_) if matches!(field, "length" | "size" | "len") => {
                Some(format!("`len({text})` is its size"))
            }
            TypeKind::Dir => Some("`make(\"$/dirs\")` has functions on directories".to_owned()),
            TypeKind::Map(_) => Some(format!("an element is written with brackets: `{text}[\"{field}\"]`")),
            TypeKind::Sum(_) => Some(format!("`switch {text}` tells the variants apart")),
            _ => None,
        };
        let diagnostic = self
            .error(1040, within(span, operand.span), format_args!("expected struct or module, got {ty}"))
            .labelled(format!("this is {}", shown(ty)));
        helped(diagnostic, help)
    }

    /// R1041
    pub(crate) fn no_field(
        &self,
        span: Span,
        field: (&str, Span),
        operand: Operand<'_>,
        near: Option<&str>,
    ) -> Diagnostic {
        let (name, place) = field;
        let owner = match operand.ty.kind {
            TypeKind::Module(_) => "module",
            _ => "struct",
        };
        let diagnostic = self
            .error(1041, within(span, place), format_args!("field {name:?} not found"))
            .labelled(format!("the {owner} has no such field"));
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if owner == "module" && !crate::module::is_exported(name) => {
                Some("only names that begin in upper case are seen from outside a module".to_owned())
            }
            None => listed(operand.ty.fields().iter().map(Field::name)).map(|names| format!("there is {names}")),
        };
        helped(diagnostic, help)
    }

    /// R1042: an index that is no integer.
    pub(crate) fn index_of_list(&self, span: Span, index: Operand<'_>) -> Diagnostic {
        let diagnostic = self
            .error(1042, within(span, index.span), format_args!("expected {}, got {}", Type::int(), index.ty))
            .labelled(format!("expected int, found {}", shown(index.ty)));
        helped(diagnostic, self.conversion(index, &Type::int()))
    }

    /// R1043: a key of another type than the map's. The types stand in the order of the reference.
    pub(crate) fn key_of_map(&self, span: Span, map: Operand<'_>, key: Operand<'_>) -> Diagnostic {
        let TypeKind::Map(types) = &map.ty.kind else { return self.not_indexable(span, map) };
        let diagnostic = self
            .error(1043, within(span, key.span), format_args!("expected {}, got {}", key.ty, map.ty))
            .labelled(format!("expected {}, found {}", shown(&types.0), shown(key.ty)))
            .also(&self.source, map.span, format!("this is {}", shown(map.ty)));
        helped(diagnostic, self.conversion(key, &types.0))
    }

    /// R1044
    pub(crate) fn not_indexable(&self, span: Span, collection: Operand<'_>) -> Diagnostic {
        let help = match collection.ty.kind {
            TypeKind::Tuple(_) => Some("a pattern takes a tuple apart: `val (a, b) = …`"),
            TypeKind::Struct(_) | TypeKind::Module(_) => Some("fields are written with a dot: `x.field`"),
            TypeKind::Dir => Some("`map(d)` is the map from a directory's paths to its files"),
            TypeKind::Func(_) => Some("functions are called with parentheses: `f(x)`"),
            _ => None,
        };
        let diagnostic = self
            .error(1044, within(span, collection.span), format_args!("expected a map or list, got {}", collection.ty))
            .labelled(format!("this is {}", shown(collection.ty)));
        helped(diagnostic, help.map(str::to_owned))
    }

    /// R1045
    pub(crate) fn not_enumerable(&self, span: Span, source: Operand<'_>) -> Diagnostic {
        let text = self.short_text(source.span).unwrap_or("n");
        let help = match source.ty.kind {
            TypeKind::Int => Some(format!("`range(0, {text})` is the list of the integers below it")),
            TypeKind::String => Some("`make(\"$/strings\").Split(s, \",\")` cuts a string into a list".to_owned()),
            TypeKind::File => {
                Some("what is in a file is known only to commands; a directory has many files".to_owned())
            }
            _ => None,
        };
        let diagnostic = self
            .error(1045, within(span, source.span), format_args!("expected list, map, or dir, got {}", source.ty))
            .labelled(format!("this is {}", shown(source.ty)));
        helped(diagnostic, help)
    }

    /// R1046
    pub(crate) fn filter_first(&self, span: Span, filter: Span) -> Diagnostic {
        self.error(1046, within(span, filter), "the first clause of a comprehension must be an enumeration")
            .labelled("there is nothing yet to filter")
            .help("begin with what to go through: `[x | x <- xs, if x > 1]`")
    }
}
