//! One look at what descends from the minder of an exec.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use super::Live;
use crate::launcher::MARKER;
use crate::machine::processes::{self, Process};

/// The processes below a minder at a moment.
pub(super) struct Look {
    at: Instant,
    processes: Vec<(u32, Process)>,
}

impl Look {
    /// Looks now.
    pub(super) fn below(minder: u32) -> Self {
        Self { at: Instant::now(), processes: processes::below(minder) }
    }

    /// What they use, with their processor time since an earlier look; `None` if the minder is gone.
    pub(super) fn since(&self, earlier: &Self) -> Option<Live> {
        self.processes.first()?;
        let then: HashMap<u32, Process> = earlier.processes.iter().copied().collect();
        let mut live = Live::default();
        for (id, process) in &self.processes {
            let before = then.get(id).map_or(process.time, |before| before.time);
            live.cpu += process.time.saturating_sub(before).as_secs_f64();
            // What is about to become the command is not it yet.
            if let Some(name) = command(*id) {
                live.memory += process.resident;
                live.commands.push(name);
            }
        }
        live.cpu /= self.at.duration_since(earlier.at).as_secs_f64();
        live.commands.sort_unstable();
        Some(live)
    }
}

/// The first process of the command below a launcher, if it runs.
pub(crate) fn command_below(launcher: u32) -> Option<u32> {
    processes::below(launcher).into_iter().map(|(id, _)| id).find(|id| command(*id).is_some())
}

/// The base name of a process's program, as it was called; `None` for reflow's own.
fn command(id: u32) -> Option<String> {
    let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let mut words = line.split(|byte| *byte == 0);
    let program = String::from_utf8_lossy(words.next()?).into_owned();
    if program.is_empty() || words.next() == Some(MARKER.as_bytes()) {
        return None;
    }
    Some(program.rsplit('/').next().unwrap_or(&program).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_counts_with_what_it_uses() {
        let mut child = std::process::Command::new("/bin/bash").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let this = std::process::id();
        let first = Look::below(this);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let live = Look::below(this).since(&first).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(live.commands.iter().any(|name| name == "bash"), "{live:?}");
        assert!(live.memory > 100_000 && live.cpu > 0.05, "{live:?}");
        assert!(Look::below(child.id()).since(&first).is_none());
    }
}
