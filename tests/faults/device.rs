//! A device that fails for a while. A library that is preloaded into the program stands in for it (`injector.c`),
//! as not every kernel has a device that fails on request.

use std::path::PathBuf;
use std::process::Command;

use crate::bed::{ended, repository};
use crate::rounds::rounds;
use crate::workload::Workload;

/// Builds the library, if there is a compiler.
fn injector(workload: &Workload) -> Option<PathBuf> {
    let library = workload.bed.root().join("injector.so");
    let source = repository().join("tests/faults/injector.c");
    let output = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).output();
    match output {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: there is no C compiler: {error}");
            None
        }
    }
}

#[test]
fn a_failing_device_spoils_nothing() {
    let (rounds, mut random) = rounds("EIO", 4);
    let workload = Workload::new();
    let Some(injector) = injector(&workload) else { return };
    let mut failed = 0;
    for round in 0..rounds {
        let universe = format!("eio{round}");
        let mut command = workload.run(&universe);
        let (from, count) = (random.below(500), 1 + random.below(5));
        command.env("LD_PRELOAD", &injector).env("FAULTS_BELOW", workload.bed.state());
        command.env("FAULTS_FROM", from.to_string()).env("FAULTS_COUNT", count.to_string());
        let disturbed = ended(command.output().unwrap());
        match disturbed.code {
            Some(0) => drop(workload.assert_right(&universe, &disturbed)),
            _ => {
                failed += 1;
                let state = workload.bed.state().display().to_string();
                // What could not be read may look like damage to the database; the next run shows that it is none.
                let words = ["nput/output error", "I/O error", "check-store -repair"];
                assert!(words.iter().any(|word| disturbed.stderr.contains(word)), "{}", disturbed.stderr);
                assert!(disturbed.stderr.contains(&state), "{}", disturbed.stderr);
            }
        }
        let counts = workload.finish(&universe);
        println!("round {round}: {count} calls from {from}: exit {:?}, {} left", disturbed.code, counts.executed);
        assert_eq!(workload.finish(&universe).executed, 0);
        workload.assert_sound();
    }
    println!("{failed} of {rounds} runs failed");
}
