//! The processes of this machine as `/proc` shows them at one moment.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use super::Live;
use crate::launcher::MARKER;

/// All processes.
pub(super) struct Processes {
    at: Instant,
    by_id: HashMap<u32, Process>,
}

/// A process: its parent, and what it uses.
struct Process {
    parent: u32,
    /// Processor time of it and of its children that have ended, in ticks.
    ticks: u64,
    /// Memory, in pages.
    pages: u64,
}

impl Processes {
    /// Those that there are now. What cannot be looked at does not count.
    pub(super) fn now() -> Self {
        let at = Instant::now();
        let mut by_id = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok())
                && let Some(process) = fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(parse)
            {
                by_id.insert(id, process);
            }
        }
        Self { at, by_id }
    }

    /// What everything below the minder `root` uses, with its processor time since an earlier look; `None` if it
    /// is gone.
    pub(super) fn below(&self, root: u32, earlier: &Self) -> Option<Live> {
        self.by_id.get(&root)?;
        let mut live = Live::default();
        let (mut ticks, mut before) = (0, 0);
        for id in self.descendants(root) {
            let (Some(process), name) = (self.by_id.get(&id), command(id)) else { continue };
            ticks += process.ticks;
            before += earlier.by_id.get(&id).map_or(process.ticks, |process| process.ticks);
            // What is about to become the command is not it yet.
            if let Some(name) = name {
                live.memory += process.pages * rustix::param::page_size() as u64;
                live.commands.push(name);
            }
        }
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        live.cpu = ticks.saturating_sub(before) as f64 / rustix::param::clock_ticks_per_second() as f64 / seconds;
        live.commands.sort_unstable();
        Some(live)
    }

    /// `root`, or the process nearest below it that is not reflow's own.
    pub(super) fn command_below(&self, root: u32) -> Option<u32> {
        self.descendants(root).into_iter().find(|id| command(*id).is_some())
    }

    /// A process and everything below it, nearer ones before farther ones.
    fn descendants(&self, root: u32) -> Vec<u32> {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for (id, process) in &self.by_id {
            children.entry(process.parent).or_default().push(*id);
        }
        // Taken out, so that no process counts twice even if `/proc` was read while one moved.
        let (mut found, mut next) = (vec![root], 0);
        while let Some(id) = found.get(next) {
            found.extend(children.remove(id).unwrap_or_default());
            next += 1;
        }
        found
    }
}

/// Understands a line of `/proc/PID/stat`. The name in it may hold anything, also brackets.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    // The first field here is the third of proc(5).
    let ticks = (11..=14).map(number).sum::<Option<u64>>()?;
    Some(Process { parent: u32::try_from(number(1)?).ok()?, ticks, pages: number(21)? })
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
    fn names_in_proc_may_hold_anything() {
        let stat = "12 (a) b (c) S 7 12 12 0 -1 4194560 97 0 0 0 3 4 10 20 20 0 1 0 100 1000 55 18446744073709551615 1";
        let process = parse(stat).unwrap();
        assert_eq!((process.parent, process.ticks, process.pages), (7, 37, 55));
        assert!(parse("12 (short) S 7").is_none() && parse("").is_none());
    }

    #[test]
    fn a_child_counts_with_what_it_uses() {
        let mut child = std::process::Command::new("/bin/bash").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let this = std::process::id();
        let first = Processes::now();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let live = Processes::now().below(this, &first).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(live.commands.iter().any(|name| name == "bash"), "{live:?}");
        assert!(live.memory > 100_000 && live.cpu > 0.05, "{live:?}");
        assert!(Processes::now().below(child.id(), &first).is_none());
    }
}
