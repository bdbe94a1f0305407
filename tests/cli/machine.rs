//! What goes on on this machine: processes that belong to a bed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bed::Bed;

/// Processes of the bed, each with its command: those that run in it, have it in their arguments, or see
/// folders of it mounted, as commands of the process executor do.
pub(crate) fn processes_of(bed: &Bed) -> Vec<String> {
    let root = bed.root().to_string_lossy().into_owned();
    let own = std::process::id();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if pid != own && belongs(&entry.path(), &root) {
            let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(format!("{pid} {}", String::from_utf8_lossy(&arguments).replace('\0', " ")));
        }
    }
    found
}

fn belongs(process: &Path, root: &str) -> bool {
    let has = |name: &str| {
        fs::read(process.join(name)).is_ok_and(|bytes| bytes.windows(root.len()).any(|part| part == root.as_bytes()))
    };
    let runs_there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(root));
    runs_there || has("cmdline") || has("mountinfo")
}

/// Nothing of the bed runs any more, soon.
pub(crate) fn assert_nothing_runs(bed: &Bed) {
    eventually(|| match processes_of(bed).as_slice() {
        [] => Ok(()),
        left => Err(format!("still running: {left:?}")),
    });
}

/// Waits until something is so; panics with the last reason why not.
pub(crate) fn eventually(mut check: impl FnMut() -> Result<(), String>) {
    const PATIENCE: Duration = Duration::from_secs(20);
    let start = Instant::now();
    while let Err(reason) = check() {
        assert!(start.elapsed() < PATIENCE, "{reason}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
