//! Equality and subtyping (language spec §3.2).

use proptest::prelude::*;
use types::Type;

use crate::sample::{any_type, fields, func, module, record, sum, tuple};

#[test]
fn equality_ignores_names_where_they_do_not_matter() {
    let (int, string) = (Type::int, Type::string);
    let equal = [
        (int().labelled("x"), int()),
        (Type::tuple(fields(&[("a", int()), ("b", string())])), tuple(&[int(), string()])),
        (func(&[("a", int())], string()), func(&[("b", int())], string())),
        (record(&[("a", int()), ("b", string())]), record(&[("b", string()), ("a", int())])),
        (module(&[("A", int()), ("B", string())]), module(&[("B", string()), ("A", int())])),
        (sum(&[("A", None), ("B", Some(int()))]), sum(&[("B", Some(int())), ("A", None)])),
        (Type::unit(), Type::unit()),
        (Type::top(), Type::top()),
    ];
    for (t, u) in equal {
        assert!(t.equal(&u) && u.equal(&t), "{t} and {u}");
        assert!(t.structurally_equal(&u));
    }
    let unequal = [
        (Type::list(Type::bottom()), Type::list(int())),
        (sum(&[("A", None)]), sum(&[("B", None)])),
        (sum(&[("A", None)]), sum(&[("A", Some(int()))])),
        (sum(&[("A", None)]), sum(&[("A", None), ("B", None)])),
        (record(&[("a", int())]), record(&[("a", int()), ("b", int())])),
        (record(&[("a", int()), ("a", int())]), record(&[("a", int()), ("b", int())])),
        (record(&[("a", int())]), module(&[("a", int())])),
        (tuple(&[int(), int()]), tuple(&[int(), int(), int()])),
        (func(&[("a", int())], int()), func(&[("a", int()), ("b", int())], int())),
        (Type::map(int(), int()), Type::map(string(), int())),
        (Type::error("e"), Type::error("e")),
    ];
    for (t, u) in unequal {
        assert!(!t.equal(&u) && !u.equal(&t), "{t} and {u}");
    }
}

#[test]
fn subtypes() {
    let (int, string, bottom, top) = (Type::int, Type::string, Type::bottom, Type::top);
    let (ab, a) = (record(&[("a", int()), ("b", int())]), record(&[("a", int())]));
    let (x, xy) = (sum(&[("X", None)]), sum(&[("X", None), ("Y", Some(int()))]));
    let strict = [
        (bottom(), int()),
        (int(), top()),
        (Type::unit(), top()),
        (Type::error("e"), top()),
        (Type::list(bottom()), Type::list(int())),
        (ab.clone(), a.clone()),
        (module(&[("A", int()), ("B", int())]), module(&[("A", int())])),
        (x.clone(), xy.clone()),
        (tuple(&[ab.clone(), x.clone()]), tuple(&[a.clone(), xy.clone()])),
        // Arguments the other way round: what takes an {a} takes an {a, b}, too.
        (func(&[("x", a.clone())], ab.clone()), func(&[("x", ab.clone())], a.clone())),
        (func(&[("x", xy.clone())], int()), func(&[("x", x.clone())], int())),
        (Type::map(top(), bottom()), Type::map(string(), int())),
        (Type::map(string(), ab.clone()), Type::map(string(), a.clone())),
    ];
    for (t, u) in strict {
        assert!(t.is_subtype(&u), "{t} ≤ {u}");
        assert!(!u.is_subtype(&t), "{u} ≤ {t}");
    }
    let unrelated = [
        (int(), string()),
        (tuple(&[int(), int()]), tuple(&[int(), int(), int()])),
        (record(&[("a", int())]), record(&[("b", int())])),
        (sum(&[("A", None)]), sum(&[("A", Some(int()))])),
        (sum(&[("A", None)]), sum(&[("B", None)])),
        // Unit is no subtype even of itself, nor is what contains it.
        (Type::unit(), Type::unit()),
        (Type::list(Type::unit()), Type::list(Type::unit())),
        (Type::error("e"), Type::error("e")),
    ];
    for (t, u) in unrelated {
        assert!(!t.is_subtype(&u) && !u.is_subtype(&t), "{t} and {u}");
    }
    assert!(Type::fileset().is_subtype(&Type::fileset()));
}

/// Lists of thousands of fields are compared in order without searching, and out of order by index.
#[test]
fn large_types_are_compared_quickly() {
    let names: Vec<String> = (0..20_000).map(|number| format!("field{number}")).collect();
    let ascending: Vec<_> = names.iter().map(|name| (name.as_str(), Type::int())).collect();
    let descending: Vec<_> = ascending.iter().rev().cloned().collect();
    let (t, same, u) = (record(&ascending), record(&ascending), record(&descending));
    assert!(t.equal(&same) && t.equal(&u) && u.equal(&t));
    assert!(t.is_subtype(&same) && t.is_subtype(&u) && u.is_subtype(&t));
    assert!(t.unify(&u).equal(&t));
}

proptest! {
    #[test]
    fn equality_is_an_equivalence(t in any_type(), u in any_type()) {
        prop_assert!(t.equal(&t));
        prop_assert_eq!(t.equal(&u), u.equal(&t));
    }

    #[test]
    fn subtyping_is_an_order(t in any_type(), u in any_type(), v in any_type()) {
        prop_assert!(t.is_subtype(&t));
        prop_assert!(Type::bottom().is_subtype(&t) && t.is_subtype(&Type::top()));
        prop_assert!(!(t.is_subtype(&u) && u.is_subtype(&v)) || t.is_subtype(&v));
    }

    #[test]
    fn equal_types_are_subtypes_of_one_another(t in any_type(), u in any_type()) {
        prop_assert!(!t.equal(&u) || t.is_subtype(&u) && u.is_subtype(&t));
    }
}
