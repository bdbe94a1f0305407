//! `reflow shell`

use std::io::Read;

use exec::docker::Endpoint;
use exec::live::Whereabouts;
use exec::shell::{self, Ends, Size};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::arguments::ShellFlags;
use crate::exit::Exit;
use crate::history::{self, TaskState};
use crate::machinery;
use crate::names::{self, Name};
use crate::terminal::{self, RawMode};

pub(super) fn run(flags: &ShellFlags) -> Result<(), Exit> {
    let name = &flags.exec;
    let Name::Exec(run, key) = Name::parse(name).map_err(Exit::failed)? else {
        let host = names::host();
        return Err(Exit::failed(format!(
            "{name} is not the name of an exec, such as {host}/0061a20f88f57386/3f2a91bc; ps -l lists them"
        )));
    };
    let store = crate::home::open(&flags.place.existing()?)?;
    let (_, task) = history::find_exec(&store, &run, &key)?.ok_or_else(|| Exit::failed(format!("no exec {name}")))?;
    let place = match (task.state, task.whereabouts()) {
        (TaskState::Running, Some(place)) => place,
        (state, _) => return Err(Exit::failed(format!("{name} is {}: only what runs has a shell", state.name()))),
    };
    let endpoint = machinery::endpoint();
    let runtime = machinery::threads()?;
    let done = runtime.block_on(async {
        // Whoever types means the shell, not this program.
        let mut interrupts = signal(SignalKind::interrupt()).map_err(Exit::failed)?;
        let ignored = async { while interrupts.recv().await.is_some() {} };
        tokio::select! {
            done = connect(&place, &endpoint) => done,
            () = ignored => Ok(()),
        }
    });
    // A thread may still wait for what is typed next.
    runtime.shutdown_background();
    done
}

pub(super) async fn connect(place: &Whereabouts, endpoint: &Endpoint) -> Result<(), Exit> {
    let (typed, input) = mpsc::channel(16);
    let is_container = matches!(place, Whereabouts::Container(_));
    // A shell in a container has a terminal of its own, which does to the keys what this one does not then.
    let raw = if is_container { RawMode::begin() } else { None };
    let sizes = raw.is_some().then(sizes).transpose()?;
    if is_container {
        std::thread::spawn(move || forward(&typed));
    }
    let mut output = |bytes: &[u8], is_error: bool| {
        let _ = if is_error { terminal::pass_on_error(bytes) } else { terminal::answer(bytes) };
    };
    Ok(shell::run(place, endpoint, Ends { input, output: &mut output, sizes }).await?)
}

/// Hands on what is typed, until it ends or nobody wants it.
fn forward(typed: &mpsc::Sender<Vec<u8>>) {
    let mut buffer = [0; 4096];
    let mut stdin = std::io::stdin().lock();
    while let Ok(count @ 1..) = stdin.read(&mut buffer) {
        if typed.blocking_send(buffer[..count].to_vec()).is_err() {
            return;
        }
    }
}

/// The sizes of the terminal: now, and whenever it changes.
fn sizes() -> Result<mpsc::Receiver<Size>, Exit> {
    let mut changes = signal(SignalKind::window_change()).map_err(Exit::failed)?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let (columns, rows) = terminal::size();
            let size = (u16::try_from(columns).unwrap_or(80), u16::try_from(rows).unwrap_or(24));
            if sender.send(size).await.is_err() || changes.recv().await.is_none() {
                return;
            }
        }
    });
    Ok(receiver)
}
