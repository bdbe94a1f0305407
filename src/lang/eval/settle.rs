//! Evaluation as far as it goes without running anything: what depends on no command and on no data from
//! outside is worked out, all else stays as it is.

use std::collections::HashMap;

use flow::node::Resumed;
use flow::{FlowId, Graph, Op};
use types::Value;

use super::Result;
use crate::nesting::with_stack;

/// Resumes all continuations that a value waits for, as far as what they wait for can be known without
/// running, reading or writing anything. The graph then holds every node that can be known beforehand.
pub fn settle(graph: &mut Graph, value: &Value) -> Result<()> {
    let Value::Flow(flow) = value else { return Ok(()) };
    let root = graph.id_of(flow);
    Settled::default().node(graph, root).map(drop)
}

/// What nodes come to; nothing if that takes more than evaluation.
#[derive(Default)]
struct Settled(HashMap<FlowId, Option<Value>>);

impl Settled {
    fn node(&mut self, graph: &mut Graph, id: FlowId) -> Result<Option<Value>> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let value = with_stack(|| self.compute(graph, id))?;
        self.0.insert(id, value.clone());
        Ok(value)
    }

    fn compute(&mut self, graph: &mut Graph, id: FlowId) -> Result<Option<Value>> {
        let mut deps = Vec::new();
        // All of them are looked at, since each may lead to more.
        for dep in graph.deps(id).to_vec() {
            deps.push(self.node(graph, dep)?);
        }
        let Some(deps) = deps.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        match graph.op(id) {
            Op::Val(known) => known.result.clone().map(Some),
            Op::Require(_) => Ok(deps.into_iter().next()),
            Op::Continue { code, .. } => {
                let code = code.clone();
                match code.resume(graph, &deps)? {
                    Resumed::Value(value) => Ok(Some(value)),
                    Resumed::Flow(next) => self.node(graph, next),
                }
            }
            Op::Coerce { code, .. } => match deps.first() {
                Some(value) => code.coerce(value).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }
}
