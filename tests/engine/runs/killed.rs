//! A run that is killed costs only the work in flight.
//!
//! This program starts itself as the victim: it runs a graph on a given home folder and says each
//! result that the engine announces.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that goes wrong panics")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use engine::Event;
use flow::node::Op;
use flow::{FlowId, Graph};

use crate::Case;
use crate::home::{Home, exec};

pub(crate) const CASES: &[Case] = &[("a_killed_run_goes_on_where_it_was", killed)];

/// The argument that makes this program a victim; the next one is its home.
const MARKER: &str = "(victim)";
const EXECS: u64 = 40;

fn graph() -> (Graph, FlowId) {
    let mut graph = Graph::default();
    let execs: Vec<_> =
        (0..EXECS).map(|number| exec(&mut graph, &format!("sleep 0.1; echo {number} > %s"), vec![])).collect();
    let root = graph.add(Op::Merge, execs);
    (graph, root)
}

/// Acts as the victim if this process was started as one.
pub(crate) fn run_as_victim() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != MARKER {
        return None;
    }
    let home = Home::in_folder(Path::new(&arguments.next()?));
    let (mut graph, root) = graph();
    let config = home.config();
    let mut out = std::io::stdout().lock();
    home.run_with(&mut graph, root, config, &mut |event| {
        if let Event::ExecEnded { .. } = event {
            let _ = writeln!(out, "announced").and_then(|()| out.flush());
        }
    });
    Some(ExitCode::SUCCESS)
}

fn killed() {
    let folder = tempfile::Builder::new().prefix("reflow-engine-test-").tempdir().expect("a folder");
    let mut announced = 0;
    for _ in 0..2 {
        let mut victim = Command::new("/proc/self/exe")
            .arg(MARKER)
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a victim");
        let words = BufReader::new(victim.stdout.take().expect("its words"));
        announced += words.lines().take(5).map_while(Result::ok).count() as u64;
        victim.kill().expect("killed");
        victim.wait().expect("dead");
    }
    assert_eq!(announced, 10);
    let home = Home::in_folder(folder.path());
    let (mut graph, root) = graph();
    let outcome = home.run(&mut graph, root);
    assert!(outcome.value.is_ok());
    assert_eq!(outcome.counts.executed + outcome.counts.cached, EXECS);
    // What was announced is there; what was not may be, if it was durable when the victim died.
    assert!(outcome.counts.cached >= announced, "{:?}", outcome.counts);
}
