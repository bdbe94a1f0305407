//! The words of a text with their classes, for highlighting and completion. Any text has words, be it
//! right, wrong or unfinished.

use std::rc::Rc;

use crate::diagnostic::Source;
use crate::lexer::Lexer;
use crate::parse;
use crate::token::{Lexeme, Token};

/// What a word is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A word that the grammar knows, other than the name of a type.
    Keyword,
    /// The name of a basic type.
    Type,
    /// An identifier.
    Name,
    /// A number or a truth value.
    Constant,
    /// A string, raw or not, with its quotes.
    String,
    /// A part of a command template outside of its interpolations.
    Template,
    /// A comment.
    Comment,
    /// `{{` or `}}`.
    Interpolation,
    /// A bracket.
    Bracket,
    /// A full stop between an operand and a field.
    Dot,
    /// Any other mark.
    Mark,
    /// A character that no token has.
    Unknown,
}

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it is.
    pub class: Class,
    /// Offset of its first byte.
    pub start: usize,
    /// Offset one past its last byte.
    pub end: usize,
}

/// The words of a text in order; white space is between them.
pub fn words(source: &Rc<Source>) -> Vec<Word> {
    let mut words = Vec::new();
    if let Ok(end) = parse::length(source) {
        read(source, 0, end, &mut words);
    }
    words
}

/// Appends the words of a stretch of the text.
fn read(source: &Rc<Source>, start: u32, end: u32, words: &mut Vec<Word>) {
    let mut lexer = Lexer::new(source, start, end);
    while let Some(lexeme) = lexer.next() {
        match lexeme.token {
            Token::Newline => {}
            Token::Template => template(source, lexeme, words),
            token => words.push(Word { class: class(token), start: lexeme.start as usize, end: lexeme.end as usize }),
        }
    }
}

/// Appends the parts of a template; an interpolation that does not end goes on to the end of the template.
fn template(source: &Rc<Source>, lexeme: Lexeme, words: &mut Vec<Word>) {
    let mut push = |class, start: usize, end: usize| {
        if start < end {
            words.push(Word { class, start, end });
        }
    };
    let (end, mut from) = (lexeme.end as usize, lexeme.start as usize);
    let text = &source.text[..end];
    let inner_end = if text[from + 2..].ends_with("\"}") { end - 2 } else { end };
    // The first two characters are the opening quote; a third brace would not begin an interpolation.
    let mut search = from + 2;
    while let Some(open) = text[search.min(inner_end)..inner_end].find("{{").map(|at| search + at) {
        let close = text[open + 2..inner_end].find("}}").map(|at| open + 2 + at);
        let stop = close.unwrap_or(inner_end);
        push(Class::Template, from, open);
        push(Class::Interpolation, open, open + 2);
        let mut inner = Vec::new();
        read(source, open as u32 + 2, stop as u32, &mut inner);
        inner.into_iter().for_each(|word| push(word.class, word.start, word.end));
        from = stop;
        if close.is_some() {
            push(Class::Interpolation, stop, stop + 2);
            from = stop + 2;
        }
        search = from;
    }
    push(Class::Template, from, end);
}

fn class(token: Token) -> Class {
    match token {
        Token::Identifier => Class::Name,
        Token::Int | Token::Float | Token::String | Token::Bool | Token::File | Token::Dir => Class::Type,
        Token::True | Token::False | Token::IntLiteral | Token::FloatLiteral => Class::Constant,
        Token::StringLiteral | Token::RawLiteral | Token::CharLiteral => Class::String,
        Token::LineComment | Token::BlockComment => Class::Comment,
        token if token.opens() || token.closes() => Class::Bracket,
        Token::Dot | Token::DotDot => Class::Dot,
        Token::Unknown => Class::Unknown,
        token if token.is_keyword() => Class::Keyword,
        _ => Class::Mark,
    }
}

/// The words that the grammar knows and that a program can begin something with.
pub const KEYWORDS: [&str; 20] = [
    "bool", "case", "dir", "else", "exec", "false", "file", "float", "func", "if", "int", "make", "module", "param",
    "requires", "string", "switch", "true", "type", "val",
];
