//! Several processes with one home: nobody gets in anybody's way, and a killed one spoils nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use base::{Digest, File, Fileset};
use reflow_store::tasks::TaskKind;
use reflow_store::{Association, Commit, LocalStore, LogPlace, RunPhase, RunRecord, TaskQuery, TaskRecord};

use crate::child;

fn key(process: u32, number: usize) -> Digest {
    Digest::of(format!("{process} {number}"))
}

/// What a result consists of follows from its key: some content is the process's own, some is everybody's,
/// and some is large.
fn contents(process: u32, number: usize) -> BTreeMap<String, Vec<u8>> {
    let mut contents = BTreeMap::from([
        ("own".to_owned(), format!("{process} {number}").into_bytes()),
        ("shared".to_owned(), format!("{}", number / 3).into_bytes()),
        ("empty".to_owned(), Vec::new()),
    ]);
    if number.is_multiple_of(20) {
        contents.insert("large".to_owned(), vec![number as u8; 300_000]);
    }
    contents
}

fn log(process: u32, number: usize) -> Vec<u8> {
    format!("log of {process} {number}").into_bytes()
}

/// Makes a result out of files and hands it over, as a run does.
fn produce(store: &LocalStore, process: u32, number: usize, announce: mpsc::Sender<usize>) {
    let mut map = BTreeMap::new();
    for (name, content) in contents(process, number) {
        let output = tempfile::NamedTempFile::new_in(store.tmp()).unwrap();
        std::fs::write(output.path(), content).unwrap();
        let (_, path) = output.keep().unwrap();
        map.insert(name, store.repository.adopt(&path).unwrap());
    }
    let log = store.repository.put_bytes(&log(process, number)).unwrap();
    let mut task = TaskRecord::new(key(process, number), Digest::of("run"), TaskKind::Exec, "ident");
    task.stdout = Some(LogPlace::Blob(log.digest()));
    task.end = Some(SystemTime::now());
    store.committer().submit(Commit {
        blobs: vec![log],
        associations: vec![Association {
            keys: vec![key(process, number)],
            fileset: Fileset::of_map(map),
            labels: Vec::new(),
        }],
        task: Some(task),
        material: None,
        done: Box::new(move |result| {
            result.unwrap();
            announce.send(number).unwrap();
        }),
    });
}

/// Whether a result that was announced is there in full.
fn assert_complete(store: &LocalStore, process: u32, number: usize) {
    let hit = store.lookup(&[vec![key(process, number)]]).unwrap().remove(0);
    let hit = hit.unwrap_or_else(|| panic!("result {number} of {process} was announced and is lost"));
    let contents = contents(process, number);
    let files: BTreeMap<String, Digest> =
        hit.fileset.entries().map(|(path, file)| (path.to_owned(), file.digest())).collect();
    let expected = contents.iter().map(|(name, content)| (name.clone(), Digest::of(content))).collect();
    assert_eq!(files, expected);
    let task = store.tasks().get(&key(process, number)).unwrap().unwrap();
    assert_eq!(task.stdout, Some(LogPlace::Blob(Digest::of(log(process, number)))));
    let log = File::resolved(Digest::of(log(process, number)), super::sharing::log(process, number).len() as u64);
    assert_eq!(store.repository.holds(&log), Ok(true));
}

fn assert_sound(store: &LocalStore) {
    let report = store.repository.check_all(&|_| {}).unwrap();
    assert!(report.corrupt.is_empty() && report.misnamed.is_empty() && report.unreadable.is_empty(), "{report:?}");
}

#[test]
fn a_killed_process_loses_nothing_that_it_announced() {
    let home = tempfile::tempdir().unwrap();
    let mut announced = 0;
    for round in 0..8_u64 {
        let mut process = child::start("sharing::child_that_commits_until_killed", home.path());
        let id = process.id();
        let mut numbers = Vec::new();
        // It is killed in the middle of work, at another moment each time.
        for _ in 0..(1 + round * 37) {
            numbers.push(process.next_line().unwrap().parse::<usize>().unwrap());
        }
        std::thread::sleep(Duration::from_micros(700 * round));
        process.kill();
        while let Some(line) = process.next_line() {
            numbers.push(line.parse().unwrap());
        }
        let store = LocalStore::open(home.path()).unwrap();
        for number in &numbers {
            assert_complete(&store, id, *number);
        }
        announced += numbers.len();
        assert_sound(&store);
    }
    assert!(announced >= 1000, "only {announced} results were announced");
}

