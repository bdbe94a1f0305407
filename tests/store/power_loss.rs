//! The machine stops in the middle of work: what was announced is on the disk, the rest may be gone.
//!
//! A file system in an image is told to stop at once, without writing what it has in memory, which is what
//! a power loss does to it; then it is mounted again and recovers from its journal.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use base::{Digest, Fileset};
use reflow_store::{Association, Commit, LocalStore};
use rustix::ioctl::{self, Setter, opcode};

use crate::mount::Mount;

/// `EXT4_IOC_SHUTDOWN` and its wish that not even the journal be written.
const SHUTDOWN: ioctl::Opcode = opcode::read::<u32>(b'X', 125);
const WITHOUT_JOURNAL: u32 = 2;

/// Cuts the file system off from its disk.
fn stop(root: &Path) -> bool {
    let folder = std::fs::File::open(root).unwrap();
    // SAFETY: the request takes a pointer to a 32-bit number, which it reads.
    #[allow(unsafe_code, reason = "no safe wrapper is known for this request")]
    let result = unsafe { ioctl::ioctl(&folder, Setter::<SHUTDOWN, u32>::new(WITHOUT_JOURNAL)) };
    if let Err(error) = result {
        eprintln!("skipped: the file system cannot be stopped: {error}");
    }
    result.is_ok()
}

fn contents(number: usize) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        ("own".to_owned(), format!("content {number}").into_bytes()),
        ("shared".to_owned(), format!("shared {}", number / 5).into_bytes()),
        ("longer".to_owned(), format!("{number}").repeat(3000).into_bytes()),
    ])
}

fn key(number: usize) -> Digest {
    Digest::of(format!("key {number}"))
}

/// Hands results over until the file system stops; the numbers of those that were announced.
fn work_until_stopped(store: &LocalStore, first: usize, enough: usize, root: &Path) -> Option<Vec<usize>> {
    let (sender, receiver) = mpsc::channel();
    let mut announced = Vec::new();
    let mut number = first;
    while announced.len() < enough {
        let put = |(name, content): (String, Vec<u8>)| Ok((name, store.repository.put_bytes(&content)?));
        let map = contents(number).into_iter().map(put).collect::<Result<_, base::Error>>().unwrap();
        let sender = sender.clone();
        store.committer().submit(Commit {
            blobs: Vec::new(),
            associations: vec![Association {
                keys: vec![key(number)],
                fileset: Fileset::of_map(map),
                labels: Vec::new(),
            }],
            task: None,
            material: None,
            done: Box::new(move |result| {
                if result.is_ok() {
                    let _ = sender.send(number);
                }
            }),
        });
        announced.extend(receiver.try_iter());
        number += 1;
    }
    // Blobs that nobody commits, so that something is lost.
    for i in 0..50 {
        store.repository.put_bytes(format!("never committed {first} {i}").repeat(500).as_bytes()).unwrap();
    }
    announced.extend(receiver.try_iter());
    // Nobody hears what is announced later; on its way to a stop the file system may even claim success.
    stop(root).then_some(announced)
}

#[test]
fn a_power_loss_loses_nothing_that_was_announced() {
    let folder = tempfile::tempdir().unwrap();
    let (image, root) = (folder.path().join("image"), folder.path().join("root"));
    std::fs::create_dir(&root).unwrap();
    std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    match Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output() {
        Ok(output) if output.status.success() => {}
        other => return eprintln!("skipped: no file system can be made: {other:?}"),
    }
    let mut announced = Vec::new();
    for round in 0..4 {
        {
            let Some(_mount) = Mount::image(&image, &root) else { return };
            let store = LocalStore::open(&root.join("home")).unwrap();
            let Some(more) = work_until_stopped(&store, round * 10_000, 20 + round * 60, &root) else { return };
            announced.extend(more);
        }
        let Some(_mount) = Mount::image(&image, &root) else { return };
        let store = LocalStore::open(&root.join("home")).unwrap();
        for number in &announced {
            let hit = store.lookup(&[vec![key(*number)]]).unwrap().remove(0);
            let hit = hit.unwrap_or_else(|| panic!("result {number} was announced and is lost in round {round}"));
            for (path, file) in hit.fileset.entries() {
                let content = std::fs::read(store.repository.path(&file.digest())).unwrap();
                assert!(content == contents(*number)[path], "{path} of result {number} has other content");
            }
        }
        // Blobs that were not sealed may have been cut off. They are taken for what they are: bringing the
        // content again makes them whole.
        let report = store.repository.check_all(&|_| {}).unwrap();
        assert!(report.corrupt.len() as u64 <= report.unsealed, "{report:?}");
        for i in 0..50 {
            let content = format!("never committed {} {i}", round * 10_000).repeat(500);
            let file = store.repository.put_bytes(content.as_bytes()).unwrap();
            let found = std::fs::read(store.repository.path(&file.digest())).unwrap();
            assert!(found == content.as_bytes(), "a leftover is trusted");
        }
    }
    assert!(announced.len() >= 440, "only {} results were announced", announced.len());
}
