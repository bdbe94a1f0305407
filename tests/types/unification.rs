//! Unification and the attributes of types (language spec §3.2, §3.4).

use proptest::prelude::*;
use types::Type;
use types::ty::{Field, Level, unify};

use crate::sample::{any_type, fields, func, module, record, sum, tuple};

/// The text of the unified type, or its message.
fn unified(types: &[Type]) -> String {
    let ty = unify(types);
    ty.error_message().map_or_else(|| ty.to_string(), str::to_owned)
}

#[test]
fn least_common_supertypes() {
    let (int, string, bottom) = (Type::int, Type::string, Type::bottom);
    let (a, ab) = (record(&[("a", int())]), record(&[("a", int()), ("b", int())]));
    let ba = record(&[("b", int()), ("a", int())]);
    let cases: Vec<(Vec<Type>, &str)> = vec![
        (vec![], "bottom"),
        (vec![int()], "int"),
        (vec![bottom(), int()], "int"),
        (vec![int(), bottom()], "int"),
        (vec![Type::unit(), Type::unit()], "unit"),
        (vec![int().labelled("l"), int().labelled("m")], "(l int)"),
        (vec![Type::list(bottom()), Type::list(int())], "[int]"),
        (vec![Type::map(Type::top(), bottom()), Type::map(string(), int())], "[string:int]"),
        (vec![Type::map(string(), int()), Type::map(Type::top(), bottom())], "[string:int]"),
        (vec![ab.clone(), a.clone()], "{a int}"),
        (vec![a, ab.clone()], "{a int}"),
        (vec![ab, ba], "{b, a int}"),
        (
            vec![Type::tuple(fields(&[("a", int()), ("b", Type::list(bottom()))])), tuple(&[int(), Type::list(int())])],
            "(int, [int])",
        ),
        (vec![func(&[("a", int())], bottom()), func(&[("b", int())], int())], "func(a int) int"),
        (vec![sum(&[("A", None)]), sum(&[("B", Some(int()))])], "#A | #B(int)"),
        (
            vec![
                sum(&[("B", Some(Type::list(bottom()))), ("C", None)]),
                sum(&[("A", None), ("B", Some(Type::list(int())))]),
            ],
            "#B([int]) | #C | #A",
        ),
        (
            vec![
                Type::module(fields(&[("A", int()), ("B", int())]), [("T".into(), int())]),
                Type::module(fields(&[("B", int()), ("A", int())]), [("T".into(), int())]),
            ],
            "module{B, A int}",
        ),
    ];
    for (types, text) in cases {
        assert_eq!(unified(&types), text);
    }
}

#[test]
fn what_has_no_common_supertype() {
    let (int, string) = (Type::int, Type::string);
    let cases: Vec<(Vec<Type>, &str)> = vec![
        (vec![int(), string()], "kind mismatch: int != string"),
        (vec![int(), string(), int()], "kind mismatch: int != string"),
        (vec![Type::list(int()), Type::list(string())], "kind mismatch: int != string"),
        (vec![Type::error("x"), Type::error("y")], "type error"),
        (vec![Type::error("x"), int()], "kind mismatch: error != int"),
        (vec![Type::fileset(), Type::fileset()], "unknown kind fileset"),
        (vec![Type::top(), Type::top()], "unknown kind top"),
        (vec![Type::map(string(), int()), Type::map(int(), int())], "string and int are incompatible map key types"),
        (vec![tuple(&[int(), int()]), tuple(&[int(), int(), int()])], "mismatched tuple length: 2 != 3"),
        (
            vec![func(&[("a", int()), ("b", int())], int()), func(&[("a", int()), ("b", string())], int())],
            "argument 1 does not match: int != string",
        ),
        (
            vec![func(&[("a", int())], int()), func(&[("a", int()), ("b", int())], int())],
            "mismatched argument length: 1 != 2",
        ),
        (vec![record(&[("a", int())]), record(&[("b", int())])], "struct {a int} and {b int} have no fields in common"),
        (
            vec![module(&[("A", int())]), module(&[("B", int())])],
            "module module{A int} and module{B int} have no fields in common",
        ),
        (vec![sum(&[("A", None)]), sum(&[("A", Some(int()))])], "cannot unify A, as one of variants is typeless"),
    ];
    for (types, message) in cases {
        assert_eq!(unified(&types), message);
        assert!(unify(&types).is_error());
    }
}

