//! What execs that run now use, for people who look: asked of the kernel, or of the engine that has their
//! container, by a process that need not be the one that runs them.
//!
//! Figures are of the moment and for people; what a finished exec used is in its report.

mod look;

use std::path::Path;
use std::time::Duration;

use crate::docker::{self, Endpoint};
use crate::executor::{ExecId, Transferred};
use crate::gauges::size_below;
use look::Look;
pub(crate) use look::command_below;

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
    let minders = execs.iter().filter_map(|exec| match exec {
        Whereabouts::Process(minder) => Some(*minder),
        Whereabouts::Container(_) => None,
    });
    let minders: Vec<u32> = minders.collect();
    let processes = async {
        let first: Vec<Look> = minders.iter().map(|minder| Look::below(*minder)).collect();
        if !first.is_empty() {
            tokio::time::sleep(BETWEEN).await;
        }
        minders.iter().zip(&first).map(|(minder, first)| Look::below(*minder).since(first)).collect::<Vec<_>>()
    };
    let (containers, processes) = tokio::join!(containers, processes);
    let (mut containers, mut processes) = (containers.into_iter(), processes.into_iter());
    let of = |exec: &Whereabouts| match exec {
        Whereabouts::Container(_) => containers.next().flatten(),
        Whereabouts::Process(_) => processes.next().flatten(),
    };
    execs.iter().map(of).collect()
}

/// Bytes of the files that a running exec has in its outputs and its scratch room, below the folder of state.
/// What vanishes meanwhile does not count.
pub fn room(state: &Path, id: ExecId) -> u64 {
    let folder = state.join("execs").join(id.hex());
    ["return", "tmp"].iter().map(|name| size_below(&folder.join(name))).sum()
}
