//! How types are written (language spec §3.1).

use std::fmt;

use super::{Field, Type, TypeKind, Variant};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => {
                write!(f, "({label} ")?;
                write_kind(f, &self.kind)?;
                f.write_str(")")
            }
            None => write_kind(f, &self.kind),
        }
    }
}

/// As [`Display`](fmt::Display), with the attributes behind it.
impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} /{}{:?}", if self.flow { "flow " } else { "" }, self.level)
    }
}

/// A field list as it stands between the parentheses of a function type: `a, b T, c U`.
///
/// A named field leaves out its type when the next field has the same one.
pub struct Fields<'a>(pub &'a [Field]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            let Some(name) = &field.name else {
                write!(f, "{}", field.ty)?;
                continue;
            };
            f.write_str(name)?;
            let shared = self.0.get(index + 1).is_some_and(|next| field.ty.structurally_equal(&next.ty));
            if !shared {
                write!(f, " {}", field.ty)?;
            }
        }
        Ok(())
    }
}

fn write_kind(f: &mut fmt::Formatter<'_>, kind: &TypeKind) -> fmt::Result {
    match kind {
        TypeKind::Error(message) => write!(f, "error: {message}"),
        TypeKind::Bottom => f.write_str("bottom"),
        TypeKind::Int => f.write_str("int"),
        TypeKind::Float => f.write_str("float"),
        TypeKind::String => f.write_str("string"),
        TypeKind::Bool => f.write_str("bool"),
        TypeKind::File => f.write_str("file"),
        TypeKind::Dir => f.write_str("dir"),
        TypeKind::Fileset => f.write_str("fileset"),
        TypeKind::Unit => f.write_str("unit"),
        TypeKind::Top => f.write_str("top"),
        TypeKind::List(element) => write!(f, "[{element}]"),
        TypeKind::Map(map) => write!(f, "[{}:{}]", map.0, map.1),
        TypeKind::Tuple(fields) => write!(f, "({})", Fields(fields)),
        TypeKind::Func(func) => write!(f, "func({}) {}", Fields(&func.args), func.result),
        TypeKind::Struct(fields) => write!(f, "{{{}}}", Fields(fields)),
        TypeKind::Module(module) => {
            write!(f, "module{{{}", Fields(&module.fields))?;
            // Without fields the separator stays: `module{, type A T}`.
            for (name, ty) in module.aliases.iter() {
                write!(f, ", type {name} {ty}")?;
            }
            f.write_str("}")
        }
        TypeKind::Sum(variants) => {
            for (index, Variant { tag, payload }) in variants.iter().enumerate() {
                let separator = if index > 0 { " | " } else { "" };
                write!(f, "{separator}#{tag}")?;
                if let Some(payload) = payload {
                    write!(f, "({payload})")?;
                }
            }
            Ok(())
        }
    }
}
