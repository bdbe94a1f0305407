//! Lookup and commit together: what is announced is found, what is damaged is a miss.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};

use base::{Digest, File, Fileset, Kind};
use reflow_store::tasks::TaskKind;
use reflow_store::{Assoc, AssocKind, Association, Commit, Hit, KeyState, LocalStore, LogPlace, TaskRecord, codec};
use tempfile::TempDir;

fn open() -> (TempDir, LocalStore) {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    (home, store)
}

fn key(name: &str) -> Digest {
    Digest::of(format!("key {name}"))
}

fn put(store: &LocalStore, content: &str) -> Fileset {
    Fileset::of_file(store.repository.put_bytes(content.as_bytes()).unwrap())
}

fn association(keys: &[Digest], fileset: &Fileset) -> Association {
    Association { keys: keys.to_vec(), fileset: fileset.clone(), labels: Vec::new() }
}

fn commit(store: &LocalStore, keys: &[Digest], fileset: &Fileset) {
    store.committer().commit(Vec::new(), vec![association(keys, fileset)], None).unwrap();
}

fn lookup(store: &LocalStore, keys: &[Digest]) -> Option<Hit> {
    store.lookup(&[keys.to_vec()]).unwrap().remove(0)
}

fn sql(home: &TempDir, statement: &str) {
    rusqlite::Connection::open(home.path().join("reflow.db")).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn what_is_committed_is_found() {
    let (home, store) = open();
    let (one, two) = (put(&store, "one"), put(&store, "two"));
    assert_eq!(lookup(&store, &[key("a")]), None);
    commit(&store, &[key("a"), key("b")], &one);
    commit(&store, &[key("c")], &two);
    let hit = |name: &str, fileset: &Fileset| Some(Hit { key: key(name), fileset: fileset.clone() });
    let wanted = [vec![key("c")], vec![], vec![key("x"), key("b"), key("a")], vec![key("y")], vec![key("a")]];
    let expected = [hit("c", &two), None, hit("b", &one), None, hit("a", &one)];
    assert_eq!(store.lookup(&wanted).unwrap(), expected);
    drop(store);
    let store = LocalStore::open(home.path()).unwrap();
    assert_eq!(store.lookup(&wanted).unwrap(), expected, "another process finds the same");
}

#[test]
fn committed_blobs_are_sealed() {
    let (_home, store) = open();
    let fileset = put(&store, "output");
    let log = store.repository.put_bytes(b"log").unwrap();
    store.committer().commit(vec![log.clone()], vec![association(&[key("a")], &fileset)], None).unwrap();
    for file in [&log, fileset.file().unwrap()] {
        let mode = fs::metadata(store.repository.path(&file.digest())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
    }
}

#[test]
fn values_of_every_shape_come_back() {
    let (_home, store) = open();
    let (one, two) = (put(&store, "one"), put(&store, "two"));
    let map = Fileset::of_map(BTreeMap::from([
        ("a/b".to_owned(), one.file().unwrap().clone()),
        ("c".to_owned(), two.file().unwrap().clone()),
    ]));
    let flat = Fileset::of_list(vec![one.clone(), Fileset::new(), map.clone(), Fileset::new()]);
    let deep = Fileset::of_list(vec![flat.clone(), Fileset::of_list(vec![flat.clone()]), one]);
    for (i, fileset) in [Fileset::new(), two, map, flat, deep].into_iter().enumerate() {
        commit(&store, &[key(&i.to_string())], &fileset);
        assert_eq!(lookup(&store, &[key(&i.to_string())]).map(|hit| hit.fileset), Some(fileset));
    }
}

#[test]
fn rt_56_144_the_stream_is_read_before_stored_json() {
    let (_home, store) = open();
    let (old, new) = (put(&store, "old"), put(&store, "new"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let values = [
        (AssocKind::Fileset, codec::stored_json::encode(&old, false).unwrap()),
        (AssocKind::FilesetV2, codec::encode(&new).unwrap().1),
    ];
    let mut blobs = Vec::new();
    for (kind, bytes) in &values {
        let blob = store.repository.put_bytes(bytes).unwrap().digest();
        runtime.block_on(store.assoc().store(*kind, &key("a"), Some(&blob), &[])).unwrap();
        blobs.push(blob);
    }
    let found = |store: &LocalStore| lookup(store, &[key("a")]).map(|hit| hit.fileset);
    assert_eq!(found(&store), Some(new));
    // A stream that cannot be read leaves the older value.
    store.repository.remove(&blobs[1]).unwrap();
    assert_eq!(found(&store), Some(old.clone()));
    // Nor does one that is something else: older programs wrote JSON there (runtime spec §12 #72).
    let json = store.repository.put_bytes(b"{\"Fileset\":{}}").unwrap().digest();
    runtime.block_on(store.assoc().store(AssocKind::FilesetV2, &key("a"), Some(&json), &[])).unwrap();
    assert_eq!(found(&store), Some(old));
}

#[test]
fn rt_57_a_new_value_replaces_one_of_the_other_kind() {
    let (_home, store) = open();
    let flat = put(&store, "one");
    let deep = Fileset::of_list(vec![Fileset::of_list(vec![flat.clone()])]);
    for fileset in [&flat, &deep, &flat] {
        commit(&store, &[key("a")], fileset);
        assert_eq!(lookup(&store, &[key("a")]).map(|hit| hit.fileset), Some(fileset.clone()));
    }
}

#[test]
fn rt_58_a_value_with_a_missing_or_damaged_file_is_a_miss() {
    let (_home, store) = open();
    let (one, two) = (put(&store, "one"), put(&store, "two"));
    let both = Fileset::of_list(vec![one.clone(), two.clone()]);
    commit(&store, &[key("both")], &both);
    commit(&store, &[key("one")], &one);
    let lost = two.file().unwrap().clone();
    store.repository.remove(&lost.digest()).unwrap();
    let hit = lookup(&store, &[key("both"), key("one")]).unwrap();
    assert_eq!(hit.key, key("one"), "the next key is tried");
    assert_eq!(lookup(&store, &[key("both")]), None);
    assert_eq!(store.explain(&key("both")), Ok(KeyState::Incomplete(vec![lost.clone()])));
    // As after a power loss that cut a file off.
    fs::write(store.repository.path(&lost.digest()), "").unwrap();
    assert_eq!(lookup(&store, &[key("both")]), None);
    // Bringing the content again repairs it.
    put(&store, "two");
    assert_eq!(lookup(&store, &[key("both")]).map(|hit| hit.fileset), Some(both));
    assert_eq!(store.explain(&key("absent")), Ok(KeyState::Absent));
}

#[tokio::test]
async fn values_may_also_lie_in_the_repository() {
    let (_home, store) = open();
    let fileset = put(&store, "one");
    let stream = store.repository.put_bytes(&codec::encode(&fileset).unwrap().1).unwrap().digest();
    let json = codec::stored_json::encode(&fileset, false).unwrap();
    let json = store.repository.put_bytes(&json).unwrap().digest();
    let assoc = store.assoc();
    assoc.store(AssocKind::FilesetV2, &key("stream"), Some(&stream), &[]).await.unwrap();
    assoc.store(AssocKind::Fileset, &key("json"), Some(&json), &[]).await.unwrap();
    // An older collector wrote JSON under the kind of streams; then the older kind is taken.
    assoc.store(AssocKind::FilesetV2, &key("mixed"), Some(&json), &[]).await.unwrap();
    assert!(matches!(store.explain(&key("mixed")), Ok(KeyState::Unreadable(_))));
    assert_eq!(lookup(&store, &[key("mixed")]), None);
    assoc.store(AssocKind::Fileset, &key("mixed"), Some(&json), &[]).await.unwrap();
    for name in ["stream", "json", "mixed"] {
        assert_eq!(lookup(&store, &[key(name)]).map(|hit| hit.fileset), Some(fileset.clone()), "{name}");
    }
}

#[test]
fn a_damaged_row_is_a_miss() {
    let (home, store) = open();
    commit(&store, &[key("a")], &put(&store, "one"));
    sql(&home, "UPDATE filesets SET bytes = CAST(bytes || x'00' AS BLOB)");
    assert_eq!(lookup(&store, &[key("a")]), None);
    commit(&store, &[key("a")], &put(&store, "one"));
    assert!(lookup(&store, &[key("a")]).is_some(), "storing it again repairs it");
}

#[test]
fn every_unusable_key_is_found() {
    let (home, store) = open();
    for i in 0..1100 {
        let name = i.to_string();
        let fileset = put(&store, &format!("content {}", i % 7));
        store.committer().submit(Commit {
            blobs: Vec::new(),
            associations: vec![association(&[key(&name)], &fileset)],
            task: None,
            material: None,
            done: Box::new(|result| result.unwrap()),
        });
    }
    store.committer().flush();
    let counted = std::cell::Cell::new(0);
    let report = store.check_keys(&|| counted.set(counted.get() + 1)).unwrap();
    assert_eq!((report.count, counted.get(), report.unusable.len()), (1100, 1100, 0));
    assert_eq!(store.database.check(), Ok(Vec::new()));

    let lost = put(&store, "content 3").file().unwrap().clone();
    store.repository.remove(&lost.digest()).unwrap();
    sql(&home, &format!("UPDATE assoc SET value = zeroblob(32) WHERE key = x'{}'", key("4").hex()));
    let report = store.check_keys(&|| {}).unwrap();
    let mut unusable: Vec<_> = (0..1100).filter(|i| i % 7 == 3 || *i == 4).map(|i| key(&i.to_string())).collect();
    unusable.sort_unstable();
    assert_eq!(report.unusable.iter().map(|(key, _)| *key).collect::<Vec<_>>(), unusable);
    for (unusable, state) in report.unusable {
        match state {
            KeyState::Incomplete(files) => assert_eq!(files, std::slice::from_ref(&lost)),
            KeyState::Unreadable(error) => assert_eq!((unusable, error.kind()), (key("4"), Kind::NotExist)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn rt_142_finding_a_key_counts_as_using_it() {
    let (home, store) = open();
    commit(&store, &[key("used"), key("unused")], &put(&store, "one"));
    sql(&home, "UPDATE assoc SET last_access = 1000");
    assert!(lookup(&store, &[key("used")]).is_some());
    store.committer().flush();
    let mut times = BTreeMap::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(store.assoc().scan(&AssocKind::ALL, &mut |entry| {
            times.insert(entry.key, entry.last_access);
            Ok(())
        }))
        .unwrap();
    assert!(times[&key("used")].elapsed().unwrap() < Duration::from_secs(3600));
    assert_eq!(times[&key("unused")], UNIX_EPOCH + Duration::from_secs(1000));
}

#[test]
fn rt_66_a_commit_that_fails_leaves_the_others_alone() {
    let (_home, store) = open();
    let good = put(&store, "good");
    let absent = Fileset::of_file(File::resolved(Digest::of("absent"), 6));
    let short = Fileset::of_file(File::resolved(Digest::of("good"), 5));
    let unresolved = Fileset::of_file(File::reference(4, base::file::Origin::default()));
    let too_deep = (0..70).fold(good.clone(), |inner, _| Fileset::of_list(vec![inner]));
    let (sender, receiver) = mpsc::channel();
    for (i, fileset) in [&good, &absent, &short, &unresolved, &too_deep, &good].into_iter().enumerate() {
        let sender = sender.clone();
        store.committer().submit(Commit {
            blobs: Vec::new(),
            associations: vec![association(&[key(&i.to_string())], fileset)],
            task: None,
            material: None,
            done: Box::new(move |result| sender.send((i, result.map_err(|error| error.kind()))).unwrap()),
        });
    }
    store.committer().flush();
    let results: BTreeMap<_, _> = receiver.try_iter().collect();
    let expected = [Ok(()), Err(Kind::NotExist), Err(Kind::Integrity), Err(Kind::Invalid), Err(Kind::Invalid), Ok(())];
    assert_eq!(results, BTreeMap::from_iter(expected.into_iter().enumerate()));
    for (i, result) in expected.into_iter().enumerate() {
        assert_eq!(lookup(&store, &[key(&i.to_string())]).is_some(), result.is_ok(), "commit {i}");
    }
}

#[test]
fn a_commit_without_its_blobs_writes_no_task() {
    let (_home, store) = open();
    let task = TaskRecord::new(Digest::of("task"), Digest::of("run"), TaskKind::Exec, "ident");
    let absent = File::resolved(Digest::of("absent"), 6);
    let with_log = TaskRecord { stderr: Some(LogPlace::Blob(absent.digest())), ..task.clone() };
    for (blobs, task) in [(vec![absent], task.clone()), (Vec::new(), with_log)] {
        let error = store.committer().commit(blobs, Vec::new(), Some(task)).unwrap_err();
        assert_eq!(error.kind(), Kind::NotExist);
    }
    assert_eq!(store.tasks().get(&task.id), Ok(None));
}

#[test]
fn a_task_makes_its_logs_durable() {
    let (_home, store) = open();
    let log = store.repository.put_bytes(b"log").unwrap().digest();
    let task = TaskRecord {
        stdout: Some(LogPlace::Blob(log)),
        stderr: Some(LogPlace::Path("/tmp/stderr".into())),
        ..TaskRecord::new(Digest::of("task"), Digest::of("run"), TaskKind::Exec, "ident")
    };
    store.committer().commit(Vec::new(), Vec::new(), Some(task.clone())).unwrap();
    assert_eq!(store.tasks().get(&task.id), Ok(Some(task)));
    assert!(fs::metadata(store.repository.path(&log)).unwrap().permissions().readonly());
}

#[test]
fn dropping_the_store_finishes_what_was_handed_over() {
    let (home, store) = open();
    let (sender, receiver) = mpsc::channel();
    for i in 0..200 {
        let fileset = put(&store, &i.to_string());
        let sender = sender.clone();
        store.committer().submit(Commit {
            blobs: Vec::new(),
            associations: vec![association(&[key(&i.to_string())], &fileset)],
            task: None,
            material: None,
            done: Box::new(move |result| sender.send(result).unwrap()),
        });
    }
    drop(store);
    assert_eq!(receiver.try_iter().filter(Result::is_ok).count(), 200);
    let store = LocalStore::open(home.path()).unwrap();
    let wanted: Vec<_> = (0..200).map(|i: i32| vec![key(&i.to_string())]).collect();
    assert_eq!(store.lookup(&wanted).unwrap().iter().flatten().count(), 200);
}

#[test]
fn the_last_store_may_go_in_a_callback() {
    let (_home, store) = open();
    let (sender, receiver) = mpsc::channel();
    let (gone, is_last) = mpsc::channel();
    let last = store.clone();
    store.committer().submit(Commit {
        blobs: Vec::new(),
        associations: Vec::new(),
        task: None,
        material: None,
        done: Box::new(move |result| {
            is_last.recv().unwrap();
            drop(last);
            sender.send(result).unwrap();
        }),
    });
    drop(store);
    gone.send(()).unwrap();
    assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), Ok(()));
}

#[test]
fn installing_a_file_twice_reads_it_once() {
    let (home, store) = open();
    let path = home.path().join("input");
    fs::write(&path, "input").unwrap();
    // Younger files are not trusted.
    std::thread::sleep(Duration::from_millis(2100));
    let file = store.install(&path).unwrap();
    assert_eq!(file, File::resolved(Digest::of("input"), 5));
    store.stat_cache().flush().unwrap();
    let other = store.repository.put_bytes(b"other").unwrap();
    let hex = other.digest().hex();
    sql(&home, &format!("UPDATE stat_cache SET digest = x'{hex}'"));
    let again = LocalStore::open(home.path()).unwrap();
    assert_eq!(again.install(&path).unwrap().id, other.id, "what is remembered is believed");
    store.repository.remove(&other.digest()).unwrap();
    assert_eq!(again.install(&path), Ok(file.clone()), "unless the blob is gone");
    assert_eq!(again.install(&path), Ok(file));
    fs::write(&path, "INPUT").unwrap();
    assert_eq!(again.install(&path).unwrap().id, Some(Digest::of("INPUT")));
}

fn lend(store: &LocalStore, path: &std::path::Path) -> File {
    let file = store.stat_cache().digest_of(path).unwrap();
    store.repository.rely_on(&file.id).unwrap();
    store.lend(&file, path).unwrap();
    file
}

#[test]
fn a_file_that_is_lent_comes_when_it_is_needed() {
    let (home, store) = open();
    let path = home.path().join("input");
    fs::write(&path, "input").unwrap();
    let file = lend(&store, &path);
    assert_eq!(file, File::resolved(Digest::of("input"), 5));
    assert!(store.is_lent(&file.digest()));
    assert_eq!(store.repository.holds(&file), Ok(false), "nothing has moved");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(store.bring(&file), Ok(())));
        }
    });
    assert_eq!(store.repository.holds(&file), Ok(true));
    // The bytes are the repository's own.
    fs::write(&path, "INPUT").unwrap();
    assert_eq!(std::io::read_to_string(store.repository.open_blob(&file.digest()).unwrap()).unwrap(), "input");
    assert_eq!(store.bring(&file), Ok(()), "it is there");
    let unknown = File::resolved(Digest::of("unknown"), 7);
    assert!(!store.is_lent(&unknown.digest()));
    assert_eq!(store.bring(&unknown), Ok(()), "who needs it will say that it is absent");
}

#[test]
fn a_lent_file_that_has_changed_is_not_taken_for_what_it_was() {
    let (home, store) = open();
    let path = home.path().join("input");
    fs::write(&path, "input").unwrap();
    let file = lend(&store, &path);
    fs::write(&path, "other").unwrap();
    let error = store.bring(&file).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.message().ends_with("input has changed since this run looked at it"), "{error}");
    assert_eq!(store.repository.holds(&file), Ok(false));
    fs::remove_file(&path).unwrap();
    assert_eq!(store.bring(&file).unwrap_err().kind(), Kind::NotExist);
}
