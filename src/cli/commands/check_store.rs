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
    if bad == 0 { Ok(()) } else { Err(Exit::Failed(None)) }
}
