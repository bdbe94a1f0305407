//! Inputs that do not come from a person at a terminal: lines of standard input, as many to an input as make
//! it complete. Places in messages are those in the whole text.

use std::io::BufRead;

use syntax::diagnostic::Source;
use syntax::session::Extent;

use super::Next;
use super::shell::Shell;
use crate::exit::Exit;

/// Takes inputs to the end of standard input, also after errors; these make for the exit code.
pub(super) fn read(shell: &mut Shell<'_>) -> Result<(), Exit> {
    let mut input = std::io::stdin().lock();
    let (mut text, mut first_line, mut line) = (String::new(), 1, 0);
    loop {
        let mut bytes = Vec::new();
        let count = input.read_until(b'\n', &mut bytes);
        let count = count.map_err(|error| Exit::failed(format!("cannot read standard input: {error}")))?;
        line += 1;
        text.push_str(&String::from_utf8_lossy(&bytes));
        let is_over = count == 0;
        if !is_over && wants_more(&text) {
            continue;
        }
        let source = Source::from_line("<stdin>", std::mem::take(&mut text), first_line);
        first_line = line + 1;
        let next = shell.take(&source);
        if shell.was_stopped() {
            return Err(Exit::Failed(None));
        }
        if is_over || next == Next::End {
            break;
        }
    }
    if shell.has_failed { Err(Exit::Failed(None)) } else { Ok(()) }
}

/// Whether the next line belongs to the same input. One that is wrong ends where its brackets do, so that its
/// rest is not taken for other inputs.
fn wants_more(text: &str) -> bool {
    if text.trim_start().starts_with(':') {
        return false;
    }
    match syntax::parse_input(&Source::new("<stdin>", text.strip_suffix('\n').unwrap_or(text))).extent {
        Extent::Complete => false,
        Extent::Unfinished => true,
        Extent::Wrong { is_open } => is_open,
    }
}
