//! `reflow repl`: inputs are read, checked, evaluated, and what comes of them is shown, one after the other.
//!
//! On a terminal [`editor`] reads the inputs; otherwise [`script`] does, which says nothing but values and
//! errors. Both hand them to the [`shell::Shell`], which keeps the session and runs what needs to be run. What
//! inputs mean, and what can stand where, is `lang::interactive`'s to say.

mod answer;
mod command;
mod editor;
mod history;
mod indent;
mod paint;
mod paths;
mod script;
mod shell;
mod stop;

use crate::arguments::{Global, ReplFlags};
use crate::exit::Exit;
use crate::terminal;
use shell::Shell;

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Input,
    End,
}

pub(crate) fn run(global: &Global, flags: &ReplFlags) -> Result<(), Exit> {
    let is_conversation = terminal::is_conversation();
    let mut shell = Shell::new(global, flags, is_conversation)?;
    if let Some(path) = &flags.path {
        let loaded = shell.load(path, &flags.args);
        if !loaded && !is_conversation {
            return Err(Exit::Failed(None));
        }
    }
    match is_conversation {
        true => editor::converse(&mut shell, &flags.machinery.place),
        false => script::read(&mut shell),
    }
}
