//! `kill -9` at random moments: what was committed stays, nothing else does, and the same command again
//! comes to the right end.
//!
//! `REFLOW_TEST_ROUNDS` is the number of rounds, `REFLOW_TEST_SEED` repeats a sequence.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bed::{Bed, Counts};
use crate::variants::{copy_program, data, small_data};
use crate::{history, machine};

/// Random numbers that a seed repeats (SplitMix64).
struct Random(u64);

impl Random {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number: {text:?}")))
}

/// Reads of each file: enough that every step takes a while.
const READS: usize = 2000;

fn run(bed: &Bed, words: &[String]) -> Command {
    let mut command = bed.reflow(&words.iter().map(String::as_str).collect::<Vec<_>>());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

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
    let Some(data) = data() else { return };
    let rounds = setting("REFLOW_TEST_ROUNDS").unwrap_or(5);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = setting("REFLOW_TEST_SEED").unwrap_or(clock);
    println!("REFLOW_TEST_ROUNDS={rounds} REFLOW_TEST_SEED={seed}");
    let mut random = Random(seed);

    let bed = Bed::new();
    copy_program(&bed);
    let data = small_data(&bed, &data, READS);
    // Each universe begins without results.
    let words = |universe: u64, out: &str| -> Vec<String> {
        let universe = format!("-universe=u{universe}");
        let (data, out) = (format!("-data={}", data.display()), format!("-out=localfile://{out}"));
        [&universe, "run", "-json", "-executor=process", "variants.rf", &data, &out].map(str::to_owned).to_vec()
    };
    let finish = |universe: u64, out: &str| {
        let words = words(universe, out);
        Counts::of(&bed.succeed(&words.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let start = std::time::Instant::now();
    let whole = finish(0, "whole");
    let length = start.elapsed().as_secs_f64();

    let (mut universe, mut killed) = (1, 0);
    for round in 0..rounds {
        // Some die while they begin, some in the middle; one that got through makes room for a fresh start.
        let delay = Duration::from_secs_f64(length * random.next() * random.next());
        let child = run(&bed, &words(universe, "killed")).spawn().unwrap();
        let was_running = kill_after(child, delay);
        println!("round {round}: universe {universe}, killed after {delay:.2?}: {was_running}");
        machine::assert_nothing_runs(&bed);
        killed += u64::from(was_running);
        if !was_running || random.next() < 0.2 {
            universe += 1;
        }
    }
    assert!(killed > 0, "no run was killed in time");

    for universe in 1..=universe {
        let end = finish(universe, "killed");
        assert_eq!(end.result, whole.result);
        assert_eq!((end.executed + end.cached, end.failed), (8, 0));
        assert_eq!(finish(universe, "killed").executed, 0);
    }
    for name in ["variants.vcf", "report.txt"] {
        let read = |folder: &str| std::fs::read(bed.work().join(folder).join(name)).unwrap();
        assert!(read("killed") == read("whole"), "{name} differs");
    }
    assert_eq!(history::repeated(&bed), [""; 0], "these were committed and executed again");
    let report = bed.succeed(&["check-store"]);
    assert!(report.ends_with(": 0 bad\n"), "{report}");
    machine::assert_nothing_runs(&bed);
}
