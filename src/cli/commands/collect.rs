//! `reflow collect`

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use base::units::data_size;
use base::{Digest, Error};
use store::{Collected, LocalStore, Wanted};

use crate::arguments::CollectFlags;
use crate::exit::Exit;
use crate::terminal;

pub(super) fn run(flags: &CollectFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let wanted = Wanted {
        threshold: flags.threshold.into(),
        keep: flags.keep.clone(),
        labels: flags.labels.clone(),
        max_size: flags.maxsize,
        rate: flags.rate,
        migrations: u64::try_from(flags.migrate).ok(),
        dry_run: flags.dry_run,
    };
    let collected = store.collect(&wanted)?;
    let mut files = old_logs(&home.join("logs"), &store, wanted.threshold)?;
    files.extend(files_of_runs(&home.join("runs"), &collected.runs)?);
    if !flags.dry_run {
        // Others may remove them too, and what stays does no harm.
        files.iter().for_each(|path| drop(fs::remove_file(path)));
    }
    report(&collected, files.len(), flags.dry_run);
    Ok(())
}

fn report(collected: &Collected, files: usize, dry_run: bool) {
    for (key, error) in &collected.unreadable {
        terminal::say(&format!("reflow: entry {}: {error}", key.short()));
    }
    let would = if dry_run { "would have been collected" } else { "collected" };
    let of = |part: u64, whole: u64| {
        let percent = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
        format!("{part} of {whole} ({percent:.2}%)")
    };
    terminal::say(&format!(
        "reflow: read {} entries: {} kept; {} objects in use, {} objects missing",
        collected.entries, collected.kept, collected.in_use, collected.missing
    ));
    terminal::say(&format!(
        "reflow: objects: {}, {} bytes of {}, {would}",
        of(collected.removed_objects, collected.objects),
        collected.removed_bytes,
        data_size(collected.bytes)
    ));
    terminal::say(&format!(
        "reflow: entries: {} {would}, {} of them by label, {} for want of room",
        of(collected.removed, collected.entries),
        collected.by_label,
        collected.by_size
    ));
    let runs = collected.runs.len();
    terminal::say(&format!("reflow: history: {runs} runs, {files} files of runs and logs {would}"));
    if collected.migrated > 0 {
        terminal::say(&format!("reflow: {} filesets rewritten in the newer format", collected.migrated));
    }
}

/// What execs wrote before the threshold. The file of an exec that runs at this moment is spared: its name is
/// that of the lock.
fn old_logs(logs: &Path, store: &LocalStore, threshold: SystemTime) -> Result<Vec<std::path::PathBuf>, Exit> {
    let mut old = Vec::new();
    for folder in listed(logs)? {
        for path in listed(&folder)? {
            let is_old = fs::metadata(&path).and_then(|there| there.modified()).is_ok_and(|time| time < threshold);
            let key = path.file_stem().and_then(|name| name.to_str()).and_then(|name| Digest::parse(name).ok());
            if is_old && !key.map_or(Ok(false), |key| store.locks.is_locked(&key))? {
                old.push(path);
            }
        }
    }
    Ok(old)
}

/// The files of runs that are forgotten: their names begin with the run.
fn files_of_runs(folder: &Path, runs: &[Digest]) -> Result<Vec<std::path::PathBuf>, Exit> {
    let runs: std::collections::HashSet<String> = runs.iter().map(Digest::hex).collect();
    let is_theirs = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.get(..64)).is_some_and(|id| runs.contains(id))
    };
    Ok(listed(folder)?.into_iter().filter(is_theirs).collect())
}

/// The paths in a folder; none if there is no folder.
fn listed(folder: &Path) -> Result<Vec<std::path::PathBuf>, Exit> {
    let failed = |error: std::io::Error| Exit::from(Error::from(error).during(format!("list {}", folder.display())));
    match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(failed(error)),
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect(),
    }
}
