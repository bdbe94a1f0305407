//! Force: making a value immediate all the way down (language spec §5.4).

use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use flow::Graph;
use types::digest::write_value;
use types::ty::TypeKind;
use types::value::{Map, Record, Shape, Variant};
use types::{Type, Value};

use super::Result;
use super::delay::suspend_as;

/// The value with nothing delayed inside, or a flow that yields it. Structs and modules keep only the
/// fields of `ty`.
pub fn force(graph: &mut Graph, ident: &Rc<str>, value: Value, ty: &Type) -> Result<Value> {
    crate::nesting::with_stack(|| force_here(graph, ident, value, ty))
}

fn force_here(graph: &mut Graph, ident: &Rc<str>, value: Value, ty: &Type) -> Result<Value> {
    if value.is_flow() {
        let (ty, label) = (ty.clone(), ident.clone());
        let digest = Digest::of("grail.com/reflow/syntax.Eval.Force");
        let body = move |graph: &mut Graph, values: &[Value]| force(graph, &label, values[0].clone(), &ty);
        return Ok(suspend_as(graph, ident, digest, vec![value], body));
    }
    if is_forced(&value, ty) {
        return Ok(value);
    }
    let parts = Parts::take(&value, ty);
    let mut forced = Vec::with_capacity(parts.values.len());
    for (part, ty) in parts.values.into_iter().zip(&parts.types) {
        forced.push(force(graph, ident, part, ty)?);
    }
    if !forced.iter().any(Value::is_flow) {
        return Ok(parts.rebuild.run(&forced));
    }
    let mut material = DigestWriter::new();
    for (part, ty) in forced.iter().zip(&parts.types).filter(|(part, _)| !part.is_flow()) {
        write_value(part, ty, &mut material);
    }
    material.int(i64::from(ty.kind_id()));
    let rebuild = parts.rebuild;
    let body = move |_: &mut Graph, values: &[Value]| Ok(rebuild.run(values));
    Ok(suspend_as(graph, ident, material.finish(), forced, body))
}

/// Whether forcing would change nothing: no flow inside, no field beyond the type's.
fn is_forced(value: &Value, ty: &Type) -> bool {
    crate::nesting::with_stack(|| match (value, &ty.kind) {
        (Value::Flow(_), _) => false,
        (Value::List(elements), TypeKind::List(element)) => elements.iter().all(|value| is_forced(value, element)),
        (Value::Map(map), TypeKind::Map(types)) => map.iter().all(|(_, value)| is_forced(value, &types.1)),
        (Value::Tuple(elements), TypeKind::Tuple(fields)) => {
            elements.iter().zip(fields.iter()).all(|(value, field)| is_forced(value, &field.ty))
        }
        (Value::Struct(record) | Value::Module(record), _) => {
            let fields = ty.fields();
            record.shape().names().len() == fields.len()
                && fields.iter().all(|field| record.get(field.name()).is_some_and(|value| is_forced(value, &field.ty)))
        }
        (Value::Variant(variant), TypeKind::Sum(_)) => match &variant.payload {
            Some(payload) => payload_type(ty, &variant.tag).is_some_and(|ty| is_forced(payload, ty)),
            None => true,
        },
        _ => true,
    })
}

fn payload_type<'a>(ty: &'a Type, tag: &str) -> Option<&'a Type> {
    ty.variant(tag).and_then(|variant| variant.payload.as_ref())
}

/// The components of a composite value in the order of the spec, and how to put them together again.
struct Parts {
    values: Vec<Value>,
    types: Vec<Type>,
    rebuild: Rebuild,
}

enum Rebuild {
    Same(Value),
    List,
    Map,
    Tuple,
    Struct(Rc<Shape>),
    Module(Rc<Shape>),
    Variant(Rc<str>),
}

impl Parts {
    fn take(value: &Value, ty: &Type) -> Self {
        match (value, &ty.kind) {
            (Value::List(elements), TypeKind::List(element)) => Self {
                values: elements.as_ref().clone(),
                types: vec![element.as_ref().clone(); elements.len()],
                rebuild: Rebuild::List,
            },
            (Value::Tuple(elements), TypeKind::Tuple(fields)) => Self {
                values: elements.to_vec(),
                types: fields.iter().map(|field| field.ty.clone()).collect(),
                rebuild: Rebuild::Tuple,
            },
            (Value::Map(map), TypeKind::Map(types)) => Self {
                values: map.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect(),
                types: map.iter().flat_map(|_| [types.0.clone(), types.1.clone()]).collect(),
                rebuild: Rebuild::Map,
            },
            (Value::Struct(record), _) => Self::of_record(record, ty, Rebuild::Struct),
            (Value::Module(record), _) => Self::of_record(record, ty, Rebuild::Module),
            (Value::Variant(variant), _) => Self {
                values: variant.payload.iter().cloned().collect(),
                types: payload_type(ty, &variant.tag).into_iter().cloned().collect(),
                rebuild: Rebuild::Variant(variant.tag.clone()),
            },
            _ => Self { values: Vec::new(), types: Vec::new(), rebuild: Rebuild::Same(value.clone()) },
        }
    }

    /// Fields in ascending order of their names.
    fn of_record(record: &Record, ty: &Type, rebuild: fn(Rc<Shape>) -> Rebuild) -> Self {
        let mut fields: Vec<_> = ty
            .fields()
            .iter()
            .filter_map(|field| Some((field.name.clone()?, record.get(field.name())?, field)))
            .collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        fields.dedup_by(|left, right| left.0 == right.0);
        let names = fields.iter().map(|(name, ..)| name.clone()).collect();
        let (values, types) = fields.into_iter().map(|(_, value, field)| (value.clone(), field.ty.clone())).unzip();
        Self { values, types, rebuild: rebuild(Shape::new(names)) }
    }
}

impl Rebuild {
    fn run(&self, values: &[Value]) -> Value {
        match self {
            Rebuild::Same(value) => value.clone(),
            Rebuild::List => Value::list(values.to_vec()),
            Rebuild::Tuple => Value::tuple(values),
            Rebuild::Map => {
                let pairs = values.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                Value::Map(Rc::new(Map::from_entries(pairs)))
            }
            Rebuild::Struct(shape) => Value::Struct(Rc::new(Record::new(shape.clone(), values.to_vec()))),
            Rebuild::Module(shape) => Value::Module(Rc::new(Record::new(shape.clone(), values.to_vec()))),
            Rebuild::Variant(tag) => {
                Value::Variant(Rc::new(Variant { tag: tag.clone(), payload: values.first().cloned() }))
            }
        }
    }
}
