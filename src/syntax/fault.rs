//! A stopped parse, put into words: what was found, what could have stood there, and what to do.

use std::rc::Rc;

use lalrpop_util::ParseError;

use crate::ast::Span;
use crate::diagnostic::{Diagnostic, Source};
use crate::hint;
use crate::message;
use crate::parse::Fault;
use crate::token::{Lexeme, Token};

/// More names than this help nobody: then none is given.
const MOST_EXPECTATIONS: usize = 4;

/// How the end of the tokens is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Of a module.
    File,
    /// Of a stand-alone expression.
    Expression,
    /// Of an interpolation.
    Interpolation,
    /// Of an input of a session.
    Input,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            End::File => "end of file",
            End::Expression => "end of expression",
            End::Interpolation => "end of interpolation",
            End::Input => "end of input",
        }
    }
}

/// Where a parse stopped, with the tokens around it.
pub(crate) struct Stop<'a> {
    /// The source of the tokens.
    pub(crate) source: &'a Rc<Source>,
    /// The tokens that were parsed.
    pub(crate) lexemes: &'a [Lexeme],
    /// The one that had no place; their number if they ended too early.
    pub(crate) index: usize,
    /// What could have stood there, in the grammar's words.
    pub(crate) expected: Vec<&'a str>,
    /// What the tokens are the whole of.
    pub(crate) end: End,
}

impl<'a> Stop<'a> {
    /// What `fault` says about `lexemes`.
    pub(crate) fn new(source: &'a Rc<Source>, lexemes: &'a [Lexeme], fault: &'a Fault, end: End) -> Self {
        let (found, expected) = match fault {
            ParseError::UnrecognizedToken { token, expected } => (Some(*token), expected.as_slice()),
            ParseError::ExtraToken { token } => (Some(*token), [].as_slice()),
            ParseError::UnrecognizedEof { expected, .. } => (None, expected.as_slice()),
            ParseError::InvalidToken { .. } => (None, [].as_slice()),
            ParseError::User { error } => match *error {},
        };
        let index = found.map_or(lexemes.len(), |(start, token, end)| {
            // Tokens without extent begin where the next one begins.
            let first = lexemes.partition_point(|lexeme| lexeme.start < start);
            let is_found = |lexeme: &Lexeme| *lexeme == Lexeme { token, start, end };
            first + lexemes[first..].iter().position(is_found).unwrap_or(0)
        });
        let expected = expected.iter().map(|name| name.trim_matches('"')).collect();
        Self { source, lexemes, index, expected, end }
    }

    /// The kind of the token `distance` places after the one without a place.
    pub(crate) fn after(&self, distance: usize) -> Option<Token> {
        self.lexemes.get(self.index + distance).map(|lexeme| lexeme.token)
    }

    /// The kind of the token `distance` places before the one without a place.
    pub(crate) fn before(&self, distance: usize) -> Option<Token> {
        self.index.checked_sub(distance).and_then(|index| self.lexemes.get(index)).map(|lexeme| lexeme.token)
    }

    /// Whether `name` could have stood there.
    pub(crate) fn expects(&self, name: &str) -> bool {
        self.expected.contains(&name)
    }

