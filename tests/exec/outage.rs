//! Engines that go down while commands run. They are engines of the suite's own: the machine's stays up.

use std::path::Path;
use std::time::Duration;

use base::Kind as Failure;
use exec::{CancelHandle, CancelToken, DockerExecutor, DockerOptions, Endpoint, ExecEvent, Executor as _};
use rustix::process::Signal;

use crate::bed::{Bed, Exec, Kind, RUNTIME, docker_options, text};
use crate::lifecycle::{eventually, token, wake};
use crate::machine::processes_with_argument;
use crate::private_engine::Engine;
use crate::{Case, engine};

const DOCKER: &[Kind] = &[Kind::Docker];

pub(crate) const CASES: &[Case] = &[
    ("the_engine_restarts_and_its_containers_go_on", DOCKER, the_engine_restarts_and_its_containers_go_on),
    ("the_engine_restarts_and_ends_its_containers", DOCKER, the_engine_restarts_and_ends_its_containers),
    ("the_engine_is_killed", DOCKER, the_engine_is_killed),
    ("a_removal_outlives_the_engine", DOCKER, a_removal_outlives_the_engine),
];

fn start(options: &[&'static str]) -> Option<Engine> {
    Engine::start(&engine::fixtures(), engine::GNU, options)
}

fn executor(engine: &Engine, bed: &Bed) -> DockerExecutor {
    let host = engine.host();
    let endpoint = Endpoint::new(Some(&host));
    let options = DockerOptions { endpoint, ..docker_options(bed.state(), bed.repository.clone()) };
    RUNTIME.block_on(DockerExecutor::connect(options)).expect("the engine answers")
}

fn slow(token: &str) -> Exec {
    Exec::new(&format!("echo before; sleep {token} || true; echo after; echo done > %s")).file_output()
}

/// Runs a command, and does something to the engine while it sleeps. The token tells whether the executor has found
/// its engine again.
fn during(
    bed: &Bed,
    engine: &mut Engine,
    number: u32,
    disturb: impl FnOnce(&mut Engine, &str, &CancelToken),
) -> (Exec, Result<exec::ExecReport, base::Error>) {
    let token = token(bed, number);
    let exec = slow(&token);
    let executor = executor(engine, bed);
    let result = std::thread::scope(|scope| {
        let request = exec.request();
        let executor = &executor;
        let (start, started) = CancelHandle::new();
        let (regain, regained) = CancelHandle::new();
        let note = move |event| match event {
            ExecEvent::Started { .. } => start.cancel(),
            ExecEvent::Regained { .. } => regain.cancel(),
            _ => {}
        };
        let running = scope.spawn(move || RUNTIME.block_on(executor.run(&request, &note, &CancelToken::never())));
        // An engine that dies before it has noted the start knows nothing of the command.
        eventually("the command runs", || started.is_canceled() && !processes_with_argument(&token).is_empty());
        disturb(engine, &token, &regained);
        running.join().expect("no panic")
    });
    RUNTIME.block_on(executor.settle());
    (exec, result)
}

fn must_be_whole(bed: &Bed, report: exec::ExecReport) {
    assert_eq!(text(&report.stdout), "before\nafter\n");
    let collected = report.outcome.expect("it succeeds");
    assert_eq!(bed.content(&collected.fileset.list[0]), "done\n");
    assert_eq!(collected.notes, Vec::<String>::new());
}

fn the_engine_restarts_and_its_containers_go_on(bed: &Bed) {
    let Some(mut engine) = start(&["--live-restore"]) else { return };
    let (_, result) = during(bed, &mut engine, 41, |engine, token, _| {
        let container = engine.docker(&["ps", "-q"]);
        let shell = format!("/proc/{}", engine.docker(&["inspect", "-f", "{{.State.Pid}}", &container]));
        assert!(Path::new(&shell).exists(), "{shell}");
        engine.end(Signal::TERM);
        // It ends while nobody watches.
        wake(token);
        eventually("the command is over", || !Path::new(&shell).exists());
        engine.serve();
    });
    let report = result.expect("the machinery holds out");
    assert!(text(&report.stdout).starts_with("before\n"));
    let collected = report.outcome.expect("it succeeds");
    assert_eq!(bed.content(&collected.fileset.list[0]), "done\n");
    // Nobody has taken down what it said last, which is told.
    assert_eq!(collected.notes, ["the logs are not complete: the Docker engine was down when the command ended"]);

    let (_, result) = during(bed, &mut engine, 42, |engine, token, regained| {
        engine.end(Signal::KILL);
        engine.serve();
        // A command that ends before may have said what nobody took down.
        eventually("the executor has found its engine again", || regained.is_canceled());
        wake(token);
    });
    must_be_whole(bed, result.expect("the machinery holds out"));
}

/// The command was ended by the engine: that is not its failure, and the next try succeeds.
fn must_be_tried_again(bed: &Bed, engine: &Engine, exec: &Exec, result: Result<exec::ExecReport, base::Error>) {
    let error = result.expect_err("the command was ended");
    assert_eq!(error.kind(), Failure::Temporary, "{error}");
    let executor = executor(engine, bed);
    let again = Exec { id: exec.id, ..slow("0") };
    let report = RUNTIME.block_on(executor.run(&again.request(), &|_| {}, &CancelToken::never()));
    must_be_whole(bed, report.expect("the machinery works"));
    RUNTIME.block_on(executor.settle());
}

fn the_engine_restarts_and_ends_its_containers(bed: &Bed) {
    let Some(mut engine) = start(&[]) else { return };
    let (exec, result) = during(bed, &mut engine, 43, |engine, _, _| {
        engine.end(Signal::TERM);
        std::thread::sleep(Duration::from_secs(2));
        engine.serve();
    });
    must_be_tried_again(bed, &engine, &exec, result);
}

fn the_engine_is_killed(bed: &Bed) {
    let Some(mut engine) = start(&[]) else { return };
    let (exec, result) = during(bed, &mut engine, 44, |engine, _, _| {
        engine.end(Signal::KILL);
        engine.serve();
    });
    must_be_tried_again(bed, &engine, &exec, result);
}

/// The engine goes down between the end of the command and the removal of its container, which another one does.
fn a_removal_outlives_the_engine(bed: &Bed) {
    let Some(engine) = start(&[]) else { return };
    let executor = executor(&engine, bed);
    let exec = slow("0");
    let engine = std::sync::Mutex::new(engine);
    let note = |event| {
        if matches!(event, ExecEvent::Exited { .. }) {
            engine.lock().expect("a lock").end(Signal::KILL);
        }
    };
    let report = RUNTIME.block_on(executor.run(&exec.request(), &note, &CancelToken::never()));
    must_be_whole(bed, report.expect("the machinery holds out"));
    let mut engine = engine.into_inner().expect("a lock");
    engine.serve();
    RUNTIME.block_on(executor.settle());
    assert_eq!(engine.docker(&["ps", "-aq"]), "");
}
