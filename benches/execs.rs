//! What steps cost: a map over trivial execs with the process executor, and runs that find everything in
//! the cache. `cargo bench --bench execs` builds the program optimised and prints a line a measurement:
//!
//! - wall: from start to end;
//! - cpu: processor time a step, commands and their sandboxes included;
//! - busy: the part of all processors' time that was used by them;
//! - memory: the largest resident size of reflow itself.
//!
//! Targets stand beside the figures that have one. Other work on the machine spoils wall and busy.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be taken fails, and its result is printed"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Most processor time a step, in milliseconds.
const CPU_TARGET: f64 = 15.0;
/// Least part of the processors' time in use, in percent.
const BUSY_TARGET: f64 = 80.0;

/// What a command took.
struct Measured {
    wall: Duration,
    cpu: Duration,
    /// KiB.
    memory: u64,
    stdout: String,
}

fn main() {
    let cores = std::thread::available_parallelism().unwrap().get();
    println!("{cores} processors, {}", std::fs::read_to_string("/proc/loadavg").unwrap().trim());
    let mut bare = Command::new("/bin/bash");
    bare.env_clear()
        .env("HOME", "/tmp")
        .env("PATH", "/usr/bin:/bin")
        .args(["-c", "for i in $(seq 200); do /bin/bash -e -l -o pipefail -c 'echo 1 >/dev/null'; done"]);
    report("bare shells, one by one", 200, cores, &measure(bare), false);
    // The last one is a run that does nothing, of a size where costs that grow would show.
    for steps in [1_000, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        write_program(&folder.path().join("steps.rf"), steps);
        let first = measure(run(folder.path()));
        assert_executed(&first, steps);
        report(&format!("{steps} steps, first run"), steps, cores, &first, true);
        let again = measure(run(folder.path()));
        assert_executed(&again, 0);
        report(&format!("{steps} steps, all cached"), steps, cores, &again, false);
    }
}

fn write_program(path: &Path, steps: u32) {
    let program = format!(
        "func Echo(n int) = exec(image := \"tools\", mem := 1*MiB) (out file) {{\" echo {{{{n}}}} > {{{{out}}}} \"}}\n\
         val Main = [Echo(n) | n <- range(0, {steps})]\n"
    );
    std::fs::write(path, program).unwrap();
}

fn run(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reflow"));
    command.args(["-log=off", "run", "-json", "-executor=process", "steps.rf"]);
    command.current_dir(folder).env("REFLOW_HOME", folder.join("state"));
    command
}

fn assert_executed(measured: &Measured, steps: u32) {
    let line = measured.stdout.lines().last().unwrap_or_default();
    assert!(line.contains(&format!("\"executed\":{steps},")), "{steps} steps should have been executed: {line}");
}

/// Runs a command, which must succeed.
fn measure(mut command: Command) -> Measured {
    let before = processor_time();
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || std::io::read_to_string(&mut output).unwrap());
    let mut memory = 0;
    let status = loop {
        // The kernel keeps the peak; the last look before the end is what counts.
        memory = peak_memory(child.id()).unwrap_or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    Measured { wall, cpu: processor_time() - before, memory, stdout: reader.join().unwrap() }
}

/// The largest resident size of a process so far, in KiB.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of the children that have ended, and of theirs.
fn processor_time() -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[13..15].iter().map(|ticks| TICK * ticks.parse::<u32>().unwrap()).sum()
}

fn report(title: &str, steps: u32, cores: usize, measured: &Measured, with_targets: bool) {
    let cpu = measured.cpu.as_secs_f64() * 1e3 / f64::from(steps);
    let busy = 100.0 * measured.cpu.as_secs_f64() / (measured.wall.as_secs_f64() * cores as f64);
    let target = |text: String, is_met: bool| match (with_targets, is_met) {
        (false, _) => String::new(),
        (true, true) => format!(" (target {text}: met)"),
        (true, false) => format!(" (target {text}: MISSED)"),
    };
    println!(
        "{title:<26} wall {:7.2} s   cpu {cpu:6.2} ms a step{}   busy {busy:3.0} %{}   memory {:.1} MiB",
        measured.wall.as_secs_f64(),
        target(format!("<= {CPU_TARGET}"), cpu <= CPU_TARGET),
        target(format!(">= {BUSY_TARGET}"), busy >= BUSY_TARGET),
        measured.memory as f64 / 1024.0,
    );
}
