//! The launcher: a small single-threaded program inside the reflow binary that makes a sandbox and
//! runs one command in it.
//!
//! The `process` executor starts its own executable again with [`MARKER`] as the only argument, so that
//! neither a big process with threads is forked nor namespaces are entered between fork and exec.
//!
//! ```text
//! reflow ── spawn ──▶ launcher ── fork ──▶ minder (process 1 of its namespace) ── fork ──▶ bash ─▶ …
//!    │ order, stop words (stdin of both)       │
//!    ◀──────────── words (stdout) ─────────────┘
//! ```
//!
//! Whatever ends ends everything below it: the minder sees the end of its standard input when reflow
//! dies, the kernel kills the minder with the launcher, and everything in a process namespace with its
//! first process. Without such a namespace the minder adopts and kills what the command has started.

mod kernel;
mod minder;
pub(crate) mod order;
mod sandbox;

use std::io::{self, Read};
use std::process::ExitCode;

use rustix::process::{Signal, WaitOptions};

use order::{Isolation, Order, Word};

/// The argument that makes a program with [`run_if_asked`] in its `main` a launcher.
pub const MARKER: &str = "(launch exec)";

/// Acts as the launcher if this process was started as one; the program must then end with the code.
///
/// To be called first thing in `main`, while the process has one thread: it forks.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MARKER || arguments.next().is_some() {
        return None;
    }
    match launch() {
        Ok(code) => Some(code),
        Err(error) => {
            order::say(&Word::Failed { message: error.to_string() });
            Some(ExitCode::FAILURE)
        }
    }
}

fn launch() -> io::Result<ExitCode> {
    // Away from the terminal: its signals are for reflow, which decides what becomes of its commands.
    // This fails for a process that leads a group, which is none of the terminal's then.
    let _ = rustix::process::setsid();
    let order = read_order()?;
    let logs = minder::Logs::new(&order)?;
    match &order.isolation {
        Isolation::Plain => minder::mind(&order, logs, false),
        Isolation::Namespaces(layout) => {
            sandbox::leave_namespaces(layout)?;
            // SAFETY: `run_if_asked` is called first thing in main: there are no other threads, so the
            // child may do anything that the parent may.
            #[allow(unsafe_code, reason = "proved above")]
            match unsafe { kernel::fork() }? {
                None => minder::mind_in_sandbox(&order, layout, logs),
                Some(minder) => {
                    let status = rustix::process::waitpid(Some(minder), WaitOptions::empty())?;
                    let code = status.and_then(|(_, status)| status.exit_status());
                    Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
                }
            }
        }
    }
}

/// Reads the order from standard input, which stays open: stop words follow.
fn read_order() -> io::Result<Order> {
    // Not through std's buffer: what follows the order is polled for.
    let mut input = order::input()?;
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

/// Makes this process die with the one that started it.
fn die_with_parent() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?)
}
