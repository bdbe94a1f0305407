//! Results come from the cache where they may, and run once where they must (runtime spec §3.7).

use std::rc::Rc;

use base::{Digest, Fileset, Resources};
use engine::reduce::{CacheMode, Settings};
use exec::Pool;
use flow::node::{Exec, Op};
use flow::{FlowId, Graph};

use crate::world::{World, counts, exec, fileset, known, node, oldest, result_of, settings, single};

/// Two execs in a row, labelled `m.first` and `m.second`, over an input of this content.
fn two_steps(graph: &mut Graph, content: &str) -> FlowId {
    let input = known(graph, content);
    let first = exec(graph, "first", vec![input]);
    graph.label(first, &Rc::from("m.first"));
    let second = exec(graph, "second", vec![first]);
    graph.label(second, &Rc::from("m.second"));
    node(graph, Op::Pullup, vec![second])
}

fn run(world: &mut World, content: &str, settings: Settings) -> engine::Outcome {
    let mut graph = Graph::default();
    let root = two_steps(&mut graph, content);
    world.ran.clear();
    world.told.clear();
    world.run(&mut graph, root, settings, oldest)
}

#[test]
fn a_second_run_executes_nothing() {
    let mut world = World::default();
    let first = run(&mut world, "a", settings());
    assert_eq!(first.counts, counts(2, 0, 0, 0, 0));
    assert_eq!(world.told[0], "queued image first: not in the cache");
    let second = run(&mut world, "a", settings());
    assert_eq!(second.counts, counts(0, 2, 0, 0, 0));
    assert_eq!(world.told, ["cached image first", "cached image second"]);
    assert_eq!(fileset(&first), fileset(&second));
    let rows: Vec<_> = second.summary.rows().map(|(ident, row)| (ident, row.count, row.cached)).collect();
    assert_eq!(rows, [("m.first", 1, 1), ("m.second", 1, 1)]);
}

#[test]
fn changed_content_runs_again_and_equal_content_stops_the_change() {
    let mut world = World::default();
    run(&mut world, "a", settings());
    assert_eq!(run(&mut world, "b", settings()).counts, counts(2, 0, 0, 0, 0));
    // Another way to the same content: the second step does not care who made its input.
    let mut graph = Graph::default();
    let input = graph.fileset(result_of("first", &[&single("a")]));
    let root = exec(&mut graph, "second", vec![input]);
    assert_eq!(world.run(&mut graph, root, settings(), oldest).counts, counts(0, 1, 0, 0, 0));
}

/// An intern's logical digest is that of its URL, whatever is there. A result that was stored under the
/// logical digests of execs above it must not answer when the content is another.
#[test]
fn what_the_program_calls_it_is_no_answer() {
    let mut graph = Graph::default();
    let intern = graph.intern("some://where", false);
    let root = exec(&mut graph, "work", vec![intern]);
    let mut world = World::default();
    world.cache.insert(graph.digest(root), single("stale"));
    let outcome = world.run(&mut graph, root, settings(), oldest);
    assert_eq!(outcome.counts, counts(1, 0, 1, 0, 0));
    assert_eq!(fileset(&outcome), result_of("work", &[&single("some://where")]));
}

#[test]
fn rt_65_results_are_stored_under_every_key() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "a");
    let root = exec(&mut graph, "work", vec![input]);
    let mut world = World::default();
    world.run(&mut graph, root, settings(), oldest);
    let keys = flow::key::cache_keys(&graph, root, &[&single("a")], Some("image@1"));
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| world.cache.contains_key(key)));
    assert_eq!(world.cache.len(), 3);
}

#[test]
fn a_salt_keeps_results_apart() {
    let mut world = World::default();
    let salted = || Settings { salt: Some(Digest::of("process")), ..settings() };
    run(&mut world, "a", settings());
    assert_eq!(run(&mut world, "a", salted()).counts, counts(2, 0, 0, 0, 0));
    assert_eq!(run(&mut world, "a", salted()).counts, counts(0, 2, 0, 0, 0));
    assert_eq!(run(&mut world, "a", settings()).counts, counts(0, 2, 0, 0, 0));
}

#[test]
fn rt_67_modes_of_the_cache() {
    let mode = |read, write| Settings { cache: CacheMode { read, write }, ..settings() };
    let mut world = World::default();
    assert_eq!(run(&mut world, "a", mode(true, false)).counts, counts(2, 0, 0, 0, 0));
    assert!(world.cache.is_empty());
    assert_eq!(run(&mut world, "a", mode(false, true)).counts, counts(2, 0, 0, 0, 0));
    assert_eq!(run(&mut world, "a", mode(false, true)).counts, counts(2, 0, 0, 0, 0));
    assert_eq!(world.told[0], "queued image first: the cache is off");
    assert_eq!(run(&mut world, "a", mode(true, false)).counts, counts(0, 2, 0, 0, 0));
    assert_eq!(run(&mut world, "a", mode(false, false)).counts, counts(2, 0, 0, 0, 0));
}

#[test]
fn rt_68_invalidated_nodes_run_again_and_are_stored_again() {
    let mut world = World::default();
    run(&mut world, "a", settings());
    world.cache.values_mut().for_each(|value| *value = single("old"));
    let invalidating = Settings { invalidate: Some(Box::new(|ident| ident == "m.second")), ..settings() };
    let outcome = run(&mut world, "a", invalidating);
    assert_eq!(outcome.counts, counts(1, 1, 0, 0, 0));
    assert_eq!(world.told[1], "queued image second: invalidated on request");
    assert_eq!(fileset(&outcome), fileset(&run(&mut world, "a", settings())));
}

