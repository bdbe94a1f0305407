//! The journal of keys: whatever happens to the database, no cached value is lost with it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base::{Digest, Fileset};
use proptest::prelude::*;
use reflow_store::journal::{Entry, Value};
use reflow_store::{Assoc, AssocKind, Association, LocalStore, damage};

fn store(home: &Path) -> LocalStore {
    LocalStore::open(home).unwrap()
}

/// Stores a file of this content under keys of these names.
fn put(store: &LocalStore, content: &str, names: &[&str]) {
    let file = store.repository.put_bytes(content.as_bytes()).unwrap();
    let keys = names.iter().map(Digest::of).collect();
    let association = Association { keys, fileset: Fileset::of_file(file), labels: Vec::new() };
    store.committer().commit(Vec::new(), vec![association], None).unwrap();
}

fn delete(store: &LocalStore, name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(store.assoc().delete(&Digest::of(name))).unwrap();
}

/// The content under each name that is known.
fn contents(store: &LocalStore, names: &[&str]) -> BTreeMap<String, String> {
    let content = |name: &&str| {
        let hit = store.lookup(&[vec![Digest::of(name)]]).unwrap().remove(0)?;
        let (_, file) = hit.fileset.entries().next()?;
        let bytes = fs::read(store.repository.path(&file.id?)).unwrap();
        Some(((*name).to_owned(), String::from_utf8(bytes).unwrap()))
    };
    names.iter().filter_map(content).collect()
}

fn remove_database(home: &Path) {
    for name in ["reflow.db", "reflow.db-wal", "reflow.db-shm"] {
        let _ = fs::remove_file(home.join(name));
    }
}

const NAMES: [&str; 6] = ["a", "b", "both", "changed", "deleted", "late"];

fn fill(home: &Path) -> BTreeMap<String, String> {
    let store = store(home);
    put(&store, "1", &["a", "both"]);
    put(&store, "2", &["b", "changed", "deleted"]);
    put(&store, "3", &["changed"]);
    delete(&store, "deleted");
    let contents = contents(&store, &NAMES);
    assert_eq!(contents.len(), 4);
    contents
}

#[test]
fn a_database_that_is_gone_is_made_anew() {
    let ways: [&dyn Fn(&Path); 2] = [&remove_database, &|home| {
        remove_database(home);
        fs::write(home.join("reflow.db"), "").unwrap();
    }];
    for lose in ways {
        let home = tempfile::tempdir().unwrap();
        let before = fill(home.path());
        lose(home.path());
        let again = store(home.path());
        assert_eq!((again.restored, contents(&again, &NAMES)), (4, before.clone()));
        // It goes on from there.
        put(&again, "4", &["late"]);
        delete(&again, "a");
        drop(again);
        lose(home.path());
        let again = store(home.path());
        assert_eq!(again.restored, 4);
        let mut after = before;
        after.remove("a");
        after.insert("late".to_owned(), "4".to_owned());
        assert_eq!(contents(&again, &NAMES), after);
        drop(again);
        assert_eq!(store(home.path()).restored, 0);
    }
}

#[test]
fn a_damaged_database_is_rebuilt_with_all_keys() {
    let home = tempfile::tempdir().unwrap();
    let before = fill(home.path());
    let size = fs::metadata(home.path().join("reflow.db")).unwrap().len();
    OpenOptions::new().write(true).open(home.path().join("reflow.db")).unwrap().set_len(size / 16).unwrap();
    let _ = fs::remove_file(home.path().join("reflow.db-wal"));
    let rebuilt = damage::rebuild(home.path()).unwrap();
    assert!(rebuilt.keys_from_journal > 0, "{rebuilt:?}");
    assert_eq!(contents(&store(home.path()), &NAMES), before);
}

#[test]
fn a_state_without_a_journal_gets_one() {
    let home = tempfile::tempdir().unwrap();
    let before = fill(home.path());
    fs::remove_file(home.path().join("keys.log")).unwrap();
    drop(store(home.path()));
    remove_database(home.path());
    assert_eq!(contents(&store(home.path()), &NAMES), before);
}

#[test]
fn several_write_it_and_one_may_be_killed_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let [first, second] = [(); 2].map(|()| store(home.path()));
    put(&first, "1", &["a"]);
    let mut journal = OpenOptions::new().append(true).open(home.path().join("keys.log")).unwrap();
    journal.write_all(b"0123abcd + 1 unfinished").unwrap();
    put(&second, "2", &["b"]);
    put(&first, "3", &["changed"]);
    let before = contents(&first, &NAMES);
    drop((first, second));
    remove_database(home.path());
    assert_eq!(contents(&store(home.path()), &NAMES), before);
}

#[test]
fn what_was_collected_stays_away_and_takes_no_room() {
    let home = tempfile::tempdir().unwrap();
    let (store, other) = (store(home.path()), store(home.path()));
    for number in 0..100 {
        put(&store, &number.to_string(), &[&format!("key {number}")]);
    }
    let size = || fs::metadata(home.path().join("keys.log")).unwrap().len();
    let full = size();
    std::thread::sleep(Duration::from_millis(1100));
    store.collect(&crate::collect::unused_since(SystemTime::now())).unwrap();
    assert!(size() < full / 10, "{} of {full}", size());
    // Whoever had it open writes the new one.
    put(&other, "late", &["late"]);
    drop((store, other));
    remove_database(home.path());
    let again = LocalStore::open(home.path()).unwrap();
    assert_eq!(again.restored, 1);
    assert_eq!(contents(&again, &NAMES).len(), 1);
}

proptest! {
    #[test]
    fn lines_say_what_they_were_written_for(
        key: [u8; 32],
        bytes in any::<Option<Vec<u8>>>(),
        is_set: bool,
        is_old: bool,
        cut in any::<prop::sample::Index>(),
    ) {
        let digest = bytes.as_ref().map_or(Digest::of("elsewhere"), Digest::of);
        let kind = if is_old { AssocKind::Fileset } else { AssocKind::FilesetV2 };
        let value = is_set.then_some(Value { digest, bytes });
        let entry = Entry { kind, key: Digest::from_bytes(key), value };
        let line = entry.line();
        let text = line.strip_suffix('\n').unwrap();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(Entry::parse(text), Some(entry));
        // A part of a line, or one with another character, is none.
        prop_assert_eq!(Entry::parse(&text[..cut.index(text.len())]), None);
        let mut changed = text.as_bytes().to_vec();
        let place = cut.index(changed.len());
        changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
        prop_assert_eq!(Entry::parse(std::str::from_utf8(&changed).unwrap()), None);
    }

    #[test]
    fn anything_may_stand_in_it(text in ".*") {
        let _ = Entry::parse(&text);
    }
}
