//! What the graph promises about nodes beside their golden digests (runtime spec §2.4 to §2.7).

use std::rc::Rc;

use base::{Error, Kind};
use flow::graph::{Config, FlowId, Graph};
use flow::node::{Continuation, Op, Place, Resumed};
use types::{Type, Value};

use crate::sample::{cat, foo_bar, graph, intern};

#[test]
fn rt_38_a_requirements_node_has_the_digest_of_its_dependency() {
    let mut graph = graph();
    let exec = cat(&mut graph, None, None);
    let require = graph.add(Op::Require(Box::default()), [exec]);
    assert_eq!(graph.digest(require), graph.digest(exec));
    assert!(!graph.op(require).is_external());
}

/// Every level writes the universe anew, even where a level stands for another.
#[test]
fn the_universe_is_written_at_every_level() {
    let mut graph = Graph::new(Config { universe: "u".to_owned(), ..Config::default() });
    let dep = intern(&mut graph);
    let require = graph.add(Op::Require(Box::default()), [dep]);
    assert_eq!(graph.digest(require), base::Digest::of("uuOpInterns3://bucket/key"));
    assert_eq!(graph.digest(dep), base::Digest::of("uOpInterns3://bucket/key"));
}

#[test]
fn rt_44_the_first_generation_reaches_mapped_and_continued_nodes() {
    let mut graph = Graph::new(Config { hash_v1: true, ..Config::default() });
    let dep = intern(&mut graph);
    let merge = graph.add(Op::Merge, [dep]);
    assert_eq!(graph.digest(merge), base::Digest::of("OpInterns3://bucket/keyOpMerge"));
    // What a function makes of an element, written into the digest of the map, and what a continuation adds.
    let map = graph.map(dep, |graph: &mut Graph, element: FlowId| graph.add(Op::Pullup, [element]));
    assert_eq!(graph.digest(map), base::Digest::of("OpInterns3://bucket/keyOpMapOpValOpPullup"));
    let code = move |graph: &mut Graph, _: &[Value]| Ok(Resumed::Flow(graph.add(Op::Pullup, [dep])));
    let Ok(Resumed::Flow(continued)) = code.resume(&mut graph, &[]) else { panic!("it adds a node") };
    assert_eq!(graph.digest(continued), base::Digest::of("OpInterns3://bucket/keyOpPullup"));
}

#[test]
fn rt_43_forced_and_unforced_interns_differ_in_nothing_but_the_force() {
    let mut graph = graph();
    let (forced, unforced) = (graph.intern("s3://b/k", true), graph.intern("s3://b/k", false));
    assert_eq!(graph.digest(forced), graph.digest(unforced));
    assert_ne!(forced, unforced);
}

#[test]
fn rt_48_labels_stop_at_labelled_nodes() {
    let mut graph = graph();
    let deep = intern(&mut graph);
    let middle = graph.add(Op::Pullup, [deep]);
    let top = graph.add(Op::Pullup, [middle]);
    graph.label(middle, &Rc::from("m.inner"));
    graph.label(top, &Rc::from("m.outer"));
    graph.label(top, &Rc::from("m.late"));
    assert_eq!([top, middle, deep].map(|id| graph.ident(id).to_owned()), ["m.outer", "m.inner", "m.inner"]);
    let unlabelled = intern(&mut graph);
    graph.label(unlabelled, &Rc::from(""));
    assert_eq!(graph.ident(unlabelled), "");
}

#[test]
fn labels_and_places_are_no_part_of_digests() {
    let mut graph = graph();
    let (bare, dressed) = (cat(&mut graph, None, None), cat(&mut graph, None, None));
    graph.label(dressed, &Rc::from("m.x"));
    graph.set_place(dressed, Place { file: "m.rf".into(), line: 3, column: 7 });
    assert_eq!(graph.digest(bare), graph.digest(dressed));
    assert_eq!(graph.place(dressed).map(ToString::to_string).as_deref(), Some("m.rf:3:7"));
}

#[test]
fn known_values_and_failures_are_told_apart() {
    let mut graph = graph();
    let ids = [
        graph.fileset(foo_bar()),
        graph.val(Value::int(1), &Type::int()),
        graph.val(Value::int(2), &Type::int()),
        graph.failure(Error::new(Kind::Eval, "one")),
        graph.failure(Error::new(Kind::Eval, "two")),
    ];
    let mut digests: Vec<_> = ids.iter().map(|id| graph.digest(*id)).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), ids.len());
}

/// A chain this long overflows the stack of whatever walks it by recursion.
#[test]
fn long_chains_are_labelled_and_dropped() {
    let mut graph = graph();
    let mut top = intern(&mut graph);
    for _ in 0..200_000 {
        top = graph.add(Op::Pullup, [top]);
    }
    graph.label(top, &Rc::from("m.chain"));
    assert!(graph.ids().all(|id| graph.ident(id) == "m.chain"));
}
