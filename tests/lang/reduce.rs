//! A reducer that is as small as can be: no cache, no scheduling, execs that only pretend.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use base::regexp::Regexp;
use base::{Error, Fileset, Kind};
use flow::node::Resumed;
use flow::{FlowId, Graph, Op};
use types::Value;

use super::world::{World, describe};

/// Reduces the nodes of one graph.
pub(crate) struct Reducer<'w> {
    world: &'w World,
    known: HashMap<FlowId, Result<Value, Error>>,
    /// What reached outside, one text for each exec, intern and extern in the order of their running.
    pub(crate) log: Vec<String>,
    /// The most nodes that the graph may have.
    pub(crate) most_nodes: usize,
}

impl<'w> Reducer<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, known: HashMap::new(), log: Vec::new(), most_nodes: usize::MAX }
    }

    /// The value that a value comes to: itself, or what its flow is reduced to.
    pub(crate) fn finish(&mut self, graph: &mut Graph, value: &Value) -> Result<Value, Error> {
        match value {
            Value::Flow(flow) => {
                let id = graph.id_of(flow);
                self.reduce(graph, id)
            }
            known => Ok(known.clone()),
        }
    }

    fn reduce(&mut self, graph: &mut Graph, id: FlowId) -> Result<Value, Error> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let result = stacker::maybe_grow(128 << 10, 4 << 20, || self.step(graph, id));
        self.known.insert(id, result.clone());
        result
    }

    fn step(&mut self, graph: &mut Graph, id: FlowId) -> Result<Value, Error> {
        if graph.len() > self.most_nodes {
            return Err(Error::new(Kind::ResourcesExhausted, "the graph has more nodes than it may"));
        }
        let deps = graph.deps(id).to_vec();
        let values = deps.into_iter().map(|dep| self.reduce(graph, dep)).collect::<Result<Vec<_>, _>>()?;
        let fileset = |fileset: Fileset| Ok(Value::Fileset(Rc::new(fileset)));
        match graph.op(id) {
            Op::Val(known) => known.result.clone(),
            Op::Continue { code, .. } => {
                let code = code.clone();
                match code.resume(graph, &values)? {
                    Resumed::Value(value) => Ok(value),
                    Resumed::Flow(next) => {
                        graph.note_resumed(id, next);
                        self.reduce(graph, next)
                    }
                }
            }
            Op::Coerce { code, .. } => code.coerce(&values[0]),
            Op::Require(requirements) => {
                let resources: Vec<_> = requirements.min.iter().map(|(label, n)| format!("{label} {n}")).collect();
                let text =
                    format!("requires{}\n  {} width {}\n", label(graph, id), resources.join(", "), requirements.width);
                self.log.push(text);
                Ok(values[0].clone())
            }
            Op::Data(bytes) => {
                fileset(Fileset::of_file(base::File::resolved(base::Digest::of(bytes), bytes.len() as u64)))
            }
            Op::Intern { url, must_resolve } => {
                let how = if *must_resolve { " resolved" } else { "" };
                self.log.push(format!("intern{}\n  {url}{how}\n", label(graph, id)));
                fileset(self.world.intern(url, *must_resolve)?)
            }
            Op::Extern { url } => {
                let what = match &values[0] {
                    Value::Fileset(fileset) => fileset.short(),
                    other => format!("{other:?}"),
                };
                self.log.push(format!("extern{}\n  {url} <- {what}\n", label(graph, id)));
                fileset(Fileset::new())
            }
            Op::Exec(exec) => {
                let deps: Vec<_> = values
                    .iter()
                    .map(|value| match value {
                        Value::Fileset(fileset) => fileset.short(),
                        other => format!("{other:?}"),
                    })
                    .collect();
                let mut text = describe(exec, &label(graph, id), &deps);
                if let Some(place) = graph.place(id) {
                    text.push_str(&format!("  at {place}\n"));
                }
                self.log.push(text);
                fileset(self.world.run(exec))
            }
            Op::Merge => fileset(Fileset::of_list(filesets(&values))),
            Op::Pullup => fileset(Fileset::of_list(filesets(&values)).pullup()),
            Op::Groupby { pattern } => {
                let mut groups: BTreeMap<Vec<u8>, BTreeMap<_, _>> = BTreeMap::new();
                for (path, file) in &filesets(&values)[0].map {
                    if let Some(group) = Regexp::parse(&**pattern).unwrap().groups(path) {
                        groups.entry(group[0].to_vec()).or_default().insert(path.clone(), file.clone());
                    }
                }
                fileset(Fileset::of_list(groups.into_values().map(Fileset::of_map).collect()))
            }
            Op::Collect { pattern, replacement } => {
                let pattern = Regexp::parse(&**pattern).unwrap();
                let renamed = |path: &str| String::from_utf8(pattern.replace_all(path, &**replacement)).unwrap();
                let input = filesets(&values).remove(0);
                let kept = input.map.into_iter().filter(|(path, _)| pattern.is_match(path));
                fileset(Fileset::of_map(kept.map(|(path, file)| (renamed(&path), file)).collect()))
            }
            Op::Map(mapped) => {
                let code = mapped.code.clone();
                let mut parts = Vec::new();
                for element in filesets(&values).remove(0).list {
                    let element = graph.fileset(element);
                    let id = code.map(graph, element);
                    parts.push(self.reduce(graph, id)?);
                }
                fileset(Fileset::of_list(filesets(&parts)))
            }
        }
    }
}

/// Values that are filesets.
fn filesets(values: &[Value]) -> Vec<Fileset> {
    let fileset = |value: &Value| match value {
        Value::Fileset(fileset) => fileset.as_ref().clone(),
        other => panic!("a fileset is wanted, not a {}", other.kind_name()),
    };
    values.iter().map(fileset).collect()
}

/// The label of a node behind a blank, nothing if it has none.
fn label(graph: &Graph, id: FlowId) -> String {
    match graph.ident(id) {
        "" => String::new(),
        ident => format!(" {ident}"),
    }
}
