//! What a node came to depend on, once it has a value.
//!
//! Before that, continuations hide what they will add; what they have added is known from
//! [`Graph::resumed`].

use std::collections::HashSet;

use crate::graph::{FlowId, Graph};
use crate::node::Op;

/// The execs that the value of `root` came from, also those that continuations have added, oldest first.
pub fn execs(graph: &Graph, root: FlowId) -> Vec<FlowId> {
    let mut seen = HashSet::from([root]);
    let mut stack = vec![root];
    let mut found = Vec::new();
    while let Some(id) = stack.pop() {
        if let Op::Exec(_) = graph.op(id) {
            found.push(id);
        }
        let next = graph.deps(id).iter().copied().chain(graph.resumed(id));
        stack.extend(next.filter(|id| seen.insert(*id)));
    }
    found.sort_unstable();
    found
}
