//! Remembered digests of files that may change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base::{Digest, File, Kind};
use reflow_store::LocalStore;

fn remembered(home: &Path) -> i64 {
    rusqlite::Connection::open(home.join("reflow.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM stat_cache", (), |row| row.get(0))
        .unwrap()
}

fn expect(content: &str) -> File {
    File::resolved(Digest::of(content), content.len() as u64)
}

#[test]
fn files_that_just_changed_are_not_remembered() {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    let path = home.path().join("input");
    for content in ["one", "two", "six"] {
        // The same length and perhaps the same time as before.
        fs::write(&path, content).unwrap();
        assert_eq!(store.stat_cache().digest_of(&path).unwrap().id, Some(Digest::of(content)));
    }
    // Setting the clock back shows in the other time.
    let old = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    assert_eq!(store.stat_cache().digest_of(&path), Ok(expect("six")));
    store.stat_cache().flush().unwrap();
    assert_eq!(remembered(home.path()), 0);
}

#[test]
fn old_files_are_remembered_until_they_change() {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    let paths: Vec<_> = (0..4200).map(|i| home.path().join(format!("input {i}"))).collect();
    for path in &paths {
        fs::write(path, path.to_str().unwrap()).unwrap();
    }
    let link = home.path().join("link");
    symlink(&paths[0], &link).unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    let (cache, other) = (store.stat_cache().clone(), LocalStore::open(home.path()).unwrap());
    std::thread::scope(|scope| {
        for part in paths.chunks(700) {
            let cache = &cache;
            scope.spawn(move || {
                for path in part {
                    assert_eq!(cache.digest_of(path), Ok(expect(path.to_str().unwrap())));
                }
            });
        }
    });
    assert_eq!(cache.digest_of(&link), Ok(expect(paths[0].to_str().unwrap())));
    assert!(remembered(home.path()) >= 4096, "a batch is written by itself");
    drop((cache, store));
    assert_eq!(remembered(home.path()), 4201, "the rest is written at the end");

    // Wrong digests in the database show what is not read again.
    let wrong = Digest::of("wrong");
    rusqlite::Connection::open(home.path().join("reflow.db"))
        .unwrap()
        .execute("UPDATE stat_cache SET digest = ?", [wrong.as_bytes()])
        .unwrap();
    assert_eq!(other.stat_cache().digest_of(&paths[1]).unwrap().id, Some(wrong));
    let replaced = home.path().join("new");
    fs::copy(&paths[2], &replaced).unwrap();
    fs::File::options()
        .write(true)
        .open(&replaced)
        .unwrap()
        .set_modified(fs::metadata(&paths[2]).unwrap().modified().unwrap())
        .unwrap();
    fs::rename(&replaced, &paths[2]).unwrap();
    assert_eq!(other.stat_cache().digest_of(&paths[2]), Ok(expect(paths[2].to_str().unwrap())), "another inode");
    fs::write(&paths[3], "changed").unwrap();
    assert_eq!(other.stat_cache().digest_of(&paths[3]).unwrap().id, Some(Digest::of("changed")));
}

#[test]
fn what_is_not_a_file_has_no_digest() {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    assert_eq!(store.stat_cache().digest_of(home.path()).unwrap_err().kind(), Kind::Invalid);
    assert_eq!(store.stat_cache().digest_of(&home.path().join("absent")).unwrap_err().kind(), Kind::NotExist);
}

#[test]
fn what_is_known_below_a_folder_is_read_at_once() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    for folder in ["tree/deep", "tree0"] {
        fs::create_dir_all(path(folder)).unwrap();
    }
    for name in ["tree/a", "tree/deep/b", "tree/changes", "tree0/c"] {
        fs::write(path(name), name).unwrap();
    }
    std::thread::sleep(Duration::from_millis(2100));
    let store = LocalStore::open(home.path()).unwrap();
    for name in ["tree/a", "tree/deep/b", "tree/changes", "tree0/c"] {
        assert_eq!(store.stat_cache().digest_of(&path(name)), Ok(expect(name)));
    }
    store.stat_cache().flush().unwrap();
    let database = rusqlite::Connection::open(path("reflow.db")).unwrap();
    let other = LocalStore::open(home.path()).unwrap();
    // Wrong digests show what is not read again; after the preload the database is not asked any more.
    let wrong = Digest::of("wrong");
    database.execute("UPDATE stat_cache SET digest = ?", [wrong.as_bytes()]).unwrap();
    other.stat_cache().preload(&path("tree")).unwrap();
    database.execute("DELETE FROM stat_cache", []).unwrap();
    fs::write(path("tree/changes"), "changed").unwrap();
    fs::write(path("tree/new"), "new").unwrap();
    let digest = |name: &str| other.stat_cache().digest_of(&path(name)).unwrap().id;
    assert_eq!(digest("tree/a"), Some(wrong));
    assert_eq!(digest("tree/deep/b"), Some(wrong));
    assert_eq!(digest("tree/changes"), Some(Digest::of("changed")));
    assert_eq!(digest("tree/new"), Some(Digest::of("new")));
    assert_eq!(digest("tree0/c"), Some(Digest::of("tree0/c")), "a folder of a longer name is another one");
    // What is learnt afterwards is known, also when it has been written.
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(digest("tree/new"), Some(Digest::of("new")));
    other.stat_cache().flush().unwrap();
    database.execute("DELETE FROM stat_cache", []).unwrap();
    assert_eq!(digest("tree/new"), Some(Digest::of("new")));
}
