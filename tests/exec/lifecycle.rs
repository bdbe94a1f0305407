//! Commands that are stopped, executors that are killed, and what is found afterwards.

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Digest, Error, Kind as Failure};
use exec::{CancelHandle, CancelToken, ExecEvent, ExecId, ExecReport, Executor};
use rustix::process::{Pid, Signal};

use crate::bed::{self, Bed, Exec, Kind, RUNTIME};
use crate::machine::processes_with_argument;
use crate::{ALL, Case, engine};

pub(crate) const CASES: &[Case] = &[
    ("canceled", ALL, canceled),
    ("canceled_before_it_starts", ALL, canceled_before_it_starts),
    ("canceled_but_stubborn", ALL, canceled_but_stubborn),
    ("given_up_without_asking", ALL, given_up_without_asking),
    ("rt_125_the_same_exec_again", ALL, the_same_exec_again),
    ("rt_125_the_same_exec_twice_at_once", ALL, the_same_exec_twice_at_once),
    ("started_anew_after_a_kill", ALL, started_anew_after_a_kill),
    ("rt_131_leftovers_are_removed", ALL, leftovers_are_removed),
    ("a_launcher_that_is_killed", &[Kind::Process, Kind::Shared], a_launcher_that_is_killed),
    ("a_minder_that_is_killed_meanwhile", &[Kind::Process, Kind::Shared], a_minder_that_is_killed_meanwhile),
    ("a_minder_that_is_killed_at_work", &[Kind::Process, Kind::Shared], a_minder_that_is_killed_at_work),
    ("canceled_at_a_stopped_minder", &[Kind::Process, Kind::Shared], canceled_at_a_stopped_minder),
    ("a_minder_that_is_stopped", &[Kind::Process, Kind::Shared], a_minder_that_is_stopped),
    ("a_foreign_container_of_that_name", &[Kind::Docker], a_foreign_container_of_that_name),
    ("without_namespaces", &[Kind::Process], without_namespaces),
];

/// A number of seconds that no other command sleeps.
pub(crate) fn token(bed: &Bed, number: u32) -> String {
    format!("{}.{number}{}", 200_000 + std::process::id(), bed.kind as u8)
}

/// Waits until `done`, for as long as a machine with a lot to do may take.
pub(crate) fn eventually(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "still not: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Has a command that sleeps for `token` go on, once it has come to that; by a signal that its shell says nothing
/// about.
pub(crate) fn wake(token: &str) {
    wake_within("", token);
}

/// The same for the command in the container of this id alone: an older one may sleep for the same token still.
pub(crate) fn wake_within(container: &str, token: &str) {
    let of = |pid: &u32, what: &str| std::fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let sleeping = || {
        let mut processes = processes_with_argument(token);
        processes.retain(|pid| of(pid, "comm") == "sleep\n" && of(pid, "cgroup").contains(container));
        processes
    };
    eventually("it sleeps", || !sleeping().is_empty());
    for pid in sleeping() {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, Signal::PIPE).expect("it sleeps");
    }
}

/// Runs a command, asks it to stop once it has come to `sleep token`, and gives the time from then to its end.
fn cancel_when_asleep(bed: &Bed, exec: &Exec, token: &str) -> Duration {
    let (handle, cancel) = CancelHandle::new();
    let asked = std::sync::Mutex::new(None);
    let note = |event| {
        if matches!(event, ExecEvent::Started { .. }) {
            eventually("it sleeps", || !processes_with_argument(token).is_empty());
            *asked.lock().unwrap() = Some(Instant::now());
            handle.cancel();
        }
    };
    let error = RUNTIME.block_on(bed.executor.run(&exec.request(), &note, &cancel)).unwrap_err();
    assert_eq!(error.kind(), Failure::Canceled, "{error}");
    asked.into_inner().unwrap().expect("it started").elapsed()
}

fn canceled(bed: &Bed) {
    let token = token(bed, 1);
    let exec = Exec::new(&format!("sleep {token} & sleep {token}; sleep {token}"));
    let took = cancel_when_asleep(bed, &exec, &token);
    assert!(took < Duration::from_millis(1500), "{took:?}");
    assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
}

fn canceled_before_it_starts(bed: &Bed) {
    let (handle, token) = CancelHandle::new();
    handle.cancel();
    let result = RUNTIME.block_on(bed.executor.run(&Exec::new("true").request(), &|_| {}, &token));
    assert_eq!(result.unwrap_err().kind(), Failure::Canceled);
}

fn canceled_but_stubborn(bed: &Bed) {
    let token = token(bed, 2);
    let command = format!("trap '' TERM INT HUP; while true; do setsid sleep {token} || true; done");
    let took = cancel_when_asleep(bed, &Exec::new(&command), &token);
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
}

