//! `reflow check-store`

use std::path::Path;

use base::Kind;
use base::units::data_size;
use store::{FileRepository, KeyState, LocalStore, damage};

use super::answer;
use crate::arguments::CheckStoreFlags;
use crate::exit::Exit;
use crate::terminal;

/// Lines about one database; more say nothing new.
const LINES: usize = 10;

pub(super) fn run(flags: &CheckStoreFlags) -> Result<(), Exit> {
    let home = flags.place.existing()?;
    let damage = database_damage(&home)?;
    for line in damage.iter().take(LINES) {
        terminal::say(&format!("reflow: {line}"));
    }
    if flags.repair && !damage.is_empty() {
        rebuild(&home)?;
    }
    let repository = FileRepository::open(&home.join("repository"))?;
    let report = repository.check_all(&|_| {})?;
    for digest in &report.corrupt {
        terminal::say(&format!("reflow: corrupt: {}", repository.path(digest).display()));
    }
    for (digest, error) in &report.unreadable {
        terminal::say(&format!("reflow: unreadable: {}: {error}", repository.path(digest).display()));
    }
    for path in &report.misnamed {
        terminal::say(&format!("reflow: not an object: {}", path.display()));
    }
    let bad = report.corrupt.len() + report.unreadable.len();
    answer(format!("{} objects, {}: {bad} bad\n", report.count, data_size(report.bytes)))?;
    if damage.is_empty() {
        say_unusable(&home)?;
    }
    match (bad == 0 && damage.is_empty(), flags.repair) {
        (true, _) => Ok(()),
        (false, false) => {
            terminal::say("reflow: check-store -repair removes what is bad; runs that need it make it again");
            Err(Exit::Failed(None))
        }
        (false, true) if bad == 0 => Ok(()),
        (false, true) => {
            let removed = repository.remove_bad(&report)?;
            terminal::say(&format!("reflow: {removed} bad objects removed; runs that need them make them again"));
            Ok(())
        }
    }
}

/// Says how many entries of the cache are of no use, if any. That is nothing bad: their steps run again.
fn say_unusable(home: &Path) -> Result<(), Exit> {
    let report = crate::home::open(home)?.check_keys(&|| ())?;
    let incomplete = report.unusable.iter().filter(|(_, state)| matches!(state, KeyState::Incomplete(_))).count();
    let unreadable = report.unusable.len() - incomplete;
    for (count, why) in [(incomplete, "files of theirs are not here"), (unreadable, "they cannot be read")] {
        if count > 0 {
            terminal::say(&format!(
                "reflow: {count} of {} cache entries are of no use: {why}; their steps run again when they are needed",
                report.count
            ));
        }
    }
    Ok(())
}

/// What is wrong with the database.
fn database_damage(home: &Path) -> Result<Vec<String>, Exit> {
    let checked = match LocalStore::open(home) {
        Ok(store) => store.database.check(),
        // Whatever else is wrong with the folder is said as always.
        Err(error) if error.kind() != Kind::Integrity => crate::home::open(home).map(|_| Ok(Vec::new()))?,
        Err(error) => Err(error),
    };
    match checked {
        Ok(lines) => Ok(lines.into_iter().map(|line| format!("database: {line}")).collect()),
        Err(error) if error.kind() == Kind::Integrity => Ok(vec![error.to_string()]),
        Err(error) => Err(error.into()),
    }
}

fn rebuild(home: &Path) -> Result<(), Exit> {
    let rebuilt = damage::rebuild(home)?;
    terminal::say(&format!("reflow: the damaged database is {} now", rebuilt.aside.display()));
    let rows: Vec<String> = rebuilt.rows.iter().map(|(table, count)| format!("{count} {table}")).collect();
    terminal::say(&format!("reflow: read from it: {}", rows.join(", ")));
    if !rebuilt.damaged.is_empty() {
        terminal::say(&format!(
            "reflow: not whole: {}; what is lost is made or learnt again",
            rebuilt.damaged.join(", ")
        ));
    }
    if rebuilt.keys_from_journal > 0 {
        terminal::say(&format!(
            "reflow: {} cached values are known from the journal of keys",
            rebuilt.keys_from_journal
        ));
    }
    if rebuilt.runs_from_files > 0 {
        terminal::say(&format!("reflow: {} runs are known from their files", rebuilt.runs_from_files));
    }
    Ok(())
}
