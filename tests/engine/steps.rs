//! Each operation comes to what the spec says (runtime spec §2.1, §3.6.2).

use base::{Digest, Error, Fileset, Kind};
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use types::{Type, Value};

use crate::world::{World, counts, exec, fileset, known, node, oldest, result_of, settings, single, tree};

fn run(graph: &mut Graph, root: FlowId) -> (Fileset, World) {
    let mut world = World::default();
    let outcome = world.run(graph, root, settings(), oldest);
    (fileset(&outcome), world)
}

#[test]
fn a_value_is_itself() {
    let mut graph = Graph::default();
    let root = graph.val(Value::int(7), &Type::int());
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    assert!(matches!(outcome.value, Ok(Value::Int(_))));
    assert_eq!(outcome.counts, counts(0, 0, 0, 0, 0));
    assert!(outcome.summary.is_empty());
}

#[test]
fn a_known_failure_fails() {
    let mut graph = Graph::default();
    let root = graph.failure(Error::new(Kind::Module, "raised"));
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    let failures = outcome.value.unwrap_err();
    assert_eq!((failures.kind(), failures.nodes().len()), (Kind::Module, 1));
    assert_eq!(outcome.counts.failed, 0);
}

#[test]
fn data_interns_and_externs_move_files() {
    let mut graph = Graph::default();
    let data = node(&mut graph, Op::Data((*b"hello").into()), vec![]);
    let intern = graph.intern("some://where", false);
    let merge = node(&mut graph, Op::Merge, vec![data, intern]);
    let root = graph.r#extern("else://where", merge);
    let mut world = World::default();
    let outcome = world.run(&mut graph, root, settings(), oldest);
    assert_eq!(fileset(&outcome), Fileset::of_list(vec![single("hello"), single("some://where")]).pullup());
    assert_eq!(outcome.counts, counts(0, 0, 1, 1, 0));
    assert_eq!(world.told, ["interned some://where", "externed else://where"]);
}

#[test]
fn rt_43_one_url_is_interned_once_and_one_export_made_once() {
    let mut graph = Graph::default();
    let interns = [graph.intern("u", false), graph.intern("u", false), graph.intern("v", false)];
    let forced = graph.intern("u", true);
    let externs: Vec<FlowId> = interns.iter().map(|intern| graph.r#extern("to", *intern)).collect();
    let root = node(&mut graph, Op::Merge, [externs, vec![forced]].concat());
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    assert_eq!(outcome.counts, counts(0, 0, 3, 2, 0));
    let parts = [single("u"), single("u"), single("v"), single("u")];
    assert_eq!(fileset(&outcome), Fileset::of_list(parts.to_vec()));
}

#[test]
fn rt_76_77_78_merging_pulling_up_grouping_and_collecting() {
    let mut graph = Graph::default();
    let files = graph.fileset(tree(&["a_1", "b_1", "c_2"]));
    let group = node(&mut graph, Op::Groupby { pattern: "_(.)".into() }, vec![files]);
    assert_eq!(run(&mut graph, group).0, Fileset::of_list(vec![tree(&["a_1", "b_1"]), tree(&["c_2"])]));
    let pull = node(&mut graph, Op::Pullup, vec![group, files]);
    assert_eq!(run(&mut graph, pull).0, tree(&["a_1", "b_1", "c_2"]));
    let collect = node(&mut graph, Op::Collect { pattern: "b_1".into(), replacement: "x".into() }, vec![files]);
    let collected = run(&mut graph, collect).0;
    assert_eq!(collected.map.keys().collect::<Vec<_>>(), ["x"]);
    let require = node(&mut graph, Op::Require(Box::default()), vec![files]);
    assert_eq!(run(&mut graph, require).0, tree(&["a_1", "b_1", "c_2"]));
}

#[test]
fn a_map_merges_what_its_function_makes_of_each_element() {
    let mut graph = Graph::default();
    let files = graph.fileset(tree(&["a_1", "c_2"]));
    let group = node(&mut graph, Op::Groupby { pattern: "_(.)".into() }, vec![files]);
    let root = graph.map(group, |graph: &mut Graph, element: FlowId| exec(graph, "work", vec![element]));
    let (fileset, world) = run(&mut graph, root);
    let elements = [tree(&["a_1"]), tree(&["c_2"])];
    assert_eq!(fileset, Fileset::of_list(elements.iter().map(|element| result_of("work", &[element])).collect()));
    assert_eq!(world.ran, ["work", "work"]);
}

#[test]
fn continuations_give_values_or_nodes_and_coercions_convert() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "in");
    let code = move |graph: &mut Graph, values: &[Value]| {
        assert_eq!(values.len(), 2);
        Ok(Resumed::Flow(exec(graph, "late", vec![input])))
    };
    let digest = Digest::of("k");
    let late = graph.continuation(digest, vec![input, input], code);
    let value =
        graph.continuation(digest, vec![late], |_: &mut Graph, values: &[Value]| Ok(Resumed::Value(values[0].clone())));
    let root = graph.coerce(digest, value, |value: &Value| match value {
        Value::Fileset(fileset) => Ok(Value::list(vec![Value::Fileset(fileset.clone())])),
        other => Err(Error::new(Kind::Invalid, other.kind_name())),
    });
    let before = (graph.digest(late), graph.len());
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    match outcome.value {
        Ok(Value::List(elements)) => assert_eq!(elements.len(), 1),
        other => panic!("{other:?}"),
    }
    assert_eq!((graph.digest(late), graph.len()), (before.0, before.1 + 1));
    assert_eq!(outcome.nodes, graph.len());
}

#[test]
fn a_continuation_that_gives_a_delayed_value_waits_for_it() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "in");
    let root = graph.continuation(Digest::of("k"), vec![input], move |graph: &mut Graph, _: &[Value]| {
        let late = exec(graph, "late", vec![input]);
        Ok(Resumed::Value(graph.value(late)))
    });
    assert_eq!(run(&mut graph, root).0, result_of("late", &[&single("in")]));
}

#[test]
fn only_what_is_needed_is_asked_for() {
    let mut graph = Graph::default();
    let (wanted, unwanted) = (exec(&mut graph, "wanted", vec![]), exec(&mut graph, "unwanted", vec![]));
    let root = node(&mut graph, Op::Pullup, vec![wanted]);
    let (_, world) = run(&mut graph, root);
    assert_eq!(world.ran, ["wanted"]);
    assert!(unwanted.index() < graph.len());
}

#[test]
fn a_continuation_that_comes_to_itself_is_reported() {
    let mut graph = Graph::default();
    let input = known(&mut graph, "in");
    let own_id = std::rc::Rc::new(std::cell::Cell::new(input));
    let code = {
        let own_id = own_id.clone();
        move |_: &mut Graph, _: &[Value]| Ok(Resumed::Flow(own_id.get()))
    };
    let root = graph.continuation(Digest::of("k"), vec![input], code);
    own_id.set(root);
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    let failures = outcome.value.unwrap_err();
    assert_eq!(failures.kind(), Kind::Fatal);
    assert!(failures.error().message().contains("stuck"), "{failures}");
}

#[test]
fn values_that_are_no_filesets_do_not_become_inputs() {
    let mut graph = Graph::default();
    let number = graph.val(Value::int(1), &Type::int());
    let root = exec(&mut graph, "work", vec![number]);
    let outcome = World::default().run(&mut graph, root, settings(), oldest);
    let failures = outcome.value.unwrap_err();
    assert_eq!(failures.kind(), Kind::Precondition);
    assert!(failures.to_string().contains("expected a fileset, but the value is a int"), "{failures}");
}
