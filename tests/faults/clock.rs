//! Clocks that are wrong, and that jump while a run goes on. The library `faketime` makes them so for the program
//! alone.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::bed::ended;
use crate::rounds::{Random, rounds};
use crate::workload::{COMMANDS, Workload};

/// Where Debian's package libfaketime has it.
fn library() -> Option<PathBuf> {
    let names = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let paths = names.map(|name| PathBuf::from(format!("/usr/lib/{name}/faketime/libfaketimeMT.so.1")));
    let found = paths.into_iter().find(|path| path.exists());
    if found.is_none() {
        println!("skipped: libfaketime is not installed");
    }
    found
}

/// Some time off, up to ten years each way.
fn offset(random: &mut Random) -> String {
    let seconds = random.below(2 * 3650 * 24 * 3600) as i64 - 3650 * 24 * 3600;
    format!("{seconds:+}s")
}

#[test]
fn jumps_of_the_clock_change_no_result() {
    let Some(library) = library() else { return };
    let (rounds, mut random) = rounds("jumps of the clock", 3);
    let workload = Workload::new();
    let setting = workload.bed.root().join("clock");
    let set = |path: &Path, offset: &str| std::fs::write(path, format!("{offset}\n")).unwrap();
    for round in 0..rounds {
        let universe = format!("clock{round}");
        let offsets = [offset(&mut random), offset(&mut random), offset(&mut random)];
        let run = || {
            let mut command = workload.run(&universe);
            command.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", &setting);
            command.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1");
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        };
        set(&setting, &offsets[0]);
        let child = run().spawn().unwrap();
        std::thread::sleep(workload.length.mul_f64(random.part()));
        set(&setting, &offsets[1]);
        let first = ended(child.wait_with_output().unwrap());
        assert_eq!(first.code, Some(0), "{offsets:?}: {}", first.stderr);
        workload.assert_right(&universe, &first);
        set(&setting, &offsets[2]);
        let second = ended(run().output().unwrap());
        assert_eq!(second.code, Some(0), "{offsets:?}: {}", second.stderr);
        assert_eq!(workload.assert_right(&universe, &second).cached, COMMANDS, "{offsets:?}");
        // Nothing that is used is collected, wherever the clock stands.
        let mut collect = workload.bed.reflow(&["collect", "-threshold=100d", "-dry-run=false"]);
        collect.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", &setting);
        assert_eq!(ended(collect.output().unwrap()).code, Some(0));
        assert_eq!(workload.finish(&universe).failed, 0);
        println!("round {round}: {offsets:?}");
        workload.assert_sound();
    }
}
