//! What reflow takes, beside the figures it is to reach and beside its peers in the same run.
//!
//! `cargo bench --bench figures` builds the program optimised and prints a table. Words after `--` choose
//! families (`steps`, `reruns`, `files`, `containers`); `--long` adds the graph of a million nodes (some minutes). Peers are
//! found by `PATH` and in the folder `REFLOW_PEERS` (see `benches/peers/install.sh`); those that are absent are
//! said to be. Other work on the machine spoils every figure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be taken fails, and its result is printed"
)]

mod containers;
mod files;
mod measure;
mod peers;
mod reruns;
mod seed;
mod steps;
mod table;

use table::Table;

fn main() -> std::process::ExitCode {
    // The executor whose keys results are seeded under starts this very program as its launcher.
    if let Some(code) = exec::launcher::run_if_asked() {
        return code;
    }
    // Cargo passes `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_long = arguments.iter().any(|argument| argument == "--long");
    let wanted: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let wants = |family: &str| wanted.is_empty() || wanted.contains(&family);

    let cores = std::thread::available_parallelism().unwrap().get();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    println!("{cores} processors, load {}", load.trim());
    let mut table = Table::default();
    if wants("steps") {
        steps::report(&mut table);
    }
    if wants("reruns") {
        reruns::report(&mut table, is_long);
    }
    if wants("files") {
        files::report(&mut table);
    }
    if wants("containers") {
        containers::report(&mut table);
    }
    table.end();
    measure::remove_folders();
    std::process::ExitCode::SUCCESS
}
