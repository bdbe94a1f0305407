//! Value digests (language spec §10.2): the identity of immediate values in cache keys.
//!
//! The static type takes part: it selects the fields of structs and modules.

use base::digest::{Digest, DigestWriter};

use crate::ty::{Field, Type, TypeKind};
use crate::value::{Record, Value};

/// Kind bytes (language spec §10.1) of the values that do not carry their own digest.
mod kind {
    pub(super) const INT: u8 = 2;
    pub(super) const STRING: u8 = 3;
    pub(super) const BOOL: u8 = 4;
    pub(super) const DIR: u8 = 6;
    pub(super) const UNIT: u8 = 7;
    pub(super) const LIST: u8 = 8;
    pub(super) const MAP: u8 = 9;
    pub(super) const TUPLE: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const MODULE: u8 = 13;
    pub(super) const FLOAT: u8 = 15;
    pub(super) const SUM: u8 = 18;
}

/// The value digest: `H(VD(value, ty))`.
pub fn value_digest(value: &Value, ty: &Type) -> Digest {
    let mut out = DigestWriter::new();
    write_value(value, ty, &mut out);
    out.finish()
}

/// The digest that orders and finds a map key. Keys are scalars, whose digests need no type.
pub fn key_digest(key: &Value) -> Digest {
    value_digest(key, &Type::top())
}

/// Appends the value material `VD(value, ty)`.
pub fn write_value(value: &Value, ty: &Type, out: &mut DigestWriter) {
    match value {
        Value::File(file) => {
            out.digest(&file.digest());
        }
        Value::Fileset(fileset) => {
            let digest = base::digest::Material::material_digest(fileset.as_ref());
            out.digest(&digest);
        }
        Value::Function(function) => {
            out.digest(&function.digest());
        }
        Value::Flow(flow) => {
            out.digest(&flow.digest);
        }
        Value::Unit => {
            out.bytes([kind::UNIT]);
        }
        Value::Bool(truth) => {
            out.bytes([kind::BOOL, u8::from(*truth)]);
        }
        Value::Int(number) => {
            out.bytes([kind::INT]).bytes(number.digest_payload());
        }
        Value::Float(number) => {
            out.bytes([kind::FLOAT]).bytes(number.digest_text());
        }
        Value::String(bytes) => {
            out.bytes([kind::STRING]).bytes(bytes);
        }
        Value::Dir(files) => {
            out.bytes([kind::DIR]);
            for (path, file) in files.iter() {
                out.bytes(path).material(file);
            }
        }
        Value::List(elements) => {
            let element = match &ty.kind {
                TypeKind::List(element) => element,
                _ => ty,
            };
            out.bytes([kind::LIST]).length(elements.len());
            for value in elements.iter() {
                write_value(value, element, out);
            }
        }
        Value::Map(map) => {
            let (key, element) = match &ty.kind {
                TypeKind::Map(types) => (&types.0, &types.1),
                _ => (ty, ty),
            };
            out.bytes([kind::MAP]).length(map.len());
            for (k, v) in map.iter() {
                write_value(k, key, out);
                write_value(v, element, out);
            }
        }
        Value::Tuple(elements) => {
            let fields = ty.fields();
            out.bytes([kind::TUPLE]).length(fields.len());
            for (value, field) in elements.iter().zip(fields) {
                write_value(value, &field.ty, out);
            }
        }
        Value::Struct(record) => write_record(kind::STRUCT, record, ty.fields(), out),
        Value::Module(record) => write_record(kind::MODULE, record, ty.fields(), out),
        Value::Variant(variant) => {
            out.bytes([kind::SUM]).bytes(variant.tag.as_bytes());
            if let Some(payload) = &variant.payload {
                let payload_type = ty.variant(&variant.tag).and_then(|variant| variant.payload.as_ref());
                write_value(payload, payload_type.unwrap_or(ty), out);
            }
        }
    }
}

/// The fields of the type in ascending order of their names, which are not written.
fn write_record(kind: u8, record: &Record, fields: &[Field], out: &mut DigestWriter) {
    out.bytes([kind]).length(fields.len());
    let mut sorted: Vec<&Field> = fields.iter().collect();
    sorted.sort_by(|left, right| left.name().cmp(right.name()));
    for field in sorted {
        if let Some(value) = record.get(field.name()) {
            write_value(value, &field.ty, out);
        }
    }
}
