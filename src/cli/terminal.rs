//! The two streams: results to standard output, talk to standard error.
//!
//! The only place that prints. A closed pipe ends the talk quietly: nobody listens.

use std::io::{IsTerminal, Write};

use syntax::diagnostic::Diagnostic;

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line.trim_end());
}

/// Writes a result to standard output. An error means that it did not get there.
pub(crate) fn answer(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Whether standard error is a terminal that can be drawn on.
pub(crate) fn is_interactive() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Columns and rows of the terminal that standard error is, or what reads well.
pub(crate) fn size() -> (usize, usize) {
    const USUAL: (usize, usize) = (100, 24);
    rustix::termios::tcgetwinsize(std::io::stderr()).map_or(USUAL, |size| match (size.ws_col, size.ws_row) {
        (0, _) | (_, 0) => USUAL,
        (columns, rows) => (usize::from(columns), usize::from(rows)),
    })
}

/// Shows diagnostics: drawn on a terminal, a line each elsewhere.
pub(crate) fn show_diagnostics(diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    if is_interactive() {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        say(&syntax::render::draw(diagnostics, colour, size().0));
    } else {
        say(&syntax::render::lines(diagnostics));
    }
}
