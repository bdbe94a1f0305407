//! Random programs: well typed ones come to a value or an error, whatever is delayed in them, and agree
//! with themselves when it is not; any others come to messages.

use std::rc::Rc;

use flow::Graph;
use proptest::prelude::*;
use reflow_lang::eval::force;
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use types::print::print;

use crate::reduce::Reducer;
use crate::world::World;

/// The types of generated expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Bool,
    Text,
    Ints,
    Pair,
    Map,
    Choice,
}

const KINDS: [Kind; 7] = [Kind::Int, Kind::Bool, Kind::Text, Kind::Ints, Kind::Pair, Kind::Map, Kind::Choice];

/// The type as written.
fn written(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "int",
        Kind::Bool => "bool",
        Kind::Text => "string",
        Kind::Ints => "[int]",
        Kind::Pair => "{a int, b string}",
        Kind::Map => "[string:int]",
        Kind::Choice => "#A | #B(int)",
    }
}

fn leaf(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Int => (-9i64..20).prop_map(|n| if n < 0 { format!("({n})") } else { n.to_string() }).boxed(),
        Kind::Bool => any::<bool>().prop_map(|truth| truth.to_string()).boxed(),
        Kind::Text => "[a-c]{0,3}".prop_map(|text| format!("{text:?}")).boxed(),
        Kind::Ints => prop_oneof![Just("range(0, 3)".to_owned()), Just("[7, 5]".to_owned())].boxed(),
        Kind::Pair => Just("{a: 4, b: \"q\"}".to_owned()).boxed(),
        Kind::Map => Just("[\"a\": 1, \"b\": 2]".to_owned()).boxed(),
        Kind::Choice => prop_oneof![Just("choice(true)".to_owned()), Just("choice(false)".to_owned())].boxed(),
    }
}

/// An expression of a type, written so that it can stand anywhere. `@` marks where it may be delayed.
fn expr(kind: Kind, depth: u32) -> BoxedStrategy<String> {
    if depth == 0 {
        return leaf(kind);
    }
    let of = move |kind| expr(kind, depth - 1);
    let any_kind = proptest::sample::select(KINDS.to_vec());
    let shared = prop_oneof![
        (of(Kind::Bool), of(kind), of(kind)).prop_map(|(c, a, b)| format!("if ({c}) {{ ({a}) }} else {{ ({b}) }}")),
        of(kind).prop_map(move |e| format!("{{ val x {} = {e}; x }}", written(kind))),
        of(kind).prop_map(|e| format!("@({e})")),
        of(kind).prop_map(move |e| format!("(func(x {}) => x)({e})", written(kind))),
        (any_kind.prop_flat_map(of), of(kind)).prop_map(|(a, b)| format!("({a}) ~> ({b})")),
        (of(Kind::Ints), of(kind), of(kind))
            .prop_map(|(l, a, b)| format!("switch ({l}) {{ case [_, ...]: ({a}) case _: ({b}) }}")),
        (of(Kind::Choice), of(kind), of(kind))
            .prop_map(|(l, a, b)| format!("switch ({l}) {{ case #A: ({a}) case #B(_): ({b}) }}")),
        of(kind).prop_map(|e| format!("trace({e})")),
    ]
    .boxed();
    let own = match kind {
        Kind::Int => prop_oneof![
            (of(kind), proptest::sample::select(vec!["+", "-", "*", "/", "%"]), of(kind))
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            of(Kind::Ints).prop_map(|l| format!("len({l})")),
            of(Kind::Text).prop_map(|s| format!("len({s})")),
            (of(Kind::Ints), of(kind)).prop_map(|(l, i)| format!("({l})[{i}]")),
            (of(Kind::Map), of(Kind::Text)).prop_map(|(m, k)| format!("({m})[{k}]")),
            of(Kind::Pair).prop_map(|p| format!("({p}).a")),
            (of(Kind::Ints), of(kind)).prop_map(|(l, i)| format!("fold(func(p, q int) => p - q, {l}, {i})")),
            of(Kind::Ints).prop_map(|l| format!("reduce(func(p, q int) => p * 3 + q, {l})")),
        ]
        .boxed(),
        Kind::Bool => prop_oneof![
            (of(kind), proptest::sample::select(vec!["&&", "||", "==", "!="]), of(kind))
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            proptest::sample::select(KINDS.to_vec())
                .prop_flat_map(move |k| (expr(k, depth - 1), expr(k, depth - 1)))
                .prop_map(|(a, b)| format!("({a}) == ({b})")),
            (of(Kind::Int), of(Kind::Int)).prop_map(|(a, b)| format!("({a}) < ({b})")),
            of(kind).prop_map(|e| format!("!({e})")),
        ]
        .boxed(),
        Kind::Text => prop_oneof![
            (of(kind), of(kind)).prop_map(|(a, b)| format!("({a}) + ({b})")),
            of(Kind::Pair).prop_map(|p| format!("({p}).b")),
            of(Kind::Int).prop_map(|n| format!("make(\"$/strings\").FromInt({n})")),
        ]
        .boxed(),
        Kind::Ints => prop_oneof![
            (of(kind), of(kind)).prop_map(|(a, b)| format!("({a}) + ({b})")),
            (of(Kind::Int), of(Kind::Int)).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (of(kind), of(Kind::Int), of(Kind::Bool)).prop_map(|(l, e, c)| format!("[v + ({e}) | v <- {l}, if {c}]")),
            (of(kind), of(kind)).prop_map(|(l, r)| format!("[v - w | v <- {l}, w <- {r}]")),
            of(Kind::Map).prop_map(|m| format!("[v | (_, v) <- {m}]")),
            (of(kind), of(kind)).prop_map(|(a, b)| format!("flatten([{a}, {b}])")),
            (of(kind), of(kind)).prop_map(|(a, b)| format!("[p + q | (p, q) <- zip({a}, {b})]")),
        ]
        .boxed(),
        Kind::Pair => {
            prop_oneof![(of(Kind::Int), of(Kind::Text)).prop_map(|(a, b)| format!("{{a: ({a}), b: ({b})}}"))].boxed()
        }
        Kind::Map => prop_oneof![
            (of(kind), of(kind)).prop_map(|(a, b)| format!("({a}) + ({b})")),
            (of(Kind::Text), of(Kind::Int)).prop_map(|(k, v)| format!("[{k}: {v}]")),
            (of(Kind::Text), of(Kind::Int)).prop_map(|(k, v)| format!("map([({k}, {v})])")),
        ]
        .boxed(),
        Kind::Choice => prop_oneof![of(Kind::Bool).prop_map(|c| format!("choice({c})"))].boxed(),
    };
    prop_oneof![1 => leaf(kind), 3 => shared, 4 => own].boxed()
}

