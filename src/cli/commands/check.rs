//! `reflow check`

use super::session;
use crate::arguments::CheckFlags;
use crate::exit::Exit;
use crate::terminal;

pub(super) fn run(flags: &CheckFlags) -> Result<(), Exit> {
    let session = session();
    let mut failed = false;
    for path in &flags.modules {
        let (module, diagnostics) = session.load_any(path);
        failed |= module.is_none() || (flags.w && !diagnostics.is_empty());
        terminal::show_diagnostics(&diagnostics);
    }
    if failed { Err(Exit::Failed(None)) } else { Ok(()) }
}
