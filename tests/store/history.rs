//! The tables of runs and tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::digest::PartialDigest;
use base::{Digest, Kind, Profile, Resources, profile};
use reflow_store::tasks::{Measured, TaskKind};
use reflow_store::{LocalStore, LogPlace, RunPhase, RunQuery, RunRecord, Successes, TaskQuery, TaskRecord, Usage};
use tempfile::TempDir;

fn open() -> (TempDir, LocalStore) {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    (home, store)
}

/// 2026-01-31T08:05:00Z and so many seconds.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_769_846_700 + seconds)
}

fn run(name: &str, start: u64) -> RunRecord {
    RunRecord {
        id: Digest::of(name),
        program: "/home/ada/align.rf".to_owned(),
        params: BTreeMap::from([("sample".to_owned(), "a \"b\"".to_owned()), ("n".to_owned(), "3".to_owned())]),
        args: vec!["x".to_owned(), "x".to_owned(), String::new()],
        user: "ada".to_owned(),
        labels: vec!["project=one".to_owned()],
        start: at(start),
        end: None,
        phase: RunPhase::Init,
        attempt: 0,
        result: None,
        error: None,
        log: Some("/home/ada/.reflow/runs/1.log".to_owned()),
        version: "0.1.0".to_owned(),
        host: "engine".to_owned(),
        process: 4_000_000_000,
    }
}

fn task(name: &str) -> TaskRecord {
    let mut resources = Resources::of(2.0, 1.5e9, 0.0);
    resources.set("intel_avx", 2.0);
    let mut profile = Profile::default();
    profile.add(profile::MEM, 1.5e9, at(2));
    profile.add(profile::MEM, 1e9, at(3));
    TaskRecord {
        flow: Some(Digest::of(format!("flow of {name}"))),
        key: Some(Digest::of(format!("key of {name}"))),
        image: "biocontainers/bwa".to_owned(),
        command: "bwa mem -t 2 %s\n'quoted'".to_owned(),
        position: "align.rf:12:4".to_owned(),
        attempt: 1,
        begin: Some(at(0)),
        start: Some(at(1)),
        end: Some(at(61) + Duration::from_millis(250)),
        process: Some(4_000_000_000),
        container: Some("reflow-1".to_owned()),
        exit: Some(-9),
        cached: false,
        error: Some("killed".to_owned()),
        resources,
        usage: Usage {
            cpu_seconds: Some(93.5),
            max_memory: Some(1 << 33),
            read: Some(4096),
            written: Some(0),
            max_disk: None,
        },
        profile,
        stored: true,
        uri: Some("box/0061a20f88f57386/3f2a91bc".to_owned()),
        stdout: Some(LogPlace::Blob(Digest::of("out"))),
        stderr: Some(LogPlace::Path(PathBuf::from("/tmp/stderr"))),
        result: Some(Digest::of("result")),
        ..TaskRecord::new(Digest::of(name), Digest::of("run"), TaskKind::Exec, "align.Main.sorted")
    }
}

fn partial(text: &str) -> PartialDigest {
    PartialDigest::parse(text).unwrap()
}

#[test]
fn runs_come_back_as_they_were_written() {
    let (_home, store) = open();
    let runs = store.runs();
    let mut one = run("one", 0);
    assert_eq!(runs.get(&one.id), Ok(None));
    runs.put(&one).unwrap();
    assert_eq!(runs.get(&one.id), Ok(Some(one.clone())));
    for phase in [RunPhase::Eval, RunPhase::Retry, RunPhase::Done] {
        one.phase = phase;
        one.attempt += 1;
        runs.put(&one).unwrap();
        assert_eq!(runs.get(&one.id), Ok(Some(one.clone())));
    }
    one.end = Some(at(100));
    one.result = Some("val<.=1234abcd 3B>".to_owned());
    one.error = Some("no".to_owned());
    runs.put(&one).unwrap();
    assert_eq!(runs.list(&RunQuery::default()), Ok(vec![one]));
}

