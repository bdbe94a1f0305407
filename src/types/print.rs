//! How values print: results, `trace`, messages (language spec §4.1).
//!
//! The static type takes part: only the fields it has are printed, in its order.

mod layout;

use std::fmt::Write;

use base::file::File;

use crate::quote::quote;
use crate::ty::{Field, Type, TypeKind};
use crate::value::{Record, Value};
pub use layout::print_lines;

/// The printed form `P(value, ty)`.
pub fn print(value: &Value, ty: &Type) -> String {
    let mut out = String::new();
    write_value(&mut out, value, ty);
    out
}

fn write_value(out: &mut String, value: &Value, ty: &Type) {
    match value {
        Value::Unit => out.push_str("()"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => push(out, number),
        Value::Float(number) => push(out, number),
        Value::String(bytes) => out.push_str(&quote(bytes)),
        Value::File(file) => out.push_str(&file_text(file)),
        Value::Dir(files) => {
            let entries = files.iter().map(|(path, file)| format!("{}: {}", quote(path.as_bytes()), file_text(file)));
            surround(out, "dir(", entries, ")");
        }
        Value::Fileset(fileset) => out.push_str(&fileset.short()),
        Value::List(elements) => {
            let element = match &ty.kind {
                TypeKind::List(element) => element,
                _ => ty,
            };
            surround(out, "[", elements.iter().map(|value| print(value, element)), "]");
        }
        Value::Map(map) => {
            let (key, element) = match &ty.kind {
                TypeKind::Map(types) => (&types.0, &types.1),
                _ => (ty, ty),
            };
            // Sorted by what people see: the iteration order, by digest, would look random to them.
            let mut entries: Vec<_> = map.iter().map(|(k, v)| (print(k, key), print(v, element))).collect();
            entries.sort();
            surround(out, "[", entries.into_iter().map(|(key, value)| format!("{key}: {value}")), "]");
        }
        Value::Tuple(elements) => {
            let items = elements.iter().zip(ty.fields()).map(|(value, field)| print(value, &field.ty));
            surround(out, "(", items, ")");
        }
        Value::Struct(record) => {
            let items = fields(record, ty).map(|(name, value, ty)| format!("{name}: {}", print(value, ty)));
            surround(out, "{", items, "}");
        }
        Value::Module(record) => {
            out.push_str("module{");
            for (i, (name, value, ty)) in fields(record, ty).enumerate() {
                let separator = if i > 0 { "; " } else { "" };
                push(out, format_args!("{separator}val {name} = {}", print(value, ty)));
            }
            out.push('}');
        }
        Value::Variant(variant) => {
            push(out, format_args!("#{}", variant.tag));
            if let Some(payload) = &variant.payload {
                let payload_type = ty.variant(&variant.tag).and_then(|variant| variant.payload.as_ref());
                push(out, format_args!("({})", print(payload, payload_type.unwrap_or(ty))));
            }
        }
        Value::Function(function) => push(out, format_args!("delayed({})", function.digest())),
        Value::Flow(flow) => push(out, format_args!("delayed({})", flow.digest)),
    }
}

/// A file prints as 8 hex digits, a reference as its URL. One that was never produced has neither.
fn file_text(file: &File) -> String {
    file.short()
}

/// The fields of the type that the record has, in the type's order.
fn fields<'a>(record: &'a Record, ty: &'a Type) -> impl Iterator<Item = (&'a str, &'a Value, &'a Type)> {
    ty.fields().iter().filter_map(|field: &Field| Some((field.name(), record.get(field.name())?, &field.ty)))
}

fn surround(out: &mut String, open: &str, items: impl Iterator<Item = String>, close: &str) {
    out.push_str(open);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        out.push_str(&item);
    }
    out.push_str(close);
}

/// Writing to a string cannot fail.
fn push(out: &mut String, item: impl std::fmt::Display) {
    let _ = write!(out, "{item}");
}