#[test]
fn rt_60_empty_results_may_count_as_none() {
    let mut graph = Graph::default();
    let root = exec(&mut graph, "empty", vec![]);
    let mut world = World::default();
    let again = || Settings { recompute_empty: true, ..settings() };
    assert_eq!(world.run(&mut graph, root, settings(), oldest).counts.executed, 1);
    assert_eq!(world.run(&mut graph, root, settings(), oldest).counts.cached, 1);
    assert_eq!(world.run(&mut graph, root, again(), oldest).counts.executed, 1);
    assert!(world.told.iter().any(|told| told.ends_with("the cached result has an empty part")));
}

#[test]
fn rt_55_exports_are_neither_looked_up_nor_stored() {
    let mut world = World::default();
    let run = |world: &mut World| {
        let mut graph = Graph::default();
        let input = known(&mut graph, "a");
        let root = graph.r#extern("some://where", input);
        let key = flow::key::physical_digests(&graph, root, &[&single("a")], None)[0];
        let counts = world.run(&mut graph, root, settings(), oldest).counts;
        (key, counts)
    };
    let (key, first) = run(&mut world);
    assert_eq!((first, world.cache.len(), world.lookups), (counts(0, 0, 0, 1, 0), 0, 0));
    world.cache.insert(key, single("stale"));
    assert_eq!(run(&mut world).1, counts(0, 0, 0, 1, 0));
}

#[test]
fn equal_execs_of_one_run_run_once() {
    for read in [true, false] {
        let mut graph = Graph::default();
        let inputs = [known(&mut graph, "a"), known(&mut graph, "a"), known(&mut graph, "b")];
        let execs: Vec<FlowId> = inputs.iter().map(|input| exec(&mut graph, "work", vec![*input])).collect();
        let root = node(&mut graph, Op::Merge, execs);
        let mut world = World::default();
        let settings = Settings { cache: CacheMode { read, write: false }, ..settings() };
        let outcome = world.run(&mut graph, root, settings, oldest);
        assert_eq!(outcome.counts, counts(2, 1, 0, 0, 0));
        let (a, b) = (result_of("work", &[&single("a")]), result_of("work", &[&single("b")]));
        assert_eq!(fileset(&outcome), Fileset::of_list(vec![a.clone(), a, b]));
    }
}

#[test]
fn an_exec_told_apart_by_an_extra_digest_runs_by_itself() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "a");
    let first = exec(&mut graph, "work", vec![input]);
    let Op::Exec(copy) = graph.op(first) else { panic!("an exec") };
    let copy = Exec { image: copy.image.clone(), command: copy.command.clone(), args: copy.args.clone(), ..plain() };
    let second = graph.add_extra(Op::Exec(Box::new(copy)), [input], Some(Digest::of("1")));
    let root = node(&mut graph, Op::Merge, vec![first, second]);
    assert_eq!(World::default().run(&mut graph, root, settings(), oldest).counts, counts(2, 0, 0, 0, 0));
}

fn plain() -> Exec {
    Exec {
        image: "".into(),
        command: "".into(),
        args: None,
        outputs: None,
        resources: Resources::new(),
        arg_names: Box::default(),
        nondeterministic: false,
    }
}

#[test]
fn an_image_text_is_resolved_once_and_an_unknown_one_fails_once() {
    let mut graph = Graph::default();
    let execs: Vec<FlowId> = (0..10)
        .map(|number| {
            let command = format!("c{number}");
            let exec = Exec { image: "unknown$aws".into(), command: command.as_str().into(), ..plain() };
            graph.exec(exec, vec![])
        })
        .collect();
    let root = node(&mut graph, Op::Merge, execs);
    let mut world = World::default();
    let outcome = world.run(&mut graph, root, settings(), oldest);
    let failures = outcome.value.unwrap_err();
    assert_eq!(failures.nodes().len(), 1);
    assert_eq!(failures.to_string().lines().count(), 1);
    assert!(failures.to_string().contains("image unknown$aws: resource does not exist: no such image"), "{failures}");
}

#[test]
fn lookups_of_a_round_are_one_job() {
    let mut graph = Graph::default();
    let execs: Vec<FlowId> = (0..100).map(|number| exec(&mut graph, &format!("c{number}"), vec![])).collect();
    let root = node(&mut graph, Op::Merge, execs);
    let mut world = World::default();
    world.run(&mut graph, root, settings(), oldest);
    assert!(world.lookups <= 2, "{} lookups", world.lookups);
}

#[test]
fn what_another_process_runs_is_waited_for_and_taken_from_the_cache() {
    let mut graph = Graph::default();
    let (there, here) = (exec(&mut graph, "there", vec![]), exec(&mut graph, "here", vec![]));
    let root = node(&mut graph, Op::Merge, vec![there, here]);
    let key = flow::key::physical_digests(&graph, there, &[], Some("image@1"))[0];
    let mut world = World::default();
    world.elsewhere.insert(key, 1);
    let one_core = Settings { pool: Pool::new(Resources::of(1.0, 8e9, 8e9)), ..settings() };
    let outcome = world.run(&mut graph, root, one_core, oldest);
    assert_eq!(outcome.counts, counts(1, 1, 0, 0, 0));
    assert_eq!(world.ran, ["here"]);
    assert!(world.told.contains(&"elsewhere image there".to_owned()));
    assert_eq!(fileset(&outcome).list[0], single("from elsewhere"));
}
