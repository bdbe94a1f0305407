//! Locks between threads and processes.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base::Digest;
use reflow_store::KeyLocks;

use crate::child;

#[test]
fn a_lock_is_held_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let locks = KeyLocks::open(&folder.path().join("locks")).unwrap();
    let (one, two) = (Digest::of("one"), Digest::of("two"));
    let held = locks.try_lock(&one).unwrap().unwrap();
    assert!(locks.try_lock(&one).unwrap().is_none());
    assert!(locks.try_lock(&two).unwrap().is_some(), "other keys are free");
    assert_eq!(locks.is_locked(&one), Ok(true));
    assert_eq!(locks.is_locked(&two), Ok(false));
    assert_eq!(locks.holder(&one), Ok(Some(std::process::id())));
    drop(held);
    assert_eq!(locks.holder(&one), Ok(None));
    assert!(locks.try_lock(&one).unwrap().is_some());
    assert!(!locks.path(&one).exists());
    drop(locks);
    assert_eq!(fs::read_dir(folder.path().join("locks")).unwrap().count(), 0, "no file stays");
}

#[test]
fn a_file_that_was_let_go_locks_other_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (KeyLocks::open(folder.path()).unwrap(), KeyLocks::open(folder.path()).unwrap());
    let keys: Vec<Digest> = (0..5).map(|number: u8| Digest::of([number])).collect();
    drop(ours.try_lock(&keys[0]).unwrap());
    assert_eq!(ours.is_locked(&keys[0]), Ok(false));
    let held = ours.try_lock(&keys[1]).unwrap().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "it is the same file");
    assert!(theirs.try_lock(&keys[1]).unwrap().is_none());
    assert_eq!(theirs.holder(&keys[1]), Ok(Some(std::process::id())));
    assert!(theirs.try_lock(&keys[0]).unwrap().is_some());
    // A key that somebody else has is not taken from them, although there is a file to spare.
    let taken = theirs.try_lock(&keys[2]).unwrap().unwrap();
    drop(ours.try_lock(&keys[3]).unwrap().unwrap());
    assert!(ours.try_lock(&keys[2]).unwrap().is_none());
    drop((taken, held));
    // What is in use stays when another process begins, and what a killed one had goes.
    fs::write(folder.path().join("spare-1"), "12345\n").unwrap();
    let held = ours.try_lock(&keys[4]).unwrap().unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    let third = KeyLocks::open(folder.path()).unwrap();
    assert_eq!(files(), before - 1);
    assert!(third.try_lock(&keys[4]).unwrap().is_none());
    drop((held, ours, theirs, third));
    assert_eq!(files(), 0);
}

#[test]
fn a_file_left_over_does_not_lock() {
    let folder = tempfile::tempdir().unwrap();
    let locks = KeyLocks::open(folder.path()).unwrap();
    let key = Digest::of("key");
    fs::write(folder.path().join(key.hex()), "12345\n").unwrap();
    assert_eq!(locks.is_locked(&key), Ok(false));
    assert!(locks.try_lock(&key).unwrap().is_some());
}

#[test]
fn waiting_ends_when_the_lock_is_free_or_nobody_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let locks = KeyLocks::open(folder.path()).unwrap();
    let key = Digest::of("key");
    let held = locks.try_lock(&key).unwrap();
    let asked = AtomicU32::new(0);
    let go_on = || asked.fetch_add(1, Ordering::Relaxed) < 3;
    assert!(locks.lock(&key, &go_on).unwrap().is_none());
    assert_eq!(asked.into_inner(), 4);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| locks.lock(&key, &|| true).unwrap().is_some());
        std::thread::sleep(Duration::from_millis(30));
        assert!(!waiting.is_finished());
        drop(held);
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn only_one_thread_at_a_time_has_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let locks = KeyLocks::open(folder.path()).unwrap();
    let key = Digest::of("key");
    let (inside, total) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // As long as that, and until it has been seen to work, however slow the machine is.
                let start = Instant::now();
                while start.elapsed() < Duration::from_millis(300) || total.load(Ordering::Relaxed) < 20 {
                    if let Some(_lock) = locks.try_lock(&key).unwrap() {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two have the lock");
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        total.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let locks = KeyLocks::open(folder.path()).unwrap();
    let key = Digest::of("key");
    let mut holder = child::start("lock::child_that_holds_a_lock", folder.path());
    assert_eq!(holder.next_line().as_deref(), Some("locked"));
    assert!(locks.try_lock(&key).unwrap().is_none());
    assert_eq!(locks.holder(&key), Ok(Some(holder.id())));
    holder.kill();
    assert!(locks.try_lock(&key).unwrap().is_some());
}

#[test]
#[ignore = "the other process of a test"]
fn child_that_holds_a_lock() {
    let Some(folder) = child::folder() else { return };
    let locks = KeyLocks::open(&folder).unwrap();
    let lock = locks.try_lock(&Digest::of("key")).unwrap();
    assert!(lock.is_some());
    child::say("locked");
    std::thread::sleep(Duration::from_secs(600));
}
