//! A shell inside a running exec (runtime spec §6.12): it sees what the command sees, and ends with it at the latest.

use std::process::Stdio;

use base::{Error, Kind};
use tokio::sync::mpsc;

use crate::docker::{self, Endpoint};
use crate::launcher::ENTER_MARKER;
use crate::live::{self, Whereabouts};

/// Columns and rows of a terminal.
pub type Size = (u16, u16);

/// What a shell in a container is connected to. One in a process has the streams of this process.
pub struct Ends<'a> {
    /// What is typed; it ends when the sender is gone.
    pub input: mpsc::Receiver<Vec<u8>>,
    /// Is given what is said, and whether that was on standard error.
    pub output: &'a mut (dyn FnMut(&[u8], bool) + Send),
    /// The sizes of the terminal, the first at once; `None` if there is no terminal.
    pub sizes: Option<mpsc::Receiver<Size>>,
}

/// Runs `/bin/bash` there until it ends. `NotExist` if nothing runs there any more.
pub async fn run(place: &Whereabouts, endpoint: &Endpoint, ends: Ends<'_>) -> Result<(), Error> {
    match place {
        Whereabouts::Container(name) => docker::shell::run(endpoint, name, ends).await,
        Whereabouts::Process(launcher) => enter(*launcher).await,
    }
}

/// The keys that leave a shell in a container to itself.
pub const DETACH_KEYS: &str = "ctrl-p,ctrl-q";

/// Enters the namespaces of the command below a launcher. That takes a process of one thread.
async fn enter(launcher: u32) -> Result<(), Error> {
    let gone = || Error::new(Kind::NotExist, "the command does not run any more");
    let command = live::command_below(launcher).ok_or_else(gone)?;
    let during = |error: std::io::Error| Error::from(error).during("starting a shell");
    let mut shell = tokio::process::Command::new("/proc/self/exe")
        .args([ENTER_MARKER, &command.to_string()])
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(during)?;
    shell.wait().await.map(drop).map_err(during)
}