#[test]
fn runs_are_found_by_what_is_known_of_them() {
    let (_home, store) = open();
    let runs = store.runs();
    let mut all = Vec::new();
    for i in 0..40 {
        let mut run = run(&i.to_string(), i * 10);
        run.end = (i % 2 == 0).then(|| at(i * 10 + 5));
        run.user = if i < 10 { "ada" } else { "bob" }.to_owned();
        run.labels.push(format!("number={i}"));
        runs.put(&run).unwrap();
        all.insert(0, run);
    }
    let names = |query: &RunQuery| runs.list(query).unwrap().iter().map(|run| run.id).collect::<Vec<_>>();
    let those = |wanted: &dyn Fn(&RunRecord) -> bool| {
        all.iter().filter(|run| wanted(run)).map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(names(&RunQuery::default()), those(&|_| true), "the latest come first");
    assert_eq!(names(&RunQuery { limit: Some(3), ..RunQuery::default() }), those(&|_| true)[..3]);
    assert_eq!(
        names(&RunQuery { user: Some("ada".to_owned()), ..RunQuery::default() }),
        those(&|run| run.user == "ada")
    );
    let label = Some("number=17".to_owned());
    assert_eq!(names(&RunQuery { label, ..RunQuery::default() }), [Digest::of("17")]);
    let since = Some(at(206));
    assert_eq!(
        names(&RunQuery { since, ..RunQuery::default() }),
        those(&|run| run.end.is_none_or(|end| end >= at(206)))
    );
    let until = Some(at(100));
    assert_eq!(names(&RunQuery { until, ..RunQuery::default() }), those(&|run| run.start < at(100)));
    let id = Digest::of("23");
    for digits in [2, 8, 64] {
        let prefix = partial(&id.hex()[..digits]);
        let found = those(&|run| prefix.expands_to(&run.id));
        assert_eq!(names(&RunQuery { id: Some(prefix), ..RunQuery::default() }), found);
        if let [only] = found[..] {
            assert_eq!(runs.find(&prefix).unwrap().id, only);
        }
    }
    let prefix =
        all.iter().map(|run| run.id.hex_n(1)).find(|prefix| those(&|run| run.id.hex_n(1) == *prefix).len() > 1);
    if let Some(prefix) = prefix {
        assert_eq!(runs.find(&partial(&prefix)).unwrap_err().kind(), Kind::Invalid);
    }
    assert_eq!(runs.find(&partial(&Digest::of("absent").hex())).unwrap_err().kind(), Kind::NotExist);
}

#[test]
fn rt_147_tasks_come_back_as_they_were_written() {
    let (_home, store) = open();
    let tasks = store.tasks();
    let full = task("full");
    let mut empty = TaskRecord::new(Digest::of("empty"), Digest::of("other run"), TaskKind::Intern, "");
    tasks.put(&[full.clone(), empty.clone()]).unwrap();
    assert_eq!(tasks.get(&full.id), Ok(Some(full.clone())));
    assert_eq!(tasks.get(&empty.id), Ok(Some(empty.clone())));
    empty.cached = true;
    empty.kind = TaskKind::Extern;
    empty.stdout = Some(LogPlace::Path(PathBuf::from("./relative")));
    tasks.put(&[empty.clone()]).unwrap();
    assert_eq!(tasks.list(&TaskQuery::default()), Ok(vec![empty, full]));
    assert_eq!(tasks.get(&Digest::of("absent")), Ok(None));
}

#[test]
fn rt_148_tasks_are_found_by_what_is_known_of_them() {
    let (_home, store) = open();
    let tasks = store.tasks();
    let mut other = TaskRecord { error: None, ..task("other") };
    other.run = Digest::of("another run");
    other.ident = "Main.other".to_owned();
    other.image = "ubuntu".to_owned();
    (other.begin, other.start) = (Some(at(500)), Some(at(500)));
    other.end = None;
    let one = task("one");
    tasks.put(&[one.clone(), other.clone()]).unwrap();
    let flow = partial(&other.flow.unwrap().hex()[..12]);
    for query in [
        TaskQuery { id: Some(partial(&other.id.hex()[..10])), ..TaskQuery::default() },
        TaskQuery { run: Some(other.run), ..TaskQuery::default() },
        TaskQuery { flow: Some(flow), ..TaskQuery::default() },
        TaskQuery { key: other.key, ..TaskQuery::default() },
        TaskQuery { ident: Some("Main.other".to_owned()), ..TaskQuery::default() },
        TaskQuery { image: Some("ubuntu".to_owned()), ..TaskQuery::default() },
        TaskQuery { since: Some(at(62)), ..TaskQuery::default() },
        TaskQuery { limit: Some(1), ..TaskQuery::default() },
    ] {
        assert_eq!(tasks.list(&query), Ok(vec![other.clone()]), "{query:?}");
    }
    for query in
        [TaskQuery { failed: true, ..TaskQuery::default() }, TaskQuery { until: Some(at(500)), ..TaskQuery::default() }]
    {
        assert_eq!(tasks.list(&query), Ok(vec![one.clone()]), "{query:?}");
    }
    assert_eq!(tasks.find(&partial(&one.id.hex()[..10])), Ok(one));
}

#[test]
fn people_can_read_the_tables() {
    let (home, store) = open();
    store.runs().put(&run("one", 9)).unwrap();
    store.tasks().put(&[task("task")]).unwrap();
    let database = rusqlite::Connection::open(home.path().join("reflow.db")).unwrap();
    let row: (String, String, String) = database
        .query_row("SELECT id, start_time, parameters ->> 'sample' FROM runs WHERE phase = 'init'", (), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, (Digest::of("one").hex(), "2026-01-31T08:05:09.000Z".to_owned(), "a \"b\"".to_owned()));
    let seconds: f64 = database
        .query_row(
            "SELECT (julianday(end_time) - julianday(start_time)) * 86400 FROM tasks
             WHERE ident LIKE 'align.%' AND resources ->> 'cpu' = 2",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert!((seconds - 60.25).abs() < 0.01);
    let refused = database.execute("UPDATE tasks SET attempt = 'many'", ());
    assert!(refused.is_err(), "columns keep their types");
}

#[test]
fn a_row_that_cannot_be_understood_is_named() {
    let (home, store) = open();
    store.tasks().put(&[task("task")]).unwrap();
    let database = rusqlite::Connection::open(home.path().join("reflow.db")).unwrap();
    database.execute("UPDATE tasks SET start_time = 'yesterday'", ()).unwrap();
    let error = store.tasks().get(&Digest::of("task")).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    for part in ["start_time", "yesterday", &Digest::of("task").hex(), "reflow.db"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn what_the_latest_execs_of_an_ident_took() {
    let (_home, store) = open();
    let good = |name: &str, memory| TaskRecord {
        error: None,
        usage: Usage { max_memory: memory, ..Usage::default() },
        ident: "m.step".to_owned(),
        ..task(name)
    };
    let other = TaskRecord { ident: "m.other".to_owned(), ..good("other", Some(7)) };
    let failed = TaskRecord { error: Some("killed".to_owned()), ..good("failed", Some(8)) };
    let cached = TaskRecord { cached: true, ..good("cached", Some(9)) };
    let running = TaskRecord { end: None, ..good("running", Some(10)) };
    let rows = [good("1", Some(1)), other, failed, cached, running, good("2", None), good("3", Some(3))];
    store.tasks().put(&rows).unwrap();
    let memory = |limit| -> Vec<u64> {
        store.tasks().measured("m.step", limit).unwrap().iter().map(|measured| measured.max_memory).collect()
    };
    assert_eq!((memory(10), memory(1)), (vec![3, 1], vec![3]));
    let expected = Measured { image: rows[0].image.clone(), command: rows[0].command.clone(), max_memory: 7 };
    assert_eq!(store.tasks().measured("m.other", 10).unwrap(), [expected]);
}

#[test]
fn what_goes_on_is_noted_a_little_later_and_never_over_what_has_ended() {
    let (_home, store) = open();
    let tasks = store.tasks();
    let open = |name: &str| TaskRecord { start: None, end: None, error: None, ..task(name) };
    // The row is there soon, and what is known next takes its place.
    store.committer().note(open("long"));
    store.committer().note(TaskRecord { start: Some(at(2)), ..open("long") });
    store.committer().note(open("short"));
    store.committer().commit(Vec::new(), Vec::new(), Some(TaskRecord { stdout: None, ..task("short") })).unwrap();
    assert_eq!(tasks.get(&Digest::of("long")), Ok(None), "a note must not cost a transaction of its own at once");
    let patience = std::time::Instant::now();
    let noted = loop {
        match tasks.get(&Digest::of("long")).unwrap() {
            Some(noted) => break noted,
            None => assert!(patience.elapsed() < Duration::from_secs(20), "the note was never written"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(noted, TaskRecord { start: Some(at(2)), ..open("long") });
    // Those that have ended keep their end, also if they were noted at the same time.
    assert_eq!(tasks.get(&Digest::of("short")).unwrap().and_then(|task| task.end), task("short").end);
    let going_on = TaskQuery { until: Some(at(1)), ..TaskQuery::default() };
    assert_eq!(tasks.list(&going_on).unwrap().len(), 2, "tasks count from when they were taken up");
}

#[test]
fn the_latest_success_under_each_key_is_found_page_by_page() {
    let (_home, store) = open();
    let tasks = store.tasks();
    let of = |name: &str, ident: &str, key: &str| TaskRecord {
        key: Some(Digest::of(key)),
        ident: ident.to_owned(),
        error: None,
        ..task(name)
    };
    tasks
        .put(&[of("old", "b", "one"), of("renamed", "b", "two"), of("new", "b", "one"), of("now", "a", "two")])
        .unwrap();
    let no_success = [
        TaskRecord { error: Some("no".to_owned()), ..of("failed", "b", "one") },
        TaskRecord { cached: true, ..of("cached", "b", "one") },
        TaskRecord { end: None, ..of("going on", "b", "one") },
        TaskRecord { kind: TaskKind::Intern, ..of("intern", "b", "one") },
        TaskRecord { key: None, ..of("no key", "b", "one") },
    ];
    tasks.put(&no_success).unwrap();
    let found = |successes: Successes| -> Vec<Digest> { successes.map(|success| success.unwrap().task).collect() };
    let all = tasks.successes().unwrap();
    assert_eq!(found(all.clone()), ["now", "new"].map(Digest::of));
    // More than a page, of one ident; what came after the beginning of the walk does not count.
    let many: Vec<_> = (0..1300).map(|i| of(&format!("{i}"), "a", &format!("many {i}"))).collect();
    tasks.put(&many).unwrap();
    assert_eq!(found(all), ["now", "new"].map(Digest::of));
    let all = found(tasks.successes().unwrap());
    let expected: Vec<_> =
        std::iter::once("now".to_owned()).chain((0..1300).map(|i| i.to_string())).chain(["new".to_owned()]).collect();
    assert_eq!(all, expected.iter().map(Digest::of).collect::<Vec<_>>());
    // Somebody else's walk from where this one stands.
    let mut walk = tasks.successes().unwrap();
    assert_eq!(walk.by_ref().take(700).count(), 700);
    assert_eq!((walk.clone().count(), walk.count()), (602, 602));
}

#[test]
fn what_came_before_a_run_is_told_by_the_order_of_recording() {
    let (_home, store) = open();
    let key = Digest::of("key");
    // The clock goes back between them.
    for (name, start) in [("first", 3000), ("second", 2000), ("cached", 1000), ("last", 0)] {
        store.runs().put(&run(name, start)).unwrap();
    }
    let of = |name: &str, run: &str, seconds: u64| TaskRecord {
        run: Digest::of(run),
        key: Some(key),
        begin: Some(at(seconds)),
        ..task(name)
    };
    let attempts = [of("1", "first", 3001), of("2", "second", 2001), of("3", "first", 4000), of("4", "last", 1)];
    attempts.iter().for_each(|attempt| store.tasks().put(std::slice::from_ref(attempt)).unwrap());
    let before = |run: &str| -> Vec<Digest> {
        let query = TaskQuery { key: Some(key), before_run: Some(Digest::of(run)), ..TaskQuery::default() };
        store.tasks().list(&query).unwrap().into_iter().map(|task| task.id).collect()
    };
    let ids = |names: &[&str]| names.iter().map(Digest::of).collect::<Vec<_>>();
    assert_eq!(before("first"), ids(&[]));
    assert_eq!(before("second"), ids(&["1"]), "what the first run did later was not there");
    assert_eq!(before("cached"), ids(&["3", "2", "1"]));
    assert_eq!(before("last"), ids(&["3", "2", "1"]));
    assert_eq!(before("nothing is known of it"), ids(&[]));
}
