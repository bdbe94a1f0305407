//! How long things take. Not run by default: `cargo test --release -p reflow-store -- --ignored measure`.

use std::time::{Duration, Instant};

use base::{Digest, File, Fileset};
use reflow_store::{Association, LocalStore};

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
