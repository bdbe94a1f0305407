//! Values over several lines, for people who compare them.
//!
//! A value that fits stays on its line; any other opens up, each part on a line of its own below it.

use super::{fields, file_text, print};
use crate::quote::quote;
use crate::ty::{Type, TypeKind};
use crate::value::Value;

/// How far a part stands in.
const INDENT: usize = 2;

/// The printed form of a value in lines of at most `width` characters, where its parts permit.
pub fn print_lines(value: &Value, ty: &Type, width: usize) -> String {
    lay_out(value, ty, 0, width)
}

fn lay_out(value: &Value, ty: &Type, indent: usize, width: usize) -> String {
    let line = print(value, ty);
    if indent + line.chars().count() <= width {
        return line;
    }
    let inner = |value: &Value, ty: &Type| lay_out(value, ty, indent + INDENT, width);
    let (open, parts, close): (String, Vec<String>, &str) = match (value, &ty.kind) {
        (Value::List(elements), TypeKind::List(element)) => {
            ("[".to_owned(), elements.iter().map(|value| inner(value, element)).collect(), "]")
        }
        (Value::Map(map), TypeKind::Map(types)) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (print(key, &types.0), value)).collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            let entries = entries.into_iter().map(|(key, value)| format!("{key}: {}", inner(value, &types.1)));
            ("[".to_owned(), entries.collect(), "]")
        }
        (Value::Tuple(elements), TypeKind::Tuple(types)) => {
            let parts = elements.iter().zip(types.iter()).map(|(value, field)| inner(value, &field.ty));
            ("(".to_owned(), parts.collect(), ")")
        }
        (Value::Struct(record), _) => {
            let parts = fields(record, ty).map(|(name, value, ty)| format!("{name}: {}", inner(value, ty)));
            ("{".to_owned(), parts.collect(), "}")
        }
        (Value::Module(record), _) => {
            let parts = fields(record, ty).map(|(name, value, ty)| format!("val {name} = {}", inner(value, ty)));
            ("module{".to_owned(), parts.collect(), "}")
        }
        (Value::Dir(files), _) => {
            let parts = files.iter().map(|(path, file)| format!("{}: {}", quote(path.as_bytes()), file_text(file)));
            ("dir(".to_owned(), parts.collect(), ")")
        }
        (Value::Variant(variant), _) => {
            let payload = variant.payload.as_ref();
            let types = ty.variant(&variant.tag).and_then(|variant| variant.payload.as_ref());
            let parts = payload.zip(types).map(|(value, ty)| inner(value, ty));
            (format!("#{}(", variant.tag), parts.into_iter().collect(), ")")
        }
        _ => return line,
    };
    let inside = " ".repeat(indent + INDENT);
    let parts: String = parts.into_iter().map(|part| format!("\n{inside}{part},")).collect();
    format!("{open}{parts}\n{}{close}", " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_its_line() {
        let ty = Type::list(Type::list(Type::int()));
        let list = |range: std::ops::Range<i64>| Value::list(range.map(Value::int).collect());
        let value = Value::list(vec![list(0..3), list(0..9)]);
        assert_eq!(print_lines(&value, &ty, 80), print(&value, &ty));
        let laid_out = print_lines(&value, &ty, 14);
        assert!(laid_out.starts_with("[\n  [0, 1, 2],\n  [\n    0,\n    1,\n"), "{laid_out}");
        assert!(laid_out.ends_with("    8,\n  ],\n]"), "{laid_out}");
    }
}
