//! Short names for types, and generators of arbitrary ones.

use proptest::prelude::*;
use types::Type;
use types::ty::{Field, Variant};

/// Named fields.
pub(crate) fn fields(fields: &[(&str, Type)]) -> Vec<Field> {
    fields.iter().map(|(name, ty)| Field::named(*name, ty.clone())).collect()
}

/// A struct type.
pub(crate) fn record(named: &[(&str, Type)]) -> Type {
    Type::record(fields(named))
}

/// A module type without aliases.
pub(crate) fn module(named: &[(&str, Type)]) -> Type {
    Type::module(fields(named), [])
}

/// A tuple type without labels.
pub(crate) fn tuple(types: &[Type]) -> Type {
    Type::tuple(types.iter().cloned().map(Field::unnamed).collect::<Vec<_>>())
}

/// A sum type.
pub(crate) fn sum(variants: &[(&str, Option<Type>)]) -> Type {
    Type::sum(variants.iter().map(|(tag, payload)| Variant::new(*tag, payload.clone())).collect::<Vec<_>>())
}

/// A function type with named arguments.
pub(crate) fn func(args: &[(&str, Type)], result: Type) -> Type {
    Type::func(fields(args), result)
}

/// Any type a program can write.
pub(crate) fn any_type() -> impl Strategy<Value = Type> {
    let scalar = prop_oneof![
        Just(Type::int()),
        Just(Type::string()),
        Just(Type::file()),
        Just(Type::bottom()),
        Just(Type::dir()),
        Just(Type::bool()),
    ];
    let key = prop_oneof![Just(Type::int()), Just(Type::string()), Just(Type::top())];
    scalar.prop_recursive(3, 24, 3, move |inner| {
        // Few names, so that types have some in common.
        let names = || proptest::sample::subsequence(vec!["A", "B", "C", "D"], 1..4).prop_shuffle();
        let named = (names(), proptest::collection::vec(inner.clone(), 4))
            .prop_map(|(names, types)| names.into_iter().zip(types).collect::<Vec<_>>());
        let variants = (names(), proptest::collection::vec(proptest::option::of(inner.clone()), 4))
            .prop_map(|(names, types)| names.into_iter().zip(types).collect::<Vec<_>>());
        prop_oneof![
            inner.clone().prop_map(Type::list),
            (key.clone(), inner.clone()).prop_map(|(key, element)| Type::map(key, element)),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|types| tuple(&types)),
            (named.clone(), inner).prop_map(|(args, result)| func(&args, result)),
            named.clone().prop_map(|named| record(&named)),
            named.prop_map(|named| module(&named)),
            variants.prop_map(|variants| sum(&variants)),
        ]
    })
}
