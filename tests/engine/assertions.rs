//! What results were made from, and whether it is still so (runtime spec §1.7, §3.7, §3.10).

use base::assertion::{Assertions, Key, Policy, Properties};
use base::{Fileset, Kind};
use engine::Outcome;
use engine::reduce::Settings;
use flow::node::Op;
use flow::{FlowId, Graph};

use crate::world::{World, counts, exec, fileset, node, oldest, settings, shuffled, single};

fn exact() -> Settings {
    Settings { assert: Policy::Exact, ..settings() }
}

/// What is at a URL.
fn put(world: &mut World, url: &str, content: &str, etag: &str) {
    let pairs = [("content", content), ("etag", etag)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.outside.insert(url.to_owned(), Properties::from(pairs));
}

fn asserted(world: &World, url: &str) -> Assertions {
    Assertions::from_iter([(Key::blob(url), world.outside[url].clone())])
}

/// Two execs in a row over what is at `at:a`.
fn chain(graph: &mut Graph) -> FlowId {
    let intern = graph.intern("at:a", false);
    let first = exec(graph, "first", vec![intern]);
    exec(graph, "second", vec![first])
}

fn run(world: &mut World, settings: Settings) -> Outcome {
    let mut graph = Graph::default();
    let root = chain(&mut graph);
    world.told.clear();
    world.looks.clear();
    world.run(&mut graph, root, settings, oldest)
}

#[test]
fn rt_64_results_assert_what_their_inputs_assert() {
    let mut world = World::default();
    put(&mut world, "at:a", "a", "1");
    put(&mut world, "at:b", "b", "1");
    let mut graph = Graph::default();
    let interns = vec![graph.intern("at:a", false), graph.intern("at:b", false)];
    let first = exec(&mut graph, "first", interns);
    let other = graph.fileset(single("known"));
    let root = exec(&mut graph, "second", vec![first, other]);
    let outcome = world.run(&mut graph, root, settings(), oldest);
    let both = Assertions::merge([&asserted(&world, "at:a"), &asserted(&world, "at:b")]).unwrap();
    assert_eq!(fileset(&outcome).assertions().unwrap(), both);
    assert!(world.cache.values().all(|stored| stored.assertions().unwrap() == both));
}

#[test]
fn rt_61_exact_assertions() {
    let mut world = World::default();
    put(&mut world, "at:a", "a", "1");
    assert_eq!(run(&mut world, exact()).counts, counts(2, 0, 1, 0, 0));
    assert_eq!(run(&mut world, exact()).counts, counts(0, 2, 1, 0, 0));
    // Touched: the content is what it was.
    put(&mut world, "at:a", "a", "2");
    assert_eq!(run(&mut world, settings()).counts, counts(0, 2, 1, 0, 0));
    assert_eq!(run(&mut world, exact()).counts, counts(2, 0, 1, 0, 0));
    assert!(world.told.contains(&"queued image first: what the cached result was made from has changed".to_owned()));
    assert_eq!(run(&mut world, exact()).counts, counts(0, 2, 1, 0, 0));
    assert_eq!(fileset(&run(&mut world, exact())).assertions().unwrap(), asserted(&world, "at:a"));
}

/// The result does not come from where its inputs come from now, so that must be looked at.
fn elsewhere(world: &mut World, settings: Settings) -> Outcome {
    let mut graph = Graph::default();
    let known = graph.fileset(single("a"));
    let execs: Vec<FlowId> = (0..3).map(|number| exec(&mut graph, &format!("c{number}"), vec![known])).collect();
    let root = node(&mut graph, Op::Merge, execs);
    world.looks.clear();
    world.run(&mut graph, root, settings, shuffled(7))
}

fn from_elsewhere() -> World {
    let mut world = World::default();
    put(&mut world, "at:a", "a", "1");
    let mut graph = Graph::default();
    let intern = graph.intern("at:a", false);
    let execs: Vec<FlowId> = (0..3).map(|number| exec(&mut graph, &format!("c{number}"), vec![intern])).collect();
    let root = node(&mut graph, Op::Merge, execs);
    world.run(&mut graph, root, settings(), oldest);
    world
}

#[test]
fn rt_62_a_subject_is_looked_at_once() {
    let mut world = from_elsewhere();
    assert_eq!(elsewhere(&mut world, exact()).counts, counts(0, 3, 0, 0, 0));
    assert_eq!(world.looks, ["at:a"]);
    assert_eq!(elsewhere(&mut world, settings()).counts, counts(0, 3, 0, 0, 0));
    assert!(world.looks.is_empty());
    // What the run has brought in itself need not be looked at.
    let outcome = run(&mut world, exact());
    assert_eq!((outcome.counts.executed, world.looks.len()), (2, 0));
}

#[test]
fn rt_61_a_changed_or_deleted_source_is_noticed_without_being_brought_in() {
    let mut world = from_elsewhere();
    put(&mut world, "at:a", "a", "2");
    assert_eq!(elsewhere(&mut world, exact()).counts, counts(3, 0, 0, 0, 0));
    let mut world = from_elsewhere();
    world.outside.clear();
    assert_eq!(elsewhere(&mut world, exact()).counts, counts(3, 0, 0, 0, 0));
    assert_eq!(world.looks, ["at:a"]);
}

/// Found by its key a result is right, whoever made it from whatever: it asserts what its inputs do now.
#[test]
fn without_a_policy_results_assert_what_is_so_now() {
    let mut world = World::default();
    put(&mut world, "at:a", "a", "1");
    run(&mut world, settings());
    put(&mut world, "at:a", "a", "2");
    let mut graph = Graph::default();
    let second = chain(&mut graph);
    let intern = graph.intern("at:a", false);
    let root = exec(&mut graph, "third", vec![second, intern]);
    let outcome = world.run(&mut graph, root, settings(), oldest);
    assert_eq!(outcome.counts, counts(1, 2, 1, 0, 0));
    assert_eq!(fileset(&outcome).assertions().unwrap(), asserted(&world, "at:a"));
}

#[test]
fn rt_63_a_world_that_changes_meanwhile_is_a_failure_that_may_pass() {
    let mut world = World::default();
    put(&mut world, "at:a", "a", "1");
    let mut graph = Graph::default();
    let stale = Properties::from([("etag".to_owned(), "0".to_owned())]);
    let stale = Assertions::from_iter([(Key::blob("at:a"), stale)]);
    let seen = graph.fileset(single("other").set_assertions(&stale));
    let intern = graph.intern("at:a", false);
    let root = exec(&mut graph, "work", vec![seen, intern]);
    let failures = world.run(&mut graph, root, settings(), oldest).value.unwrap_err();
    assert_eq!((failures.kind(), failures.is_restartable()), (Kind::Temporary, true));
    let text = failures.to_string();
    assert!(text.contains("adding assertions") && text.contains("conflict for {at:a blob}: "), "{text}");
}

#[test]
fn interns_of_one_run_must_agree() {
    let mut graph = Graph::default();
    let (first, forced) = (graph.intern("at:a", false), graph.intern("at:a", true));
    let root = node(&mut graph, Op::Merge, vec![first, forced]);
    let mut listen = |_: &engine::Event<'_>| ();
    let mut reducer = engine::reduce::Reducer::new(&mut graph, root, settings(), &mut listen);
    let mut world = World::default();
    let mut etag = 0;
    while !reducer.is_over() {
        reducer.advance(10);
        for job in reducer.take_jobs() {
            etag += 1;
            put(&mut world, "at:a", "a", &etag.to_string());
            world.accept(job);
            reducer.complete(world.answer(0));
        }
    }
    let failures = reducer.finish().value.unwrap_err();
    assert_eq!(failures.kind(), Kind::Temporary);
    assert!(failures.to_string().contains("(1 -> 2)"), "{failures}");
}

/// Every step gathers one more subject: what is asserted must not grow with it without end.
#[test]
fn what_is_made_from_very_many_subjects_asserts_nothing() {
    let mut world = World::default();
    let mut graph = Graph::default();
    let mut top = graph.fileset(Fileset::new());
    for number in 0..600 {
        let url = format!("at:{number}");
        put(&mut world, &url, &url, "1");
        let intern = graph.intern(&url, false);
        top = exec(&mut graph, "gather", vec![top, intern]);
    }
    let outcome = world.run(&mut graph, top, settings(), oldest);
    assert_eq!(outcome.counts.executed, 600);
    let most = world.cache.values().map(|stored| stored.assertions().unwrap().len()).max();
    assert_eq!(most, Some(256));
}
