//! Blobs that are removed while others use the repository. Several repositories opened on one folder are what
//! several processes have: the locks are the kernel's.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use base::{Digest, File, Kind};
use reflow_store::{FileRepository, LocalStore};

fn open(root: &Path) -> FileRepository {
    FileRepository::open(&root.join("repository")).unwrap()
}

fn sized(file: &File) -> (Digest, u64) {
    (file.digest(), file.size)
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_a_process_relies_on_is_not_removed() {
    let root = tempfile::tempdir().unwrap();
    let (user, keeper) = (open(root.path()), open(root.path()));
    let brought = user.put_bytes(b"brought in").unwrap();
    // Left by a process that has ended.
    let left = open(root.path()).put_bytes(b"left").unwrap();
    let found = open(root.path()).put_bytes(b"found").unwrap();
    user.rely_on(&found.id).unwrap();
    let all = [&brought, &left, &found].map(sized);
    let mut watch = keeper.watch().unwrap();
    assert_eq!(keeper.remove_unused(&all, &mut watch).unwrap(), (1, 4));
    assert!(keeper.holds(&brought).unwrap() && keeper.holds(&found).unwrap() && !keeper.holds(&left).unwrap());
    drop(watch);
    drop(user);
    let mut watch = keeper.watch().unwrap();
    assert_eq!(keeper.remove_unused(&all, &mut watch).unwrap(), (2, 15));
    assert_eq!(names_in(&root.path().join("repository/trash")), [""; 0]);
}

#[test]
fn what_is_there_of_the_users_files_is_relied_on() {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(&home.path().join("state")).unwrap();
    let keeper = open(&home.path().join("state"));
    let path = home.path().join("reads");
    fs::write(&path, "reads").unwrap();
    // Brought in by a process that has ended.
    let file = open(&home.path().join("state")).put_bytes(b"reads").unwrap();
    store.repository.rely_on(&file.id).unwrap();
    store.lend(&file, path.as_path()).unwrap();
    let mut watch = keeper.watch().unwrap();
    assert_eq!(keeper.remove_unused(&[sized(&file)], &mut watch).unwrap(), (0, 0));
    assert!(keeper.holds(&file).unwrap());
}

#[test]
fn what_is_relied_on_by_a_process_that_ends_during_a_removal_stays() {
    let root = tempfile::tempdir().unwrap();
    let keeper = open(root.path());
    let before = open(root.path());
    let first = before.put_bytes(b"first").unwrap();
    let mut watch = keeper.watch().unwrap();
    // Both ends may come after rows were read and before blobs are looked at.
    drop(before);
    let second = open(root.path()).put_bytes(b"second").unwrap();
    assert_eq!(keeper.remove_unused(&[&first, &second].map(sized), &mut watch).unwrap(), (0, 0));
    drop(watch);
    let mut watch = keeper.watch().unwrap();
    assert_eq!(keeper.remove_unused(&[&first, &second].map(sized), &mut watch).unwrap(), (2, 11));
}

#[test]
fn one_process_removes_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (open(root.path()), open(root.path()));
    let watch = one.watch().unwrap();
    assert_eq!(other.watch().unwrap_err().kind(), Kind::Unavailable);
    drop(watch);
    other.watch().unwrap();
}

#[test]
fn what_a_killed_removal_has_hidden_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let hide = |file: &File| {
        let repository = root.path().join("repository");
        let hex = file.digest().hex();
        fs::rename(repository.join(&hex[..2]).join(&hex[2..]), repository.join("trash").join(hex)).unwrap();
    };
    let keeper = open(root.path());
    let file = keeper.put_bytes(b"hidden").unwrap();
    hide(&file);
    assert!(!keeper.holds(&file).unwrap());
    drop(keeper.watch().unwrap());
    assert!(keeper.holds(&file).unwrap());
    hide(&file);
    drop(keeper);
    // Who is alone tidies up: the hidden, what was being written, and lists of the dead.
    let leavings = ["tmp/.tmpabc", "uses/by-abc"].map(|name| root.path().join("repository").join(name));
    leavings.iter().for_each(|path| fs::write(path, "x").unwrap());
    let keeper = open(root.path());
    assert!(keeper.holds(&file).unwrap());
    assert!(leavings.iter().all(|path| !path.exists()));
    leavings.iter().for_each(|path| fs::write(path, "x").unwrap());
    drop(open(root.path()));
    assert!(leavings.iter().all(|path| path.exists()), "somebody else may be writing");
}

#[test]
fn blobs_come_and_are_read_while_others_remove_them() {
    const ROUNDS: usize = 100;
    let root = tempfile::tempdir().unwrap();
    let over = AtomicBool::new(false);
    let contents: Vec<Vec<u8>> = (0..8_u8).map(|byte| vec![byte; 100 + usize::from(byte)]).collect();
    let removed = std::thread::scope(|scope| {
        let users: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..ROUNDS {
                        let repository = open(root.path());
                        for content in contents.iter().cycle().skip(round).take(4) {
                            let file = repository.put_bytes(content).unwrap();
                            let to = root.path().join(format!("{:?}-{round}", std::thread::current().id()));
                            repository.materialize(&file, &to).unwrap();
                            assert_eq!(fs::read(&to).unwrap(), *content);
                            fs::remove_file(to).unwrap();
                        }
                    }
                })
            })
            .collect();
        let keeper = scope.spawn(|| {
            let (keeper, mut removed) = (open(root.path()), 0);
            while !over.load(Ordering::Relaxed) {
                let mut watch = keeper.watch().unwrap();
                let all: Vec<(Digest, u64)> = keeper.iter().map(Result::unwrap).collect();
                removed += keeper.remove_unused(&all, &mut watch).unwrap().0;
            }
            removed
        });
        let ended: Vec<_> = users.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
        keeper.join().unwrap()
    });
    assert!(removed > 0);
}
