//! The Docker engine restarts or is killed while a run is under way. It is one of the test's own.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::bed::{ended, repository};
use crate::engine;
use crate::machine::eventually;
use crate::private_engine::Engine;
use crate::rounds::rounds;
use crate::workload::{COMMANDS, Workload};

/// What is done to the server, and options of it that decide about its containers.
type Fault = (Signal, &'static [&'static str]);

#[test]
fn the_engine_restarts_while_commands_run() {
    survive("Docker daemon restart", [(Signal::TERM, &[]), (Signal::TERM, &["--live-restore"])]);
}

#[test]
fn the_engine_is_killed_while_commands_run() {
    survive("Docker daemon killed", [(Signal::KILL, &[]), (Signal::KILL, &["--live-restore"])]);
}

/// One run that is disturbed a round: it comes to the end of an undisturbed one by itself.
fn survive(name: &str, faults: [Fault; 2]) {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    let scripts = repository().join("tests/fixtures/images");
    let Some(mut engine) = Engine::start(&scripts, engine::GNU, faults[0].1) else { return };
    let host = engine.host();
    let program = [&format!("-image={}", engine::GNU)[..], "-pause=1.5"];
    let prepare = move |command: &mut std::process::Command| {
        command.env("DOCKER_HOST", &host);
    };
    let workload = Workload::with(&["-executor=docker"], &program, prepare);
    let (rounds, mut random) = rounds(name, 1);
    let mut disturbed = 0;
    for (round, (signal, options)) in (0..rounds).zip(faults.into_iter().cycle()) {
        if engine.options != options {
            engine.end(Signal::TERM);
            engine.options = options.to_vec();
            engine.serve();
        }
        let universe = format!("outage{round}");
        let mut child = workload.run(&universe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually(|| match engine.docker(&["ps", "-q"]).is_empty() {
            true => Err("nothing runs".to_owned()),
            false => Ok(()),
        });
        std::thread::sleep(workload.length.mul_f64(random.part() * 0.6));
        let was_running = child.try_wait().unwrap().is_none();
        engine.end(signal);
        let pause = Duration::from_secs_f64(random.part() * 0.5);
        std::thread::sleep(pause);
        engine.serve();
        let through = ended(child.wait_with_output().unwrap());
        assert_eq!(through.code, Some(0), "{options:?}, down for {pause:.2?}: {}", through.stderr);
        workload.assert_right(&universe, &through);
        let tried_again = through.stderr.matches("retryTask").count();
        println!("round {round}: {options:?}, down for {pause:.2?}: {tried_again} tried again");
        let left = engine.docker(&["ps", "-a"]);
        assert_eq!(left.lines().count(), 1, "{options:?}, down for {pause:.2?}: {left}\n{}", through.stderr);
        let counts = workload.finish(&universe);
        assert_eq!((counts.executed, counts.cached), (0, COMMANDS));
        disturbed += u64::from(was_running);
    }
    assert!(disturbed > 0, "no run was disturbed in time");
    // With it goes what it has left of containers that it was about to start when it was killed.
    drop(engine);
    workload.assert_whole();
}
