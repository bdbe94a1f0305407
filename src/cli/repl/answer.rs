//! What a session says: values on standard output, everything else on standard error.

use lang::interactive::{Loaded, Outcome};
use types::print::print;
use types::{Type, Value};

use super::paint::{self, Style};
use crate::exit::Exit;
use crate::{commands, terminal};

/// Longer texts are not coloured.
const MOST_COLOURED: usize = 64 << 10;
/// Types are cut to this many characters where they are only a remark.
const MOST_TYPE: usize = 72;

/// Prints a value as `reflow run` does; in a conversation its type follows dimly.
pub(super) fn value(value: &Value, ty: &Type, is_conversation: bool) -> Result<(), Exit> {
    let text = print(value, ty);
    if !is_conversation {
        return commands::answer(format!("{text}\n"));
    }
    let colour = terminal::has_colour();
    let note = Style::Dim.paint(&short(&ty.to_string()), colour);
    let shown = if colour && text.len() <= MOST_COLOURED { paint::program(&text) } else { text };
    commands::answer(format!("{shown}  {note}\n"))
}

/// Says what has been declared.
pub(super) fn declared(outcome: &Outcome) {
    match outcome {
        Outcome::Values(names) => {
            names.iter().for_each(|(name, ty)| remark(&format!("val {name} {}", short(&ty.to_string()))));
        }
        Outcome::Type(name, ty) => remark(&format!("type {name} {}", short(&ty.to_string()))),
        Outcome::Value(..) => {}
    }
}

/// Says something that is good to know.
pub(super) fn remark(text: &str) {
    terminal::say(&Style::Dim.paint(text, terminal::has_colour()));
}

/// Says that something went wrong.
pub(super) fn error(message: &str) {
    match terminal::is_interactive() {
        true => terminal::say(&format!("{}: {message}", Style::Wrong.paint("Error", terminal::has_colour()))),
        false => terminal::say(message),
    }
}

/// What a module has brought, in a line.
pub(super) fn loaded(path: &str, loaded: &Loaded) -> String {
    let names: Vec<&str> = loaded.values.iter().chain(&loaded.types).map(|name| &**name).collect();
    match names.is_empty() {
        true => format!("{path} declares nothing"),
        false => short(&format!("from {path}: {}", names.join(", "))),
    }
}

/// The beginning of a text that is longer than a remark may be.
fn short(text: &str) -> String {
    match text.char_indices().nth(MOST_TYPE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
