//! What reflow and its launcher say to each other.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much is kept from commands. The same for all commands of a launcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// All but the network.
    Full,
    /// As `Full`, but other processes are seen.
    SharedProcesses,
    /// Nothing.
    Plain,
}

impl Level {
    /// The launcher's argument that stands for it.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::SharedProcesses => "shared-processes",
            Self::Plain => "plain",
        }
    }

    pub(crate) fn of_argument(argument: &str) -> Option<Self> {
        [Self::Full, Self::SharedProcesses, Self::Plain].into_iter().find(|level| level.argument() == argument)
    }
}

/// The command to run and where. Goes to a minder that has none, as four bytes of length, least significant first,
/// and JSON.
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
    /// The name of the scratch folder, below [`Folders::execs`].
    pub(crate) scratch: String,
    /// Milliseconds between asking the command to stop and killing it.
    pub(crate) grace: u64,
}

/// The folders that all commands of a launcher share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folders {
    /// That of the scratch folders.
    pub(crate) execs: PathBuf,
    /// That of the logs.
    pub(crate) logs: PathBuf,
}

/// What reflow may say after the order, a byte each. The end of the input means to kill the command.
pub(crate) const STOP: u8 = b's';

/// What a minder says, a line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// The command runs. Of one that ends at once this comes with its end.
    Started {
        /// Nanoseconds since the Unix epoch.
        at: u64,
        /// The minder's number; everything that the command starts is below it.
        pid: Option<u32>,
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
    /// Bytes read from devices and written to them.
    pub(crate) read: u64,
    pub(crate) written: u64,
    /// Why the logs are not complete.
    pub(crate) log_failure: Option<String>,
    /// Whether the minder can take another order.
    pub(crate) is_fit: bool,
}

/// A minder's standard input, unbuffered.
pub(crate) fn input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Says words to reflow on standard output.
pub(crate) fn say(words: &[Word]) {
    say_to(&io::stdout(), words);
}

/// Says words to reflow, all at once. If nobody listens any more there is nobody to tell either.
pub(crate) fn say_to(conversation: &impl AsFd, words: &[Word]) {
    let mut lines = Vec::new();
    for word in words {
        if serde_json::to_writer(&mut lines, word).is_err() {
            return;
        }
        lines.push(b'\n');
    }
    let mut rest = &lines[..];
    while let Ok(count) = rustix::io::retry_on_intr(|| rustix::io::write(conversation, rest)) {
        rest = &rest[count..];
        if rest.is_empty() {
            return;
        }
    }
}
