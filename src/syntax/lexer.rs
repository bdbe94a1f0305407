//! Raw tokens: the text cut into words, literals, operators, comments and line feeds.
//!
//! The automaton that `logos` generates finds where a token begins; what has a body of its own (strings,
//! templates, block comments, words with letters beyond ASCII) is read on from there by bytes. Remarks of
//! the scanner (language spec §1.1) go to the list of diagnostics; a token that cannot be used comes out
//! as [`Token::Unknown`] or is an error here, never both.

use std::rc::Rc;

use logos::Logos;
use unicode_general_category::{GeneralCategory, get_general_category};

use crate::ast::Span;
use crate::diagnostic::{Diagnostic, Source};
use crate::message::lexical;
use crate::token::{Lexeme, Token};

/// The raw tokens of a stretch of a source, in absolute offsets.
pub(crate) struct Lexer<'s> {
    raw: logos::Lexer<'s, Token>,
    base: u32,
    source: &'s Rc<Source>,
    /// What was remarked on.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'s> Lexer<'s> {
    /// Reads `source` from `start` to `end`, both on character boundaries and within `u32`.
    pub(crate) fn new(source: &'s Rc<Source>, start: u32, end: u32) -> Self {
        let text = &source.text[start as usize..end as usize];
        let mut raw = Token::lexer(text);
        if start == 0 && text.starts_with('\u{FEFF}') {
            raw.bump('\u{FEFF}'.len_utf8());
        }
        Self { raw, base: start, source, diagnostics: Vec::new() }
    }

    /// The next raw token; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Lexeme> {
        let raw = self.raw.next()?.unwrap_or(Token::Unknown);
        let token = self.finish(raw);
        let range = self.raw.span();
        Some(Lexeme { token, start: self.base + range.start as u32, end: self.base + range.end as u32 })
    }

    /// Reads the body of a token whose opening the automaton has found.
    fn finish(&mut self, token: Token) -> Token {
        match token {
            Token::StringLiteral => self.quoted(b'"', Token::StringLiteral),
            Token::CharLiteral => self.quoted(b'\'', Token::CharLiteral),
            Token::RawLiteral => self.raw_string(),
            Token::Template => self.template(),
            Token::BlockComment => self.block_comment(),
            Token::IntLiteral => self.integer(),
            Token::DotDot => {
                let span = self.span();
                self.diagnostics.push(lexical::illegal_token(self.source, span));
                Token::Dot
            }
            Token::Unknown => self.unknown(),
            word if word.is_word() => self.word(word),
            other => other,
        }
    }

    fn span(&self) -> Span {
        let range = self.raw.span();
        let end = self.base + range.end as u32;
        Span { start: self.base + range.start as u32, end, at: end }
    }

    /// Reads on to the closing quote on the same line; a backslash takes the next character with it.
    fn quoted(&mut self, quote: u8, token: Token) -> Token {
        let bytes = self.raw.remainder().as_bytes();
        let mut length = 0;
        loop {
            match bytes.get(length) {
                None | Some(b'\n') => break,
                Some(b'\\') if bytes.get(length + 1).is_some_and(|next| *next != b'\n') => length += 2,
                Some(byte) => {
                    length += 1;
                    if *byte == quote {
                        self.raw.bump(length);
                        return token;
                    }
                }
            }
        }
        // A backslash before a character of several bytes steps into it; the walk ends on a boundary all
        // the same, because quotes and line feeds are single bytes that occur inside no character.
        self.raw.bump(length);
        let span = self.span();
        self.diagnostics.push(lexical::literal_not_terminated(self.source, span));
        token
    }

    fn raw_string(&mut self) -> Token {
        let rest = self.raw.remainder();
        match rest.find('`') {
            Some(length) => self.raw.bump(length + 1),
            None => {
                self.raw.bump(rest.len());
                let span = self.span();
                self.diagnostics.push(lexical::raw_literal_not_terminated(self.source, span));
            }
        }
        Token::RawLiteral
    }

    /// Reads on to the first `"}` that begins at or after the second character (language spec §1.9).
    fn template(&mut self) -> Token {
        let rest = self.raw.remainder();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        match rest[first..].find("\"}") {
            Some(length) => {
                self.raw.bump(first + length + 2);
                if rest.starts_with("\"}") {
                    let mut span = self.span();
                    span.end = span.start + 4;
                    self.diagnostics.push(lexical::template_starts_closed(self.source, span));
                }
            }
            None => {
                let empty = rest.starts_with("\"}");
                self.raw.bump(rest.len());
                let span = self.span();
                self.diagnostics.push(lexical::template_not_terminated(self.source, span, empty));
            }
        }
        Token::Template
    }

    fn block_comment(&mut self) -> Token {
        let rest = self.raw.remainder();
        match rest.find("*/") {
            Some(length) => self.raw.bump(length + 2),
            None => {
                self.raw.bump(rest.len());
                let span = self.span();
                self.diagnostics.push(lexical::comment_not_terminated(self.source, span));
            }
        }
        Token::BlockComment
    }

    fn integer(&mut self) -> Token {
        let text = self.raw.slice().as_bytes();
        if text.len() > 1 && text[0] == b'0' && text[1].is_ascii_digit() && text.iter().any(|digit| *digit > b'7') {
            let span = self.span();
            self.diagnostics.push(lexical::illegal_octal_number(self.source, span));
        }
        Token::IntLiteral
    }

    /// Continues a word with letters and digits beyond ASCII; so continued it is no keyword.
    #[inline]
    fn word(&mut self, token: Token) -> Token {
        if self.raw.remainder().as_bytes().first().is_some_and(|byte| *byte >= 0x80) && self.extend_word() {
            return Token::Identifier;
        }
        token
    }

    /// Takes what continues an identifier; says whether there was anything.
    fn extend_word(&mut self) -> bool {
        let rest = self.raw.remainder();
        let length = rest.find(|letter| !continues_identifier(letter)).unwrap_or(rest.len());
        self.raw.bump(length);
        length > 0
    }

    /// A character that begins no ASCII token: it may begin an identifier.
    fn unknown(&mut self) -> Token {
        if self.raw.slice().chars().next().is_some_and(is_letter) {
            self.extend_word();
            return Token::Identifier;
        }
        Token::Unknown
    }
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
        || !character.is_ascii()
            && matches!(
                get_general_category(character),
                GeneralCategory::UppercaseLetter
                    | GeneralCategory::LowercaseLetter
                    | GeneralCategory::TitlecaseLetter
                    | GeneralCategory::ModifierLetter
                    | GeneralCategory::OtherLetter
            )
}

fn continues_identifier(character: char) -> bool {
    character == '_'
        || character.is_ascii_digit()
        || is_letter(character)
        || !character.is_ascii() && get_general_category(character) == GeneralCategory::DecimalNumber
}
