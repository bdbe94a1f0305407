//! How types print, and which are refused (language spec §3.1).

use types::Type;
use types::ty::{Field, MAX_DEPTH, Variant};

use crate::sample::{fields, func, module, record, sum, tuple};

/// Each type with its text.
fn printed() -> Vec<(Type, &'static str)> {
    let (int, string, file) = (Type::int, Type::string, Type::file);
    vec![
        (Type::bottom(), "bottom"),
        (int(), "int"),
        (Type::float(), "float"),
        (string(), "string"),
        (Type::bool(), "bool"),
        (file(), "file"),
        (Type::dir(), "dir"),
        (Type::fileset(), "fileset"),
        (Type::unit(), "unit"),
        (Type::top(), "top"),
        (Type::error("gone"), "error: gone"),
        (Type::list(Type::bottom()), "[bottom]"),
        (Type::map(Type::top(), Type::bottom()), "[top:bottom]"),
        (Type::map(string(), Type::list(int())), "[string:[int]]"),
        (tuple(&[int(), int()]), "(int, int)"),
        (Type::tuple(fields(&[("a", int()), ("b", int()), ("c", string())])), "(a, b int, c string)"),
        (record(&[("a", int()), ("b", int()), ("c", string())]), "{a, b int, c string}"),
        (record(&[("a", int()), ("b", string()), ("c", int())]), "{a int, b string, c int}"),
        (record(&[]), "{}"),
        (func(&[("url", string())], file()), "func(url string) file"),
        (Type::func([int(), int()].map(Field::unnamed), Type::bool()), "func(int, int) bool"),
        // Members of equal shape share the last one's text, argument names and all.
        (
            module(&[("F", func(&[("a", int())], int())), ("G", func(&[("b", int())], int()))]),
            "module{F, G func(b int) int}",
        ),
        (module(&[]), "module{}"),
        (Type::module(fields(&[("X", int())]), [("A".into(), string())]), "module{X int, type A string}"),
        (
            Type::module(Vec::new(), [("A".into(), string()), ("B".into(), string())]),
            "module{, type A string, type B string}",
        ),
        (sum(&[("A", None), ("B", Some(int()))]), "#A | #B(int)"),
        (sum(&[("None", None), ("Some", Some(sum(&[("A", None), ("B", None)])))]), "#None | #Some(#A | #B)"),
        (file().labelled("out"), "(out file)"),
        (func(&[("x", int())], file().labelled("out")), "func(x int) (out file)"),
        // Labels do not count as a difference between neighbours.
        (record(&[("a", int().labelled("x")), ("b", int())]), "{a, b int}"),
    ]
}

#[test]
fn types_print() {
    for (ty, text) in printed() {
        assert_eq!(ty.to_string(), text);
    }
}

#[test]
fn kinds_have_names_and_numbers() {
    let kinds = [
        (Type::error("e"), "error", 0),
        (Type::bottom(), "bottom", 1),
        (Type::int(), "int", 2),
        (Type::string(), "string", 3),
        (Type::bool(), "bool", 4),
        (Type::file(), "file", 5),
        (Type::dir(), "dir", 6),
        (Type::unit(), "unit", 7),
        (Type::list(Type::int()), "list", 8),
        (Type::map(Type::int(), Type::int()), "map", 9),
        (tuple(&[Type::int(), Type::int()]), "tuple", 10),
        (func(&[("x", Type::int())], Type::int()), "func", 11),
        (record(&[]), "struct", 12),
        (module(&[]), "module", 13),
        (Type::float(), "float", 15),
        (Type::fileset(), "fileset", 16),
        (Type::top(), "top", 17),
        (sum(&[("A", None)]), "sum", 18),
    ];
    for (ty, name, number) in kinds {
        assert_eq!((ty.kind_name(), ty.kind_id()), (name, number));
    }
}

