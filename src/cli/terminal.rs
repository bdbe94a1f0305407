//! The two streams: results to standard output, talk to standard error.
//!
//! The only place that prints. A closed pipe ends the talk quietly: nobody listens.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use indicatif::ProgressBar;
use rustix::termios::{LocalModes, OptionalActions};
use syntax::diagnostic::Diagnostic;

use crate::diagnostic_json;

/// The lines that are redrawn in place, if there are any.
static DRAWN: Mutex<Option<Drawn>> = Mutex::new(None);

struct Drawn {
    bar: ProgressBar,
    _silence: SilentInterrupts,
}

/// From now on these lines are on the terminal: whoever says something meanwhile, be it a thread that knows nothing of
/// them, takes them away for that moment.
pub(crate) fn draw_below(bar: ProgressBar) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Drawn { bar, _silence: SilentInterrupts::begin() });
}

/// Takes away what is drawn, for good.
pub(crate) fn stop_drawing() {
    if let Some(drawn) = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        drawn.bar.finish_and_clear();
    }
}

/// Writes to standard error, above what is drawn there.
fn above(write: impl FnOnce()) {
    let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*drawn {
        Some(drawn) => drawn.bar.suspend(write),
        None => write(),
    }
}

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    above(|| drop(writeln!(std::io::stderr().lock(), "{}", line.trim_end())));
}

/// Writes what a command wrote to its standard error to standard error.
pub(crate) fn pass_on(bytes: &[u8]) {
    above(|| drop(std::io::stderr().lock().write_all(bytes)));
}

/// Writes a result to standard output. An error means that it did not get there.
pub(crate) fn answer(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Whether results may be coloured: standard output is a terminal, and nobody asked for plain text.
pub(crate) fn answers_in_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal()
        && is_set("TERM")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        && !is_set("NO_COLOR")
}

/// Whether standard error is a terminal that can be drawn on.
pub(crate) fn is_interactive() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Whether a person is at both ends: inputs come from a terminal, and answers go to one.
pub(crate) fn is_conversation() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Whether what is drawn on a terminal may have colours.
pub(crate) fn has_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && is_interactive()
}

/// Columns and rows of the terminal that standard error is, or what reads well.
pub(crate) fn size() -> (usize, usize) {
    const USUAL: (usize, usize) = (100, 24);
    rustix::termios::tcgetwinsize(std::io::stderr()).map_or(USUAL, |size| match (size.ws_col, size.ws_row) {
        (0, _) | (_, 0) => USUAL,
        (columns, rows) => (usize::from(columns), usize::from(rows)),
    })
}

/// While this is there, the terminal does not show the key that interrupts: `^C` would stand in the middle of
/// what is drawn.
pub(crate) struct SilentInterrupts(Option<rustix::termios::Termios>);

impl SilentInterrupts {
    /// Begins, if standard input is a terminal, and this program what its keys go to.
    pub(crate) fn begin() -> Self {
        let stdin = std::io::stdin();
        let usual = if has_keys() { rustix::termios::tcgetattr(&stdin).ok() } else { None };
        if let Some(usual) = &usual {
            let mut silent = usual.clone();
            silent.local_modes.remove(LocalModes::ECHOCTL);
            let _ = rustix::termios::tcsetattr(&stdin, OptionalActions::Now, &silent);
        }
        Self(usual)
    }
}

impl Drop for SilentInterrupts {
    fn drop(&mut self) {
        if let Some(usual) = self.0.as_ref().filter(|_| has_keys()) {
            let _ = rustix::termios::tcsetattr(std::io::stdin(), OptionalActions::Now, usual);
        }
    }
}

/// Whether the keys of the terminal go to this program. One in the background is stopped if it changes the terminal.
fn has_keys() -> bool {
    rustix::termios::tcgetpgrp(std::io::stdin()).is_ok_and(|foreground| foreground == rustix::process::getpgrp())
}

/// Writes what somebody else said to standard error, as it is.
pub(crate) fn pass_on_error(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stderr().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// While this is there, keys reach this program as they are typed, and the terminal does nothing with them.
pub(crate) struct RawMode(rustix::termios::Termios);

impl RawMode {
    /// Begins, if both standard input and output are a terminal.
    pub(crate) fn begin() -> Option<Self> {
        if !is_conversation() {
            return None;
        }
        let stdin = std::io::stdin();
        let usual = rustix::termios::tcgetattr(&stdin).ok()?;
        let mut raw = usual.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(&stdin, OptionalActions::Now, &raw).ok()?;
        Some(Self(usual))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ErrorFormat {
    /// Drawn on a terminal, a line each elsewhere.
    #[default]
    Auto,
    /// `FILE:LINE:COLUMN: MESSAGE`
    Short,
    /// One JSON object a line.
    Json,
    /// With the program's text.
    Drawn,
}

/// What the command line asks for, like the streams one for the whole process.
static FORMAT: OnceLock<ErrorFormat> = OnceLock::new();

/// Says how diagnostics are to be shown, once.
pub(crate) fn choose_format(format: ErrorFormat) {
    let _ = FORMAT.set(format);
}

/// How diagnostics are shown here: never [`ErrorFormat::Auto`].
pub(crate) fn format() -> ErrorFormat {
    match FORMAT.get().copied().unwrap_or_default() {
        ErrorFormat::Auto if is_interactive() => ErrorFormat::Drawn,
        ErrorFormat::Auto => ErrorFormat::Short,
        chosen => chosen,
    }
}

/// Whether diagnostics are drawn for people to look at.
pub(crate) fn is_drawing() -> bool {
    format() == ErrorFormat::Drawn
}

/// Shows diagnostics as the command line asks for.
pub(crate) fn show_diagnostics(diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    match format() {
        ErrorFormat::Drawn => say(&syntax::render::draw(diagnostics, has_colour(), size().0)),
        ErrorFormat::Json => say(&diagnostic_json::lines(diagnostics)),
        ErrorFormat::Auto | ErrorFormat::Short => say(&syntax::render::lines(diagnostics)),
    }
}
