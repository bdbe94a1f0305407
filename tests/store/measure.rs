//! How long things take. Not run by default: `cargo test --release -p reflow-store -- --ignored measure`.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use base::{Digest, File, Fileset};
use reflow_store::file_repository::hash_file;
use reflow_store::tasks::TaskKind;
use reflow_store::{Association, Commit, LocalStore, TaskRecord};

/// Processor time of this process so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn key(index: usize) -> Digest {
    Digest::of(format!("key {index}"))
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let (start, processor) = (Instant::now(), processor_time());
    let value = work();
    let (elapsed, used) = (start.elapsed(), processor_time() - processor);
    eprintln!("{what}: {elapsed:.2?}, processor {used:.2?}");
    (value, elapsed, used)
}

#[test]
#[ignore = "measures; run it alone and optimised"]
fn measure_looking_up_many_keys() {
    const COUNT: usize = 10_000;
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    let (files, ..) = timed("put 10,000 blobs", || {
        (0..COUNT)
            .map(|i| store.repository.put_bytes(format!("content {i}").as_bytes()).unwrap())
            .collect::<Vec<File>>()
    });
    let associations = |files: &[File]| {
        (0..)
            .zip(files)
            .map(|(i, file)| Association {
                keys: vec![key(i)],
                fileset: Fileset::of_file(file.clone()),
                labels: Vec::new(),
            })
            .collect::<Vec<_>>()
    };
    timed("commit 10,000 at once", || store.committer().commit(Vec::new(), associations(&files), None).unwrap());
    timed("commit 10,000 sealed again", || store.committer().commit(Vec::new(), associations(&files), None).unwrap());
    drop(store);
    let (store, ..) = timed("open", || LocalStore::open(home.path()).unwrap());
    let wanted: Vec<Vec<Digest>> = (0..COUNT).map(|i| vec![key(i)]).collect();
    let (hits, _, used) = timed("look up 10,000 keys", || store.lookup(&wanted).unwrap());
    assert_eq!(hits.iter().flatten().count(), COUNT);
    assert!(used < Duration::from_millis(250), "looking up took {used:?} of processor time");
    let (.., used) = timed("look up 10,000 keys again", || store.lookup(&wanted).unwrap());
    assert!(used < Duration::from_millis(250), "looking up took {used:?} of processor time");
    timed("check all", || store.repository.check_all(&|_| {}).unwrap());
}

#[test]
#[ignore = "measures; run it alone and optimised"]
fn measure_group_commit() {
    const COUNT: usize = 5_000;
    for on_the_way in [1, 8, 64, 512] {
        let home = tempfile::tempdir().unwrap();
        let store = LocalStore::open(home.path()).unwrap();
        let count = if on_the_way == 1 { COUNT / 10 } else { COUNT };
        let (sender, receiver) = mpsc::channel();
        let what = format!("{count} results, {on_the_way} at a time, one file and one task each");
        let (_, elapsed, _) = timed(&what, || {
            for number in 0..count {
                let file = store.repository.put_bytes(format!("content {number}").as_bytes()).unwrap();
                let sender = sender.clone();
                store.committer().submit(Commit {
                    blobs: Vec::new(),
                    associations: vec![Association {
                        keys: vec![key(2 * number), key(2 * number + 1)],
                        fileset: Fileset::of_file(file),
                        labels: Vec::new(),
                    }],
                    task: Some(TaskRecord::new(key(number), key(0), TaskKind::Exec, "align.Main.sorted")),
                    material: None,
                    done: Box::new(move |result| sender.send(result).unwrap()),
                });
                if number >= on_the_way {
                    receiver.recv().unwrap().unwrap();
                }
            }
            store.committer().flush();
        });
        eprintln!("  {:.0} results a second", count as f64 / elapsed.as_secs_f64());
        assert!(elapsed / (count as u32) < Duration::from_millis(50), "a result took {elapsed:?} / {count}");
    }
}

#[test]
#[ignore = "measures; run it alone and optimised"]
fn measure_hashing() {
    const SIZE: usize = 512 << 20;
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    let path = home.path().join("large");
    std::fs::write(&path, vec![7; SIZE]).unwrap();
    let rate = |what: &str, elapsed: Duration| {
        eprintln!("  {what}: {:.0} MiB a second", (SIZE >> 20) as f64 / elapsed.as_secs_f64());
    };
    let (_, elapsed, used) = timed("hash 512 MiB", || hash_file(&path).unwrap());
    rate("hash", elapsed);
    assert!(used < Duration::from_secs(5));
    let (file, elapsed, _) = timed("install 512 MiB", || store.repository.install(&path).unwrap());
    rate("install", elapsed);
    store.repository.remove(&file.digest()).unwrap();
    let (_, elapsed, _) = timed("adopt 512 MiB", || store.repository.adopt(&path).unwrap());
    rate("adopt", elapsed);
    let (_, elapsed, _) = timed("materialize", || {
        store.repository.sync(&[file.digest()]).unwrap();
        store.repository.materialize(&file, &home.path().join("out")).unwrap();
    });
    rate("materialize", elapsed);
}
