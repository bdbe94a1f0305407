//! Several runs with one home folder at once.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test that goes wrong panics")]

use flow::Graph;
use flow::node::Op;

use crate::Case;
use crate::home::Home;

pub(crate) const CASES: &[Case] = &[("two_runs_at_once_run_each_exec_once", together)];

/// Two stores and executors on one folder are what two processes have: the locks are the kernel's.
fn together() {
    const EXECS: u64 = 60;
    let first = Home::new();
    let homes = [first.again(), first];
    let run = |home: &Home| {
        let mut graph = Graph::default();
        let execs: Vec<_> = (0..EXECS)
            .map(|number| crate::home::exec(&mut graph, &format!("sleep 0.05; echo {number} > %s"), vec![]))
            .collect();
        let root = graph.add(Op::Merge, execs);
        let outcome = home.run(&mut graph, root);
        assert!(outcome.value.is_ok());
        outcome.counts
    };
    let counts = std::thread::scope(|scope| {
        let runs = homes.each_ref().map(|home| scope.spawn(|| run(home)));
        runs.map(|run| run.join().expect("a run"))
    });
    assert_eq!(counts[0].executed + counts[1].executed, EXECS, "{counts:?}");
    assert_eq!(counts[0].cached + counts[1].cached, EXECS, "{counts:?}");
    assert!(counts.iter().all(|counts| counts.executed > 0), "both had work: {counts:?}");
}
