//! Faults of the machine and of people, many times over: after each of them the same command again comes to
//! the result of an undisturbed run, nothing that was committed is lost, and nothing is left over.
//!
//! `REFLOW_TEST_ROUNDS` is the number of rounds of each fault; without it there are a few of each, which take
//! less than a minute in all. `REFLOW_TEST_SEED` repeats a sequence. `cargo test --test faults` runs them all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and one that is skipped says why"
)]

#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/bed.rs"]
mod bed;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/engine.rs"]
mod engine;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/history.rs"]
mod history;
#[path = "../cli/machine.rs"]
mod machine;
#[path = "../exec/private_engine.rs"]
mod private_engine;

#[allow(dead_code, reason = "shared with the tests of the store")]
#[path = "../store/mount.rs"]
mod mount;

mod rounds;
mod workload;

mod bits;
mod clock;
mod collecting;
mod database;
mod device;
mod docker;
mod killing;
mod outage;
mod space;
mod versions;
