//! The arena of nodes, and their logical digests.
//!
//! Nodes are only ever added. A node's dependencies exist before it does, so its digest is computed
//! once, when it is added, and never again.

use std::collections::HashMap;
use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use base::failure::Error;
use base::fileset::Fileset;
use types::{FlowRef, Type, Value};

use crate::node::{ArgRef, Coercion, Continuation, Exec, Known, Mapped, Mapper, Node, Op, Place};

/// A node's index in its [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(u32);

impl FlowId {
    /// The index, for side tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is mixed into every digest of a graph (runtime spec §2.4).
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// A namespace: graphs of two universes share no keys. Usually empty.
    pub universe: String,
    /// The first generation of logical digests, which legacy scripts use.
    pub hash_v1: bool,
}

/// A directed acyclic graph of flows.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<Node>,
    config: Config,
    /// What nodes have come to.
    resumed: HashMap<FlowId, FlowId>,
    /// The paths that the bytes of data nodes were read from.
    sources: HashMap<FlowId, Rc<str>>,
}

impl Graph {
    /// An empty graph.
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// The namespace; usually empty.
    pub fn universe(&self) -> &str {
        &self.config.universe
    }

    /// Chooses the generation of digests of the nodes that are added from now on; yields the choice before.
    /// Legacy scripts that modules instantiate have the first (language spec §11).
    pub fn set_hash_v1(&mut self, hash_v1: bool) -> bool {
        std::mem::replace(&mut self.config.hash_v1, hash_v1)
    }

