//! Large graphs: no recursion, no step that looks at everything. The bounds are loose; what they catch is
//! quadratic.

use std::time::{Duration, Instant};

use base::Digest;
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use types::Value;

use crate::world::{World, counts, exec, known, node, oldest, settings};

fn within(limit: Duration, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
}

#[test]
fn a_chain_of_local_steps() {
    within(Duration::from_secs(20), || {
        let mut graph = Graph::default();
        let mut top = known(&mut graph, "start");
        for _ in 0..100_000 {
            top = graph.coerce(Digest::of("k"), top, |value: &Value| Ok(value.clone()));
        }
        let outcome = World::default().run(&mut graph, top, settings(), oldest);
        assert!(outcome.value.is_ok());
    });
}

#[test]
fn a_chain_of_execs() {
    within(Duration::from_secs(30), || {
        let mut graph = Graph::default();
        let mut top = known(&mut graph, "start");
        for _ in 0..10_000 {
            top = exec(&mut graph, "next", vec![top]);
        }
        let outcome = World::default().run(&mut graph, top, settings(), oldest);
        assert_eq!(outcome.counts, counts(10_000, 0, 0, 0, 0));
    });
}

#[test]
fn continuations_that_come_to_continuations() {
    fn count_down(graph: &mut Graph, input: FlowId, left: u32) -> FlowId {
        graph.continuation(Digest::of("k"), vec![input], move |graph: &mut Graph, _: &[Value]| {
            Ok(Resumed::Flow(if left == 0 { input } else { count_down(graph, input, left - 1) }))
        })
    }
    within(Duration::from_secs(20), || {
        let mut graph = Graph::default();
        let input = known(&mut graph, "start");
        let root = count_down(&mut graph, input, 100_000);
        assert!(World::default().run(&mut graph, root, settings(), oldest).value.is_ok());
    });
}

#[test]
fn a_wide_graph_twice() {
    within(Duration::from_secs(60), || {
        let mut world = World::default();
        let mut run = || {
            let mut graph = Graph::default();
            let execs: Vec<FlowId> = (0..20_000)
                .map(|number| {
                    let input = known(&mut graph, &format!("input {number}"));
                    exec(&mut graph, "work", vec![input])
                })
                .collect();
            let root = node(&mut graph, Op::Merge, execs);
            world.run(&mut graph, root, settings(), oldest).counts
        };
        assert_eq!(run(), counts(20_000, 0, 0, 0, 0));
        assert_eq!(run(), counts(0, 20_000, 0, 0, 0));
    });
}

#[test]
fn one_node_that_everybody_needs() {
    within(Duration::from_secs(20), || {
        let mut graph = Graph::default();
        let shared = exec(&mut graph, "shared", vec![]);
        let users: Vec<FlowId> = (0..100_000).map(|_| node(&mut graph, Op::Pullup, vec![shared])).collect();
        let root = node(&mut graph, Op::Merge, users);
        assert_eq!(World::default().run(&mut graph, root, settings(), oldest).counts, counts(1, 0, 0, 0, 0));
    });
}

#[test]
fn a_failure_that_everybody_shares() {
    within(Duration::from_secs(20), || {
        let mut graph = Graph::default();
        let mut top = exec(&mut graph, "fail", vec![]);
        for _ in 0..100_000 {
            top = node(&mut graph, Op::Merge, vec![top, top]);
        }
        let outcome = World::default().run(&mut graph, top, settings(), oldest);
        assert_eq!(outcome.value.unwrap_err().nodes().len(), 1);
    });
}
