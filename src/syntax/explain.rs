//! What diagnostic codes mean: a catalogue for `reflow explain`.
//!
//! This crate has the codes `R0xxx`; crates above have catalogues of the same kind for theirs.

mod grammar;
mod lexical;

use std::fmt;

use crate::diagnostic::Code;
use crate::render::wrap;

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

/// The files of an example: a line `// NAME.rf` begins one, what stands before it is `main.rf`.
pub fn files(program: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in program.lines() {
        let name = line.strip_prefix("// ").filter(|name| name.contains('.') && !name.contains(' '));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name, String::new())),
            (None, Some((_, text))) => text.extend([line, "\n"]),
            (None, None) => files.push(("main.rf", format!("{line}\n"))),
        }
    }
    files
}

impl Explanation {
    /// The explanation as lines of at most `width` columns, as far as words allow; examples keep theirs.
    /// `said` is what is said of the wrong example, if that is to be shown.
    pub fn text(&self, width: usize, said: &str) -> String {
        let mut out = format!("{}: {}\n", self.code, self.title);
        for paragraph in self.text.split("\n\n") {
            out.push('\n');
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            out.push_str(&wrap(&words.join(" "), width, 0));
            out.push('\n');
        }
        for (heading, program) in [("Wrong", self.wrong), ("Which gets", said), ("Right", self.right)] {
            if !program.is_empty() {
                out.push_str(&format!("\n{heading}:\n\n"));
                out.extend(program.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n"));
            }
        }
        out
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(80, ""))
    }
}
