//! The layer between raw tokens and the grammar: automatic semicolons, the end of the text, and the
//! comments that document declarations (language spec §1.3, §1.6).

use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostic::{Diagnostic, Source};
use crate::lexer::Lexer;
use crate::token::{Lexeme, Token};

/// How a stretch of text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A module: line feeds and the end of the text may make semicolons.
    Module,
    /// A stand-alone expression or an interpolation: they never do.
    Expression,
    /// An input of a session: they do as in a module.
    Session,
}

impl Mode {
    /// Whether line feeds end statements.
    fn has_statements(self) -> bool {
        self != Self::Expression
    }
}

/// The documentation of tokens, by the offset of their first byte.
pub(crate) type Docs = HashMap<u32, Rc<str>>;

/// The tokens of a stretch of text, as the grammar wants them.
pub(crate) struct Tokens {
    /// The tokens; the first one selects the start rule.
    pub(crate) lexemes: Vec<Lexeme>,
    /// What comments document them.
    pub(crate) docs: Docs,
}

/// Reads the tokens of `source` from `start` to `end`.
pub(crate) fn read(source: &Rc<Source>, start: u32, end: u32, mode: Mode, diagnostics: &mut Vec<Diagnostic>) -> Tokens {
    let mut layer = Layer::new(source, start, end, mode);
    // One token for four bytes is a little more than programs have.
    layer.tokens.lexemes.reserve((end - start) as usize / 4 + 3);
    while layer.step() {}
    layer.finish(end);
    diagnostics.append(&mut layer.raw.diagnostics);
    layer.tokens
}

/// Makes the tokens of a stretch of text as the grammar wants them.
pub(crate) struct Layer<'s> {
    source: &'s Rc<Source>,
    raw: Lexer<'s>,
    mode: Mode,
    /// The previous raw token, comments excluded.
    previous: Option<Token>,
    tokens: Tokens,
}

impl<'s> Layer<'s> {
    /// A layer over the tokens of `source` from `start` to `end`, the first of which selects the start rule.
    pub(crate) fn new(source: &'s Rc<Source>, start: u32, end: u32, mode: Mode) -> Self {
        let token = match mode {
            Mode::Module => Token::ModuleStart,
            Mode::Expression => Token::ExpressionStart,
            Mode::Session => Token::SessionStart,
        };
        let lexemes = vec![Lexeme { token, start, end: start }];
        let raw = Lexer::new(source, start, end);
        Self { source, raw, mode, previous: None, tokens: Tokens { lexemes, docs: Docs::new() } }
    }

    /// The tokens made so far.
    pub(crate) fn tokens(&mut self) -> &mut Tokens {
        &mut self.tokens
    }

    /// Whether the scanner has remarked on anything so far.
    pub(crate) fn has_remarks(&self) -> bool {
        !self.raw.diagnostics.is_empty()
    }

    /// Reads on by a raw token, or by a run of comments and the token behind it; says whether there was one.
    pub(crate) fn step(&mut self) -> bool {
        let Some(lexeme) = self.raw.next() else { return false };
        if lexeme.token.is_comment() {
            self.gather(lexeme);
        } else {
            self.take(lexeme);
        }
        true
    }

    /// Passes a token on; a line feed becomes a semicolon or nothing.
    fn take(&mut self, lexeme: Lexeme) {
        if lexeme.token == Token::Newline {
            if self.mode.has_statements() && self.previous.is_some_and(Token::ends_statement) {
                self.tokens.lexemes.push(Lexeme { token: Token::Semicolon, ..lexeme });
                self.previous = Some(Token::Semicolon);
            } else {
                self.previous = Some(Token::Newline);
            }
        } else {
            self.tokens.lexemes.push(lexeme);
            self.previous = Some(lexeme.token);
        }
    }

    /// Collects a run of comments and the line feeds between them, up to the token that they document.
    fn gather(&mut self, first: Lexeme) {
        let mut buffer = String::new();
        let mut before: Option<Lexeme> = None;
        let mut current = Some(first);
        while let Some(lexeme) = current {
            match lexeme.token {
                Token::LineComment | Token::BlockComment => buffer.push_str(self.comment_text(lexeme)),
                Token::Newline if before.is_some_and(|before| before.token == Token::Newline) => buffer.clear(),
                Token::Newline => buffer.push('\n'),
                _ => break,
            }
            before = Some(lexeme);
            current = self.raw.next();
        }
        let mut ended = false;
        if let Some(newline) = before.filter(|before| before.token == Token::Newline) {
            let count = self.tokens.lexemes.len();
            self.take(newline);
            ended = self.tokens.lexemes.len() > count;
        }
        if let Some(lexeme) = current {
            if !ended && !buffer.is_empty() {
                self.tokens.docs.insert(lexeme.start, buffer.into());
            }
            self.take(lexeme);
        }
    }

    /// The text of a comment without its delimiters and outer white space.
    fn comment_text(&self, lexeme: Lexeme) -> &str {
        let text = &self.source.text[lexeme.start as usize..lexeme.end as usize];
        let inner = &text[2..];
        match lexeme.token {
            Token::BlockComment => inner.strip_suffix("*/").unwrap_or(inner).trim(),
            _ => inner.trim(),
        }
    }

    /// Ends the last statement of a module whose text does not end in a line feed.
    pub(crate) fn finish(&mut self, end: u32) {
        let ended = matches!(self.previous, Some(Token::Semicolon | Token::Newline));
        if self.mode.has_statements() && !ended {
            self.tokens.lexemes.push(Lexeme { token: Token::Semicolon, start: end, end });
        }
    }
}
