//! Switch analysis (language spec §3.6), with enumeration of all values as oracle.

use proptest::prelude::*;
use types::Type;
use types::coverage::{Coverage, Pat, analyse};
use types::ty::{Field, TypeKind};

use crate::sample::{record, sum, tuple};

const ANY: Pat = Pat::Any;

fn variant(tag: &str) -> Pat {
    Pat::Variant(tag.into(), None)
}

fn holding(tag: &str, payload: Pat) -> Pat {
    Pat::Variant(tag.into(), Some(Box::new(payload)))
}

/// `[elements]`
fn exactly(elements: &[Pat]) -> Pat {
    Pat::List { elements: elements.to_vec(), tail: None }
}

/// `[elements, ...tail]`
fn starting(elements: &[Pat], tail: Pat) -> Pat {
    Pat::List { elements: elements.to_vec(), tail: Some(Box::new(tail)) }
}

fn fields(fields: &[(&str, Pat)]) -> Pat {
    Pat::Struct(fields.iter().map(|(name, pattern)| ((*name).into(), pattern.clone())).collect())
}

fn pair(left: Pat, right: Pat) -> Pat {
    Pat::Tuple(vec![left, right])
}

fn color() -> Type {
    sum(&[("Red", None), ("Green", None), ("Rgb", Some(tuple(&[Type::int(), Type::int()])))])
}

fn option(payload: Type) -> Type {
    sum(&[("None", None), ("Some", Some(payload))])
}

#[test]
fn exhaustive_switches() {
    let ints = Type::list(Type::int());
    let cases: Vec<(Type, Vec<Pat>)> = vec![
        (Type::int(), vec![ANY]),
        (color(), vec![variant("Red"), variant("Green"), holding("Rgb", ANY)]),
        (color(), vec![variant("Red"), ANY]),
        (color(), vec![holding("Rgb", pair(ANY, ANY)), variant("Green"), variant("Red")]),
        (ints.clone(), vec![starting(&[ANY], ANY), ANY]),
        (ints.clone(), vec![exactly(&[ANY]), starting(&[ANY, ANY], ANY), ANY]),
        (tuple(&[color(), color()]), vec![pair(variant("Red"), ANY), pair(ANY, variant("Red")), pair(ANY, ANY)]),
        (record(&[("a", color()), ("b", Type::int())]), vec![fields(&[("a", variant("Red"))]), fields(&[("b", ANY)])]),
        (
            Type::list(option(Type::int())),
            vec![
                starting(&[variant("None")], ANY),
                starting(&[holding("Some", ANY), variant("None")], ANY),
                starting(&[ANY], ANY),
                ANY,
            ],
        ),
        // A tail may be taken apart.
        (
            ints,
            vec![starting(&[ANY], exactly(&[ANY])), starting(&[ANY, ANY], starting(&[ANY], ANY)), exactly(&[ANY]), ANY],
        ),
        // Values are not enumerated, even where there are few or none.
        (Type::bool(), vec![ANY]),
        (Type::list(Type::bottom()), vec![starting(&[ANY], ANY), ANY]),
    ];
    for (ty, cases) in cases {
        let coverage = analyse(&ty, &cases);
        let expected = Coverage { exhaustive: true, unreachable: vec![], missing: None, gave_up: false };
        assert_eq!(coverage, expected, "{ty}: {cases:?}");
    }
}

#[test]
fn what_is_missing_is_shown() {
    let ints = Type::list(Type::int());
    let both = record(&[("a", option(color())), ("b", Type::int()), ("c", color())]);
    let cases: Vec<(Type, Vec<Pat>, &str)> = vec![
        (Type::int(), vec![], "_"),
        (color(), vec![], "_"),
        (color(), vec![variant("Red"), variant("Green")], "#Rgb(_)"),
        (color(), vec![holding("Rgb", ANY)], "#Red"),
        (option(color()), vec![holding("Some", variant("Green")), variant("None")], "#Some(#Red)"),
        (ints.clone(), vec![starting(&[ANY], ANY)], "[]"),
        (ints.clone(), vec![exactly(&[ANY]), exactly(&[ANY, ANY])], "[]"),
        (
            tuple(&[ints.clone(), color()]),
            vec![pair(starting(&[ANY], ANY), ANY), pair(ANY, variant("Red"))],
            "([], #Green)",
        ),
        (tuple(&[color(), color()]), vec![pair(variant("Red"), ANY), pair(ANY, variant("Green"))], "(#Green, #Red)"),
        (both, vec![fields(&[("c", variant("Red"))]), fields(&[("a", variant("None"))])], "{a:#Some(_), c:#Green}"),
        (
            sum(&[("Only", Some(Type::list(option(Type::int()))))]),
            vec![holding("Only", starting(&[holding("Some", ANY)], ANY))],
            "#Only([])",
        ),
    ];
    for (ty, cases, missing) in cases {
        let coverage = analyse(&ty, &cases);
        assert!(!coverage.exhaustive);
        assert_eq!(coverage.missing.as_deref(), Some(missing), "{ty}: {cases:?}");
    }
    // The empty list is covered here, and so are the lists of one element and those of more that begin
    // with #Green.
    let cases = [exactly(&[ANY]), starting(&[variant("Green")], ANY)];
    let nested = option(Type::list(color()));
    let cases: Vec<Pat> = cases.into_iter().map(|case| holding("Some", case)).chain([variant("None")]).collect();
    assert_eq!(analyse(&nested, &cases).missing.as_deref(), Some("#Some([])"));
}