    /// The number of nodes; ids are below it.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All ids, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = FlowId> + use<> {
        (0..self.nodes.len() as u32).map(FlowId)
    }

    /// The node of an id.
    pub fn node(&self, id: FlowId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node's operation.
    pub fn op(&self, id: FlowId) -> &Op {
        &self.nodes[id.index()].op
    }

    /// The node's dependencies in order.
    pub fn deps(&self, id: FlowId) -> &[FlowId] {
        &self.nodes[id.index()].deps
    }

    /// The logical digest.
    pub fn digest(&self, id: FlowId) -> Digest {
        self.nodes[id.index()].digest
    }

    /// The label for people; empty if the node has none.
    pub fn ident(&self, id: FlowId) -> &str {
        self.nodes[id.index()].ident.as_deref().unwrap_or("")
    }

    /// Where the node was made.
    pub fn place(&self, id: FlowId) -> Option<&Place> {
        self.nodes[id.index()].place.as_deref()
    }

    /// What tells the node apart from otherwise equal ones.
    pub fn extra(&self, id: FlowId) -> Option<Digest> {
        self.nodes[id.index()].extra.as_deref().copied()
    }

    /// The node as a value of the language.
    pub fn value(&self, id: FlowId) -> Value {
        Value::Flow(Rc::new(FlowRef { index: id.0, digest: self.digest(id) }))
    }

    /// The node that a value of the language refers to. The value must be of this graph.
    pub fn id_of(&self, flow: &FlowRef) -> FlowId {
        debug_assert!((flow.index as usize) < self.nodes.len());
        FlowId(flow.index)
    }

    /// Adds a node. Its dependencies must be of this graph.
    pub fn add(&mut self, op: Op, deps: impl Into<Box<[FlowId]>>) -> FlowId {
        self.add_extra(op, deps, None)
    }

    /// Adds a node that `extra` tells apart from otherwise equal ones.
    pub fn add_extra(&mut self, op: Op, deps: impl Into<Box<[FlowId]>>, extra: Option<Digest>) -> FlowId {
        let deps = deps.into();
        let mut node = Node { op, deps, digest: Digest::from_bytes([0; 32]), ident: None, place: None, extra: None };
        node.extra = extra.map(Box::new);
        let mut out = DigestWriter::new();
        self.write_node(&node, &mut out);
        node.digest = out.finish();
        let id = FlowId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }

    /// Adds an exec.
    pub fn exec(&mut self, exec: Exec, deps: Vec<FlowId>) -> FlowId {
        self.add(Op::Exec(Box::new(exec)), deps)
    }

    /// Adds an import of a URL.
    pub fn intern(&mut self, url: &str, must_resolve: bool) -> FlowId {
        self.add(Op::Intern { url: url.into(), must_resolve }, [])
    }

    /// Adds an export to a URL.
    pub fn r#extern(&mut self, url: &str, dep: FlowId) -> FlowId {
        self.add(Op::Extern { url: url.into() }, [dep])
    }

    /// Adds a known fileset.
    pub fn fileset(&mut self, fileset: Fileset) -> FlowId {
        self.known(Ok(Value::Fileset(Rc::new(fileset))), None)
    }

    /// Adds a known value; a value that is not a fileset is digested at `ty`.
    pub fn val(&mut self, value: Value, ty: &Type) -> FlowId {
        let flow_digest = match value {
            Value::Fileset(_) => None,
            _ => Some(types::digest::value_digest(&value, ty)),
        };
        self.known(Ok(value), flow_digest)
    }

    /// Adds a known failure.
    pub fn failure(&mut self, error: Error) -> FlowId {
        // The reference digests a failure to something random; its text makes graphs reproducible
        // (runtime spec §12 #15).
        let flow_digest = Digest::of(error.to_string());
        self.known(Err(error), Some(flow_digest))
    }

    fn known(&mut self, result: Result<Value, Error>, flow_digest: Option<Digest>) -> FlowId {
        self.add(Op::Val(Box::new(Known { result, flow_digest })), [])
    }

    /// Adds a continuation.
    pub fn continuation(
        &mut self,
        flow_digest: Digest,
        deps: Vec<FlowId>,
        code: impl Continuation + 'static,
    ) -> FlowId {
        self.add(Op::Continue { flow_digest, makes_exec: false, code: Rc::new(code) }, deps)
    }

    /// Adds a conversion.
    pub fn coerce(&mut self, flow_digest: Digest, dep: FlowId, code: impl Coercion + 'static) -> FlowId {
        self.add(Op::Coerce { flow_digest, code: Rc::new(code) }, [dep])
    }

    /// Adds a map over the dependency's list.
    pub fn map(&mut self, dep: FlowId, code: impl Mapper + 'static) -> FlowId {
        let empty = self.fileset(Fileset::new());
        let sample = code.map(self, empty);
        self.add(Op::Map(Box::new(Mapped { code: Rc::new(code), sample })), [dep])
    }

    /// Labels a node and, recursively, what it depends on; stops at nodes that have a label (language
    /// spec §9.1). An empty label labels nothing.
    pub fn label(&mut self, id: FlowId, ident: &Rc<str>) {
        if ident.is_empty() {
            return;
        }
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let node = &mut self.nodes[id.index()];
            if node.ident.is_none() {
                node.ident = Some(ident.clone());
                stack.extend(&node.deps);
            }
        }
    }

    /// Notes that a node has come to another one, whose value it takes.
    pub fn note_resumed(&mut self, id: FlowId, to: FlowId) {
        self.resumed.insert(id, to);
    }

    /// The node that another one was noted to have come to.
    pub fn resumed(&self, id: FlowId) -> Option<FlowId> {
        self.resumed.get(&id).copied()
    }

    /// Says that a continuation will come to an exec of the same label.
    pub fn note_makes_exec(&mut self, id: FlowId) {
        if let Op::Continue { makes_exec, .. } = &mut self.nodes[id.index()].op {
            *makes_exec = true;
        }
    }

    /// Notes the path that the bytes of a data node were read from, as the program has it.
    pub fn note_source(&mut self, id: FlowId, path: &str) {
        self.sources.insert(id, path.into());
    }

    /// The path that the bytes of a data node were read from; none if they stand in the program.
    pub fn source(&self, id: FlowId) -> Option<&str> {
        self.sources.get(&id).map(|path| &**path)
    }

    /// Says where in the program a node was made.
    pub fn set_place(&mut self, id: FlowId, place: Place) {
        self.nodes[id.index()].place = Some(Box::new(place));
    }

    /// The material `W` of runtime spec §2.4.
    fn write_node(&self, node: &Node, out: &mut DigestWriter) {
        out.bytes(&self.config.universe);
        if let Op::Require(_) = node.op {
            return self.write_node(self.node(node.deps[0]), out);
        }
        for dep in &node.deps {
            if self.config.hash_v1 {
                self.write_node(self.node(*dep), out);
            } else {
                out.digest(&self.digest(*dep));
            }
        }
        out.bytes(node.op.digest_name());
        match &node.op {
            Op::Intern { url, .. } | Op::Extern { url } => {
                out.bytes(url.as_bytes());
            }
            Op::Exec(exec) => {
                out.bytes(exec.image.as_bytes()).bytes(exec.command.as_bytes());
                write_args(exec.args.as_deref().unwrap_or_default(), out);
            }
            Op::Groupby { pattern } => {
                out.bytes(pattern.as_bytes());
            }
            Op::Collect { pattern, replacement } => {
                out.bytes(pattern.as_bytes()).bytes(replacement.as_bytes());
            }
            Op::Map(mapped) => self.write_node(self.node(mapped.sample), out),
            Op::Val(known) => match (&known.flow_digest, &known.result) {
                (Some(flow_digest), _) => {
                    out.digest(flow_digest);
                }
                (None, Ok(Value::Fileset(fileset))) => {
                    out.material(fileset.as_ref());
                }
                (None, _) => {}
            },
            Op::Continue { flow_digest, .. } | Op::Coerce { flow_digest, .. } => {
                out.digest(flow_digest);
            }
            Op::Data(bytes) => {
                out.bytes(bytes);
            }
            Op::Merge | Op::Pullup | Op::Require(_) => {}
        }
        if let Some(extra) = &node.extra {
            out.digest(extra);
        }
    }
}

/// Arguments are written as their index, outputs negated; output 0 and input 0 look alike (kept for
/// existing keys, runtime spec §2.4).
pub(crate) fn write_args(args: &[ArgRef], out: &mut DigestWriter) {
    for arg in args {
        match arg {
            ArgRef::Input(index) => out.int(i64::from(*index)),
            ArgRef::Output(index) => out.int(-i64::from(*index)),
        };
    }
}
