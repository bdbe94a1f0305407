//! Bits that turn over in blobs: found by whoever looks, taken away, made again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::rounds::{Random, rounds};
use crate::workload::{COMMANDS, Workload};

/// Turns over one bit, as a disk would: nothing else shows it.
fn flip(blob: &Path, random: &mut Random) {
    let (mode, times) = {
        let metadata = fs::metadata(blob).unwrap();
        (metadata.permissions(), fs::FileTimes::new().set_modified(metadata.modified().unwrap()))
    };
    let mut content = fs::read(blob).unwrap();
    let place = random.below(content.len() as u64) as usize;
    content[place] ^= 1 << random.below(8);
    fs::set_permissions(blob, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(blob, content).unwrap();
    fs::File::open(blob).unwrap().set_times(times).unwrap();
    fs::set_permissions(blob, mode).unwrap();
}

#[test]
fn flipped_bits_are_found_and_what_they_spoil_is_made_again() {
    let (rounds, mut random) = rounds("a flipped bit", 3);
    let workload = Workload::new();
    workload.finish("bits");
    for round in 0..rounds {
        let blobs = workload.blobs();
        let filled: Vec<_> = blobs.iter().filter(|blob| fs::metadata(blob).unwrap().len() > 0).collect();
        let victim = filled[random.below(filled.len() as u64) as usize];
        flip(victim, &mut random);
        let name = victim.display().to_string();

        let found = workload.reflow(&["check-store"]);
        assert_eq!(found.code, Some(1), "{}", found.stdout);
        assert!(found.stderr.contains(&format!("corrupt: {name}")), "{}", found.stderr);
        let repaired = workload.reflow(&["check-store", "-repair"]);
        assert_eq!(repaired.code, Some(0), "{}", repaired.stderr);
        assert!(!victim.exists());

        let counts = workload.finish("bits");
        println!("round {round}: {name}: {} commands were repeated", counts.executed);
        assert_eq!(workload.finish("bits").cached, COMMANDS);
        workload.assert_sound();
    }
}

#[test]
fn flipped_bits_are_found_after_use_and_never_exported() {
    let (rounds, mut random) = rounds("a flipped bit, found by its users", 3);
    let workload = Workload::with(&["-executor=process", "-postusechecksum", "-invalidate=."], &[], |_| ());
    for round in 0..rounds {
        let blobs = workload.blobs();
        let filled: Vec<_> = blobs.iter().filter(|blob| fs::metadata(blob).unwrap().len() > 0).collect();
        let victims: Vec<_> = (0..3).map(|_| filled[random.below(filled.len() as u64) as usize]).collect();
        for victim in &victims {
            flip(victim, &mut random);
        }
        // Everything runs again, on what is damaged: what is used is noticed, what is made anew takes its place.
        let ended = crate::bed::ended(workload.run("used").output().unwrap());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        workload.assert_exported("used");
        println!("round {round}: {victims:?}");
        workload.reflow(&["check-store", "-repair"]);
        fs::remove_dir_all(workload.bed.work().join("used")).unwrap();
    }
}
