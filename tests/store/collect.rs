//! What a collection keeps and removes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use base::{Digest, File, Fileset};
use reflow_store::{Association, Collected, Filter, LocalStore, RunPhase, RunRecord, TaskKind, TaskRecord, Wanted};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn days_ago(days: u32) -> SystemTime {
    SystemTime::now() - DAY * days
}

/// What goes that was not used for 30 days.
fn wanted() -> Wanted {
    unused_since(days_ago(30))
}

/// All goes that was not used since.
pub(crate) fn unused_since(threshold: SystemTime) -> Wanted {
    Wanted {
        threshold,
        keep: Filter::default(),
        labels: Filter::default(),
        max_size: None,
        rate: 10_000,
        migrations: Some(5000),
        dry_run: false,
    }
}

/// Stores `content` under the key of its name, used so many days ago.
fn put(home: &Path, name: &str, content: &str, days: u32, labels: &[&str]) -> File {
    let store = LocalStore::open(home).unwrap();
    let file = store.repository.put_bytes(content.as_bytes()).unwrap();
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let (keys, fileset) = (vec![Digest::of(name)], Fileset::of_file(file.clone()));
    store.committer().commit(Vec::new(), vec![Association { keys, fileset, labels }], None).unwrap();
    drop(store);
    let seconds = days_ago(days).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    sql(home, &format!("UPDATE assoc SET last_access = {seconds} WHERE key = x'{}'", Digest::of(name).hex()));
    file
}

fn sql(home: &Path, statement: &str) {
    rusqlite::Connection::open(home.join("reflow.db")).unwrap().execute_batch(statement).unwrap();
}

fn count(home: &Path, table: &str) -> i64 {
    let connection = rusqlite::Connection::open(home.join("reflow.db")).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

fn found(store: &LocalStore, names: &[&str]) -> Vec<bool> {
    let keys: Vec<Vec<Digest>> = names.iter().map(|name| vec![Digest::of(name)]).collect();
    store.lookup(&keys).unwrap().iter().map(Option::is_some).collect()
}

fn collect(home: &Path, wanted: &Wanted) -> Collected {
    LocalStore::open(home).unwrap().collect(wanted).unwrap()
}

#[test]
fn rt_146_keep_labels_threshold_and_dry_run() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let old = put(home, "old", "old content", 40, &["project=x"]);
    let kept = put(home, "kept", "kept content", 40, &["project=gold", "doomed=1"]);
    let shared = put(home, "shared, old", "shared content", 40, &[]);
    put(home, "shared, new", "shared content", 3, &[]);
    let doomed = put(home, "doomed", "doomed content", 3, &["doomed=1"]);
    let recent = put(home, "recent", "recent content", 3, &[]);
    let orphan = LocalStore::open(home).unwrap().repository.put_bytes(b"no entry").unwrap();
    let names = ["old", "kept", "shared, old", "shared, new", "doomed", "recent"];
    let filters =
        Wanted { keep: Filter::parse("project=gold").unwrap(), labels: Filter::parse("^doomed=").unwrap(), ..wanted() };
    let dry = collect(home, &Wanted { dry_run: true, ..filters.clone() });
    // To look them up would be to use them.
    assert_eq!((count(home, "assoc"), count(home, "filesets")), (6, 5));
    let real = collect(home, &filters);
    assert_eq!(dry, real);
    assert_eq!((real.entries, real.kept, real.removed, real.by_label), (6, 3, 3, 1));
    // What came a moment ago stays, although no entry refers to it; what a label dooms goes at once.
    assert_eq!((real.in_use, real.objects, real.removed_objects), (3, 6, 1));
    let store = LocalStore::open(home).unwrap();
    assert_eq!(found(&store, &names), [false, true, false, true, false, true]);
    let is_there = |file: &File| store.repository.holds(file).unwrap();
    assert!([&old, &kept, &shared, &recent, &orphan].into_iter().all(is_there) && !is_there(&doomed));
    drop(store);
    assert_eq!(count(home, "filesets"), 3);

    // With everything before this moment old, only what `keep` names is left.
    std::thread::sleep(Duration::from_millis(1100));
    let all = collect(home, &Wanted { threshold: SystemTime::now(), ..filters });
    assert_eq!((all.kept, all.removed, all.removed_objects), (1, 2, 4));
    let store = LocalStore::open(home).unwrap();
    assert_eq!(found(&store, &names), [false, true, false, false, false, false]);
    assert!(store.repository.check_all(&|_| {}).unwrap().corrupt.is_empty());
}