#[test]
fn shadowed_cases_are_unreachable() {
    let ints = Type::list(Type::int());
    let twice = record(&[("a", color())]);
    let cases: Vec<(Type, Vec<Pat>, Vec<usize>)> = vec![
        (Type::int(), vec![ANY, ANY], vec![1]),
        (color(), vec![variant("Red"), variant("Red"), ANY, variant("Green")], vec![1, 3]),
        (color(), vec![variant("Red"), variant("Green"), holding("Rgb", ANY), ANY], vec![3]),
        (ints.clone(), vec![starting(&[ANY], ANY), exactly(&[ANY, ANY]), ANY], vec![1]),
        (ints.clone(), vec![exactly(&[ANY, ANY]), starting(&[ANY], ANY), ANY], vec![]),
        (ints, vec![exactly(&[ANY]), starting(&[ANY, ANY], ANY), starting(&[ANY], ANY), ANY], vec![2]),
        (
            tuple(&[color(), color()]),
            vec![
                pair(variant("Red"), ANY),
                pair(ANY, variant("Red")),
                pair(variant("Red"), variant("Red")),
                pair(variant("Green"), variant("Red")),
                ANY,
            ],
            vec![2, 3],
        ),
        // A field that must be two things at once is none.
        (twice.clone(), vec![fields(&[("a", variant("Red")), ("a", variant("Green"))]), ANY], vec![0]),
        (twice, vec![fields(&[("a", ANY), ("a", variant("Red"))]), fields(&[("a", variant("Red"))]), ANY], vec![1]),
    ];
    for (ty, cases, unreachable) in cases {
        let coverage = analyse(&ty, &cases);
        assert_eq!((coverage.exhaustive, coverage.unreachable), (true, unreachable), "{ty}: {cases:?}");
    }
}

#[test]
fn patterns_print_as_written() {
    let patterns = [
        (pair(ANY, variant("A")), "(_, #A)"),
        (starting(&[ANY, holding("B", ANY)], ANY), "[_, #B(_), ...]"),
        (starting(&[ANY], exactly(&[ANY])), "[_, ...[_]]"),
        (fields(&[("x", ANY), ("y", variant("A"))]), "{x:_, y:#A}"),
    ];
    for (pattern, text) in patterns {
        assert_eq!(pattern.to_string(), text);
    }
}

#[test]
fn large_switches_are_analysed_quickly() {
    // Thousands of variants, all but the last of which have a case.
    let tags: Vec<String> = (0..5_000).map(|number| format!("T{number}")).collect();
    let ty = sum(&tags.iter().map(|tag| (tag.as_str(), Some(Type::int()))).collect::<Vec<_>>());
    let cases: Vec<Pat> = tags.iter().take(4_999).map(|tag| holding(tag, ANY)).collect();
    let coverage = analyse(&ty, &cases);
    assert_eq!((coverage.missing.as_deref(), coverage.unreachable), (Some("#T4999(_)"), vec![]));

    // All pairs of forty tags.
    let ty = sum(&tags.iter().take(40).map(|tag| (tag.as_str(), None)).collect::<Vec<_>>());
    let all = || tags.iter().take(40);
    let cases: Vec<Pat> = all().flat_map(|left| all().map(move |right| pair(variant(left), variant(right)))).collect();
    assert!(analyse(&tuple(&[ty.clone(), ty.clone()]), &cases).exhaustive);

    // Fifty components, each of which some case looks at, from either end.
    let wide = Type::tuple(vec![Field::unnamed(color()); 50]);
    let at = |position| Pat::Tuple((0..50).map(|index| if index == position { variant("Red") } else { ANY }).collect());
    for positions in [(0..50).collect::<Vec<usize>>(), (0..50).rev().collect()] {
        let mut cases: Vec<Pat> = positions.into_iter().map(at).collect();
        assert!(!analyse(&wide, &cases).exhaustive);
        cases.push(ANY);
        let coverage = analyse(&wide, &cases);
        assert!(coverage.exhaustive && coverage.unreachable.is_empty() && !coverage.gave_up);
    }

    // Lists of a hundred lengths, and one of a thousand elements.
    let ints = Type::list(color());
    let mut cases: Vec<Pat> = (1..100).map(|length| exactly(&vec![variant("Red"); length])).collect();
    cases.push(starting(&vec![variant("Red"); 1_000], ANY));
    cases.push(ANY);
    assert!(analyse(&ints, &cases).exhaustive);
}

