//! A request to stop: nothing new begins, what is out is waited for.

use base::Kind;
use engine::Event;
use engine::job::{Completion, Job};
use engine::reduce::Reducer;
use flow::node::Op;
use flow::{FlowId, Graph};

use crate::world::{World, counts, exec, node, oldest, settings};

#[test]
fn running_execs_are_waited_for_and_no_others_begin() {
    let mut graph = Graph::default();
    let execs: Vec<FlowId> = (0..10).map(|number| exec(&mut graph, &format!("c{number}"), vec![])).collect();
    let root = node(&mut graph, Op::Merge, execs);
    let mut listen = |_: &Event<'_>| ();
    let mut reducer = Reducer::new(&mut graph, root, settings(), &mut listen);
    let mut world = World::default();
    let mut out = 0;
    while out < 2 {
        while reducer.advance(10) {}
        for job in reducer.take_jobs() {
            out += usize::from(matches!(job, Job::Execute(_)));
            world.accept(job);
        }
        if out < 2 {
            reducer.complete(world.answer(0));
        }
    }
    reducer.complete(Completion::Canceled);
    assert!(!reducer.advance(10) && reducer.take_jobs().is_empty() && !reducer.is_over());
    // Each of the two exits and then is over.
    for _ in 0..4 {
        assert!(!reducer.is_over());
        reducer.complete(world.answer(0));
        assert!(!reducer.advance(10) && reducer.take_jobs().is_empty());
    }
    assert!(reducer.is_over());
    let outcome = reducer.finish();
    let failures = outcome.value.unwrap_err();
    assert!(failures.is_canceled() && failures.nodes().is_empty() && !failures.is_restartable());
    assert_eq!(outcome.counts, counts(2, 0, 0, 0, 0));
}

/// The executor may hear of the request before the loop does.
#[test]
fn an_exec_that_was_stopped_did_not_fail() {
    let mut graph = Graph::default();
    let execs = vec![exec(&mut graph, "stopped", vec![]), exec(&mut graph, "other", vec![])];
    let root = node(&mut graph, Op::Merge, execs);
    let mut world = World::default();
    let outcome = world.run(&mut graph, root, settings(), oldest);
    let failures = outcome.value.unwrap_err();
    assert_eq!((failures.kind(), failures.nodes().len(), outcome.counts.failed), (Kind::Canceled, 0, 0));
}

#[test]
fn a_value_that_is_there_already_stays() {
    let mut graph = Graph::default();
    let root = graph.fileset(base::Fileset::new());
    let mut listen = |_: &Event<'_>| ();
    let mut reducer = Reducer::new(&mut graph, root, settings(), &mut listen);
    reducer.advance(10);
    reducer.complete(Completion::Canceled);
    assert!(reducer.is_over());
    assert!(reducer.finish().value.is_ok());
}
