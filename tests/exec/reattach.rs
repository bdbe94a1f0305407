//! Containers whose reflow was killed: the next run of the same exec goes on with them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};
use std::time::SystemTime;

use base::profile::{Profile, TMP};
use exec::{CancelToken, ExecEvent, ExecReport, Kept};

use crate::bed::{Bed, Exec, Kind, RUNTIME, text};
use crate::lifecycle::{eventually, kill_at, kill_when, token, wake_within};
use crate::machine::processes_with_argument;
use crate::{Case, engine};

const DOCKER: &[Kind] = &[Kind::Docker];

pub(crate) const CASES: &[Case] = &[
    ("rt_127_a_container_that_works", DOCKER, a_container_that_works),
    ("rt_127_a_container_that_has_succeeded", DOCKER, a_container_that_has_succeeded),
    ("rt_127_outputs_that_were_collected_in_part", DOCKER, outputs_that_were_collected_in_part),
    ("rt_127_a_container_that_was_killed", DOCKER, a_container_that_was_killed),
    ("rt_127_a_container_that_is_gone", DOCKER, a_container_that_is_gone),
    ("rt_127_a_manifest_that_does_not_fit", DOCKER, a_manifest_that_does_not_fit),
    ("the_profile_goes_on", DOCKER, the_profile_goes_on),
    ("more_memory_than_it_has", DOCKER, more_memory_than_it_has),
    ("killed_by_hand", DOCKER, killed_by_hand),
    ("removed_by_hand", DOCKER, removed_by_hand),
];

/// A command that says something, sleeps, says something more and leaves a result.
fn exec_of(token: &str, rest: &str) -> Exec {
    Exec::new(&format!("echo before; echo warning >&2; sleep {token} || true; {rest}echo after; echo done > %s"))
        .file_output()
}

/// The id of the exec's container.
fn container(exec: &Exec) -> String {
    engine::docker(&["ps", "-aq", "--no-trunc", "--filter", &format!("label=reflow-id={}", exec.id.hex())])
}

/// Has a reflow start the command and kills it when that sleeps. Gives the container.
fn orphan(bed: &Bed, exec: &Exec, token: &str) -> String {
    kill_at(bed, exec, token);
    container(exec)
}

fn is_over(container: &str) -> bool {
    engine::docker(&["inspect", "-f", "{{.State.Running}}", container]) == "false"
}

fn told(events: &[ExecEvent]) -> Vec<&'static str> {
    let name = |event: &ExecEvent| match event {
        ExecEvent::Staged => "staged",
        ExecEvent::Adopted { .. } => "adopted",
        ExecEvent::Started { .. } => "started",
        ExecEvent::Exited { .. } => "exited",
        _ => "other",
    };
    events.iter().map(name).collect()
}

const ADOPTED: [&str; 3] = ["adopted", "started", "exited"];
const ANEW: [&str; 3] = ["staged", "started", "exited"];

/// What the command leaves whole.
fn must_be_whole(bed: &Bed, report: ExecReport) {
    assert_eq!(text(&report.stdout), "before\nafter\n");
    assert_eq!(text(&report.stderr), "warning\n");
    let collected = report.outcome.unwrap();
    assert_eq!(collected.notes, Vec::<String>::new());
    assert_eq!(bed.content(&collected.fileset.list[0]), "done\n");
}

fn a_container_that_works(bed: &Bed) {
    let token = token(bed, 21);
    let exec = exec_of(&token, "");
    let before = SystemTime::now();
    let orphan = orphan(bed, &exec, &token);
    let leftovers = RUNTIME.block_on(bed.executor.remove_leftovers()).unwrap();
    assert!(leftovers.removed.is_empty(), "{leftovers:?}");
    let [Kept { id, ident, is_running: true, container }] = &leftovers.kept[..] else { panic!("{leftovers:?}") };
    assert_eq!((*id, ident.as_str()), (exec.id, "test"));
    assert_eq!(engine::docker(&["inspect", "-f", "{{.Id}}", container]), orphan);

    let events = Mutex::new(Vec::new());
    let note = |event| {
        if matches!(event, ExecEvent::Started { .. }) {
            wake_within(&orphan, &token);
        }
        events.lock().unwrap().push(event);
    };
    let report = RUNTIME.block_on(bed.executor.run(&exec.request(), &note, &CancelToken::never())).unwrap();
    let events = events.into_inner().unwrap();
    assert_eq!(told(&events), ADOPTED);
    let ExecEvent::Adopted { since } = events[0] else { unreachable!() };
    assert!(before <= since && since == report.started && report.started < report.ended, "{report:?}");
    must_be_whole(bed, report);
    no_container_stays(bed, &exec);
}

