//! `kill -9` at random moments: what was committed stays, nothing else does, and the same command again
//! comes to the right end.

use std::process::Child;
use std::time::Duration;

use crate::rounds::rounds;
use crate::workload::{COMMANDS, Workload};
use crate::{history, machine};

/// Whether the child was still running when it was killed.
fn kill_after(mut child: Child, delay: Duration) -> bool {
    std::thread::sleep(delay);
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

#[test]
fn killed_runs_lose_only_what_was_under_way() {
    let (rounds, mut random) = rounds("kill -9", 5);
    let workload = Workload::new();
    let (mut universe, mut killed) = (0, 0);
    let name = |universe: u64| format!("killed{universe}");
    for round in 0..rounds {
        // Some die while they begin, some in the middle; one that got through makes room for a fresh start.
        let delay = workload.length.mul_f64(random.part() * random.part());
        let was_running = kill_after(workload.start(&name(universe)), delay);
        println!("round {round}: universe {universe}, killed after {delay:.2?}: {was_running}");
        machine::assert_nothing_runs(&workload.bed);
        killed += u64::from(was_running);
        if !was_running || random.part() < 0.2 {
            universe += 1;
        }
    }
    assert!(killed > 0, "no run was killed in time");
    for universe in 0..=universe {
        workload.finish(&name(universe));
        let again = workload.finish(&name(universe));
        assert_eq!((again.executed, again.cached), (0, COMMANDS));
    }
    assert_eq!(history::repeated(&workload.bed), [""; 0], "these were committed and executed again");
    workload.assert_sound();
}
