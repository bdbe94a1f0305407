//! `reflow check-store`

use base::units::data_size;

use super::answer;
use crate::arguments::CheckStoreFlags;
use crate::exit::Exit;
use crate::terminal;

pub(super) fn run(flags: &CheckStoreFlags) -> Result<(), Exit> {
    let home = flags.place.home()?;
    let store = crate::home::open(&home)?;
    let report = store.repository.check_all(&|_| {})?;
    for digest in &report.corrupt {
        terminal::say(&format!("reflow: corrupt: {}", store.repository.path(digest).display()));
    }
    for (digest, error) in &report.unreadable {
        terminal::say(&format!("reflow: unreadable: {}: {error}", store.repository.path(digest).display()));
    }
    for path in &report.misnamed {
        terminal::say(&format!("reflow: not an object: {}", path.display()));
    }
    let bad = report.corrupt.len() + report.unreadable.len();
    answer(format!("{} objects, {}: {bad} bad\n", report.count, data_size(report.bytes)))?;
    if bad == 0 {
        return Ok(());
    }
    if !flags.repair {
        terminal::say("reflow: check-store -repair removes what is bad; runs that need it make it again");
        return Err(Exit::Failed(None));
    }
    let removed = store.repository.remove_bad(&report)?;
    terminal::say(&format!("reflow: {removed} bad objects removed; runs that need them make them again"));
    Ok(())
}
