//! Diagnostics: what is wrong with a program, as data.
//!
//! Every stage of the front end returns its result *and* a list of these; how they look is decided
//! where they are shown. Codes: `R0xxx` lexing and parsing, `R1xxx` types, `R2xxx` modules, `R3xxx`
//! evaluation, `R4xxx` running.

use std::rc::Rc;

use crate::ast::Span;

/// A stable diagnostic code such as `R1003`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "R{:04}", self.0)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program cannot be used.
    Error,
    /// The program can be used, but something in it is likely a mistake.
    Warning,
}

/// A text that spans refer to.
#[derive(Debug)]
pub struct Source {
    /// The name shown in messages: the path as given, or `<input>`.
    pub name: Rc<str>,
    /// The text.
    pub text: Rc<str>,
    lines: Vec<u32>,
    /// How many lines of a longer text stand before this one.
    skipped: usize,
    malformed: Vec<(u32, u8)>,
}

impl Source {
    /// A source of this name and text.
    pub fn new(name: impl Into<Rc<str>>, text: impl Into<Rc<str>>) -> Rc<Self> {
        let text = text.into();
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(offset, _)| offset as u32 + 1));
        Rc::new(Self { name: name.into(), text, lines, skipped: 0, malformed: Vec::new() })
    }

    /// A source whose text is a part of a longer one and begins there at a line, which is counted from 1:
    /// places are those in the longer one.
    pub fn from_line(name: impl Into<Rc<str>>, text: impl Into<Rc<str>>, first_line: usize) -> Rc<Self> {
        let mut source = Self::new(name, text);
        if let Some(source) = Rc::get_mut(&mut source) {
            source.skipped = first_line.saturating_sub(1);
        }
        source
    }

    /// A source of bytes that should be UTF-8. Each byte that is not becomes U+FFFD in the text and is
    /// remembered (language spec §1.1).
    pub fn from_bytes(name: impl Into<Rc<str>>, bytes: &[u8]) -> Rc<Self> {
        let mut text = String::with_capacity(bytes.len());
        let mut malformed = Vec::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                malformed.push((text.len() as u32, *byte));
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        let mut source = Self::new(name, text);
        if let Some(source) = Rc::get_mut(&mut source) {
            source.malformed = malformed;
        }
        source
    }

    /// The bytes that are not UTF-8, each with the offset of the U+FFFD that stands for it in the text.
    pub fn malformed(&self) -> &[(u32, u8)] {
        &self.malformed
    }

    /// Line and column of a byte offset, both from 1; columns count Unicode scalar values.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let end = (offset as usize).clamp(start, self.text.len());
        (self.skipped + line, self.text.as_bytes()[start..end].iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1)
    }

    /// `NAME:LINE:COLUMN` of a byte offset.
    pub fn place(&self, offset: u32) -> String {
        let (line, column) = self.position(offset);
        format!("{}:{line}:{column}", self.name)
    }
}

/// A stretch of text with a remark.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text it is about.
    pub source: Rc<Source>,
    /// Where.
    pub span: Span,
    /// The remark; may be empty for the main label.
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One line, with the wording that language spec §3.5 gives.
    pub message: String,
    /// The place it is about; `None` prints as `<input>`.
    pub primary: Option<Label>,
    /// Further places that explain it.
    pub secondary: Vec<Label>,
    /// What to do next, if something can be said.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: u16, source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::at(Severity::Error, code, source, span, message)
    }

    /// A warning at a place.
    pub fn warning(code: u16, source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::at(Severity::Warning, code, source, span, message)
    }

    fn at(severity: Severity, code: u16, source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        let primary = Some(Label { source: source.clone(), span, message: String::new() });
        Self { code: Code(code), severity, message: message.into(), primary, secondary: Vec::new(), help: None }
    }

    /// Adds a remark to the main place.
    #[must_use]
    pub fn labelled(mut self, message: impl Into<String>) -> Self {
        if let Some(label) = &mut self.primary {
            label.message = message.into();
        }
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn also(mut self, source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        self.secondary.push(Label { source: source.clone(), span, message: message.into() });
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this is an error, not a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `FILE:LINE:COL: MESSAGE`, with `warning: ` before the message of a warning.
    pub fn line(&self) -> String {
        let place = match &self.primary {
            Some(label) => label.source.place(label.span.at),
            None => "<input>".to_owned(),
        };
        let severity = if self.is_error() { "" } else { "warning: " };
        format!("{place}: {severity}{}", self.message)
    }
}