#[test]
fn scalars_merge_their_flow_flags_and_composites_lose_them() {
    let delayed = |ty: Type| ty.with_flow(true);
    assert!(Type::int().unify(&delayed(Type::int())).flow);
    assert!(delayed(Type::int()).unify(&Type::int()).flow);

    let list = || Type::list(Type::int());
    assert!(unify([&delayed(list())]).flow, "one type is kept as it is");
    let others = [
        list(),
        Type::map(Type::int(), Type::int()),
        tuple(&[Type::int(), Type::int()]),
        func(&[("x", Type::int())], Type::int()),
        record(&[("a", Type::int())]),
        module(&[("A", Type::int())]),
        sum(&[("A", None)]),
    ];
    for ty in others {
        assert!(!delayed(ty.clone()).unify(&delayed(ty.clone())).flow, "{ty}");
    }
    // The components have flags of their own.
    let unified = Type::list(Type::int()).unify(&Type::list(delayed(Type::int())));
    assert!(matches!(&unified.kind, types::ty::TypeKind::List(element) if element.flow));
}

#[test]
fn swizzling_gathers_attributes() {
    let flow = Type::string().with_flow(true);
    let varying = Type::string().with_level(Level::NotConst);
    let constant = Type::int().with_level(Level::Const);

    let ty = constant.clone().swizzle(Level::Const, &[&constant]);
    assert_eq!((ty.flow, ty.level), (false, Level::Const));
    let ty = constant.clone().swizzle(Level::CanConst, &[&flow]);
    assert_eq!((ty.flow, ty.level), (true, Level::CanConst));
    let ty = constant.clone().swizzle(Level::Const, &[&flow, &varying]);
    assert_eq!((ty.flow, ty.level), (true, Level::NotConst));
    assert_eq!(ty.to_string(), "int");

    let (first, second) = (Type::error("first"), Type::error("second"));
    assert_eq!(Type::int().swizzle(Level::Const, &[&constant, &first, &second]).error_message(), Some("first"));
    assert_eq!(second.swizzle(Level::Const, &[&first]).error_message(), Some("second"));
}

/// A list literal of a million elements, and a switch whose branches are wide structs.
#[test]
fn long_chains_of_equal_types_unify_quickly() {
    let row = record(&[("a", Type::int()), ("b", Type::list(Type::string()))]);
    let rows = vec![row.clone(); 100_000];
    assert!(unify(&rows).equal(&row));
    let ints = vec![Type::int(); 1_000_000];
    assert!(unify(&ints).equal(&Type::int()));

    let names: Vec<String> = (0..2_000).map(|number| format!("field{number}")).collect();
    let wide = || Type::record(names.iter().map(|name| Field::named(name.as_str(), Type::int())).collect::<Vec<_>>());
    let rows: Vec<_> = (0..200).map(|_| wide()).collect();
    assert!(unify(&rows).equal(&rows[0]));
}

proptest! {
    #[test]
    fn a_unified_type_is_a_supertype(t in any_type(), u in any_type()) {
        let unified = t.unify(&u);
        if !unified.is_error() {
            prop_assert!(t.is_subtype(&unified), "{} ≤ {}", t, unified);
            prop_assert!(u.is_subtype(&unified), "{} ≤ {}", u, unified);
        }
    }

    #[test]
    fn a_type_unifies_with_itself(t in any_type()) {
        // Tops, which are map keys here, do not unify, but only their subtyping is asked for.
        prop_assert!(t.unify(&t).equal(&t));
        prop_assert!(t.unify(&t.clone()).structurally_equal(&t));
    }

    /// Sharing components must not be observable: unification of copies yields the same text and flags.
    #[test]
    fn unification_does_not_depend_on_sharing(t in any_type(), u in any_type()) {
        let (left, right) = (t.unify(&u), t.unify(&t).unify(&u));
        prop_assert_eq!(left.is_error(), right.is_error());
        if !left.is_error() {
            prop_assert!(left.equal(&right));
        }
    }
}
