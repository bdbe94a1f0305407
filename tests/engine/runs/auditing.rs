//! Cached steps run again, and results that take the place of others.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that goes wrong panics")]

use std::cell::Cell;

use base::digest::Material as _;
use base::{Digest, Error, Fileset};
use engine::audit::{Audit, Verdict, replace};
use engine::{Config, Outcome};
use exec::CancelToken;
use flow::Graph;
use store::{Association, KeyState, TaskKind, TaskRecord};

use crate::Case;
use crate::home::{Home, RUNTIME, exec, fileset};

pub(crate) const CASES: &[Case] = &[
    ("a_new_result_takes_the_place_of_the_old_one_under_every_key", replaced),
    ("an_audit_tells_in_order_and_takes_no_more_than_it_can_tell", in_order),
];

fn audit(
    home: &Home,
    tasks: &mut dyn Iterator<Item = Result<TaskRecord, Error>>,
    tell: &mut dyn FnMut(&TaskRecord, &Verdict),
) {
    let audit = Audit {
        store: &home.store,
        executor: &home.executor,
        cancel: &CancelToken::never(),
        runtime: RUNTIME.handle(),
        seed: Digest::of("seed"),
    };
    let told = audit.run(tasks, &mut |task, verdict| {
        tell(task, verdict);
        true
    });
    told.expect("an audit");
}

fn tasks(home: &Home) -> Vec<Result<TaskRecord, Error>> {
    let tasks = home.store.tasks();
    let successes = tasks.successes().expect("a walk");
    successes.map(|step| Ok(tasks.get(&step?.task)?.expect("a row"))).collect()
}

/// A step whose result is another each time, of what another step makes of a file.
fn run(home: &Home, top_down: bool) -> Outcome {
    let mut graph = Graph::default();
    let file = graph.intern("localfile://file", false);
    let steady = exec(&mut graph, "cat %s > %s", vec![file]);
    let root = exec(&mut graph, "cat %s > /dev/null; date +%%s.%%N > %s", vec![steady]);
    let config = Config { top_down, ..home.config() };
    home.run_with(&mut graph, root, config, &mut |_| ())
}

fn replaced() {
    let home = Home::new();
    home.write("file", "content");
    // The one way writes keys that the other looks up.
    assert_eq!((run(&home, true).counts.executed, run(&home, false).counts.cached), (2, 2));
    let moody = tasks(&home).into_iter().map(|task| task.expect("a task")).find(|task| task.command.contains("date"));
    let key = moody.expect("a task").key.expect("a key");
    let keys = home.store.materials().keys(&key).expect("keys");
    assert!(keys.len() >= 3, "{keys:?}");
    // One of its names has come to stand for something else.
    let other = Fileset::of_file(home.store.repository.put_bytes(b"other").expect("a blob"));
    let theirs = Association { keys: vec![keys[1]], fileset: other.clone(), labels: Vec::new() };
    home.store.committer().commit(Vec::new(), vec![theirs], None).expect("durable");

    let mut differing = Vec::new();
    audit(&home, &mut tasks(&home).into_iter(), &mut |_, verdict| match verdict {
        Verdict::Differs { replay, result, .. } => differing.push((replay.clone(), result.clone())),
        Verdict::Same { files: 1 } => {}
        other => panic!("{other:?}"),
    });
    let [(replay, result)] = &differing[..] else { panic!("{differing:?}") };
    let old = replay.recorded.clone().expect("a result");
    assert_eq!(replace(&home.store, replay, result), Ok(keys.len() - 1));
    for (number, key) in keys.iter().enumerate() {
        let KeyState::Usable(found) = home.store.explain(key).expect("readable") else { panic!("{key}") };
        if number == 1 {
            assert_eq!(found.material_digest(), other.material_digest(), "it was somebody else's");
        } else {
            assert_eq!(found.material_digest(), result.material_digest());
            assert_ne!(found.material_digest(), old.material_digest());
            assert_eq!(found.assertions(), old.assertions(), "what it asserts of the file outside");
        }
    }
    assert!(!old.assertions().expect("no conflict").is_empty());
    for top_down in [true, false] {
        let again = run(&home, top_down);
        assert_eq!(again.counts.executed, 0);
        assert_eq!(fileset(&again).material_digest(), result.material_digest());
    }
}

fn in_order() {
    let home = Home::new();
    let mut graph = Graph::default();
    let slow = exec(&mut graph, "sleep 0.5; echo slow > %s", vec![]);
    let quick = exec(&mut graph, "cat %s > %s", vec![slow]);
    assert_eq!(home.run(&mut graph, quick).counts.executed, 2);
    let real: Vec<TaskRecord> = tasks(&home).into_iter().map(|task| task.expect("a task")).collect();
    // More than are in memory at once that cannot be run, then one that takes a while, and more.
    let (taken, told) = (Cell::new(0), Cell::new(0));
    let mut all = (0..3000).map(|number| {
        taken.set(number + 1);
        Ok(match number {
            1500 => real[0].clone(),
            2999 => real[1].clone(),
            _ => TaskRecord::new(Digest::of("x"), Digest::of("run"), TaskKind::Exec, number.to_string()),
        })
    });
    audit(&home, &mut all, &mut |task, verdict| {
        let number = told.replace(told.get() + 1);
        let ahead = taken.get() - number;
        assert!(ahead <= 1024, "{ahead} steps were taken ahead of the one that is told");
        match verdict {
            Verdict::Same { files: 1 } => assert!(number == 1500 || number == 2999, "{number}"),
            Verdict::Skipped(reason) => {
                assert_eq!(task.ident, number.to_string());
                assert!(reason.contains("not recorded"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(told.get(), 3000);
}
