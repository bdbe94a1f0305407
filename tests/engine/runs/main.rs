//! Whole runs: real commands with the process executor, on a home folder of their own.
//!
//! The program is its own launcher of commands, so it has its own `main`.

extern crate reflow_engine as engine;

mod files;
mod home;
mod many;
mod outcomes;
mod sharing;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) = exec::launcher::run_if_asked() {
        return code;
    }
    let cases = [many::CASES, outcomes::CASES, files::CASES, sharing::CASES].concat();
    let trials = cases.into_iter().map(|(name, case)| {
        Trial::test(name, move || {
            case();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// A case: its name and what it does.
type Case = (&'static str, fn());
