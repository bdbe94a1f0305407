//! What diagnostic codes mean: a catalogue for `reflow explain`.
//!
//! This crate has the codes `R0xxx`; crates above have catalogues of the same kind for theirs.

mod grammar;
mod lexical;

use std::fmt;

use crate::diagnostic::Code;

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// The message, or what all its forms have in common.
    pub title: &'static str,
    /// Why it is wrong and what the language does instead: one paragraph or more.
    pub text: &'static str,
    /// A module that gets the message; empty if none can be written down.
    pub wrong: &'static str,
    /// How it is right; empty if that goes without saying.
    pub right: &'static str,
}

/// The explanation of a code of lexing or parsing.
pub fn explain(code: Code) -> Option<&'static Explanation> {
    all().find(|explanation| explanation.code == code)
}

/// Every explanation of this crate, in the order of the codes.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    lexical::EXPLANATIONS.iter().chain(grammar::EXPLANATIONS)
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n\n{}", self.code, self.title, self.text)?;
        for (heading, program) in [("Wrong", self.wrong), ("Right", self.right)] {
            if !program.is_empty() {
                writeln!(f, "\n{heading}:\n")?;
                for line in program.lines() {
                    writeln!(f, "{}", format!("    {line}").trim_end())?;
                }
            }
        }
        Ok(())
    }
}
