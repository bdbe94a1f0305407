//! Damage to the database: it is said clearly what to do, and after that no command is repeated.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use crate::bed::ended;
use crate::rounds::{Random, rounds};
use crate::workload::Workload;

/// Damages the database in one of several ways; how.
fn damage(database: &Path, random: &mut Random) -> String {
    let size = fs::metadata(database).unwrap().len();
    let file = OpenOptions::new().write(true).open(database).unwrap();
    let garbage: Vec<u8> = (0..4096).map(|_| random.below(256) as u8).collect();
    match random.below(5) {
        0 => {
            let to = random.below(size);
            file.set_len(to).unwrap();
            format!("truncated from {size} to {to} bytes")
        }
        1 => {
            let page = random.below(size / 4096);
            file.write_all_at(&garbage, page * 4096).unwrap();
            format!("page {page} of {} overwritten", size / 4096)
        }
        2 => {
            let pages: Vec<u64> = (0..4).map(|_| random.below(size / 4096)).collect();
            pages.iter().for_each(|page| file.write_all_at(&[0; 4096], page * 4096).unwrap());
            format!("pages {pages:?} of {} zeroed", size / 4096)
        }
        3 => {
            file.write_all_at(&garbage[..100], 0).unwrap();
            "header overwritten".to_owned()
        }
        _ => {
            file.set_len(0).unwrap();
            "truncated to nothing".to_owned()
        }
    }
}

#[test]
fn damaged_databases_are_rebuilt_as_far_as_they_can_be_read() {
    let (rounds, mut random) = rounds("a damaged database", 4);
    let workload = Workload::new();
    workload.finish("damaged");
    let database = workload.bed.state().join("reflow.db");
    for round in 0..rounds {
        let how = damage(&database, &mut random);
        // A run either does not meet the damage, or says what to do. It never comes to something wrong.
        let met = ended(workload.run("damaged").output().unwrap());
        match met.code {
            Some(0) => drop(workload.assert_right("damaged", &met)),
            _ => assert!(met.stderr.contains("check-store -repair"), "{how}: {}", met.stderr),
        }
        let repaired = workload.reflow(&["check-store", "-repair"]);
        assert_eq!(repaired.code, Some(0), "{how}: {}", repaired.stderr);
        println!("round {round}: {how}: exit {:?}", met.code);
        assert_eq!(workload.finish("damaged").executed, 0, "{how}");
        workload.assert_sound();
    }
}

#[test]
fn a_lost_log_of_the_database_costs_what_it_held() {
    let (rounds, mut random) = rounds("a lost WAL", 2);
    let workload = Workload::new();
    for round in 0..rounds {
        let universe = format!("lost{round}");
        let mut child = workload.start(&universe);
        std::thread::sleep(workload.length.mul_f64(random.part()).max(Duration::from_millis(50)));
        child.kill().unwrap();
        child.wait().unwrap();
        crate::machine::assert_nothing_runs(&workload.bed);
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(workload.bed.state().join(format!("reflow.db{suffix}")));
        }
        let counts = workload.finish(&universe);
        println!("round {round}: {} commands were left", counts.executed);
        workload.assert_sound();
    }
}
