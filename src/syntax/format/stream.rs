//! The tokens of a text with what stands between them: comments and line feeds.
//!
//! Line feeds are counted, not kept: what matters is whether there is none, one, or a blank line. The
//! semicolons that the language makes of line feeds are not among the tokens; those that are written are.

use std::ops::Range;
use std::rc::Rc;

use crate::diagnostic::Source;
use crate::lexer::Lexer;
use crate::token::Token;

/// A token and the gap before it.
struct Piece {
    /// `None` at the end of the text.
    token: Option<Token>,
    start: u32,
    end: u32,
    /// The comments before it.
    comments: Range<usize>,
    /// The line feeds between it and what stands before it, the last of its comments or another token.
    breaks: usize,
    /// Whether it is a bracket with a line feed between two of the things in it, or at their ends.
    is_broken: bool,
}

/// A comment and the line feeds before it.
#[derive(Clone, Copy)]
pub(super) struct Comment<'s> {
    /// The text with its delimiters.
    pub(super) text: &'s str,
    /// How many line feeds there are between it and what stands before it.
    pub(super) breaks: usize,
}

impl Comment<'_> {
    /// Whether it ends with its line.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

/// The tokens of a text, of which some have been taken.
pub(super) struct Stream<'s> {
    source: &'s Source,
    pieces: Vec<Piece>,
    comments: Vec<Comment<'s>>,
    next: usize,
}

impl<'s> Stream<'s> {
    /// All tokens of a text, which is short enough for places of 32 bits.
    pub(super) fn new(source: &'s Rc<Source>) -> Self {
        let mut stream = Self { source, pieces: Vec::new(), comments: Vec::new(), next: 0 };
        let end = source.text.len() as u32;
        let mut lexer = Lexer::new(source, 0, end);
        let mut open = Vec::new();
        let (mut breaks, mut first) = (0, 0);
        while let Some(lexeme) = lexer.next() {
            if lexeme.token == Token::Newline {
                breaks += 1;
            } else if lexeme.token.is_comment() {
                let text = &source.text[lexeme.start as usize..lexeme.end as usize];
                stream.comments.push(Comment { text: visible(text), breaks: std::mem::take(&mut breaks) });
            } else {
                stream.push(Some(lexeme.token), lexeme.start..lexeme.end, first, breaks, &mut open);
                (breaks, first) = (0, stream.comments.len());
            }
        }
        stream.push(None, end..end, first, breaks, &mut open);
        stream
    }

    /// Adds a token behind the comments from `first` on. `open` are the brackets that it stands in.
    fn push(&mut self, token: Option<Token>, range: Range<u32>, first: usize, breaks: usize, open: &mut Vec<usize>) {
        let comments = first..self.comments.len();
        let is_after_break = breaks > 0 || self.comments[comments.clone()].iter().any(|comment| comment.breaks > 0);
        if let (Some(bracket), Some(previous)) = (open.last(), self.pieces.last().and_then(|piece| piece.token)) {
            let is_boundary = previous.opens() || separates(previous) || previous.ends_statement();
            self.pieces[*bracket].is_broken |= is_after_break && is_boundary;
        }
        match token {
            Some(token) if token.opens() => open.push(self.pieces.len()),
            Some(token) if token.closes() => drop(open.pop()),
            _ => {}
        }
        self.pieces.push(Piece { token, start: range.start, end: range.end, comments, breaks, is_broken: false });
    }

    fn piece(&self, ahead: usize) -> &Piece {
        // The end of the text is never taken, so there is always a piece.
        &self.pieces[(self.next + ahead).min(self.pieces.len() - 1)]
    }

    /// The next token; `None` at the end.
    pub(super) fn peek(&self) -> Option<Token> {
        self.piece(0).token
    }

    /// The token `ahead` places behind the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<Token> {
        self.piece(ahead).token
    }

    /// Where the next token begins.
    pub(super) fn start(&self) -> u32 {
        self.piece(0).start
    }

    /// The text of the next token.
    pub(super) fn text(&self) -> &'s str {
        &self.source.text[self.piece(0).start as usize..self.piece(0).end as usize]
    }

    /// The comments before the next token.
    pub(super) fn comments(&self) -> &[Comment<'s>] {
        &self.comments[self.piece(0).comments.clone()]
    }

    /// The comments before the token `ahead` places behind the next one.
    pub(super) fn comments_at(&self, ahead: usize) -> &[Comment<'s>] {
        &self.comments[self.piece(ahead).comments.clone()]
    }

    /// How many line feeds stand directly before the next token.
    pub(super) fn breaks(&self) -> usize {
        self.piece(0).breaks
    }

    /// Whether the author broke the line anywhere before the token `ahead` places behind the next one.
    pub(super) fn is_after_break(&self, ahead: usize) -> bool {
        self.piece(ahead).breaks > 0 || self.comments_at(ahead).iter().any(|comment| comment.breaks > 0)
    }

    /// Whether there are comments at the end of the line before the token `ahead` places behind the next one.
    pub(super) fn has_line_end_comments(&self, ahead: usize) -> bool {
        self.comments_at(ahead).first().is_some_and(|comment| comment.breaks == 0) && self.is_after_break(ahead)
    }

    /// Whether the next token is a bracket with a line feed between two of the things in it.
    pub(super) fn is_broken(&self) -> bool {
        self.piece(0).is_broken
    }

    /// The same of the token that begins at an offset.
    pub(super) fn is_broken_at(&self, start: u32) -> bool {
        let found = self.pieces.binary_search_by_key(&start, |piece| piece.start);
        found.is_ok_and(|index| self.pieces[index].is_broken)
    }

    /// Goes on to the token behind the next one.
    pub(super) fn advance(&mut self) {
        self.next = (self.next + 1).min(self.pieces.len() - 1);
    }

    /// Leaves the next token out; what stands before it now stands before the token behind it.
    pub(super) fn skip(&mut self) {
        let (Range { start, end }, breaks) = (self.piece(0).comments.clone(), self.piece(0).breaks);
        self.advance();
        let following = &mut self.pieces[self.next];
        match self.comments[following.comments.clone()].first_mut() {
            Some(comment) => comment.breaks = comment.breaks.max(breaks),
            None => following.breaks = following.breaks.max(breaks),
        }
        following.comments.start = start;
        following.comments.end = following.comments.end.max(end);
    }

    /// Leaves out the comments before the next token.
    pub(super) fn skip_comments(&mut self) {
        let piece = &mut self.pieces[self.next];
        piece.comments.start = piece.comments.end;
    }
}

/// A comment without the white space that nobody sees: at the end of a line, or of the text if the comment is
/// never closed.
fn visible(comment: &str) -> &str {
    let is_closed = comment.starts_with("/*") && comment.len() >= 4 && comment.ends_with("*/");
    if is_closed { comment } else { comment.trim_end() }
}

fn separates(token: Token) -> bool {
    matches!(token, Token::Comma | Token::Semicolon)
}
