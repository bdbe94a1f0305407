//! A process and those below it, as `/proc` shows them at one moment.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

/// A process: what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// User and system time of it and of its children that were waited for.
    pub(crate) time: Duration,
    /// Resident memory in bytes, that of files included.
    pub(crate) resident: u64,
}

/// A process and everything that descends from it, nearer ones before farther ones; nothing if it is gone. One that
/// ends meanwhile is counted by its parent, which has waited for it.
pub(crate) fn below(root: u32) -> Vec<(u32, Process)> {
    // Seen once, also if it gets another parent while this looks.
    let (mut seen, mut waiting, mut found) = (HashSet::from([root]), vec![root], Vec::new());
    while !waiting.is_empty() {
        let mut next = Vec::new();
        for id in waiting {
            let Some(process) = read(id) else { continue };
            found.push((id, process));
            next.extend(children(id).into_iter().filter(|child| seen.insert(*child)));
        }
        waiting = next;
    }
    found
}

fn read(id: u32) -> Option<Process> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

fn children(id: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Understands a line of `/proc/PID/stat`. The name in it, in parentheses, may hold anything, also such.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // The first field here is the third of proc(5).
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    let ticks = (11..=14).map(number).sum::<Option<u64>>()?;
    let time = Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64);
    Some(Process { time, resident: number(21)?.saturating_mul(rustix::param::page_size() as u64) })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn names_in_proc_may_hold_anything() {
        let stat = "12 (a) b (c) S 7 12 12 0 -1 4194560 97 0 0 0 30 12 5 3 20 0 1 0 100 1000 55 18446744073709551615 1";
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let resident = 55 * rustix::param::page_size() as u64;
        assert_eq!(parse(stat), Some(Process { time: Duration::from_secs_f64(50.0 / ticks), resident }));
        assert!(parse("12 (short) S 7").is_none() && parse("").is_none());
    }

    #[test]
    fn children_of_children_follow_their_parents() {
        let script = "cat | cat; wait";
        let mut shell = Command::new("/bin/bash").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while below(shell.id()).len() < 3 {
            assert!(Instant::now() < end, "{:?}", below(shell.id()));
        }
        let found = below(std::process::id());
        let at = |wanted: u32| found.iter().position(|(id, _)| *id == wanted).unwrap();
        let own = below(shell.id());
        assert_eq!((own[0].0, own.len(), found[0].0), (shell.id(), 3, std::process::id()));
        assert!(own[1..].iter().all(|(id, _)| at(*id) > at(shell.id())), "{found:?} {own:?}");
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(below(shell.id()), []);
    }
}
