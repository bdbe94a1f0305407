//! A thousand commands.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test that goes wrong panics")]

use std::time::{Duration, Instant};

use flow::node::Op;
use flow::{FlowId, Graph};

use crate::Case;
use crate::home::{Home, exec, fileset};

pub(crate) const CASES: &[Case] = &[("a_thousand_execs_twice", twice), ("a_chain", chain)];

fn wide(count: usize) -> (Graph, FlowId) {
    let mut graph = Graph::default();
    let execs: Vec<FlowId> =
        (0..count).map(|number| exec(&mut graph, &format!("echo {number} > %s"), vec![])).collect();
    let root = graph.add(Op::Merge, execs);
    (graph, root)
}

fn twice() {
    let home = Home::new();
    let (mut graph, root) = wide(1000);
    let start = Instant::now();
    let first = home.run(&mut graph, root);
    let took = start.elapsed();
    assert_eq!((first.counts.executed, first.counts.cached), (1000, 0));
    let fileset = fileset(&first);
    assert_eq!(fileset.list.len(), 1000);
    let number = |at: usize| fileset.list[at].list[0].map["."].id;
    assert_eq!(number(7), Some(base::Digest::of("7\n")));
    assert_eq!(number(999), Some(base::Digest::of("999\n")));

    // Another process: nothing is remembered but what is on disk.
    let home = home.again();
    let (mut graph, root) = wide(1000);
    let start = Instant::now();
    let second = home.run(&mut graph, root);
    let again = start.elapsed();
    assert_eq!((second.counts.executed, second.counts.cached), (0, 1000));
    assert_eq!(crate::home::fileset(&second), fileset);
    assert!(again < Duration::from_secs(5), "the first time {took:?}, then {again:?}");
}

fn chain() {
    let home = Home::new();
    let run = |length: usize| {
        let mut graph = Graph::default();
        let mut top = exec(&mut graph, "echo start > %s", vec![]);
        for _ in 0..length {
            top = exec(&mut graph, "cat %s > %s; echo next >> /return/0", vec![top]);
        }
        let outcome = home.run(&mut graph, top);
        (outcome.counts.executed, outcome.counts.cached, home.content(&outcome, ".").lines().count())
    };
    assert_eq!(run(20), (21, 0, 21));
    assert_eq!(run(25), (5, 21, 26));
}
