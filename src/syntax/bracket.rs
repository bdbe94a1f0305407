//! Brackets of broken programs: which are open where, if not all of them are closed.

use crate::diagnostic::Source;
use crate::token::{Lexeme, Token};

/// The brackets open at some token, outermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    brackets: Vec<Bracket>,
    /// How many of them are parentheses, square brackets and braces.
    counts: [usize; 3],
    /// The one closed last.
    closed: Option<Bracket>,
    /// Whether the last step was over a declaration that cannot stand in what was open.
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    /// Its index among the tokens.
    pub(crate) index: usize,
    /// Its kind.
    pub(crate) token: Token,
    /// The token before it, which says what it is for.
    pub(crate) owner: Option<Token>,
}

impl Bracket {
    /// Whether declarations can stand in it: a brace, `exec(`, `make(`, `requires(`, `param(`.
    pub(crate) fn takes_declarations(self) -> bool {
        self.token == Token::OpenBrace
            || self.token == Token::OpenParen
                && matches!(self.owner, Some(Token::Exec | Token::Make | Token::Requires | Token::Param))
    }
}

impl Open {
    /// How many are open.
    pub(crate) fn depth(&self) -> usize {
        self.brackets.len()
    }

    /// The innermost.
    pub(crate) fn last(&self) -> Option<Bracket> {
        self.brackets.last().copied()
    }

    /// The open brackets, outermost first.
    pub(crate) fn brackets(&self) -> &[Bracket] {
        &self.brackets
    }

    /// Steps over the token at `index`. A closing bracket closes what is open inside its partner; one
    /// without a partner is passed over. A declaration that begins a line closes parentheses and square
    /// brackets that it cannot stand in.
    pub(crate) fn step(&mut self, source: &Source, lexemes: &[Lexeme], index: usize) {
        let token = lexemes[index].token;
        self.dropped = false;
        if token.opens() {
            let owner = index.checked_sub(1).map(|owner| lexemes[owner].token);
            self.counts[kind(token)] += 1;
            self.brackets.push(Bracket { index, token, owner });
        } else if let Some(partner) = partner(token) {
            // Without the count a text of nothing but mismatched brackets would take quadratic time.
            while self.counts[kind(partner)] > 0 {
                self.closed = self.pop();
                if self.closed.is_none_or(|closed| closed.token == partner) {
                    break;
                }
            }
        } else if begins_declaration(lexemes, index) && begins_line(source, lexemes[index]) {
            while self.last().is_some_and(|open| !open.takes_declarations()) {
                self.pop();
                self.dropped = true;
            }
        }
    }

    fn pop(&mut self) -> Option<Bracket> {
        let bracket = self.brackets.pop()?;
        self.counts[kind(bracket.token)] -= 1;
        Some(bracket)
    }

    /// Whether the statement outside of all these brackets ends at the token at `index`, which has been
    /// stepped over.
    pub(crate) fn text_end(&self, source: &Source, lexemes: &[Lexeme], index: usize) -> Option<End> {
        if self.depth() == 0 { self.statement_end(source, lexemes, index) } else { None }
    }

    /// Whether the innermost statement ends at the token at `index`, which has been stepped over.
    pub(crate) fn statement_end(&self, source: &Source, lexemes: &[Lexeme], index: usize) -> Option<End> {
        let before = index.checked_sub(1).map(|before| lexemes[before].token);
        let follows_annotation = before == Some(Token::CloseParen)
            && self.closed.is_some_and(|closed| closed.owner == Some(Token::Requires));
        if lexemes[index].token == Token::Semicolon {
            let goes_on = lexemes.get(index + 1).is_some_and(|next| !begins_statement(next.token));
            return (!follows_annotation && !goes_on && before != Some(Token::Else)).then_some(End::Behind);
        }
        let is_next = begins_declaration(lexemes, index)
            && begins_line(source, lexemes[index])
            && (self.dropped || before != Some(Token::Semicolon))
            && !follows_annotation;
        is_next.then_some(End::Before)
    }
}

/// Where a statement ends, seen from the token that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The token is the statement's semicolon.
    Behind,
    /// The token begins the next declaration.
    Before,
}

/// Whether a statement can begin with the token, as far as one token tells. What cannot is taken for the
/// rest of the line before.
fn begins_statement(token: Token) -> bool {
    token.is_word() && token != Token::Else
        || matches!(
            token,
            Token::IntLiteral
                | Token::FloatLiteral
                | Token::StringLiteral
                | Token::RawLiteral
                | Token::CharLiteral
                | Token::Template
                | Token::OpenParen
                | Token::OpenBracket
                | Token::OpenBrace
                | Token::CloseBrace
                | Token::Semicolon
                | Token::Underscore
                | Token::Hash
                | Token::At
                | Token::Not
                | Token::Unknown
        )
}

/// The number of an opening bracket's kind.
fn kind(open: Token) -> usize {
    match open {
        Token::OpenParen => 0,
        Token::OpenBracket => 1,
        _ => 2,
    }
}

/// The opening bracket that a closing one closes.
pub(crate) fn partner(close: Token) -> Option<Token> {
    match close {
        Token::CloseParen => Some(Token::OpenParen),
        Token::CloseBracket => Some(Token::OpenBracket),
        Token::CloseBrace => Some(Token::OpenBrace),
        _ => None,
    }
}

/// Whether a declaration seems to begin at the token.
pub(crate) fn begins_declaration(lexemes: &[Lexeme], index: usize) -> bool {
    let next = lexemes.get(index + 1).map(|next| next.token);
    match lexemes[index].token {
        Token::Val | Token::Type | Token::Param | Token::At => true,
        Token::Func => next == Some(Token::Identifier),
        Token::Identifier => next == Some(Token::Define),
        _ => false,
    }
}

/// Whether the token is the first on its line.
pub(crate) fn begins_line(source: &Source, lexeme: Lexeme) -> bool {
    let before = &source.text.as_bytes()[..lexeme.start as usize];
    let blank = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    matches!(before.get(before.len().wrapping_sub(blank + 1)), None | Some(b'\n'))
}

/// Whether the token stands at the very beginning of its line.
pub(crate) fn begins_column(source: &Source, lexeme: Lexeme) -> bool {
    lexeme.start == 0 || source.text.as_bytes()[lexeme.start as usize - 1] == b'\n'
}

/// How many tokens show that a declaration begins at the token.
pub(crate) fn declaration_length(lexemes: &[Lexeme], index: usize) -> usize {
    if matches!(lexemes[index].token, Token::Identifier | Token::Func) { 2 } else { 1 }
}