/// A value, as far as patterns can tell.
#[derive(Clone, Debug)]
enum Sample {
    Opaque,
    Tuple(Vec<Sample>),
    List(Vec<Sample>),
    Variant(usize, Option<Box<Sample>>),
}

fn product(choices: Vec<Vec<Sample>>) -> Vec<Vec<Sample>> {
    choices.into_iter().fold(vec![vec![]], |rows, choices| {
        let longer = |row: Vec<Sample>| {
            let extend = move |choice: &Sample| [row.clone(), vec![choice.clone()]].concat();
            choices.iter().map(extend).collect::<Vec<_>>()
        };
        rows.into_iter().flat_map(longer).collect()
    })
}

/// All values of a type, with lists of up to `longest` elements.
fn values(ty: &Type, longest: usize) -> Vec<Sample> {
    match &ty.kind {
        TypeKind::Tuple(fields) | TypeKind::Struct(fields) => {
            product(fields.iter().map(|field| values(&field.ty, longest)).collect())
                .into_iter()
                .map(Sample::Tuple)
                .collect()
        }
        TypeKind::List(element) => {
            let elements = values(element, longest);
            (0..=longest).flat_map(|length| product(vec![elements.clone(); length])).map(Sample::List).collect()
        }
        TypeKind::Sum(variants) => {
            let of = |(index, payload): (usize, &Option<Type>)| match payload {
                None => vec![Sample::Variant(index, None)],
                Some(ty) => {
                    values(ty, longest).into_iter().map(|v| Sample::Variant(index, Some(Box::new(v)))).collect()
                }
            };
            variants.iter().map(|variant| &variant.payload).enumerate().flat_map(of).collect()
        }
        _ => vec![Sample::Opaque],
    }
}

/// How many values there are; to keep the enumeration in bounds.
fn count(ty: &Type, longest: u32) -> u64 {
    match &ty.kind {
        TypeKind::Tuple(fields) | TypeKind::Struct(fields) => {
            fields.iter().map(|field| count(&field.ty, longest)).fold(1, u64::saturating_mul)
        }
        TypeKind::List(element) => {
            let element = count(element, longest);
            (0..=longest).map(|length| element.saturating_pow(length)).fold(0, u64::saturating_add)
        }
        TypeKind::Sum(variants) => {
            let of = |payload: &Option<Type>| payload.as_ref().map_or(1, |ty| count(ty, longest));
            variants.iter().map(|variant| of(&variant.payload)).fold(0, u64::saturating_add)
        }
        _ => 1,
    }
}

fn matches(ty: &Type, pattern: &Pat, value: &Sample) -> bool {
    match (pattern, value, &ty.kind) {
        (Pat::Any, _, _) => true,
        (Pat::Tuple(patterns), Sample::Tuple(values), TypeKind::Tuple(fields)) => patterns
            .iter()
            .zip(values)
            .zip(fields.iter())
            .all(|((pattern, value), field)| matches(&field.ty, pattern, value)),
        (Pat::Struct(patterns), Sample::Tuple(values), TypeKind::Struct(fields)) => {
            patterns.iter().all(|(name, pattern)| {
                let position = fields.iter().position(|field| field.name() == &**name).unwrap();
                matches(&fields[position].ty, pattern, &values[position])
            })
        }
        (Pat::List { elements, tail }, Sample::List(values), TypeKind::List(element)) => {
            let Some((first, rest)) = values.split_at_checked(elements.len()) else { return false };
            let tail_matches = match tail {
                None => rest.is_empty(),
                Some(tail) => matches(ty, tail, &Sample::List(rest.to_vec())),
            };
            tail_matches && elements.iter().zip(first).all(|(pattern, value)| matches(element, pattern, value))
        }
        (Pat::Variant(tag, pattern), Sample::Variant(index, value), TypeKind::Sum(variants)) => {
            *variants[*index].tag == **tag
                && match (pattern, value, &variants[*index].payload) {
                    (Some(pattern), Some(value), Some(ty)) => matches(ty, pattern, value),
                    _ => true,
                }
        }
        _ => false,
    }
}