fn no_container_stays(bed: &Bed, exec: &Exec) {
    RUNTIME.block_on(bed.executor.settle());
    assert_eq!(container(exec), "");
}

fn a_container_that_has_succeeded(bed: &Bed) {
    let token = token(bed, 22);
    let exec = exec_of(&token, "");
    let orphan = orphan(bed, &exec, &token);
    wake_within(&orphan, &token);
    eventually("the container is over", || is_over(&orphan));
    let leftovers = RUNTIME.block_on(bed.executor.remove_leftovers()).unwrap();
    assert!(leftovers.kept.iter().any(|kept| kept.id == exec.id && !kept.is_running), "{leftovers:?}");
    let (events, report) = bed.events(&exec);
    assert_eq!(told(&events), ADOPTED);
    must_be_whole(bed, report);
    no_container_stays(bed, &exec);
}

fn outputs_that_were_collected_in_part(bed: &Bed) {
    const FILES: usize = 1_500;
    let exec = Exec::new(&format!("cd %s; for i in {{1..{FILES}}}; do echo $i > $i; done")).folder_output();
    let output = bed.execs().join(exec.id.hex()).join("return/0");
    let count = || std::fs::read_dir(&output).map_or(0, Iterator::count);
    let whole = AtomicBool::new(false);
    kill_when(bed, &exec, "outputs are moved out", || {
        let count = count();
        whole.fetch_or(count == FILES, Ordering::Relaxed);
        whole.load(Ordering::Relaxed) && count < FILES
    });
    assert!((1..FILES).contains(&count()), "{} files are left", count());
    // What is missing now looks as if the command had never made it: nobody may go on with that.
    assert!(!bed.execs().join(exec.id.hex()).join("manifest.json").exists());
    let (events, report) = bed.events(&exec);
    assert!(!told(&events).contains(&"adopted"), "{events:?}");
    assert_eq!(report.outcome.unwrap().fileset.list[0].map.len(), FILES);
    no_container_stays(bed, &exec);
}

fn a_container_that_was_killed(bed: &Bed) {
    let token = token(bed, 23);
    let exec = exec_of(&token, "");
    let orphan = orphan(bed, &exec, &token);
    engine::docker(&["kill", &orphan]);
    let leftovers = RUNTIME.block_on(bed.executor.remove_leftovers()).unwrap();
    assert_eq!((leftovers.removed, leftovers.kept), (vec![exec.id], Vec::new()));
    no_container_stays(bed, &exec);
    assert!(!bed.execs().join(exec.id.hex()).exists());
}

fn a_container_that_is_gone(bed: &Bed) {
    let token = token(bed, 24);
    let exec = exec_of(&token, "");
    let orphan = orphan(bed, &exec, &token);
    engine::docker(&["rm", "-f", &orphan]);
    let awake = Exec { id: exec.id, ..exec_of("0", "") };
    let (events, report) = bed.events(&awake);
    assert_eq!(told(&events), ANEW);
    must_be_whole(bed, report);
}

fn a_manifest_that_does_not_fit(bed: &Bed) {
    let damages: [fn(&str) -> String; 4] = [
        |text| text[..text.len() / 2].to_owned(),
        |text| text.replace("\"boot\":\"", "\"boot\":\"other"),
        |text| text.replace("\"version\":1", "\"version\":2"),
        |_| String::new(),
    ];
    for (number, damage) in (25..).zip(damages) {
        let token = token(bed, number);
        let exec = exec_of(&token, "");
        let orphan = orphan(bed, &exec, &token);
        let manifest = bed.execs().join(exec.id.hex()).join("manifest.json");
        let whole = std::fs::read_to_string(&manifest).unwrap();
        let damaged = damage(&whole);
        assert_ne!(whole, damaged);
        std::fs::write(&manifest, damaged).unwrap();
        let leftovers = RUNTIME.block_on(bed.executor.remove_leftovers()).unwrap();
        assert_eq!((leftovers.removed, leftovers.kept), (vec![exec.id], Vec::new()));
        assert!(!engine::docker(&["ps", "-aq", "--no-trunc"]).contains(&orphan));
    }
}

