//! What execs that run now use, for people who look: asked of the kernel, or of the engine that has their
//! container, by a process that need not be the one that runs them.
//!
//! Figures are of the moment and for people; what a finished exec used is in its report.

mod processes;

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::docker::{self, Endpoint};
use crate::executor::{ExecId, Transferred};
use processes::Processes;

/// Where a running exec is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Below this process of this machine.
    Process(u32),
    /// In the container of this name.
    Container(String),
}

/// What a running exec uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// Bytes of memory.
    pub memory: u64,
    /// Cores in use.
    pub cpu: f64,
    /// What was read from and written to devices so far; `None` when unknown.
    pub io: Option<Transferred>,
    /// Base names of its commands, one for each process, sorted.
    pub commands: Vec<String>,
}

/// Time between the two looks from which the use of cores is computed.
const BETWEEN: Duration = Duration::from_millis(200);

/// What each exec uses now; `None` for one that has ended, or whose engine does not answer.
pub async fn look(execs: &[Whereabouts], endpoint: &Endpoint) -> Vec<Option<Live>> {
    let containers = async {
        let names = execs.iter().filter_map(|exec| match exec {
            Whereabouts::Container(name) => Some(name.as_str()),
            Whereabouts::Process(_) => None,
        });
        let names: Vec<&str> = names.collect();
        if names.is_empty() { Vec::new() } else { docker::live::look(endpoint, &names).await }
    };
    let processes = async {
        if !execs.iter().any(|exec| matches!(exec, Whereabouts::Process(_))) {
            return None;
        }
        let first = Processes::now();
        tokio::time::sleep(BETWEEN).await;
        Some((first, Processes::now()))
    };
    let (containers, processes) = tokio::join!(containers, processes);
    let mut containers = containers.into_iter();
    let of = |exec: &Whereabouts| match exec {
        Whereabouts::Container(_) => containers.next().flatten(),
        Whereabouts::Process(pid) => {
            let (first, second) = processes.as_ref()?;
            second.below(*pid, first)
        }
    };
    execs.iter().map(of).collect()
}

/// The first process of the command below a launcher, if it runs.
pub(crate) fn command_below(launcher: u32) -> Option<u32> {
    Processes::now().command_below(launcher)
}

/// Bytes of the files that a running exec has in its outputs and its scratch room, below the folder of state.
/// What vanishes meanwhile does not count.
pub fn room(state: &Path, id: ExecId) -> u64 {
    let folder = state.join("execs").join(id.hex());
    ["return", "tmp"].iter().map(|name| size(&folder.join(name))).sum()
}

fn size(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => total += metadata.len(),
                Err(_) => {}
            }
        }
    }
    total
}