/// Types with few values, but for the lengths of lists.
fn small_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::int()), Just(sum(&[("A", None), ("B", None)]))];
    leaf.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            2 => inner.clone().prop_map(Type::list),
            1 => (inner.clone(), inner.clone()).prop_map(|(left, right)| tuple(&[left, right])),
            1 => (inner.clone(), inner.clone()).prop_map(|(left, right)| record(&[("x", left), ("y", right)])),
            2 => (inner.clone(), inner).prop_map(|(left, right)| {
                sum(&[("A", None), ("B", Some(left)), ("C", Some(right))])
            }),
        ]
    })
}

/// A pattern that fits `ty`, with list patterns of up to two elements, or four with a list as tail.
fn pattern(ty: &Type) -> BoxedStrategy<Pat> {
    let everything = Just(Pat::Any).boxed();
    let fitting = match &ty.kind {
        TypeKind::Tuple(fields) => {
            fields.iter().map(|field| pattern(&field.ty)).collect::<Vec<_>>().prop_map(Pat::Tuple).boxed()
        }
        TypeKind::Struct(fields) => {
            let named: Vec<_> = fields.iter().map(|field| (Just(field.name().into()), pattern(&field.ty))).collect();
            // Some fields, perhaps one of them twice.
            let chosen = proptest::collection::vec(proptest::sample::select(vec![0, 1]), 1..3);
            (named.clone(), named, chosen)
                .prop_map(|(first, second, chosen)| {
                    let pick = |(turn, index): (usize, &usize)| {
                        if turn == 0 { first[*index].clone() } else { second[*index].clone() }
                    };
                    Pat::Struct(chosen.iter().enumerate().map(pick).collect())
                })
                .boxed()
        }
        TypeKind::List(element) => {
            let elements = proptest::collection::vec(pattern(element), 1..3);
            let simple = (elements.clone(), any::<bool>())
                .prop_map(|(elements, open)| Pat::List { elements, tail: open.then(|| Box::new(Pat::Any)) });
            let nested = (elements, simple.clone())
                .prop_map(|(elements, tail)| Pat::List { elements, tail: Some(Box::new(tail)) });
            prop_oneof![3 => simple, 1 => nested].boxed()
        }
        TypeKind::Sum(variants) => {
            let of = |variant: &types::ty::Variant| {
                let tag = variant.tag.clone();
                match &variant.payload {
                    None => Just(Pat::Variant(tag, None)).boxed(),
                    Some(ty) => pattern(ty).prop_map(move |payload| holding(&tag, payload)).boxed(),
                }
            };
            proptest::strategy::Union::new(variants.iter().map(of)).boxed()
        }
        _ => return everything,
    };
    prop_oneof![1 => everything, 3 => fitting].boxed()
}

fn switch() -> impl Strategy<Value = (Type, Vec<Pat>)> {
    // One length more than patterns tell apart.
    let small = small_type().prop_filter("enumerable", |ty| count(ty, 5) < 5_000);
    small.prop_flat_map(|ty| {
        let cases = proptest::collection::vec(pattern(&ty), 0..7);
        (Just(ty), cases)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn analysis_agrees_with_enumeration((ty, cases) in switch()) {
        let mut reached = vec![false; cases.len()];
        let mut exhaustive = true;
        for value in values(&ty, 5) {
            match cases.iter().position(|case| matches(&ty, case, &value)) {
                Some(case) => reached[case] = true,
                None => exhaustive = false,
            }
        }
        let unreachable: Vec<usize> = (0..cases.len()).filter(|case| !reached[*case]).collect();
        let coverage = analyse(&ty, &cases);
        prop_assert_eq!(coverage.exhaustive, exhaustive);
        prop_assert_eq!(coverage.missing.is_none(), exhaustive);
        prop_assert_eq!(coverage.unreachable, unreachable);
        prop_assert!(!coverage.gave_up);
    }
}
