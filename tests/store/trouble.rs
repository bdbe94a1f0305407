//! What people are told when the state cannot be used, and that nothing is lost by it.

use std::fs;
use std::path::Path;

use base::{Digest, Error, Fileset, Kind};
use reflow_store::{Association, LocalStore};

use crate::mount::Mount;

fn sql(home: &Path, statement: &str) {
    rusqlite::Connection::open(home.join("reflow.db")).unwrap().execute_batch(statement).unwrap();
}

fn commit(store: &LocalStore, name: &str, size: usize) -> Result<(), Error> {
    let content = name.as_bytes().iter().copied().cycle().take(size).collect::<Vec<u8>>();
    let file = store.repository.put_bytes(&content)?;
    let association = Association { keys: vec![Digest::of(name)], fileset: Fileset::of_file(file), labels: Vec::new() };
    store.committer().commit(Vec::new(), vec![association], None)
}

fn is_found(store: &LocalStore, name: &str) -> bool {
    store.lookup(&[vec![Digest::of(name)]]).unwrap()[0].is_some()
}

/// Opening fails with an error of this kind that names the database and says these words.
#[track_caller]
fn assert_refused(home: &Path, kind: Kind, words: &[&str]) {
    let error = LocalStore::open(home).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    for word in words.iter().copied().chain([home.join("reflow.db").to_str().unwrap()]) {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    commit(&LocalStore::open(home.path()).unwrap(), "a", 3).unwrap();
    sql(home.path(), "INSERT INTO versions VALUES (999); PRAGMA user_version = 999");
    assert_refused(home.path(), Kind::Precondition, &["version 999", "newer reflow"]);
    sql(home.path(), "DELETE FROM versions WHERE version = 999; PRAGMA user_version = 3");
    assert!(is_found(&LocalStore::open(home.path()).unwrap(), "a"));
}

#[test]
fn many_may_open_a_new_database_at_once() {
    for _ in 0..20 {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let opening: Vec<_> = (0..4).map(|_| scope.spawn(|| LocalStore::open(home.path()).map(drop))).collect();
            opening.into_iter().for_each(|opening| opening.join().unwrap().unwrap());
        });
    }
}

#[test]
fn a_garbled_version_is_damage_and_no_newer_program() {
    for head in ["user_version = 4", "user_version = 2", "user_version = 0", "user_version = -7", "application_id = 5"]
    {
        let home = tempfile::tempdir().unwrap();
        commit(&LocalStore::open(home.path()).unwrap(), "a", 3).unwrap();
        sql(home.path(), &format!("PRAGMA {head}"));
        assert_refused(home.path(), Kind::Integrity, &["is damaged (its head says", "check-store -repair"]);
        // Nothing but the head is lost.
        let rebuilt = reflow_store::damage::rebuild(home.path()).unwrap();
        assert!(rebuilt.damaged.is_empty(), "{head}: {rebuilt:?}");
        assert!(is_found(&LocalStore::open(home.path()).unwrap(), "a"), "{head}");
    }
    // The first version had nothing but the number.
    let home = tempfile::tempdir().unwrap();
    sql(home.path(), include_str!("../../src/store/schema/1.sql"));
    sql(home.path(), &format!("PRAGMA application_id = {}; PRAGMA user_version = 2049", 0x7266_6c77));
    assert_refused(home.path(), Kind::Integrity, &["says version 2049"]);
}

#[test]
fn a_database_of_the_first_version_is_upgraded_and_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    sql(home.path(), include_str!("../../src/store/schema/1.sql"));
    sql(home.path(), &format!("PRAGMA application_id = {}; PRAGMA user_version = 1", 0x7266_6c77));
    let digest = Digest::of("a").hex();
    sql(
        home.path(),
        &format!(
            "INSERT INTO tasks (id, run_id, ident, kind, image, command, position, attempt, cached, resources)
             VALUES ('{digest}', '{digest}', 'align', 'exec', 'tools', 'true', 'a.rf:1:1', 0, 0, '{{}}')"
        ),
    );
    let store = LocalStore::open(home.path()).unwrap();
    let task = store.tasks().get(&Digest::of("a")).unwrap().unwrap();
    assert_eq!((task.ident.as_str(), task.uri, task.profile.is_empty()), ("align", None, true));
    commit(&store, "b", 3).unwrap();
    assert!(is_found(&LocalStore::open(home.path()).unwrap(), "b"));
}

