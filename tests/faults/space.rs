//! A disk that is full: the run says so; when there is room again, it goes on where it stopped.

use std::fs;

use crate::bed::ended;
use crate::mount::Mount;
use crate::rounds::rounds;
use crate::workload::Workload;

/// Bytes of the file system.
const SIZE: u64 = 48 << 20;

#[test]
fn a_full_disk_stops_a_run_and_spoils_nothing() {
    let (rounds, mut random) = rounds("ENOSPC", 4);
    let mut workload = Workload::new();
    // Elsewhere than the bed: every process of this machine sees it mounted.
    let folder = tempfile::Builder::new().prefix("reflow-disk-").tempdir().unwrap();
    let disk = folder.path().to_owned();
    let Some(_mount) = small(&workload, &disk) else { return };
    workload.state = disk.join("state");
    for round in 0..rounds {
        let universe = format!("full{round}");
        let filler = disk.join("filler");
        let free = rustix::fs::statvfs(&disk).unwrap();
        let room = random.below(12 << 20);
        let fill = (free.f_bavail * free.f_frsize).saturating_sub(room);
        rustix::fs::fallocate(fs::File::create(&filler).unwrap(), rustix::fs::FallocateFlags::empty(), 0, fill)
            .unwrap();
        let disturbed = ended(workload.run(&universe).output().unwrap());
        match disturbed.code {
            Some(0) => drop(workload.assert_right(&universe, &disturbed)),
            _ => {
                let words = ["No space left", "no room", "is full", "database or disk is full"];
                assert!(words.iter().any(|word| disturbed.stderr.contains(word)), "{}", disturbed.stderr);
            }
        }
        fs::remove_file(&filler).unwrap();
        let counts = workload.finish(&universe);
        println!("round {round}: {room} bytes: exit {:?}, {} commands were left", disturbed.code, counts.executed);
        assert_eq!(workload.finish(&universe).executed, 0);
        workload.assert_sound();
        // Room for the next round.
        let words = ["collect", "-threshold=0d", "-dry-run=false", "-rate=100000"];
        assert_eq!(workload.reflow(&words).code, Some(0));
    }
}

/// A small file system on a loop device, or else in memory.
fn small(workload: &Workload, disk: &std::path::Path) -> Option<Mount> {
    let image = workload.bed.root().join("image");
    fs::File::create(&image).unwrap().set_len(SIZE).unwrap();
    let made = std::process::Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image).output();
    match made {
        Ok(output) if output.status.success() => Mount::image(&image, disk).or_else(|| Mount::memory(disk, "48m")),
        _ => Mount::memory(disk, "48m"),
    }
}
