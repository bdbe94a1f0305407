//! The evaluation graph as text for Graphviz (runtime spec §3.19, CLI spec §5.7).
//!
//! A node for each flow that was met, an edge from it to each flow that it needs. What a continuation came
//! to, and all that was added with it, is dynamic.

use std::io::{self, Write};

use flow::node::Op;
use flow::{FlowId, Graph};

/// URLs of more bytes lose their middle.
const URL_WIDTH: usize = 64;
/// Bytes that stay on each side of it.
const URL_END: usize = 30;

/// What there is to know of an evaluation besides the graph.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// Nodes that were there before the evaluation: the first ones.
    pub(crate) initial: usize,
    /// Whether each node was met.
    pub(crate) met: Vec<bool>,
}

impl Trail {
    /// How many nodes were met.
    pub fn count(&self) -> usize {
        self.met.iter().filter(|met| **met).count()
    }

    fn is_met(&self, id: FlowId) -> bool {
        self.met.get(id.index()).copied().unwrap_or(false)
    }
}

/// Writes the graph of an evaluation as a strict digraph named `title`.
pub fn write(graph: &Graph, trail: &Trail, title: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "strict digraph {} {{", quoted(title))?;
    for id in graph.ids().filter(|id| trail.is_met(*id)) {
        let name = quoted(&name(graph, id));
        match graph.op(id).is_external() {
            true => writeln!(out, "\t{name} [style=filled, fillcolor=green];")?,
            false => writeln!(out, "\t{name};")?,
        }
        let is_dynamic = id.index() >= trail.initial;
        let deps = graph.deps(id).iter().map(|dep| (*dep, is_dynamic));
        let came_to = graph.resumed(id).map(|to| (to, true));
        for (to, is_dynamic) in deps.chain(came_to).filter(|(to, _)| trail.is_met(*to)) {
            let attributes = if is_dynamic { "dynamic=true, color=blue" } else { "dynamic=false" };
            writeln!(out, "\t{name} -> {} [{attributes}];", quoted(&self::name(graph, to)))?;
        }
    }
    writeln!(out, "}}")
}

/// `SHORT-OP-IDENT`, and the URL of an intern or extern.
fn name(graph: &Graph, id: FlowId) -> String {
    let name = format!("{}-{}-{}", graph.digest(id).short(), graph.op(id).name(), graph.ident(id));
    match graph.op(id) {
        Op::Intern { url, .. } | Op::Extern { url } => format!("{name}-{}", shortened(url)),
        _ => name,
    }
}

/// A long URL without its middle. Characters stay whole.
fn shortened(url: &str) -> String {
    if url.len() <= URL_WIDTH {
        return url.to_owned();
    }
    let head = (0..=URL_END).rev().find_map(|end| url.get(..end)).unwrap_or("");
    let tail = (url.len() - URL_END..=url.len()).find_map(|start| url.get(start..)).unwrap_or("");
    format!("{head}...{tail}")
}

/// A quoted name of DOT, in which only the quote and the backslash mean something.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
