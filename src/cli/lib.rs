//! The command line: arguments in, words and exit codes out.
//!
//! Wires stores and executors together and shows what the layers below report; it holds no logic that a
//! test of a library would want.

mod arguments;

mod diagnostic_json;
mod exit;
mod explain;
mod terminal;

mod configuration;
mod history;
mod home;
mod interrupt;
mod local_sources;
mod machinery;
mod names;
mod paint;
mod random;
mod recorded;
mod run_files;

mod display;

mod commands;
mod repl;

use std::process::ExitCode;

/// Runs the command that the process's arguments ask for.
pub fn main() -> ExitCode {
    // Commands of the process executor run below a copy of this program that does nothing else.
    if let Some(code) = exec::launcher::run_if_asked() {
        return code;
    }
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let exit = match arguments::parse(words) {
        Ok(arguments) => commands::run(arguments),
        Err(exit) => exit,
    };
    exit.report()
}