#[test]
fn the_database_of_something_else_is_refused() {
    let home = tempfile::tempdir().unwrap();
    sql(home.path(), "CREATE TABLE recipes (name TEXT)");
    assert_refused(home.path(), Kind::Precondition, &["another program"]);
    sql(home.path(), "INSERT INTO recipes VALUES ('soup')");
}

#[test]
fn a_damaged_database_is_said_to_be_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("reflow.db");
    let store = LocalStore::open(home.path()).unwrap();
    for i in 0..200 {
        commit(&store, &i.to_string(), 100).unwrap();
    }
    let blob = store.repository.put_bytes(&[b'7'; 100]).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, b"This is no database at all.".repeat(1000)).unwrap();
    assert_refused(home.path(), Kind::Integrity, &["damaged", "check-store -repair"]);

    let mut garbled = whole.clone();
    garbled[4096..].fill(0x5a);
    fs::write(&path, garbled).unwrap();
    let error = LocalStore::open(home.path()).and_then(|store| store.lookup(&[vec![Digest::of("7")]])).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.to_string().contains("check-store -repair"), "{error}");

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let truncated = LocalStore::open(home.path())
        .and_then(|store| (0..200).map(|i: i32| commit(&store, &i.to_string(), 100)).collect::<Result<Vec<_>, _>>());
    assert_eq!(truncated.unwrap_err().kind(), Kind::Integrity);

    // Even without the database and its journal the state is usable, and the blobs are still there.
    fs::remove_file(&path).unwrap();
    fs::remove_file(home.path().join("keys.log")).unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    assert!(!is_found(&store, "7"));
    assert!(store.repository.holds(&blob).unwrap());
}

#[test]
fn an_unusable_home_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = LocalStore::open(&file.join("home")).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn a_home_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::memory(folder.path(), "1m") else { return };
    let home = folder.path().join("home");
    drop(LocalStore::open(&home).unwrap());
    mount.make_read_only();
    let error = LocalStore::open(&home).unwrap_err();
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.to_string().contains(home.to_str().unwrap()), "{error}");
    let error = LocalStore::open(&folder.path().join("new")).unwrap_err();
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::memory(folder.path(), "4m") else { return };
    let store = LocalStore::open(folder.path()).unwrap();
    // Small results fill the disk until either a blob or a row has no room; then a large blob has none.
    let mut kept = Vec::new();
    let error = loop {
        let name = format!("result {}", kept.len());
        match commit(&store, &name, 20_000) {
            Ok(()) => kept.push(name),
            Err(error) => break error,
        }
        assert!(kept.len() < 1000, "the disk does not fill up");
    };
    assert_eq!(error.kind(), Kind::ResourcesExhausted, "{error}");
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    let error = commit(&store, "large", 3_000_000).unwrap_err();
    assert_eq!(error.kind(), Kind::ResourcesExhausted, "{error}");
    assert!(kept.len() > 50);

    // With the last free blocks taken, rows have no room either.
    let filler = folder.path().join("filler");
    let _ = fs::write(&filler, vec![0; 4 << 20]);
    let known = store.repository.put_bytes(b"").and_then(|file| store.repository.sync(&[file.digest()]).map(|()| file));
    if let Ok(file) = known {
        let fileset = Fileset::of_list(vec![Fileset::of_file(file); 2]);
        let keys = (0..20_000).map(|i| Digest::of(format!("{i}"))).collect();
        let association = Association { keys, fileset, labels: Vec::new() };
        let error = store.committer().commit(Vec::new(), vec![association], None).unwrap_err();
        assert_eq!(error.kind(), Kind::ResourcesExhausted, "{error}");
        assert!(error.to_string().contains("reflow.db"), "{error}");
    }

    let temporary: Vec<_> = fs::read_dir(folder.path().join("repository/tmp")).unwrap().collect();
    assert!(temporary.is_empty(), "{temporary:?}");
    assert!(kept.iter().all(|name| is_found(&store, name)));
    assert!(!is_found(&store, "large") && !is_found(&store, "0"));
    let report = store.repository.check_all(&|_| {}).unwrap();
    assert!(report.corrupt.is_empty(), "{report:?}");
    fs::remove_file(&filler).unwrap();
    // Room for a few pages of the database.
    for name in &kept[..8] {
        let hit = store.lookup(&[vec![Digest::of(name)]]).unwrap()[0].clone().unwrap();
        store.repository.remove(&hit.fileset.file().unwrap().digest()).unwrap();
    }
    commit(&store, "afterwards", 3_000).unwrap();
    assert!(is_found(&store, "afterwards") && is_found(&store, &kept[8]));
}