fn given_up_without_asking(bed: &Bed) {
    let token = token(bed, 3);
    let exec = Exec::new(&format!("sleep {token}"));
    let run = async {
        let (request, never) = (exec.request(), CancelToken::never());
        let run = bed.executor.run(&request, &|_| {}, &never);
        tokio::time::timeout(Duration::from_millis(1500), run).await.is_err()
    };
    assert!(RUNTIME.block_on(run), "it ended by itself");
    eventually("the command is gone", || processes_with_argument(&token).is_empty());
    if bed.kind == Kind::Docker {
        let hex = exec.id.hex();
        let filter = format!("label=reflow-id={hex}");
        eventually("the container is gone", || engine::docker(&["ps", "-aq", "--filter", &filter]).is_empty());
    }
    // What is left of the scratch folder is no hindrance, and goes with the next run.
    bed.collect(&Exec { id: exec.id, ..Exec::new("true") });
}

fn the_same_exec_again(bed: &Bed) {
    let exec = Exec::new("echo one; exit 1");
    assert!(bed.run(&exec).outcome.is_err());
    let again = Exec { id: exec.id, ..Exec::new("ls -A /tmp /return > %s; echo two >&2").file_output() };
    let report = bed.run(&again);
    assert_eq!(bed.content(&report.outcome.unwrap().fileset.list[0]), "/return:\n0\n\n/tmp:\n");
    // The logs are of the last run alone.
    assert_eq!((report.stdout.size, bed::text(&report.stderr).as_str()), (0, "two\n"));
}

fn the_same_exec_twice_at_once(bed: &Bed) {
    let token = token(bed, 8);
    let exec = Exec::new(&format!("sleep {token} || true; echo x > %s")).file_output();
    let (handle, started) = CancelHandle::new();
    let first = async {
        let note = |event| {
            if matches!(event, ExecEvent::Started { .. }) {
                handle.cancel();
            }
        };
        bed.executor.run(&exec.request(), &note, &CancelToken::never()).await
    };
    let second = async {
        started.canceled().await;
        let second = bed.executor.run(&exec.request(), &|_| {}, &CancelToken::never()).await;
        wake(&token);
        second
    };
    let (first, second) = RUNTIME.block_on(async { tokio::join!(first, second) });
    assert!(first.unwrap().outcome.is_ok());
    assert_eq!(second.unwrap_err().kind(), Failure::Precondition);
}

/// The argument that makes this program run one command in order to be killed at it.
const VICTIM: &str = "(run until killed)";

/// Acts as the victim if this process was started as one.
pub(crate) fn run_as_victim() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, marker, kind, state, id, memory, command] = &arguments[..] else { return None };
    if marker != VICTIM {
        return None;
    }
    let id = ExecId::new(Digest::parse(id).expect("a digest"));
    let exec = Exec { id, ..Exec::new(command) }.resources(0.0, memory.parse().expect("a number"));
    let exec = match command {
        _ if command.contains("cd %s") => exec.folder_output(),
        _ if command.contains("%s") => exec.file_output(),
        _ => exec,
    };
    let request = exec.request();
    let run = async {
        let executor: Arc<dyn Executor> = match kind.as_str() {
            "docker" => Arc::new(bed::open_docker(Path::new(state)).await?),
            _ => Arc::new(bed::open_process(Path::new(state)).await?),
        };
        executor.run(&request, &|_| {}, &CancelToken::never()).await
    };
    let _ = RUNTIME.block_on(run);
    Some(ExitCode::SUCCESS)
}

/// Starts another process with the same state folder that runs `sleep token`, and kills it at that.
fn kill_at_work(bed: &Bed, id: ExecId, token: &str) {
    let exec = Exec::new(&format!("echo left > /tmp/left; echo old; sleep {token}; true"));
    kill_at(bed, &Exec { id, ..exec }, token);
}

/// Has another process run the command, and kills it when the command has come to `sleep token`.
pub(crate) fn kill_at(bed: &Bed, exec: &Exec, token: &str) {
    kill_when(bed, exec, "the command runs", || !processes_with_argument(token).is_empty());
}

/// Starts another process with the same state folder that runs the command, with the exec's memory and with an
/// output folder if the command goes there, or an output file if it has one, and kills it when it is time.
pub(crate) fn kill_when(bed: &Bed, exec: &Exec, what: &str, is_time: impl Fn() -> bool) {
    let mut victim: Child = Command::new(std::env::current_exe().unwrap())
        .args([VICTIM, bed.kind.name(), bed.state().to_str().unwrap(), &exec.id.hex()])
        .args([&exec.config.resources.get("mem").to_string(), &exec.config.command])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    eventually(what, is_time);
    victim.kill().unwrap();
    victim.wait().unwrap();
}

