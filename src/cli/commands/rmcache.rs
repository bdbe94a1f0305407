//! `reflow rmcache`

use std::io::{BufRead, IsTerminal};

use base::Digest;
use store::Assoc;

use crate::arguments::RmcacheFlags;
use crate::exit::Exit;
use crate::{machinery, terminal};

/// What cannot be understood or is not there is said and skipped.
pub(super) fn run(flags: &RmcacheFlags) -> Result<(), Exit> {
    let assoc = crate::home::open(&flags.place.existing()?)?.assoc();
    let runtime = machinery::threads()?;
    if std::io::stdin().is_terminal() {
        terminal::say("reflow rmcache: reading cache keys, a line each; ^D ends");
    }
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.map_err(|error| Exit::failed(format!("standard input: {error}")))?;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        let removed = match Digest::parse(text) {
            Ok(key) => runtime.block_on(assoc.delete(&key)).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = removed {
            terminal::say(&format!("reflow: {text}: {reason}"));
        }
    }
    Ok(())
}
