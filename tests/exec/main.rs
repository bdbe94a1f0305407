//! The conformance suite of executors: every case is one function, run against each executor that this
//! machine offers. What passes here may be used in place of another.
//!
//! A Docker engine is started, and test images are made, by the scripts in `tests/fixtures/images`.
//! Where that is not possible the cases of that executor are ignored, with the reason on standard error;
//! `REFLOW_TEST_DOCKER=off` asks for that, `REFLOW_TEST_DOCKER=required` makes it a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test suite: failing loudly is its work"
)]

// The name that every other crate knows it by.
extern crate reflow_exec as exec;

mod basic;
mod bed;
mod engine;
mod failures;
mod hanging;
mod inputs;
mod isolation;
mod lifecycle;
mod machine;
mod measure;
mod outage;
mod outputs;
mod private_engine;
mod reattach;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bed::{Bed, Kind};
use libtest_mimic::{Arguments, Trial};

/// A case: its name, the executors it is for, what it does.
pub(crate) type Case = (&'static str, &'static [Kind], fn(&Bed));

/// For cases that every executor must pass.
pub(crate) const ALL: &[Kind] = &[Kind::Process, Kind::Shared, Kind::Docker];

fn main() -> ExitCode {
    if let Some(code) = exec::launcher::run_if_asked() {
        return code;
    }
    if let Some(code) = lifecycle::run_as_victim() {
        return code;
    }
    let arguments = Arguments::from_args();
    let listing = arguments.list;
    let docker = if listing { Ok(()) } else { engine::prepare() };
    if let Err(reason) = &docker {
        eprintln!("the docker executor is not tested: {reason}");
        if std::env::var("REFLOW_TEST_DOCKER").is_ok_and(|value| value == "required") {
            return ExitCode::FAILURE;
        }
    }
    let suites = [
        ("basic", basic::CASES),
        ("inputs", inputs::CASES),
        ("outputs", outputs::CASES),
        ("failures", failures::CASES),
        ("isolation", isolation::CASES),
        ("lifecycle", lifecycle::CASES),
        ("reattach", reattach::CASES),
        ("outage", outage::CASES),
        ("hanging", hanging::CASES),
    ];
    let may_confine = bed::may_confine();
    let mut trials = Vec::new();
    for (suite, cases) in suites {
        for &(name, kinds, run) in cases {
            for &kind in kinds {
                let ignored = match kind {
                    Kind::Process => false,
                    Kind::Shared => !may_confine,
                    Kind::Docker => docker.is_err(),
                };
                let name = format!("{suite}::{name}::{}", kind.name());
                let trial = Trial::test(name, move || {
                    run(&Bed::new(kind));
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(ignored));
            }
        }
    }
    trials.extend(measure::trials(docker.is_ok()));
    if docker.is_ok() {
        trials.push(Trial::test("isolation::both_executors_show_the_same", || {
            isolation::both_executors_show_the_same();
            Ok(())
        }));
    }
    let before = machine::Traces::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !listing && let Err(traces) = nothing_new(&before) {
        eprintln!("the suite left something behind: {traces}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// How long a launcher may take to notice that its program has gone, on a busy machine.
const ENDING: Duration = Duration::from_secs(10);

/// Whether, after a moment, there is nothing that was not there before.
fn nothing_new(before: &machine::Traces) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let result = machine::Traces::now().must_equal(before);
        if result.is_ok() || start.elapsed() > ENDING {
            return result;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
