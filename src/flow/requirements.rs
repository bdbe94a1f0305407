//! What room a graph needs (runtime spec §2.9).
//!
//! Before anything runs: continuations hide what they will add, and a map's width is not known until
//! its list is. The algebra is [`base::requirements`].

use crate::graph::{FlowId, Graph};
use crate::node::Op;

pub use base::requirements::Requirements;

/// The requirements of the graph below and including `root`: maxima of what the steps need, sums of
/// the widths; a map makes it wide.
pub fn of_graph(graph: &Graph, root: FlowId) -> Requirements {
    let mut known: Vec<Option<Requirements>> = vec![None; graph.len()];
    let mut stack = vec![(root, false)];
    while let Some((id, dependencies_known)) = stack.pop() {
        if known[id.index()].is_some() {
            continue;
        }
        if dependencies_known {
            known[id.index()] = Some(of_node(graph, id, &known));
            continue;
        }
        stack.push((id, true));
        stack.extend(graph.deps(id).iter().map(|dep| (*dep, false)));
        if let Op::Map(mapped) = graph.op(id) {
            stack.push((mapped.sample, false));
        }
    }
    known[root.index()].take().unwrap_or_default()
}

fn of_node(graph: &Graph, id: FlowId, known: &[Option<Requirements>]) -> Requirements {
    let mut total = Requirements::new();
    let mut add = |id: FlowId| {
        if let Some(requirements) = &known[id.index()] {
            total.add(requirements);
        }
    };
    graph.deps(id).iter().for_each(|dep| add(*dep));
    match graph.op(id) {
        Op::Map(mapped) => {
            add(mapped.sample);
            total.width = 1;
        }
        Op::Exec(exec) => total.add_serial(&exec.resources),
        Op::Require(own) => total.add(own),
        _ => {}
    }
    total
}