#[test]
#[ignore = "the other process of a test"]
fn child_that_commits_until_killed() {
    let Some(home) = child::folder() else { return };
    commit(&home, usize::MAX);
}

/// Commits results one after another, with up to 64 on the way, and says each that is announced.
fn commit(home: &Path, count: usize) {
    let store = LocalStore::open(home).unwrap();
    let process = std::process::id();
    let (sender, receiver) = mpsc::channel();
    let mut on_the_way = 0;
    for number in 0..count {
        produce(&store, process, number, sender.clone());
        on_the_way += 1;
        while let Ok(announced) =
            if on_the_way < 64 { receiver.try_recv().map_err(drop) } else { receiver.recv().map_err(drop) }
        {
            child::say(&announced.to_string());
            on_the_way -= 1;
        }
    }
    drop(sender);
    store.committer().flush();
    receiver.try_iter().for_each(|announced| child::say(&announced.to_string()));
}

#[test]
fn several_processes_share_a_home() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("home");
    // None of them finds the home made; they make it together.
    let mut children: Vec<_> = (0..4).map(|_| child::start("sharing::child_that_does_a_bit_of_all", &path)).collect();
    for child in &mut children {
        let mut numbers = Vec::new();
        while let Some(line) = child.next_line() {
            numbers.push(line.parse::<usize>().unwrap());
        }
        assert!(child.succeeds());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..150).collect::<Vec<_>>());
        let store = LocalStore::open(&path).unwrap();
        for number in numbers {
            assert_complete(&store, child.id(), number);
        }
        let run = store.runs().get(&Digest::of(child.id().to_string())).unwrap().unwrap();
        assert_eq!((run.phase, run.attempt), (RunPhase::Done, 50));
    }
    let store = LocalStore::open(&path).unwrap();
    assert_sound(&store);
    assert_eq!(store.tasks().list(&TaskQuery::default()).unwrap().len(), 600);
    let counted = std::fs::read_to_string(path.join("counter")).unwrap();
    assert_eq!(counted.len(), 4 * 25, "the lock let nobody count at the same time");
}

#[test]
#[ignore = "the other process of a test"]
fn child_that_does_a_bit_of_all() {
    let Some(home) = child::folder() else { return };
    let store = LocalStore::open(&home).unwrap();
    let process = std::process::id();
    std::thread::scope(|scope| {
        scope.spawn(|| commit(&home, 150));
        scope.spawn(|| write_runs(&store, process));
        scope.spawn(|| count_under_lock(&store, &home.join("counter")));
        scope.spawn(|| {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(500) {
                let wanted: Vec<_> = (0..150).map(|number| vec![key(process, number)]).collect();
                store.lookup(&wanted).unwrap();
            }
        });
    });
}

fn write_runs(store: &LocalStore, process: u32) {
    let mut run = RunRecord {
        id: Digest::of(process.to_string()),
        program: "program.rf".to_owned(),
        params: BTreeMap::new(),
        args: Vec::new(),
        user: "user".to_owned(),
        labels: Vec::new(),
        start: SystemTime::now(),
        end: None,
        phase: RunPhase::Init,
        attempt: 0,
        result: None,
        error: None,
        log: None,
        version: "0".to_owned(),
        host: "host".to_owned(),
        process,
    };
    for attempt in 0..=50 {
        run.attempt = attempt;
        run.phase = if attempt == 50 { RunPhase::Done } else { RunPhase::Eval };
        store.runs().put(&run).unwrap();
    }
}

/// Lengthens a file by reading and writing it, which would go wrong if two did it at once.
fn count_under_lock(store: &LocalStore, counter: &Path) {
    for _ in 0..25 {
        let lock = store.locks.lock(&Digest::of("counter"), &|| true).unwrap();
        assert!(lock.is_some());
        let text = std::fs::read_to_string(counter).unwrap_or_default();
        std::thread::yield_now();
        std::fs::write(counter, text + "x").unwrap();
    }
}
