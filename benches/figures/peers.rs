//! Other programs that run the same trivial commands.
//!
//! Each gets a workflow of its own kind that maps `echo` over numbers. What is slow is measured with fewer
//! tasks, once with hardly any and once with more, and the difference is scaled: its start counts once.

mod workflows;

use std::path::{Path, PathBuf};

use crate::measure::{folder, measure};
use crate::table::Table;
use workflows::Workflow;

/// How many tasks a slow peer is measured with.
const FEW: u32 = 100;

/// A program by name: in `PATH`, or in a folder of `REFLOW_PEERS` as `NAME/bin/NAME` or `venv-NAME/bin/NAME`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let peers = std::env::var_os("REFLOW_PEERS").map(PathBuf::from);
    let below = peers.into_iter().flat_map(|peers| std::fs::read_dir(peers).into_iter().flatten().flatten());
    std::env::split_paths(&path)
        .chain(below.map(|entry| entry.path().join("bin")))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Compares reflow, which has taken `ours` seconds for `steps` steps, with every peer there is.
pub(crate) fn report(table: &mut Table, ours: f64, steps: u32) {
    for workflow in workflows::ALL {
        let Some(program) = find(workflow.program) else {
            table.note(workflow.name, "absent");
            continue;
        };
        let count = if workflow.is_slow { FEW } else { steps };
        match time(workflow, &program, count) {
            Ok(seconds) => {
                let scaled = if workflow.is_slow { extrapolated(workflow, &program, seconds, steps) } else { seconds };
                let note = if workflow.is_slow { format!(" (scaled from {FEW} tasks)") } else { String::new() };
                table.note(workflow.name, &format!("{scaled:.1} s{note}"));
                table.at_least(&format!("  ahead of {}", workflow.name), scaled / ours, "times", workflow.target);
            }
            Err(reason) => table.note(workflow.name, &format!("does not run here: {reason}")),
        }
    }
}

/// What `steps` tasks would take if each took as long as those between a tenth of [`FEW`] and [`FEW`].
fn extrapolated(workflow: &Workflow, program: &Path, seconds: f64, steps: u32) -> f64 {
    let fewer = FEW / 10;
    let start = time(workflow, program, fewer).unwrap_or(seconds);
    let each = ((seconds - start) / f64::from(FEW - fewer)).max(0.0);
    seconds + each * f64::from(steps - FEW)
}

fn time(workflow: &Workflow, program: &Path, count: u32) -> Result<f64, String> {
    let folder = folder();
    let mut command = (workflow.prepare)(program, &folder, count);
    // Whoever cannot start at all is told of, not fatal.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| measure(&mut command).seconds())).map_err(|reason| {
        reason.downcast_ref::<String>().map_or("it failed", |text| text).lines().next().unwrap_or_default().to_owned()
    })
}
