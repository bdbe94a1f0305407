//! Diagnostics as text: drawn for people, or one line each.

use crate::diagnostic::Diagnostic;

/// Draws.
pub fn draw(diagnostics: &[Diagnostic], _colour: bool, _width: usize) -> String {
    lines(diagnostics)
}

/// One `FILE:LINE:COL: MESSAGE` line for each.
pub fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.line() + "\n").collect()
}
