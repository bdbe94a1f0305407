//! What the processes of a command use, read from `/proc` (runtime spec §6.7). They all descend from the minder.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::machine::processes::below;

/// The processes below one.
#[derive(Debug)]
pub(super) struct Tree {
    root: u32,
    /// Processor time at the last look, and when that was.
    last: Option<(Duration, Instant)>,
    /// Every process that was seen, which the kernel may have killed.
    seen: BTreeSet<u32>,
}

/// What they use at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// Cores in use since the look before; `None` at the first.
    pub(super) cores: Option<f64>,
    /// Memory that is not a file's, in bytes. What processes share since a fork counts for each of them.
    pub(super) memory: f64,
}

impl Tree {
    pub(super) fn new(root: u32) -> Self {
        Self { root, last: None, seen: BTreeSet::new() }
    }

    /// Whether one of these was seen.
    pub(super) fn has_any(&self, processes: &[u32]) -> bool {
        processes.iter().any(|process| self.seen.contains(process))
    }

    /// Looks at all of them; `None` if there are none.
    pub(super) fn look(&mut self) -> Option<Load> {
        let (mut time, mut memory, mut found) = (Duration::ZERO, 0, false);
        for (process, used) in below(self.root) {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            found = true;
            self.seen.insert(process);
            time += used.time;
            memory += own_memory(&status);
        }
        let now = Instant::now();
        let cores = self.last.and_then(|(before, then)| {
            let passed = (now - then).as_secs_f64();
            // What a process has used is lost when nobody waits for it.
            (passed > 0.0).then(|| time.saturating_sub(before).as_secs_f64() / passed)
        });
        self.last = found.then_some((time, now));
        found.then_some(Load { cores, memory: memory as f64 })
    }
}

/// Bytes of memory that no file stands behind.
fn own_memory(status: &str) -> u64 {
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    let (private, shared): (Option<u64>, Option<u64>) = (line("RssAnon:"), line("RssShmem:"));
    // Old kernels give only the sum.
    private.map(|private| private + shared.unwrap_or(0)).or_else(|| line("VmRSS:")).unwrap_or(0) << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_no_file_stands_behind() {
        let status = "Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t  100 kB\nRssFile:\t  780 kB\nRssShmem:\t  20 kB\n";
        assert_eq!(own_memory(status), 120 << 10);
        assert_eq!(own_memory("VmRSS:\t  900 kB\n"), 900 << 10);
        assert_eq!(own_memory(""), 0);
    }

    #[test]
    fn a_process_that_is_not_there_has_no_load() {
        assert_eq!(Tree::new(u32::MAX).look(), None);
        let mut own = Tree::new(std::process::id());
        let first = own.look().unwrap();
        assert!(first.cores.is_none() && first.memory > 0.0);
        assert!(own.look().unwrap().cores.is_some());
        assert!(own.has_any(&[0, std::process::id()]) && !own.has_any(&[0]));
    }
}
