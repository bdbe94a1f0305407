//! Top-down evaluation: what is cached is taken before what it was made of is looked at (runtime spec §3.6,
//! §3.7).

use std::rc::Rc;

use base::Digest;
use base::assertion::{Policy, Properties};
use engine::Outcome;
use engine::reduce::Settings;
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use types::Value;

use crate::world::{World, counts, exec, fileset, known, node, oldest, result_of, settings, single};

fn top_down() -> Settings {
    Settings { top_down: true, ..settings() }
}

/// `a`, `b` over it and `c` over that, over what is at `at:x`.
fn chain(graph: &mut Graph) -> FlowId {
    let mut top = graph.intern("at:x", false);
    for command in ["a", "b", "c"] {
        top = exec(graph, command, vec![top]);
        graph.label(top, &Rc::from(format!("m.{command}")));
        top = graph.coerce(Digest::of("same"), top, |value: &Value| Ok(value.clone()));
    }
    top
}

fn run(world: &mut World, settings: Settings) -> Outcome {
    let mut graph = Graph::default();
    let root = chain(&mut graph);
    world.told.clear();
    world.run(&mut graph, root, settings, oldest)
}

#[test]
fn rt_52_a_hit_leaves_what_it_depends_on_alone() {
    let mut world = World::default();
    let first = run(&mut world, settings());
    assert_eq!(first.counts, counts(3, 0, 1, 0, 0));
    let second = run(&mut world, top_down());
    assert_eq!(second.counts, counts(0, 1, 1, 0, 0));
    assert_eq!(world.told, ["interned at:x", "cached image c"]);
    assert_eq!(fileset(&first), fileset(&second));
}

#[test]
fn rt_53_bottom_up_everything_is_looked_up() {
    let mut world = World::default();
    assert_eq!(run(&mut world, top_down()).counts, counts(3, 0, 1, 0, 0));
    assert_eq!(run(&mut world, settings()).counts, counts(0, 3, 1, 0, 0));
    assert_eq!(world.told[1..], ["cached image a", "cached image b", "cached image c"]);
}

#[test]
fn rt_54_an_export_below_is_made_whatever_is_cached_above() {
    let mut world = World::default();
    let mut run = |settings| {
        let mut graph = Graph::default();
        let input = known(&mut graph, "x");
        let made = exec(&mut graph, "a", vec![input]);
        let exported = graph.r#extern("to:there", made);
        let root = exec(&mut graph, "b", vec![exported]);
        world.run(&mut graph, root, settings, oldest).counts
    };
    assert_eq!(run(settings()), counts(2, 0, 0, 1, 0));
    assert_eq!(run(top_down()), counts(0, 2, 0, 1, 0));
}

#[test]
fn a_moved_tag_or_a_changed_input_is_never_answered_by_an_old_result() {
    let mut world = World::default();
    run(&mut world, settings());
    world.tag = 2;
    assert_eq!(run(&mut world, top_down()).counts, counts(3, 0, 1, 0, 0));
    assert_eq!(run(&mut world, top_down()).counts, counts(0, 1, 1, 0, 0));
    let changed = Properties::from([("content".to_owned(), "new".to_owned())]);
    world.outside.insert("at:x".to_owned(), changed);
    assert_eq!(run(&mut world, top_down()).counts, counts(3, 0, 1, 0, 0));
    world.outside.clear();
    world.tag = 1;
    assert_eq!(run(&mut world, top_down()).counts, counts(0, 1, 1, 0, 0));
}

#[test]
fn what_is_not_found_ahead_is_found_by_its_inputs() {
    let mut world = World::default();
    run(&mut world, settings());
    // Another way to the same input.
    let mut graph = Graph::default();
    let input = graph.fileset(result_of("a", &[&single("at:x")]));
    let made = exec(&mut graph, "b", vec![input]);
    let root = exec(&mut graph, "d", vec![made]);
    let outcome = world.run(&mut graph, root, top_down(), oldest);
    assert_eq!(outcome.counts, counts(1, 1, 0, 0, 0));
}

