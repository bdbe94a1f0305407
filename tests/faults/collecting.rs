//! Collections that remove all they may while runs go on: no run fails, and none loses what it has.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bed::ended;
use crate::rounds::rounds;
use crate::workload::{COMMANDS, Workload};

#[test]
fn runs_lose_nothing_to_collections_that_go_on_beside_them() {
    let (rounds, _) = rounds("collections beside runs", 3);
    let workload = Workload::new();
    let over = AtomicBool::new(false);
    let collections = std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                let words = ["collect", "-threshold=0d", "-dry-run=false", "-rate=1000000", "-maxsize=0"];
                let ended = workload.reflow(&words);
                assert_eq!(ended.code, Some(0), "{}", ended.stderr);
                count += 1;
            }
            count
        });
        let runs = || {
            for round in 0..rounds {
                // Two in one universe, which share results, and one beside them.
                let universes = ["shared", "own", "shared"].map(|name| format!("{name}{round}"));
                let start = |universe: &String| {
                    workload.run(universe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
                };
                let children = universes.each_ref().map(start);
                let ends = children.map(|child| ended(child.wait_with_output().unwrap()));
                for (end, universe) in ends.iter().zip(&universes) {
                    assert_eq!(end.code, Some(0), "{}", end.stderr);
                    assert!(!end.stderr.contains("gone"), "{}", end.stderr);
                    let counts = workload.assert_right(universe, end);
                    assert!(counts.executed <= COMMANDS);
                }
            }
        };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(runs));
        over.store(true, Ordering::Relaxed);
        let collections = collector.join().unwrap();
        done.unwrap();
        collections
    });
    println!("{rounds} rounds of three runs beside {collections} collections");
    assert!(collections > 0);
    workload.assert_sound();
}
