//! Execs get the memory that earlier ones took (runtime spec §4.4, §3.9, §3.11).

use std::rc::Rc;

use base::Resources;
use engine::predict::Predictor;
use engine::reduce::Settings;
use flow::node::Op;
use flow::{FlowId, Graph};
use store::tasks::Measured;

use crate::world::{GIB, World, counts, exec_with, node, oldest, settings};

fn predicting() -> Settings {
    Settings { predictor: Some(Predictor::default()), ..settings() }
}

/// Five measurements of a command.
fn measured(command: &str, gib: f64) -> Vec<Measured> {
    let one = Measured { image: "image@1".to_owned(), command: command.to_owned(), max_memory: (gib * GIB) as u64 };
    vec![one; 5]
}

/// An exec labelled `m.step` that declares 4 GiB.
fn step(graph: &mut Graph, command: &str) -> FlowId {
    let id = exec_with(graph, command, Resources::of(1.0, 4.0 * GIB, 0.0), vec![]);
    graph.label(id, &Rc::from("m.step"));
    id
}

fn memory(command: &str, history: Vec<Measured>, settings: Settings) -> Vec<f64> {
    let mut world = World::default();
    world.history.insert("m.step".to_owned(), history);
    let mut graph = Graph::default();
    let root = step(&mut graph, command);
    world.run(&mut graph, root, settings, oldest);
    world.memory.iter().map(|bytes| bytes / GIB).collect()
}

#[test]
fn rt_91_too_little_history_predicts_nothing() {
    assert_eq!(memory("work", measured("work", 2.0), predicting()), [2.0]);
    assert_eq!(memory("work", measured("work", 2.0)[1..].to_vec(), predicting()), [4.0]);
    assert_eq!(memory("work", measured("work", 2.0), settings()), [4.0]);
}

#[test]
fn rt_69_a_prediction_is_never_below_the_least_that_every_exec_gets() {
    assert_eq!(memory("work", measured("work", 0.001), predicting()), [500.0 / 1024.0]);
    // More than declared is given too, but not what nobody could have.
    assert_eq!(memory("work", measured("work", 6.0), predicting()), [6.0]);
    assert_eq!(memory("work", measured("work", 60.0), predicting()), [4.0]);
}

#[test]
fn rt_73_what_fails_with_less_is_tried_with_what_was_declared() {
    assert_eq!(memory("fail", measured("fail", 2.0), predicting()), [2.0, 4.0]);
    assert_eq!(memory("hungry 5", measured("hungry 5", 2.0), predicting()), [2.0, 4.0, 6.0]);
}

#[test]
fn the_history_is_asked_once_for_an_ident() {
    let mut world = World::default();
    world.history.insert("m.step".to_owned(), measured("c0", 1.0));
    let mut graph = Graph::default();
    let steps: Vec<FlowId> = (0..50).map(|number| step(&mut graph, &format!("c{number}"))).collect();
    let root = node(&mut graph, Op::Merge, steps);
    let outcome = world.run(&mut graph, root, predicting(), oldest);
    assert_eq!((outcome.counts, world.measured), (counts(50, 0, 0, 0, 0), 1));
    assert!(world.memory.iter().all(|bytes| *bytes == GIB));
}