#[test]
fn a_continuation_is_run_but_not_what_it_comes_to() {
    let mut world = World::default();
    let mut run = |settings, both| {
        let mut graph = Graph::default();
        let input = graph.intern("at:x", false);
        let late = graph.continuation(Digest::of("k"), vec![input], move |graph: &mut Graph, _: &[Value]| {
            let first = exec(graph, "a", vec![input]);
            Ok(Resumed::Flow(exec(graph, "b", vec![first])))
        });
        let above = exec(&mut graph, "c", vec![late]);
        // Somebody else may need it after all.
        let root = if both { node(&mut graph, Op::Merge, vec![above, late]) } else { above };
        world.told.clear();
        let outcome = world.run(&mut graph, root, settings, oldest);
        (outcome.counts, fileset(&outcome).list.len())
    };
    assert_eq!(run(settings(), false), (counts(3, 0, 1, 0, 0), 1));
    assert_eq!(run(top_down(), false), (counts(0, 1, 1, 0, 0), 1));
    assert_eq!(run(top_down(), true), (counts(0, 2, 1, 0, 0), 2));
}

#[test]
fn rt_68_what_is_invalidated_runs_although_something_above_is_cached() {
    let mut world = World::default();
    run(&mut world, settings());
    let invalidating = Settings { invalidate: Some(Box::new(|ident| ident == "m.b")), ..top_down() };
    let outcome = run(&mut world, invalidating);
    assert_eq!(outcome.counts, counts(1, 2, 1, 0, 0));
    assert!(world.told.contains(&"queued image b: invalidated on request".to_owned()));
    assert_eq!(run(&mut world, top_down()).counts, counts(0, 1, 1, 0, 0));
}

#[test]
fn exact_assertions_are_asked_for_ahead_too() {
    let mut world = World::default();
    let put = |world: &mut World, etag: &str| {
        let properties = [("content", "x"), ("etag", etag)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        world.outside.insert("at:x".to_owned(), Properties::from(properties));
    };
    put(&mut world, "1");
    let exact = || Settings { assert: Policy::Exact, ..top_down() };
    run(&mut world, exact());
    assert_eq!(run(&mut world, exact()).counts, counts(0, 1, 1, 0, 0));
    put(&mut world, "2");
    assert_eq!(run(&mut world, top_down()).counts, counts(0, 1, 1, 0, 0));
    let known = fileset(&run(&mut world, top_down())).assertions().unwrap();
    assert_eq!(known.iter().next().map(|(_, properties)| properties["etag"].as_str()), Some("2"));
    assert_eq!(run(&mut world, exact()).counts, counts(3, 0, 1, 0, 0));
}

#[test]
fn failures_below_are_failures_above() {
    let mut graph = Graph::default();
    let bad = exec(&mut graph, "fail", vec![]);
    let unknown = graph.intern("bad:gone", false);
    let mut top = exec(&mut graph, "a", vec![bad, unknown]);
    for _ in 0..20_000 {
        top = exec(&mut graph, "next", vec![top]);
    }
    let outcome = World::default().run(&mut graph, top, top_down(), oldest);
    assert_eq!(outcome.value.unwrap_err().nodes().len(), 2);
}

/// Every exec is sealed once, however many stand above it and however often it is not found.
#[test]
fn a_long_chain_is_sealed_once() {
    let start = std::time::Instant::now();
    let mut world = World::default();
    for (settings, executed) in [(top_down(), 5_000), (top_down(), 0)] {
        let mut graph = Graph::default();
        let mut top = known(&mut graph, "x");
        for number in 0..5_000 {
            top = exec(&mut graph, &format!("c{}", number % 7), vec![top]);
        }
        let outcome = world.run(&mut graph, top, settings, oldest);
        assert_eq!(outcome.counts.executed, executed);
        world.told.clear();
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "took {:?}", start.elapsed());
}

#[test]
fn a_sealed_key_is_data() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "x");
    let first = exec(&mut graph, "a", vec![input]);
    let root = exec(&mut graph, "b", vec![first]);
    let mut world = World::default();
    world.run(&mut graph, root, settings(), oldest);
    let inputs = [&result_of("a", &[&single("x")])];
    let named = flow::key::cache_keys(&graph, root, &inputs, Some("image@1"));
    let first_named = flow::key::cache_keys(&graph, first, &[&single("x")], Some("image@1"));
    let others: Vec<_> = world.cache.keys().filter(|key| !named.contains(key) && !first_named.contains(key)).collect();
    assert_eq!(
        others.iter().map(|key| key.to_string()).collect::<Vec<_>>(),
        ["sha256:9b4d86b0174f4dc9611e08def64e71b803db0a55d5aecb75f6013d3f8f0e7b48"]
    );
}
