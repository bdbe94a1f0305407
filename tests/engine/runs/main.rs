//! Whole runs: real commands with the process executor, on a home folder of their own.
//!
//! The program is its own launcher of commands, so it has its own `main`.

extern crate reflow_engine as engine;

mod auditing;
mod files;
mod home;
mod killed;
mod losing;
mod many;
mod outcomes;
mod sharing;
mod speed;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) = exec::launcher::run_if_asked() {
        return code;
    }
    if let Some(code) = killed::run_as_victim() {
        return code;
    }
    let checks =
        [many::CASES, outcomes::CASES, files::CASES, sharing::CASES, killed::CASES, losing::CASES, auditing::CASES]
            .concat();
    let trial = |(name, case): Case| {
        Trial::test(name, move || {
            case();
            Ok(())
        })
    };
    let measurements = speed::CASES.iter().map(|case| trial(*case).with_ignored_flag(true));
    let trials = checks.into_iter().map(trial).chain(measurements).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A case: its name and what it does.
type Case = (&'static str, fn());
