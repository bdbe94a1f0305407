//! The launcher: a small single-threaded program inside the reflow binary that makes sandboxes and runs
//! one command in each.
//!
//! The `process` executor starts its own executable once again with [`MARKER`] as the first argument, so
//! that neither a big process with threads is forked nor a program started twice for each command. Minders are
//! kept for later commands, which cost next to nothing besides themselves then.
//!
//! ```text
//! reflow ── starts ──▶ launcher ── fork ──▶ minder (process 1 of its namespace) ── spawn ──▶ bash ─▶ …
//!    │  │                 │ one for each socket            │ one command after the other
//!    │  └─ sockets ──────▶ (stdin of the launcher) ───────▶│
//!    ◀── orders, stop words; words (that socket) ─────────▶
//! ```
//!
//! Whatever ends ends everything below it: the launcher and the minders see the end of their sockets when
//! reflow dies, the kernel kills the minders with the launcher, and everything in a process namespace with
//! its first process. Without such a namespace the minder adopts and kills what the command has started, and the
//! launcher what a minder that was killed had adopted.

mod enter;
mod heritage;
mod kernel;
mod minder;
pub(crate) mod order;
mod own;
mod sandbox;
mod server;

use std::io::{self, Write};
use std::process::ExitCode;

use order::{Folders, Level, Word};

/// The first argument of a program with [`run_if_asked`] in its `main` that makes it a launcher.
pub const MARKER: &str = "(launch execs)";

/// The argument, followed by the id of a process, that makes such a program a shell beside that process.
pub(crate) const ENTER_MARKER: &str = "(enter exec)";

/// Acts as the launcher, or as a shell beside a command, if this process was started as one; the program must then
/// end with the code.
///
/// To be called first thing in `main`, while the process has one thread: it forks.
pub fn run_if_asked() -> Option<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().skip(1).take(4).collect();
    let word = |index: usize| arguments.get(index).and_then(|argument| argument.to_str());
    match (word(0)?, &arguments[1..]) {
        (MARKER, [_, execs, logs]) => {
            let folders = Folders { execs: execs.into(), logs: logs.into() };
            Some(server::serve(Level::of_argument(word(1)?)?, &folders).unwrap_or_else(|error| {
                // In a minder this reaches reflow. The launcher itself has nobody to tell; its end tells enough.
                order::say(&[Word::Failed { message: error.to_string() }]);
                ExitCode::FAILURE
            }))
        }
        (ENTER_MARKER, [_]) => Some(enter::enter(word(1)?).unwrap_or_else(|error| {
            // Its streams are those of the person who asked.
            let _ = writeln!(io::stderr(), "reflow shell: {error}");
            ExitCode::FAILURE
        })),
        _ => None,
    }
}
