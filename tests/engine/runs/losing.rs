//! Files that vanish or are damaged between their lookup and their use.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that goes wrong panics")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::Kind;
use engine::job::ExecEnd;
use engine::{Config, Counts, Event};
use flow::node::Op;
use flow::{FlowId, Graph};

use crate::Case;
use crate::home::{Home, exec, fileset};

pub(crate) const CASES: &[Case] = &[
    ("rt_58_what_vanishes_between_lookup_and_use_is_made_again", vanished),
    ("what_is_cut_short_between_lookup_and_use_is_made_again", cut_short),
    ("a_damaged_input_is_found_after_its_use_and_made_again", damaged_input),
    ("a_damaged_file_is_not_exported_but_made_again", damaged_export),
    ("a_store_that_loses_everything_again_and_again_fails_the_run_for_now", hopeless),
];

/// A step, two that need it, and what joins them; with `to`, that is exported.
fn graph(to: Option<&Path>) -> (Graph, FlowId) {
    let mut graph = Graph::default();
    let first = exec(&mut graph, "echo first > %s", vec![]);
    let left = exec(&mut graph, "tr f l < %s > %s", vec![first]);
    let right = exec(&mut graph, "tr f r < %s > %s", vec![first]);
    let both = exec(&mut graph, "cat %s %s > %s", vec![left, right]);
    let root = match to {
        Some(to) => graph.add(Op::Extern { url: format!("localfile://{}", to.display()).into() }, [both]),
        None => both,
    };
    (graph, root)
}

const ALWAYS: u32 = u32::MAX;
const RESULT: &str = "lirst\nrirst\n";

/// Runs the graph, then again without what its last step made; as results are found in the cache, `spoil` is
/// done to their files, `times` times. What the second run did.
fn second_run(times: u32, spoil: impl Fn(&Path), settings: impl Fn(&mut Config)) -> Result<Counts, Kind> {
    let home = Home::new();
    let (mut first, root) = graph(None);
    let outcome = home.run(&mut first, root);
    assert_eq!(outcome.counts.executed, 4);
    for (_, file) in fileset(&outcome).entries() {
        home.store.repository.remove(&file.digest()).expect("removed");
    }
    let (mut second, root) = graph(None);
    let mut config = home.config();
    settings(&mut config);
    let mut spoilt = 0;
    let outcome = home.run_with(&mut second, root, config, &mut |event| {
        let found = match event {
            Event::Cached { fileset, .. } => fileset,
            // Then what is made anew is lost again.
            Event::ExecEnded { end: ExecEnd::Ran { report, .. }, .. } if times == ALWAYS => match &report.outcome {
                Ok(collected) => &collected.fileset,
                Err(_) => return,
            },
            _ => return,
        };
        if spoilt < times {
            spoilt += 1;
            found.entries().for_each(|(_, file)| spoil(&home.store.repository.path(&file.digest())));
        }
    });
    match outcome.value {
        Ok(_) => assert_eq!(home.content(&outcome, "."), RESULT),
        Err(failures) => return Err(failures.kind()),
    }
    let report = home.store.repository.check_all(&|_| {}).expect("a report");
    assert!(report.corrupt.is_empty(), "{report:?}");
    Ok(outcome.counts)
}

fn vanished() {
    let counts = second_run(3, |path| fs::remove_file(path).expect("removed"), |_| ()).expect("a result");
    assert_eq!((counts.executed, counts.cached, counts.failed), (4, 0, 0));
    // Only what the step needs is made again.
    let counts = second_run(1, |path| fs::remove_file(path).expect("removed"), |_| ()).expect("a result");
    assert_eq!((counts.executed, counts.cached), (1, 3));
}

fn write(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut content = fs::read(path).expect("a blob");
    change(&mut content);
    // Not through the file itself, which commands may have as a link.
    fs::remove_file(path).expect("removed");
    fs::write(path, content).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("sealed");
}

fn cut_short() {
    let cut = |path: &Path| write(path, |content| content.truncate(2));
    let counts = second_run(3, cut, |_| ()).expect("a result");
    assert_eq!((counts.executed, counts.failed), (4, 0));
}

fn damaged_input() {
    let flip = |path: &Path| write(path, |content| content[0] ^= 1);
    let counts = second_run(3, flip, |config| config.check_inputs = true).expect("a result");
    assert_eq!((counts.executed, counts.failed), (4, 0));
}

fn hopeless() {
    let ended = second_run(ALWAYS, |path| drop(fs::remove_file(path)), |_| ());
    assert_eq!(ended, Err(Kind::Temporary));
}

fn damaged_export() {
    let home = Home::new();
    let to = home.work().join("out");
    let (mut first, root) = graph(None);
    let made = fileset(&home.run(&mut first, root));
    for (_, file) in made.entries() {
        write(&home.store.repository.path(&file.digest()), |content| content[0] ^= 1);
    }
    let (mut second, root) = graph(Some(&to));
    let outcome = home.run(&mut second, root);
    assert!(outcome.value.is_ok(), "{:?}", outcome.value);
    assert_eq!((outcome.counts.executed, outcome.counts.cached, outcome.counts.externed), (1, 3, 1));
    assert_eq!(fs::read_to_string(to).expect("the export"), RESULT);
}