#[test]
fn impossible_types_are_errors() {
    let list = Type::list(Type::int());
    let mismatch = Type::string().unify(&Type::int());
    let errors = [
        (Type::map(list.clone(), Type::int()), "[int] is not a valid map key type"),
        (Type::map(Type::dir(), Type::int()), "dir is not a valid map key type"),
        (Type::map(Type::bottom(), Type::int()), "bottom is not a valid map key type"),
        // A bad key shows as what it is, a bad element as what is wrong with it.
        (Type::map(mismatch.clone(), Type::int()), "error: kind mismatch: string != int is not a valid map key type"),
        (Type::map(Type::int(), mismatch.clone()), "kind mismatch: string != int"),
        (Type::list(mismatch.clone()), "kind mismatch: string != int"),
        (tuple(&[Type::int(), mismatch.clone()]), "kind mismatch: string != int"),
        (record(&[("a", mismatch.clone())]), "kind mismatch: string != int"),
        (module(&[("A", mismatch.clone())]), "kind mismatch: string != int"),
        (Type::module(Vec::new(), [("A".into(), mismatch.clone())]), "kind mismatch: string != int"),
        (func(&[("a", mismatch.clone())], Type::int()), "kind mismatch: string != int"),
        (func(&[("a", Type::int())], mismatch.clone()), "kind mismatch: string != int"),
        (sum(&[("A", Some(mismatch))]), "kind mismatch: string != int"),
        (sum(&[("a", None)]), "tag \"a\" does not begin with uppercase"),
        (sum(&[("é", None)]), "tag \"é\" does not begin with uppercase"),
        (sum(&[("A", None), ("B", None), ("A", Some(Type::int()))]), "tag \"A\" is not unique"),
    ];
    for (ty, message) in errors {
        assert_eq!(ty.error_message(), Some(message), "{ty}");
    }
    // A letter without case is not lower case.
    assert_eq!(sum(&[("日", None)]).error_message(), None);
    assert_eq!(list.error_message(), None);
}

#[test]
fn fields_variants_and_aliases_are_found() {
    let ty = record(&[("a", Type::int()), ("b", Type::bool()), ("a", Type::string())]);
    assert_eq!(ty.field("a").map(Type::kind_name), Some("int"), "the first of two fields of a name");
    assert_eq!(ty.field("b").map(Type::kind_name), Some("bool"));
    assert!(ty.field("c").is_none());
    assert!(Type::tuple(fields(&[("a", Type::int())])).field("a").is_none(), "labels of tuples are no fields");

    let ty = Type::module(
        fields(&[("X", Type::int())]),
        [("A".into(), Type::int()), ("B".into(), Type::bool()), ("A".into(), Type::string())],
    );
    assert_eq!(ty.field("X").map(Type::kind_name), Some("int"));
    assert_eq!(ty.alias("A").map(Type::kind_name), Some("string"), "a later alias replaces an earlier one");
    assert!(ty.alias("X").is_none());

    let ty = sum(&[("A", None), ("B", Some(Type::int()))]);
    let payload = |tag| ty.variant(tag).map(|variant: &Variant| variant.payload.as_ref().map(Type::kind_name));
    assert_eq!((payload("A"), payload("B"), payload("C")), (Some(None), Some(Some("int")), None));
}

#[test]
fn comparable_types() {
    let comparable = [
        Type::bottom(),
        Type::dir(),
        Type::map(Type::string(), Type::file()),
        record(&[("a", Type::float())]),
        sum(&[("A", None), ("B", Some(tuple(&[Type::int(), Type::bool()])))]),
    ];
    let function = func(&[("x", Type::int())], Type::int());
    let others = [
        Type::unit(),
        Type::fileset(),
        Type::top(),
        Type::error("e"),
        function.clone(),
        module(&[]),
        Type::list(function.clone()),
        Type::map(Type::top(), Type::bottom()),
        Type::map(Type::string(), function.clone()),
        tuple(&[Type::int(), function.clone()]),
        record(&[("a", function.clone())]),
        sum(&[("A", Some(function))]),
    ];
    assert!(comparable.iter().all(Type::is_comparable));
    for ty in others {
        assert!(!ty.is_comparable(), "{ty}");
    }
}

#[test]
fn nesting_is_bounded() {
    let mut ty = Type::int();
    for _ in 0..MAX_DEPTH {
        ty = Type::list(ty);
    }
    assert!(!ty.is_error());
    // The walks over the deepest type there is take no more stack than a thread has.
    assert!(ty.equal(&ty.clone()) && ty.is_subtype(&ty) && ty.is_comparable());
    assert!(ty.unify(&ty).equal(&ty));
    assert_eq!(ty.to_string().len(), 2 * usize::from(MAX_DEPTH) + 3);
    assert_eq!(record(&[("a", ty)]).error_message(), Some("type is nested too deeply"));
}

#[test]
fn size_is_bounded() {
    // Each step shares what it holds twice, so that only the walks over it grow.
    let twice = |ty: &Type| tuple(&[ty.clone(), ty.clone()]);
    let mut ty = Type::int();
    while !twice(&ty).is_error() {
        ty = twice(&ty);
    }
    assert!(ty.is_comparable() && ty.to_string().len() > 1 << 20);
    assert_eq!(twice(&ty).error_message(), Some("type has too many parts"));
    // What is unified over and over stays as large as it is; were the parts added up, twice would do.
    let wide = (0..4).fold(ty.clone(), |all, _| all.unify(&ty));
    assert!(!Type::list(wide).is_error());
}
