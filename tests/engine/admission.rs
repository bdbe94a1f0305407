//! Execs get room, and never more than there is. The world checks the sum of what runs at each turn.

use base::Resources;
use flow::node::Op;
use flow::{FlowId, Graph};
use proptest::prelude::*;

use crate::world::{GIB, World, exec, exec_with, node, oldest, settings, shuffled};

#[test]
fn both_cores_are_used_and_no_third() {
    let mut graph = Graph::default();
    let execs: Vec<FlowId> = (0..20).map(|number| exec(&mut graph, &format!("c{number}"), vec![])).collect();
    let root = node(&mut graph, Op::Merge, execs);
    let mut world = World::default();
    world.run(&mut graph, root, settings(), oldest);
    assert_eq!(world.most_used.get("cpu"), 2.0);
    assert_eq!(world.ran, (0..20).map(|number| format!("c{number}")).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_more_than_there_is(
        wanted in prop::collection::vec((0.0..2.0_f64, 0.0..8.0_f64, 0.0..100.0_f64), 1..40),
        seed: u64,
    ) {
        let mut graph = Graph::default();
        let execs: Vec<FlowId> = wanted
            .iter()
            .enumerate()
            .map(|(number, (cpu, memory, disk))| {
                let resources = Resources::of(*cpu, memory * GIB, disk * GIB);
                exec_with(&mut graph, &format!("c{number}"), resources, vec![])
            })
            .collect();
        let root = node(&mut graph, Op::Merge, execs);
        let mut world = World::default();
        let outcome = world.run(&mut graph, root, settings(), shuffled(seed));
        prop_assert!(outcome.value.is_ok());
        prop_assert_eq!(world.ran.len(), wanted.len());
    }
}