fn started_anew_after_a_kill(bed: &Bed) {
    let (token, exec) = (token(bed, 4), Exec::new("ls -A /tmp > %s; echo new").file_output());
    kill_at_work(bed, exec.id, &token);
    assert!(bed.execs().join(exec.id.hex()).join("tmp/left").exists());
    if bed.kind != Kind::Docker {
        // Nothing outlives a killed reflow; containers do, until their exec is met again. This is another
        // command: the container is not gone on with.
        eventually("the command is gone", || processes_with_argument(&token).is_empty());
        eventually("the launcher is gone", || launchers_of(bed).is_empty());
    }
    let report = bed.run(&exec);
    assert_eq!(bed.content(&report.outcome.unwrap().fileset.list[0]), "");
    assert_eq!(bed::text(&report.stdout), "new\n");
    assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
}

/// Launchers that hold a log file of this bed open.
fn launchers_of(bed: &Bed) -> Vec<u32> {
    let of_bed = |pid: &u32| {
        let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|target| target.starts_with(bed.state()))
    };
    processes_with_argument(exec::launcher::MARKER).into_iter().filter(of_bed).collect()
}

fn leftovers_are_removed(bed: &Bed) {
    let (token, id) = (token(bed, 5), Exec::new("").id);
    kill_at_work(bed, id, &token);
    match &bed.docker {
        None => {
            eventually("the command is gone", || processes_with_argument(&token).is_empty());
            let executor = RUNTIME.block_on(bed::open_process(bed.state())).unwrap();
            RUNTIME.block_on(executor.remove_leftovers()).unwrap();
        }
        Some(executor) => {
            let left = format!("label=reflow-id={}", id.hex());
            // An exec at work is no leftover.
            let working = self::token(bed, 9);
            let at_work = Exec::new(&format!("sleep {working} || true; echo x > %s")).file_output();
            std::thread::scope(|scope| {
                let work = scope.spawn(|| bed.collect(&at_work));
                let container = format!("label=reflow-id={}", at_work.id.hex());
                eventually("it is at work", || !engine::docker(&["ps", "-q", "--filter", &container]).is_empty());
                // What was killed itself is of no use to anybody.
                engine::docker(&["kill", &engine::docker(&["ps", "-q", "--filter", &left])]);
                assert_eq!(RUNTIME.block_on(executor.remove_leftovers()).unwrap().removed, [id]);
                wake(&working);
                assert_eq!(bed.content(&work.join().unwrap().fileset.list[0]), "x\n");
            });
            assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
        }
    }
    assert!(!bed.execs().join(id.hex()).exists());
}

/// One launcher serves all commands: its end must cost those at work only.
fn a_launcher_that_is_killed(bed: &Bed) {
    let token = token(bed, 7);
    let killed = std::sync::Mutex::new(false);
    let note = |event| {
        if let ExecEvent::Started { pid: Some(minder), .. } = event {
            let status = std::fs::read_to_string(format!("/proc/{minder}/status")).unwrap();
            let launcher = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
            let done = Command::new("/bin/kill").args(["-KILL", &launcher]).status().unwrap();
            *killed.lock().unwrap() = done.success();
        }
    };
    let exec = Exec::new(&format!("sleep {token}"));
    let error = RUNTIME.block_on(bed.executor.run(&exec.request(), &note, &CancelToken::never())).unwrap_err();
    assert!(killed.into_inner().unwrap());
    assert_eq!(error.kind(), Failure::Temporary, "{error}");
    eventually("the command is gone", || processes_with_argument(&token).is_empty());
    for _ in 0..2 {
        assert_eq!(bed.print("echo x > %s"), "x\n");
    }
}

fn a_minder_that_is_killed_meanwhile(bed: &Bed) {
    for round in 0..3 {
        let (events, _) = bed.events(&Exec::new(&format!("echo {round}")));
        let minder = events.iter().find_map(|event| match event {
            ExecEvent::Started { pid, .. } => *pid,
            _ => None,
        });
        let minder = minder.unwrap().to_string();
        assert!(Command::new("/bin/kill").args(["-KILL", &minder]).status().unwrap().success());
        eventually("it is gone", || !std::path::Path::new("/proc").join(&minder).exists());
        assert_eq!(bed.print("echo x > %s"), "x\n");
    }
}

/// Runs a command, and sends a signal to its minder when it has come to `sleep token`.
async fn signal_minder(executor: &dyn Executor, exec: &Exec, token: &str, signal: Signal) -> Result<ExecReport, Error> {
    let note = |event| {
        if let ExecEvent::Started { pid: Some(minder), .. } = event {
            eventually("it sleeps", || !processes_with_argument(token).is_empty());
            let minder = i32::try_from(minder).ok().and_then(Pid::from_raw).expect("a pid");
            rustix::process::kill_process(minder, signal).expect("it is there");
        }
    };
    executor.run(&exec.request(), &note, &CancelToken::never()).await
}

