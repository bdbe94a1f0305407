//! Traces on this machine: processes and mounts.

use std::collections::BTreeSet;
use std::fs;

use crate::bed::FOLDER;

/// What the suite could leave behind, besides what each case looks for itself.
#[derive(Debug, PartialEq)]
pub(crate) struct Traces {
    launchers: BTreeSet<u32>,
    mounts: BTreeSet<String>,
}

impl Traces {
    pub(crate) fn now() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        Self {
            launchers: launchers(),
            mounts: mounts.lines().filter(|line| line.contains(FOLDER)).map(str::to_owned).collect(),
        }
    }

    pub(crate) fn must_equal(&self, before: &Self) -> Result<(), String> {
        if self == before { Ok(()) } else { Err(format!("{self:?}, before: {before:?}")) }
    }
}

/// Launchers made of this program; other programs may be at work with theirs.
fn launchers() -> BTreeSet<u32> {
    let own = fs::read_link("/proc/self/exe").expect("a program");
    let same = |pid: &u32| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == own);
    processes_with_argument(exec::launcher::MARKER).into_iter().filter(same).collect()
}

/// Processes of this machine, living or not yet buried, one of whose arguments is `argument`.
pub(crate) fn processes_with_argument(argument: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("processes");
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|pid| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments.split(|byte| *byte == 0).any(|there| there == argument.as_bytes())
        })
        .collect()
}