/// What an expression comes to: printed, or `None` if it fails; a message if it does not check.
fn outcome(text: &str) -> Result<Option<String>, String> {
    let session = Session::new(Rc::new(MemorySources::default()) as Rc<dyn Sources>, |_| {});
    let text = format!("{{ func choice(c bool) #A | #B(int) = if c {{ #A }} else {{ #B(3) }}; ({text}) }}");
    let (checked, diagnostics) = session.check_expr(&text);
    let Some(checked) = checked else {
        return Err(diagnostics.iter().find(|diagnostic| diagnostic.is_error()).unwrap().line());
    };
    let ty = checked.ty().clone();
    let mut graph = Graph::default();
    let world = World::default();
    let mut reducer = Reducer::new(&world);
    let value = session.eval_expr(&mut graph, &checked);
    let value = value.and_then(|value| force(&mut graph, &"".into(), value, &ty));
    let value = value.and_then(|value| reducer.finish(&mut graph, &value));
    Ok(value.ok().map(|value| print(&value, &ty)))
}

fn any_expr() -> impl Strategy<Value = String> {
    proptest::sample::select(KINDS.to_vec()).prop_flat_map(|kind| expr(kind, 3))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Delaying a part of a program changes when it is computed, never what comes of it. It may only keep
    /// a failure from being met: what is delayed and not needed is not computed.
    #[test]
    fn delays_change_no_value(text in any_expr()) {
        let now = outcome(&text.replace('@', "")).map_err(TestCaseError::fail)?;
        let later = outcome(&text.replace('@', "delay")).map_err(TestCaseError::fail)?;
        if now.is_some() {
            prop_assert_eq!(now, later);
        }
    }

    /// Parts of programs cut out and put together anew are wrong in all manners, and are told so.
    #[test]
    fn broken_programs_come_to_messages(left in any_expr(), right in any_expr(), cut in 0.0..1.0f64) {
        let (left, right) = (left.replace('@', "delay"), right.replace('@', ""));
        let at = |text: &str| (text.len() as f64 * cut) as usize;
        let _ = outcome(&format!("{}{}", &left[..at(&left)], &right[at(&right)..]));
        let _ = outcome(&format!("({left}) + ({right})"));
        let _ = outcome(&format!("[({left}), ({right})]"));
        let unknown = outcome(&format!("nowhere(({left}), ({right}))"));
        prop_assert!(unknown.is_err());
    }
}