/// Nothing of the command outlives it, also without a process namespace.
fn a_minder_that_is_killed_at_work(bed: &Bed) {
    let token = token(bed, 10);
    let exec = Exec::new(&format!("(setsid sleep {token} &); sleep {token}; true"));
    let run = signal_minder(&*bed.executor, &exec, &token, Signal::KILL);
    assert_eq!(RUNTIME.block_on(run).unwrap_err().kind(), Failure::Temporary);
    eventually("the command is gone", || processes_with_argument(&token).is_empty());
    assert_eq!(bed.print("echo x > %s"), "x\n");
}

/// It keeps the command from being stopped for a moment only.
fn canceled_at_a_stopped_minder(bed: &Bed) {
    let token = token(bed, 12);
    let (handle, cancel) = CancelHandle::new();
    let exec = Exec::new(&format!("(setsid sleep {token} &); sleep {token}"));
    let note = |event| {
        if let ExecEvent::Started { pid: Some(minder), .. } = event {
            eventually("it sleeps", || processes_with_argument(&token).len() > 1);
            assert!(Command::new("/bin/kill").args(["-STOP", &minder.to_string()]).status().unwrap().success());
            handle.cancel();
        }
    };
    let error = RUNTIME.block_on(bed.executor.run(&exec.request(), &note, &cancel)).unwrap_err();
    assert_eq!(error.kind(), Failure::Canceled, "{error}");
    eventually("the command is gone", || processes_with_argument(&token).is_empty());
    assert_eq!(bed.print("echo x > %s"), "x\n");
}

/// It does not keep reflow from ending.
fn a_minder_that_is_stopped(bed: &Bed) {
    let token = token(bed, 11);
    let exec = Exec::new(&format!("sleep {token}"));
    let executor = RUNTIME.block_on(bed::open_process(bed.state())).unwrap();
    let run = signal_minder(&executor, &exec, &token, Signal::STOP);
    let run = async { tokio::time::timeout(Duration::from_secs(1), run).await.is_err() };
    assert!(RUNTIME.block_on(run), "it ended by itself");
    drop(executor);
    assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
    bed.collect(&Exec { id: exec.id, ..Exec::new("true") });
}

fn a_foreign_container_of_that_name(bed: &Bed) {
    let exec = Exec::new("true");
    let (events, _) = bed.events(&exec);
    let Some(ExecEvent::Started { container: Some(name), .. }) = events.get(1) else { panic!("{events:?}") };
    RUNTIME.block_on(bed.executor.settle());
    engine::docker(&["create", "--name", name, engine::GNU]);
    let result = bed.try_run(&exec);
    engine::docker(&["rm", name]);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Failure::Precondition);
    assert!(error.message().contains(name), "{error}");
}

/// On a machine whose kernel permits no namespaces.
fn without_namespaces(bed: &Bed) {
    if !bed::may_confine() {
        return;
    }
    bed::confine(bed.state(), "mnt");
    let executor = RUNTIME.block_on(bed::open_process(bed.state())).unwrap();
    let notice = executor.notice().expect("a notice");
    assert!(notice.contains("without isolation") && !notice.contains('\n'), "{notice}");
    assert!(executor.salt().is_some() && executor.salt() != bed.executor.salt());

    let run = |exec: &Exec| {
        let report = RUNTIME.block_on(executor.run(&exec.request(), &|_| {}, &CancelToken::never())).unwrap();
        (report.outcome.map(|collected| collected.fileset), bed::text(&report.stderr))
    };
    let exec = Exec::new("cd %s; cat a b/c > %s; ln -s %s %s/link; echo $tmp $HOME; touch left; pwd -P > %s/pwd")
        .input(bed.folder(&[("a", "1"), ("b/c", "2")]))
        .file_output()
        .again(0)
        .folder_output()
        .again(1);
    let (fileset, stderr) = run(&exec);
    let list = fileset.unwrap_or_else(|failure| panic!("{failure}: {stderr}")).list;
    assert_eq!(bed.content(&list[0]), "12");
    assert_eq!(bed.contents(&list[1])["link"], "12");
    // Here only copies keep a command from the repository's own bytes.
    let file = bed.file("intact");
    let _ = run(&Exec::new("chmod 666 %s || true; echo x >> %s").input(file.clone()).input(file.clone()));
    assert_eq!(bed.content(&file), "intact");
    let (fileset, _) = run(&Exec::new("exit 75"));
    assert_eq!(fileset.unwrap_err().kind(), Failure::Temporary);
    let token = token(bed, 6);
    let (fileset, _) = run(&Exec::new(&format!("sleep {token} & (setsid sleep {token} &); echo x > %s")).file_output());
    assert!(fileset.is_ok());
    assert_eq!(processes_with_argument(&token), Vec::<u32>::new());
}
