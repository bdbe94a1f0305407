//! The launcher: a small single-threaded program inside the reflow binary that makes sandboxes and runs
//! one command in each.
//!
//! The `process` executor starts its own executable once again with [`MARKER`] as the first argument, so
//! that neither a big process with threads is forked nor a program started twice for each command: what a
//! command costs besides itself is a fork of this small process.
//!
//! ```text
//! reflow ── starts ──▶ launcher ── fork ──▶ minder (process 1 of its namespace) ── spawn ──▶ bash ─▶ …
//!    │  │                 │ one for each command      │
//!    │  └─ a socket each ─▶ (stdin of the launcher)    │
//!    ◀── order, stop words; words (that socket) ───────▶
//! ```
//!
//! Whatever ends ends everything below it: the launcher and the minders see the end of their sockets when
//! reflow dies, the kernel kills the minders with the launcher, and everything in a process namespace with
//! its first process. Without such a namespace the minder adopts and kills what the command has started.

mod kernel;
mod minder;
pub(crate) mod order;
mod sandbox;
mod server;

use std::process::ExitCode;

use order::{Level, Word};

/// The first argument of a program with [`run_if_asked`] in its `main` that makes it a launcher.
pub const MARKER: &str = "(launch execs)";

/// Acts as the launcher if this process was started as one; the program must then end with the code.
///
/// To be called first thing in `main`, while the process has one thread: it forks.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MARKER {
        return None;
    }
    let level = Level::of_argument(arguments.next()?.to_str()?)?;
    match server::serve(level) {
        Ok(code) => Some(code),
        Err(error) => {
            // In a minder this reaches reflow. The launcher itself has nobody to tell; its end tells enough.
            order::say(&Word::Failed { message: error.to_string() });
            Some(ExitCode::FAILURE)
        }
    }
}
