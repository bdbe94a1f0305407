//! Interrupts: the run stops, says so, and leaves nothing running.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bed::{Bed, Ended, ended};
use crate::machine::{self, eventually, processes_of};
use crate::{engine, history};

/// A step that is quick, one that takes longer than any test, and one that waits for it.
const PROGRAM: &str = r#"
param image = "tools"
val Quick = exec(image, mem := 1*MiB) (out file) {" echo quick > {{out}} "}
val Slow = exec(image, mem := 1*MiB) (out file) {" cat {{Quick}} > {{out}}; sleep 86399 "}
val Main = exec(image, mem := 1*MiB) (out file) {" cat {{Slow}} > {{out}} "}
"#;

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The end of an interrupted run, which must not take long.
fn end(child: Child) -> Ended {
    let start = Instant::now();
    let ended = ended(child.wait_with_output().unwrap());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}: {}", start.elapsed(), ended.stderr);
    ended
}

/// Waits until the slow command runs.
fn wait_for_sleep(bed: &Bed) {
    eventually(|| match processes_of(bed).iter().any(|process| process.contains("sleep 86399")) {
        true => Ok(()),
        false => Err(format!("no sleep among {:?}", processes_of(bed))),
    });
}

fn assert_interrupted(ended: &Ended) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    let notices = ended.stderr.lines().filter(|line| line.starts_with("reflow: interrupted")).count();
    assert_eq!(notices, 1, "{}", ended.stderr);
}

/// CLI-71
#[test]
fn an_interrupted_run_stops_what_runs_and_keeps_what_is_done() {
    for kind in [Signal::INT, Signal::TERM] {
        let bed = Bed::new();
        bed.write("main.rf", PROGRAM);
        let child = start(bed.reflow(&["run", "-executor=process", "main.rf"]));
        wait_for_sleep(&bed);
        signal(&child, kind);
        let ended = end(child);
        assert_interrupted(&ended);
        assert!(ended.stderr.contains("run again"), "{}", ended.stderr);
        machine::assert_nothing_runs(&bed);
        assert_eq!(history::executed(&bed), ["main.Quick"]);
        assert!(bed.succeed(&["check-store"]).ends_with(": 0 bad\n"));
    }
}

/// CLI-71
#[test]
fn a_run_that_was_interrupted_at_its_first_step_had_one() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM.replace("cat {{Quick}} > {{out}}; ", ""));
    let child = start(bed.reflow(&["run", "-executor=process", "main.rf"]));
    wait_for_sleep(&bed);
    signal(&child, Signal::INT);
    assert_interrupted(&end(child));
    let said = bed.succeed(&["why", "last"]);
    assert!(said.ends_with(" of main.rf: it was stopped before an exec of it came to an end\n"), "{said}");
}

/// CLI-71
#[test]
fn a_second_interrupt_leaves_at_once() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let child = start(bed.reflow(&["run", "-executor=process", "main.rf"]));
    wait_for_sleep(&bed);
    signal(&child, Signal::INT);
    // The first one may be enough already.
    std::thread::sleep(Duration::from_millis(5));
    let _ = kill_process(Pid::from_child(&child), Signal::INT);
    let ended = end(child);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    machine::assert_nothing_runs(&bed);
}

/// CLI-71
#[test]
fn an_interrupted_run_leaves_no_container() {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let mut command = bed.reflow(&["run", "-executor=docker", "main.rf", "-image", engine::GNU]);
    engine::use_real(&mut command);
    let child = start(command);
    eventually(|| match bed.state().join("logs").is_dir() && !engine::containers_of(&bed).is_empty() {
        true => Ok(()),
        false => Err("no container runs".to_owned()),
    });
    signal(&child, Signal::INT);
    assert_interrupted(&end(child));
    eventually(|| match engine::containers_of(&bed).as_slice() {
        [] => Ok(()),
        left => Err(format!("still running: {left:?}")),
    });
}
