//! Whatever order the world answers in, the value is the same, and it is the right one.

use std::collections::BTreeSet;

use base::digest::{Digest, Material};
use base::{Error, Fileset};
use engine::reduce::Settings;
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use proptest::prelude::*;
use types::Value;

use crate::world::{World, exec, fileset, node, result_of, settings, shuffled, single};

/// A node of a made-up graph; numbers are taken modulo how many nodes there are before it.
#[derive(Clone, Debug)]
enum Made {
    Known(u8),
    Data(u8),
    Intern(u8),
    Exec(u8, Vec<usize>),
    Merge(Vec<usize>),
    Pullup(Vec<usize>),
    Same(usize),
    Require(usize),
    /// A continuation that adds an exec over its dependency.
    Late(u8, usize),
    /// A continuation that comes to its dependency's value.
    Value(usize),
    /// A continuation that comes to another, earlier node.
    Jump(usize, usize),
}

fn made() -> impl Strategy<Value = Made> {
    let at = 0..1000_usize;
    let some = prop::collection::vec(0..1000_usize, 1..4);
    prop_oneof![
        (0..4_u8).prop_map(Made::Known),
        (0..4_u8).prop_map(Made::Data),
        (0..4_u8).prop_map(Made::Intern),
        (0..4_u8, prop::collection::vec(0..1000_usize, 0..3)).prop_map(|(text, deps)| Made::Exec(text, deps)),
        some.clone().prop_map(Made::Merge),
        some.prop_map(Made::Pullup),
        at.clone().prop_map(Made::Same),
        at.clone().prop_map(Made::Require),
        (0..4_u8, at.clone()).prop_map(|(text, dep)| Made::Late(text, dep)),
        at.clone().prop_map(Made::Value),
        (at.clone(), at).prop_map(|(dep, to)| Made::Jump(dep, to)),
    ]
}

/// A graph with a node for each description, all of which the root needs.
fn graph_of(nodes: &[Made]) -> (Graph, FlowId) {
    let mut graph = Graph::default();
    let start = crate::world::known(&mut graph, "start");
    let mut ids = vec![start];
    for made in nodes {
        let pick = |number: &usize| ids[number % ids.len()];
        let all = |numbers: &[usize]| numbers.iter().map(pick).collect::<Vec<_>>();
        let k = Digest::of("k");
        let id = match made {
            Made::Known(text) => crate::world::known(&mut graph, &format!("known {text}")),
            Made::Data(text) => node(&mut graph, Op::Data(format!("known {text}").into_bytes().into()), vec![]),
            Made::Intern(text) => graph.intern(&format!("u{text}"), false),
            Made::Exec(text, deps) => {
                let deps = all(deps);
                exec(&mut graph, &format!("c{text}"), deps)
            }
            Made::Merge(deps) => node(&mut graph, Op::Merge, all(deps)),
            Made::Pullup(deps) => node(&mut graph, Op::Pullup, all(deps)),
            Made::Same(dep) => graph.coerce(k, pick(dep), |value: &Value| Ok::<_, Error>(value.clone())),
            Made::Require(dep) => node(&mut graph, Op::Require(Box::default()), vec![pick(dep)]),
            Made::Late(text, dep) => {
                let (dep, command) = (pick(dep), format!("c{text}"));
                graph.continuation(k, vec![dep], move |graph: &mut Graph, _: &[Value]| {
                    Ok(Resumed::Flow(exec(graph, &command, vec![dep])))
                })
            }
            Made::Value(dep) => graph.continuation(k, vec![pick(dep)], |_: &mut Graph, values: &[Value]| {
                Ok(Resumed::Value(values[0].clone()))
            }),
            Made::Jump(dep, to) => {
                let (dep, to) = (pick(dep), pick(to));
                graph.continuation(k, vec![dep], move |_: &mut Graph, _: &[Value]| Ok(Resumed::Flow(to)))
            }
        };
        ids.push(id);
    }
    let root = node(&mut graph, Op::Merge, ids);
    (graph, root)
}

/// What the graph must come to, computed in the order of the descriptions, and how many different execs
/// and interns that takes.
fn expected(nodes: &[Made]) -> (Fileset, usize, usize) {
    let mut values = vec![single("start")];
    let (mut execs, mut interns) = (BTreeSet::new(), BTreeSet::new());
    for made in nodes {
        let pick = |number: &usize| values[number % values.len()].clone();
        let all = |numbers: &[usize]| numbers.iter().map(pick).collect::<Vec<_>>();
        let mut run = |text: &u8, inputs: Vec<Fileset>| {
            let command = format!("c{text}");
            let inputs: Vec<&Fileset> = inputs.iter().collect();
            // The key, like the result, tells neither lists nor single files apart; the number of arguments does.
            execs.insert((result_of(&command, &inputs).material_digest(), inputs.len()));
            result_of(&command, &inputs)
        };
        let value = match made {
            Made::Known(text) | Made::Data(text) => single(&format!("known {text}")),
            Made::Intern(text) => {
                interns.insert(*text);
                single(&format!("u{text}"))
            }
            Made::Exec(text, deps) => run(text, all(deps)),
            Made::Merge(deps) => Fileset::of_list(all(deps)),
            Made::Pullup(deps) => Fileset::of_list(all(deps)).pullup(),
            Made::Same(dep) | Made::Require(dep) | Made::Value(dep) => pick(dep),
            Made::Late(text, dep) => run(text, vec![pick(dep)]),
            Made::Jump(_, to) => pick(to),
        };
        values.push(value);
    }
    (Fileset::of_list(values), execs.len(), interns.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_order_gives_the_right_value(nodes in prop::collection::vec(made(), 1..40), seeds: [u64; 3]) {
        let (value, execs, interns) = expected(&nodes);
        for (number, seed) in seeds.into_iter().enumerate() {
            let ordered = |top_down| Settings { top_down, ..settings() };
            let (mut graph, root) = graph_of(&nodes);
            let mut world = World::default();
            let outcome = world.run(&mut graph, root, ordered(number == 1), shuffled(seed));
            prop_assert_eq!(&fileset(&outcome), &value);
            prop_assert_eq!(outcome.counts.executed as usize, execs);
            prop_assert_eq!(outcome.counts.interned as usize, interns);
            prop_assert_eq!(outcome.counts.failed, 0);
            let (mut graph, root) = graph_of(&nodes);
            let again = world.run(&mut graph, root, ordered(number > 0), shuffled(seed ^ 1));
            prop_assert_eq!(again.counts.executed, 0);
            prop_assert_eq!(&fileset(&again), &value);
        }
    }
}

#[test]
fn the_same_order_tells_the_same_story() {
    let nodes: Vec<Made> = (0..50).map(|number| Made::Exec((number % 7) as u8, vec![number, number / 2])).collect();
    let story = || {
        let (mut graph, root) = graph_of(&nodes);
        let mut world = World::default();
        world.run(&mut graph, root, settings(), shuffled(42));
        world.told
    };
    let first = story();
    assert!(first.len() > 50);
    assert_eq!(first, story());
}
