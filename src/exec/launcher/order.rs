//! What reflow and its launcher say to each other.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The command to run and where. Goes over the launcher's standard input as four bytes of length,
/// least significant first, and JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Program and arguments.
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    /// The whole environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Working directory, as the command sees it.
    pub(crate) directory: String,
    /// Files of the output streams, made when there is something to write; their folder exists.
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
    pub(crate) isolation: Isolation,
    /// Milliseconds between asking the command to stop and killing it.
    pub(crate) grace: u64,
}

/// How much is kept from the command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Isolation {
    /// Nothing.
    Plain,
    /// All but the network.
    Namespaces(Layout),
}

/// The folders that the sandbox is made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// Becomes `/arg`.
    pub(crate) arg: PathBuf,
    /// Becomes `/return`.
    pub(crate) output: PathBuf,
    /// Becomes `/tmp`.
    pub(crate) tmp: PathBuf,
    /// Whether the command gets a process namespace.
    pub(crate) processes: bool,
}

/// What reflow may say after the order, a byte each. The end of the input means to kill the command.
pub(crate) const STOP: u8 = b's';

/// What the launcher says on its standard output, a line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// The command runs.
    Started {
        /// Nanoseconds since the Unix epoch.
        at: u64,
    },
    /// The command has ended, and with it everything it started.
    Ended(Ended),
    /// There is no sandbox or no command.
    Failed { message: String },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// Nanoseconds since the Unix epoch.
    pub(crate) at: u64,
    /// Exit status, 128+n for signal n.
    pub(crate) status: i32,
    /// Processor time in seconds.
    pub(crate) cpu: f64,
    /// Memory of the largest process in bytes.
    pub(crate) max_memory: u64,
    /// Why the logs are not complete.
    pub(crate) log_failure: Option<String>,
}

/// The launcher's standard input, unbuffered.
pub(crate) fn input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Says a word to reflow. If nobody listens any more there is nobody to tell either.
pub(crate) fn say(word: &Word) {
    let Ok(mut line) = serde_json::to_vec(word) else { return };
    line.push(b'\n');
    if let Ok(output) = io::stdout().as_fd().try_clone_to_owned() {
        let _ = File::from(output).write_all(&line);
    }
}
