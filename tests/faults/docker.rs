//! What befalls containers: their reflow is killed, and somebody else kills or removes them.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bed::ended;
use crate::engine;
use crate::machine::eventually;
use crate::rounds::rounds;
use crate::workload::{COMMANDS, Workload};

/// The workload in containers, each of which takes a moment; `None` without an engine.
fn workload(pause: &str) -> Option<Workload> {
    if !engine::is_ready() {
        return None;
    }
    engine::make_gnu();
    let program = [format!("-image={}", engine::GNU), format!("-pause={pause}")];
    let program: Vec<&str> = program.iter().map(String::as_str).collect();
    Some(Workload::with(&["-executor=docker"], &program, engine::use_real))
}

/// The ids of the containers that run for the workload.
fn running(workload: &Workload) -> Vec<String> {
    let lines = engine::containers_of(&workload.bed);
    lines.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn must_run_something(workload: &Workload) {
    eventually(|| if running(workload).is_empty() { Err("nothing runs".to_owned()) } else { Ok(()) });
}

#[test]
fn rt_127_killed_runs_leave_containers_that_the_next_goes_on_with() {
    let Some(workload) = workload("1") else { return };
    let (rounds, mut random) = rounds("kill -9 with containers", 2);
    let mut adopted = 0;
    for round in 0..rounds {
        let universe = format!("orphans{round}");
        let child = workload.start(&universe);
        must_run_something(&workload);
        std::thread::sleep(Duration::from_secs_f64(random.part() * 3.0));
        kill(child);
        let left = running(&workload).len();
        let again = ended(workload.run(&universe).output().unwrap());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        workload.assert_right(&universe, &again);
        let taken_over = again.stderr.matches("goes on with the container").count();
        println!("round {round}: {left} containers were left, {taken_over} taken over");
        adopted += taken_over;
        assert_eq!(running(&workload), Vec::<String>::new());
        let counts = workload.finish(&universe);
        assert_eq!((counts.executed, counts.cached), (0, COMMANDS));
    }
    assert!(adopted > 0, "no container was taken over");
}

#[test]
fn containers_that_somebody_kills_are_tried_again() {
    let Some(workload) = workload("1") else { return };
    let (rounds, mut random) = rounds("containers killed and removed", 2);
    for round in 0..rounds {
        let universe = format!("killed{round}");
        let child = workload.run(&universe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        must_run_something(&workload);
        let victims = running(&workload);
        let victim = &victims[usize::try_from(random.below(victims.len() as u64)).unwrap()];
        let way = [&["kill"][..], &["stop", "-t", "0"], &["rm", "-f"]][usize::try_from(random.below(3)).unwrap()];
        // It may have ended by itself meanwhile.
        let _ = Command::new("docker").args(way).arg(victim).output().unwrap();
        let through = ended(child.wait_with_output().unwrap());
        assert_eq!(through.code, Some(0), "docker {way:?}: {}", through.stderr);
        workload.assert_right(&universe, &through);
        assert_eq!(running(&workload), Vec::<String>::new());
    }
}
