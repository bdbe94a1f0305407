//! The evaluation graph in DOT (runtime spec §3.19).

#![allow(clippy::unwrap_used, reason = "a test that goes wrong panics")]

use std::rc::Rc;

use base::Digest;
use engine::dot;
use engine::reduce::Settings;
use flow::node::Resumed;
use flow::{FlowId, Graph};
use types::Value;

use crate::world::{World, exec, known, oldest, settings};

/// An export of what a continuation over an intern comes to.
fn grown(graph: &mut Graph, url: &str) -> FlowId {
    let intern = graph.intern(url, false);
    graph.label(intern, &Rc::from("m.in"));
    let late = graph.continuation(Digest::of("k"), vec![intern], move |graph: &mut Graph, _: &[Value]| {
        Ok(Resumed::Flow(exec(graph, "work", vec![intern])))
    });
    graph.label(late, &Rc::from("m.\"late\""));
    let root = graph.r#extern("to:there", late);
    graph.label(root, &Rc::from("m.out"));
    root
}

fn drawn(world: &mut World, graph: &mut Graph, root: FlowId, settings: Settings) -> String {
    let outcome = world.run(graph, root, Settings { keep_trail: true, ..settings }, oldest);
    let mut text = Vec::new();
    dot::write(graph, &outcome.trail.unwrap(), "reflow flowgraph x", &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn rt_82_external_nodes_are_green_and_what_was_found_later_is_blue() {
    let mut graph = Graph::default();
    let root = grown(&mut graph, "at:x");
    let text = drawn(&mut World::default(), &mut graph, root, settings());
    let ids: Vec<FlowId> = graph.ids().collect();
    let short = |number: usize| graph.digest(ids[number]).short();
    let (intern, late, out, work) = (
        format!("\"{}-intern-m.in-at:x\"", short(0)),
        format!("\"{}-k-m.\\\"late\\\"\"", short(1)),
        format!("\"{}-extern-m.out-to:there\"", short(2)),
        format!("\"{}-exec-\"", short(3)),
    );
    let expected = [
        "strict digraph \"reflow flowgraph x\" {".to_owned(),
        format!("\t{intern} [style=filled, fillcolor=green];"),
        format!("\t{late};"),
        format!("\t{late} -> {intern} [dynamic=false];"),
        format!("\t{late} -> {work} [dynamic=true, color=blue];"),
        format!("\t{out} [style=filled, fillcolor=green];"),
        format!("\t{out} -> {late} [dynamic=false];"),
        format!("\t{work} [style=filled, fillcolor=green];"),
        format!("\t{work} -> {intern} [dynamic=true, color=blue];"),
        "}".to_owned(),
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn only_what_was_met_is_drawn() {
    let mut world = World::default();
    let draw = |world: &mut World, settings| {
        let mut graph = Graph::default();
        let input = known(&mut graph, "x");
        known(&mut graph, "nobody needs this");
        let first = exec(&mut graph, "a", vec![input]);
        let second = exec(&mut graph, "b", vec![first]);
        drawn(world, &mut graph, second, settings)
    };
    let all = draw(&mut world, settings());
    assert_eq!((all.matches("-val-").count(), all.matches("->").count()), (2, 2), "{all}");
    let ahead = draw(&mut world, Settings { top_down: true, ..settings() });
    assert_eq!((ahead.matches("-exec-").count(), ahead.matches("->").count()), (1, 0), "{ahead}");
    let failed = {
        let mut graph = Graph::default();
        let root = exec(&mut graph, "fail", vec![]);
        drawn(&mut world, &mut graph, root, settings())
    };
    assert!(failed.contains("-exec-"), "{failed}");
}

#[test]
fn long_urls_lose_their_middle() {
    let draw = |url: &str| {
        let mut graph = Graph::default();
        let root = graph.intern(url, false);
        drawn(&mut World::default(), &mut graph, root, settings())
    };
    let url = format!("at:{}", "x".repeat(61));
    assert!(draw(&url).contains(&url));
    let text = draw(&format!("at:{}{}", "ä".repeat(40), "z".repeat(30)));
    assert!(text.contains(&format!("-at:{}...{}\"", "ä".repeat(13), "z".repeat(30))), "{text}");
}

#[test]
fn every_change_of_a_node_is_told_to_those_who_ask() {
    let changes = |trace| {
        let mut graph = Graph::default();
        let input = known(&mut graph, "x");
        let root = exec(&mut graph, "a", vec![input]);
        let mut told = Vec::new();
        let mut listen = |event: &engine::Event<'_>| {
            if let engine::Event::NodeChanged { step, state } = event
                && step.id() == root
            {
                told.push(*state);
            }
        };
        let mut world = World::default();
        let settings = Settings { trace, ..settings() };
        let mut reducer = engine::reduce::Reducer::new(&mut graph, root, settings, &mut listen);
        while !reducer.is_over() {
            while reducer.advance(10) {}
            reducer.take_jobs().into_iter().for_each(|job| world.accept(job));
            if !reducer.is_over() {
                reducer.complete(world.answer(0));
            }
        }
        reducer.finish();
        told
    };
    assert_eq!(changes(false), Vec::<&str>::new());
    let all = ["TODO", "Ready", "NeedLookup", "Lookup", "NeedSubmit", "Execing", "Done"];
    let mut distinct = changes(true);
    distinct.dedup();
    assert_eq!(distinct, all);
}
