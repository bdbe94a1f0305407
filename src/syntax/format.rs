//! The formatter: a program's text in the one layout that all programs share.
//!
//! It walks the syntax tree and, beside it, the tokens of the text. The tree says what belongs together;
//! every token and every comment comes out as it was written, in the order in which it was written, so that
//! literals, templates, parentheses and spellings stay what they are. What changes is the white space
//! between them, which semicolons are line feeds, and the comma behind the last element of a list.
//!
//! The author's line feeds decide what is broken over lines: a list that has one between its elements has
//! each element on a line of its own, one that has none stays on its line. No line is broken for its
//! length.
//!
//! `stream` has the tokens, `page` the new text, `printer` the rules for what stands between two tokens;
//! `list`, `declaration`, `expression` and `types` are the walk. `align` moves comments at line ends.

mod align;
mod declaration;
mod expression;
mod list;
mod page;
mod printer;
mod stream;
mod types;

use std::rc::Rc;

use crate::diagnostic::{Diagnostic, Source};
use crate::parse::parse;
use crate::placeless;
use printer::Printer;

/// Why a text was not formatted.
#[derive(Debug, thiserror::Error)]
pub enum Unformatted {
    /// It has syntax errors: these, and whatever else the parser had to say.
    #[error("the program has syntax errors")]
    Diagnostics(Vec<Diagnostic>),
    /// It has bytes that are not UTF-8, which a text cannot hold.
    #[error("it is not valid UTF-8")]
    NotText,
    /// The formatted text would say something else. That is a defect of the formatter, which it notices
    /// before the text gets anywhere.
    #[error("formatting would change what the program says; this is a defect of the formatter")]
    Altered,
}

/// Formats a module. The result parses to the same tree, apart from places, and formats to itself.
pub fn format(source: &Rc<Source>) -> Result<String, Unformatted> {
    let (module, diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Unformatted::Diagnostics(diagnostics));
    }
    if !source.malformed().is_empty() {
        return Err(Unformatted::NotText);
    }
    let text = Printer::new(source).module(&module);
    let (formatted, diagnostics) = parse(&Source::new(source.name.clone(), text.as_str()));
    if diagnostics.iter().any(Diagnostic::is_error) || placeless::module(formatted) != placeless::module(module) {
        return Err(Unformatted::Altered);
    }
    Ok(text)
}
