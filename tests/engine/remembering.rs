//! One graph evaluated again and again: what has a value keeps it, what failed is tried anew.

use base::Fileset;
use engine::Memory;
use engine::reduce::{CacheMode, Settings};
use flow::Graph;
use flow::node::Op;

use crate::world::{World, counts, exec, fileset, node, oldest, settings};

fn uncached() -> Settings {
    Settings { cache: CacheMode { read: false, write: false }, ..settings() }
}

#[test]
fn what_has_a_value_is_not_evaluated_again() {
    let mut world = World::default();
    world.remembered = Some(Memory::default());
    let mut graph = Graph::default();
    let first = exec(&mut graph, "first", vec![]);
    let second = exec(&mut graph, "second", vec![first]);
    let early = world.run(&mut graph, second, uncached(), oldest);
    assert_eq!(early.counts, counts(2, 0, 0, 0, 0));

    let again = world.run(&mut graph, second, uncached(), oldest);
    assert_eq!((again.counts, fileset(&again)), (counts(0, 0, 0, 0, 0), fileset(&early)));

    // The graph has grown meanwhile.
    let third = exec(&mut graph, "third", vec![first]);
    let root = node(&mut graph, Op::Merge, vec![second, third]);
    assert_eq!(world.run(&mut graph, root, uncached(), oldest).counts, counts(1, 0, 0, 0, 0));
    assert_eq!(world.ran, ["first", "second", "third"]);
}

#[test]
fn what_failed_is_tried_again() {
    let mut world = World::default();
    world.remembered = Some(Memory::default());
    let mut graph = Graph::default();
    let good = exec(&mut graph, "good", vec![]);
    let bad = exec(&mut graph, "fail", vec![good]);
    for tries in 1..3 {
        let outcome = world.run(&mut graph, bad, uncached(), oldest);
        assert_eq!(outcome.value.unwrap_err().nodes().len(), 1);
        assert_eq!(world.ran.iter().filter(|command| *command == "fail").count(), tries);
    }
    assert_eq!(world.ran.iter().filter(|command| *command == "good").count(), 1);
    let outcome = world.run(&mut graph, good, uncached(), oldest);
    assert_ne!(fileset(&outcome), Fileset::new());
}
