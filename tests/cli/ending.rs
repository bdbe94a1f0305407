//! What is known of a run when it has ended, and while it goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OpenFlags};

use crate::bed::Bed;
use crate::watching::{PROGRAM, soon, start};

/// Steps that are over as soon as they begin, one of which fails.
const QUICK: &str = r#"
param n = 0
val Good = exec(image := "tools", mem := 1*MiB) (out file) {" echo {{n}} > {{out}} "}
val Bad = exec(image := "tools", mem := 1*MiB) (out file) {" test {{n}} = none "}
val Main = [Good, Bad]
"#;

#[test]
fn a_run_that_has_ended_leaves_nothing_to_be_written() {
    const RUNS: i64 = 12;
    let bed = Bed::new();
    bed.write("main.rf", QUICK);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Something else to do for the processors, so that threads wait for each other.
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let runs = || {
            for number in 0..RUNS {
                let parameter = format!("-n={number}");
                assert_eq!(bed.run(&["run", "-executor=process", "main.rf", &parameter]).code, Some(11));
                let path = bed.state().join("reflow.db");
                let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
                let count = |sql: &str| database.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
                assert_eq!(count("SELECT count(*) FROM run_steps"), 2 * (number + 1));
                assert_eq!(count("SELECT count(*) FROM tasks WHERE end_time IS NOT NULL"), 2 * (number + 1));
                assert_eq!(count("SELECT count(*) FROM runs WHERE phase = 'done'"), number + 1);
            }
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(runs));
        over.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
}

#[test]
fn steps_of_a_run_that_goes_on_are_explained_soon() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let going = start(bed.reflow(&["run", "-executor=process", "main.rf"]));
    soon(|| bed.reflow(&["ps"]), |said| said.contains("main.Slow"));
    let said = soon(|| bed.reflow(&["why", "last"]), |said| said.contains("main.Quick"));
    assert!(said.contains("1 executed") && !said.contains("main.Slow"), "{said}");
    let exec = soon(|| bed.reflow(&["list", "-a"]), |said| said.contains("running"));
    let name = exec.lines().find(|line| line.contains("main.Slow")).unwrap().split_whitespace().last().unwrap();
    let described = bed.succeed(&["info", name]);
    assert!(described.contains("\n    time: ") && described.contains("\n    elapsed: "), "{described}");
    going.interrupt();
}

#[test]
fn steps_are_explained_by_those_before_them_although_the_clock_went_back() {
    let bed = Bed::new();
    let good = QUICK.replace("[Good, Bad]", "Good");
    bed.write("main.rf", &good);
    let run = |words: &[&str]| bed.run_json(&[&["main.rf"], words].concat());
    run(&["-n=1"]);
    let database = Connection::open(bed.state().join("reflow.db")).unwrap();
    // As if all that was done when the clock stood years ahead.
    for (table, column) in [("runs", "start_time"), ("runs", "end_time"), ("tasks", "begin_time")] {
        let changed = format!("UPDATE {table} SET {column} = '2999' || substr({column}, 5)");
        assert_eq!(database.execute(&changed, ()).unwrap(), 1);
    }
    database.execute("UPDATE tasks SET start_time = begin_time, end_time = begin_time", ()).unwrap();
    assert_eq!(run(&["-n=1"]).cached, 1);
    let said = bed.succeed(&["why", "last", "main.Good"]);
    assert!(said.contains("made by run "), "{said}");
    assert_eq!(run(&["-n=2"]).executed, 1);
    let said = bed.succeed(&["why", "last"]);
    assert!(said.contains("main.Good: command\n"), "{said}");
}
