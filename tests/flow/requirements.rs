//! What room a graph needs (runtime spec §2.9).

use base::Resources;
use base::requirements::Requirements;
use flow::graph::{FlowId, Graph};
use flow::node::Op;
use flow::requirements::of_graph;

use crate::sample::{command, graph};

fn exec(graph: &mut Graph, mem: f64, cpu: f64, disk: f64, deps: Vec<FlowId>) -> FlowId {
    let mut exec = command("image", "command", None);
    exec.resources = Resources::of(cpu, mem, disk);
    graph.exec(exec, deps)
}

#[test]
fn rt_46_a_merge_takes_maxima_and_a_map_is_wide() {
    let mut graph = graph();
    let first = exec(&mut graph, 10.0, 1.0, 110.0, vec![]);
    let second = exec(&mut graph, 20.0, 1.0, 100.0, vec![]);
    let merge = graph.add(Op::Merge, [first, second]);
    let largest = Resources::of(1.0, 20.0, 110.0);
    assert_eq!(of_graph(&graph, merge), Requirements { min: largest.clone(), width: 0 });
    let map = graph.map(merge, |graph: &mut Graph, element: FlowId| exec(graph, 3.0, 1.0, 5.0, vec![element]));
    assert_eq!(of_graph(&graph, map), Requirements { min: largest, width: 1 });
}

#[test]
fn a_map_needs_what_its_function_needs() {
    let mut graph = graph();
    let dep = graph.intern("s3://b/", false);
    let map = graph.map(dep, |graph: &mut Graph, element: FlowId| exec(graph, 3.0, 2.0, 5.0, vec![element]));
    assert_eq!(of_graph(&graph, map), Requirements { min: Resources::of(2.0, 3.0, 5.0), width: 1 });
}

#[test]
fn a_requirements_node_adds_its_own() {
    let mut graph = graph();
    let dep = exec(&mut graph, 10.0, 4.0, 0.0, vec![]);
    let own = Requirements { min: Resources::of(1.0, 50.0, 0.0), width: 3 };
    let require = graph.add(Op::Require(Box::new(own)), [dep]);
    assert_eq!(of_graph(&graph, require), Requirements { min: Resources::of(4.0, 50.0, 0.0), width: 3 });
}

/// Each level depends twice on the one below: whoever follows every path never returns.
#[test]
fn shared_nodes_are_visited_once() {
    let mut graph = graph();
    let mut top = exec(&mut graph, 1.0, 1.0, 1.0, vec![]);
    for _ in 0..100_000 {
        top = graph.add(Op::Merge, [top, top]);
    }
    assert_eq!(of_graph(&graph, top), Requirements { min: Resources::of(1.0, 1.0, 1.0), width: 0 });
}