fn the_profile_goes_on(bed: &Bed) {
    let token = token(bed, 31);
    let exec = exec_of(&token, "");
    let orphan = orphan(bed, &exec, &token);
    // What the killed reflow would have noted after some seconds.
    let manifest = bed.execs().join(exec.id.hex()).join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let mut profile = Profile::default();
    profile.add("mem", 12e12, SystemTime::now());
    let noted = text.replace("\"profile\":{}", &format!("\"profile\":{}", serde_json::to_string(&profile).unwrap()));
    assert_ne!(text, noted);
    std::fs::write(&manifest, noted).unwrap();
    let (events, woken) = (Mutex::new(Vec::new()), Once::new());
    let note = |event| {
        // It was sampled.
        if matches!(event, ExecEvent::Gauges(_)) {
            woken.call_once(|| wake_within(&orphan, &token));
        }
        events.lock().unwrap().push(event);
    };
    let report = RUNTIME.block_on(bed.executor.run(&exec.request(), &note, &CancelToken::never())).unwrap();
    assert_eq!(told(&events.into_inner().unwrap())[..2], ADOPTED[..2]);
    let memory = report.profile.get("mem").unwrap();
    assert!(memory.count >= 2 && memory.max == 12e12, "{}", report.profile);
    assert_eq!(report.usage.max_memory, 12_000_000_000_000);
    assert!(report.profile.get(TMP).is_some(), "{}", report.profile);
    must_be_whole(bed, report);
}

fn more_memory_than_it_has(bed: &Bed) {
    for (number, had, wanted, way) in [(32, 0.0, 1e9, &ADOPTED), (36, 1e9, 5e8, &ADOPTED), (37, 5e8, 1e9, &ANEW)] {
        let token = token(bed, number);
        let exec = exec_of(&token, "");
        let orphan = orphan(bed, &exec.clone().resources(0.0, had), &token);
        let seen = Mutex::new(Vec::new());
        let note = |event| {
            if matches!(event, ExecEvent::Started { .. }) {
                let now = container(&exec);
                assert_eq!(now == orphan, way == &ADOPTED);
                eventually("the command runs", || !processes_with_argument(&token).is_empty());
                wake_within(&now, &token);
            }
            seen.lock().unwrap().push(event);
        };
        let request = exec.clone().resources(0.0, wanted).request();
        let report = RUNTIME.block_on(bed.executor.run(&request, &note, &CancelToken::never())).unwrap();
        assert_eq!(&told(&seen.into_inner().unwrap()), way, "{had} {wanted}");
        must_be_whole(bed, report);
    }
}

/// Runs a command to the end that somebody else prepares for it.
fn interfered(bed: &Bed, number: u32, interfere: &[&str]) -> base::Error {
    let token = token(bed, number);
    let exec = exec_of(&token, "");
    std::thread::scope(|scope| {
        let running = scope.spawn(|| bed.try_run(&exec));
        eventually("the command runs", || !processes_with_argument(&token).is_empty());
        engine::docker(&[interfere, &[&container(&exec)]].concat());
        running.join().unwrap().unwrap_err()
    })
}

fn killed_by_hand(bed: &Bed) {
    for (number, how) in [(33, &["kill"][..]), (34, &["stop", "-t", "0"])] {
        let error = interfered(bed, number, how);
        assert_eq!(error.kind(), base::Kind::Temporary, "{error}");
        assert!(error.message().contains("killed through the Docker engine"), "{error}");
    }
}

fn removed_by_hand(bed: &Bed) {
    let error = interfered(bed, 35, &["rm", "-f"]);
    assert_eq!(error.kind(), base::Kind::Temporary, "{error}");
}
