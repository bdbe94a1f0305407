//! The command line as people meet it: every test runs the program itself, in a folder and with a home of
//! its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and one that is skipped says why"
)]

mod bed;
mod engine;
mod history;
mod machine;
mod normal;
mod pseudo_terminal;

mod cases;
mod docker;
mod documentation;
mod ending;
mod explain;
mod interrupting;
mod places;
mod repairing;
mod repl;
mod replaying;
mod sharing;
mod stepping_in;
mod syncing;
mod terminal;
mod variants;
mod watching;