    /// The text of a token; empty beyond the last.
    pub(crate) fn text(&self, index: usize) -> &'a str {
        self.lexemes.get(index).map_or("", |lexeme| &self.source.text[lexeme.start as usize..lexeme.end as usize])
    }

    /// Whether the token is a semicolon that a line feed has made.
    pub(crate) fn is_newline(&self, index: usize) -> bool {
        self.lexemes.get(index).is_some_and(|lexeme| lexeme.token == Token::Semicolon) && self.text(index) == "\n"
    }

    /// Whether the text ended.
    pub(crate) fn is_end(&self) -> bool {
        self.index >= self.lexemes.len() || self.after(0) == Some(Token::Semicolon) && self.text(self.index).is_empty()
    }

    fn span(&self) -> Span {
        match self.lexemes.get(self.index) {
            Some(Lexeme { start, .. }) if self.is_newline(self.index) => {
                Span { start: *start, end: *start, at: *start }
            }
            Some(Lexeme { start, end, .. }) => Span { start: *start, end: *end, at: *end },
            None => {
                let end = self.lexemes.last().map_or(0, |last| last.end);
                Span { start: end, end, at: end }
            }
        }
    }

    /// The diagnostic: message, help, and the bracket that is open if that is the matter.
    pub(crate) fn describe(&self) -> Diagnostic {
        let expected = expectations(&self.expected, self.end);
        let mut diagnostic = message::grammar::unexpected(self.source, self.span(), &found(self), &expected);
        if let Some(open) = hint::open_bracket(self) {
            let span = Span { start: open.start, end: open.end, at: open.end };
            diagnostic = diagnostic.also(self.source, span, "opened here");
        }
        match hint::hint(self) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

/// What people call the token that had no place.
fn found(stop: &Stop<'_>) -> String {
    if stop.is_end() {
        return stop.end.name().to_owned();
    }
    let text = stop.text(stop.index);
    match stop.after(0) {
        Some(Token::Semicolon) if text == "\n" => "newline".to_owned(),
        Some(Token::Identifier) => format!("identifier \"{}\"", short(text)),
        Some(Token::Reserved) => format!("reserved word \"{text}\""),
        Some(token) if token.is_keyword() => format!("keyword \"{text}\""),
        Some(Token::IntLiteral | Token::FloatLiteral) => format!("number {}", short(text)),
        Some(Token::StringLiteral) => format!("string {}", short(text)),
        Some(Token::RawLiteral) => "raw string".to_owned(),
        Some(Token::CharLiteral) => format!("character literal {}", short(text)),
        Some(Token::Template) => "template".to_owned(),
        Some(Token::Unknown) => match text.chars().next() {
            Some(visible) if !visible.is_control() && !visible.is_whitespace() => format!("character \"{visible}\""),
            Some(hidden) => format!("character U+{:04X}", u32::from(hidden)),
            None => "character".to_owned(),
        },
        _ => format!("\"{text}\""),
    }
}

/// A token's text, cut where it gets long.
fn short(text: &str) -> String {
    const MOST: usize = 32;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

const LITERAL: &[&str] = &["integer", "decimal", "quoted", "raw", "true", "false"];
const EXPRESSION: &[&str] = &[
    "identifier",
    "integer",
    "decimal",
    "quoted",
    "raw",
    "true",
    "false",
    "file",
    "dir",
    "int",
    "float",
    "func",
    "exec",
    "make",
    "(",
    "{",
    "[",
    "#",
    "if",
    "switch",
    "!",
    "-",
];
const TYPE: &[&str] =
    &["identifier", "int", "float", "string", "bool", "file", "dir", "module", "func", "(", "{", "[", "#"];
const PATTERN: &[&str] = &["identifier", "_", "(", "[", "{", "#"];
const VALUE_DECLARATION: &[&str] = &["val", "func", "@", "identifier"];
const DECLARATION: &[&str] = &["val", "type", "func", "@", "identifier"];
/// What can follow any complete expression: of no interest if there is anything else.
const CONTINUATION: &[&str] =
    &["~>", "||", "&&", "<", ">", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "&", "<<", ">>"];
const POSTFIX: &[&str] = &["(", "[", "."];

/// Names for the grammar's expectations, sets of them as one; none if there are too many to help.
fn expectations(expected: &[&str], end: End) -> Vec<String> {
    let mut rest = expected.to_vec();
    let mut names = Vec::new();
    if includes(&rest, CONTINUATION) {
        rest.retain(|name| !CONTINUATION.contains(name) && !POSTFIX.contains(name));
        if rest.is_empty() {
            names.push(end.name().to_owned());
        }
    }
    let declaration = [(DECLARATION, "declaration"), (VALUE_DECLARATION, "value declaration")]
        .into_iter()
        .find(|(set, _)| includes(&rest, set));
    names.extend(declaration.map(|(_, name)| name.to_owned()));
    for (set, name) in [(EXPRESSION, "expression"), (TYPE, "type"), (LITERAL, "literal"), (PATTERN, "pattern")] {
        if includes(&rest, set) {
            rest.retain(|name| !set.contains(name));
            names.push(name.to_owned());
        }
    }
    if let Some((set, _)) = declaration {
        rest.retain(|name| !set.contains(name));
    }
    rest.sort_unstable_by_key(|name| (*name != "identifier", *name));
    names.extend(rest.into_iter().map(|name| match name {
        ";" => "newline".to_owned(),
        "identifier" => "identifier".to_owned(),
        "integer" | "decimal" => "number".to_owned(),
        "quoted" | "raw" => "string".to_owned(),
        "template" => "template".to_owned(),
        other => format!("\"{other}\""),
    }));
    names.dedup();
    if names.len() > MOST_EXPECTATIONS { Vec::new() } else { names }
}

fn includes(names: &[&str], set: &[&str]) -> bool {
    set.iter().all(|name| names.contains(name))
}