#[test]
fn beyond_its_room_the_least_recently_used_goes() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    for (name, size, days) in [("a", 1000, 9), ("b", 2000, 8), ("c", 3000, 7), ("d", 4000, 6)] {
        put(home, name, &name.repeat(size), days, &[]);
    }
    // The content of the oldest is also that of the newest.
    put(home, "a again", &"a".repeat(1000), 1, &[]);
    let fit = |room| Wanted { max_size: Some(room), ..wanted() };
    assert_eq!(collect(home, &fit(10_000)).removed, 0);
    let collected = collect(home, &fit(6_000));
    assert_eq!((collected.by_size, collected.removed_objects, collected.removed_bytes), (3, 2, 5000));
    let names = ["a", "b", "c", "d", "a again"];
    assert_eq!(found(&LocalStore::open(home).unwrap(), &names), [false, false, false, true, true]);
    assert_eq!(collect(home, &fit(0)).kept, 0);
    assert_eq!(LocalStore::open(home).unwrap().repository.iter().count(), 0);
}

#[test]
fn what_has_a_name_or_is_relied_on_stays() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    for name in ["rooted", "found", "left"] {
        put(home, name, name, 40, &[]);
    }
    let object = LocalStore::open(home).unwrap().repository.put_bytes(b"an object").unwrap();
    let user = LocalStore::open(home).unwrap();
    user.roots().add("release 1", "key …", &[Digest::of("rooted")]).unwrap();
    user.roots().add("object", "object …", &[object.digest()]).unwrap();
    assert!(user.roots().add("object", "object …", &[]).is_err());
    assert_eq!(found(&user, &["found"]), [true]);
    std::thread::sleep(Duration::from_millis(1100));
    let everything = Wanted { threshold: SystemTime::now(), max_size: Some(0), ..wanted() };
    let collected = collect(home, &everything);
    assert_eq!((collected.kept, collected.removed, collected.removed_objects), (2, 1, 1));
    assert_eq!(found(&LocalStore::open(home).unwrap(), &["rooted", "found", "left"]), [true, true, false]);
    assert!(user.repository.holds(&object).unwrap());
    assert!(user.roots().remove("object").unwrap() && !user.roots().remove("object").unwrap());
    drop(user);
    let collected = collect(home, &everything);
    assert_eq!((collected.kept, collected.removed, collected.removed_objects), (1, 1, 2));
}

#[test]
fn old_runs_go_with_all_that_is_theirs_alone() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let store = LocalStore::open(home).unwrap();
    let run = |name: &str, days: u32| {
        let id = Digest::of(name);
        let record = RunRecord {
            id,
            program: "main.rf".to_owned(),
            params: Default::default(),
            args: Vec::new(),
            user: "tester".to_owned(),
            labels: Vec::new(),
            start: days_ago(days),
            end: None,
            phase: RunPhase::Eval,
            attempt: 0,
            result: None,
            error: None,
            log: None,
            version: "1".to_owned(),
            host: "here".to_owned(),
            process: 1,
        };
        store.runs().put(&record).unwrap();
        store.tasks().put(&[TaskRecord::new(Digest::of(format!("{name} task")), id, TaskKind::Exec, "step")]).unwrap();
        id
    };
    let (old, going_on, named, recent) = (run("old", 40), run("going on", 40), run("named", 40), run("recent", 2));
    let lock = store.locks.try_lock(&going_on).unwrap().unwrap();
    store.roots().add("paper", &format!("run {named}"), &[]).unwrap();
    assert_eq!(store.collect(&wanted()).unwrap().runs, [old]);
    drop(lock);
    assert_eq!(store.collect(&wanted()).unwrap().runs, [going_on]);
    assert_eq!((count(home, "runs"), count(home, "tasks")), (2, 2));
    assert!(store.runs().get(&recent).unwrap().is_some());
}

#[test]
fn old_formats_are_rewritten_without_counting_as_use() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = put(home, "x", "content", 3, &[]);
    let json = reflow_store::codec::stored_json::encode(&Fileset::of_file(file), false).unwrap();
    let (value, bytes) = (Digest::of(&json).hex(), json.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    sql(
        home,
        &format!("INSERT INTO filesets VALUES (x'{value}', x'{bytes}'); UPDATE assoc SET kind = 0, value = x'{value}'"),
    );
    assert_eq!(collect(home, &Wanted { migrations: Some(0), ..wanted() }).migrated, 0);
    assert_eq!(collect(home, &wanted()).migrated, 1);
    assert_eq!(collect(home, &wanted()).migrated, 0);
    assert_eq!(collect(home, &Wanted { threshold: days_ago(2), ..wanted() }).removed, 1, "it was used 3 days ago");
}
