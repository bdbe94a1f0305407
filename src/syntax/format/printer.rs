//! What stands between two tokens: nothing, a blank, a line feed, and the comments that the author put there.
//!
//! Comments document declarations and stand between the line feeds that end them (language spec §1.3,
//! §1.6), so a line feed next to a comment is never moved to its other side, and a blank line between
//! comments is kept.

use std::rc::Rc;

use crate::diagnostic::Source;
use crate::format::page::Page;
use crate::format::stream::{Comment, Stream};
use crate::token::Token;

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Tight,
    /// A blank.
    Blank,
    /// A line feed, and a blank line if the author left one.
    Line,
    /// A line feed, and no blank line directly after it: the first thing in a bracket.
    First,
    /// A line feed, and no blank line directly before the token: the end of a bracket.
    Last,
}

/// The state of a walk: what is left of the tokens, the text so far, and what stands between them.
pub(super) struct Printer<'s> {
    pub(super) stream: Stream<'s>,
    pub(super) page: Page,
    /// What stands before the next token.
    pub(super) gap: Gap,
    /// The token written last.
    pub(super) previous: Option<Token>,
}

impl<'s> Printer<'s> {
    /// A printer at the beginning of a text.
    pub(super) fn new(source: &'s Rc<Source>) -> Self {
        Self { stream: Stream::new(source), page: Page::default(), gap: Gap::First, previous: None }
    }

    /// Writes the next token behind its gap. The gap of the token after it is tight unless something else
    /// is said.
    pub(super) fn token(&mut self) {
        // A line that a comment breaks where nobody expects it goes on further in.
        let further = usize::from(self.is_inline() && self.has_commented_break());
        self.page.indentation += further;
        self.open_gap();
        self.write_token();
        self.page.indentation -= further;
    }

    /// Writes a bracket that closes a list broken over lines, one step further out than what is before it.
    pub(super) fn closing_token(&mut self) {
        self.gap = Gap::Last;
        self.open_gap();
        self.page.indentation -= 1;
        self.write_token();
    }

    /// Writes a token behind a gap.
    pub(super) fn token_after(&mut self, gap: Gap) {
        self.gap = gap;
        self.token();
    }

    /// Writes what comments there are at the end of the text.
    pub(super) fn finish(mut self) -> (String, Vec<usize>) {
        if !self.stream.comments().is_empty() {
            self.gap = Gap::Last;
            self.open_gap();
        }
        self.page.finish()
    }

    fn write_token(&mut self) {
        let token = self.stream.peek();
        // Two dots are one with a remark.
        let text = if token == Some(Token::Dot) { "." } else { self.stream.text() };
        self.page.write(text);
        self.previous = token;
        self.stream.advance();
        self.gap = Gap::Tight;
    }

    fn is_inline(&self) -> bool {
        matches!(self.gap, Gap::Tight | Gap::Blank)
    }

    fn has_commented_break(&self) -> bool {
        !self.stream.comments().is_empty() && self.stream.is_after_break(0)
    }

    fn open_gap(&mut self) {
        let comments = self.stream.comments().to_vec();
        if self.is_inline() {
            self.open_inline(&comments);
        } else {
            self.open_line(&comments);
        }
    }

    /// A gap within a line, which only a comment can break.
    fn open_inline(&mut self, comments: &[Comment<'s>]) {
        if comments.is_empty() {
            if self.gap == Gap::Blank {
                self.page.blank();
            }
            return;
        }
        for comment in comments {
            self.comment(comment);
        }
        self.after_comments();
    }

    /// Goes from the last comment of a gap to the token.
    fn after_comments(&mut self) {
        let is_tight = match self.stream.peek() {
            Some(Token::CloseParen | Token::CloseBracket | Token::Comma | Token::Semicolon) => true,
            Some(Token::CloseBrace) => self.gap == Gap::Tight,
            _ => false,
        };
        match self.stream.breaks() {
            0 if is_tight => {}
            0 => self.page.blank(),
            breaks => self.page.line_feed(breaks > 1),
        }
    }

    /// A comment behind whatever is before it, on the same line or not as the author has it.
    fn comment(&mut self, comment: &Comment<'s>) {
        let is_first_in_bracket = self.gap == Gap::Tight && self.page.ends_in_bracket() && !comment.is_line();
        match comment.breaks {
            0 if is_first_in_bracket || comment.is_line() => {}
            0 => self.page.blank(),
            breaks => self.page.line_feed(breaks > 1),
        }
        self.comment_text(comment);
    }

    fn comment_text(&mut self, comment: &Comment<'s>) {
        if comment.is_line() {
            self.page.write_line_comment(comment.text);
        } else {
            self.page.write(comment.text);
        }
    }

    /// A gap between lines. Comments up to the author's first line feed belong to the line before; if there
    /// is no line feed, all belong to the token, or to what is before the end of a bracket.
    fn open_line(&mut self, comments: &[Comment<'s>]) {
        let own_breaks = self.stream.breaks();
        let first_break = comments.iter().position(|comment| comment.breaks > 0);
        let before = match first_break {
            Some(count) => count,
            None if own_breaks > 0 || self.gap == Gap::Last => comments.len(),
            None => 0,
        };
        for comment in &comments[..before] {
            self.comment(comment);
        }
        let mut allows_blank_line = self.gap != Gap::First || before > 0;
        for (index, comment) in comments[before..].iter().enumerate() {
            if index == 0 || comment.breaks > 0 {
                self.page.line_feed(comment.breaks > 1 && allows_blank_line);
            } else if !comment.is_line() {
                self.page.blank();
            }
            self.comment_text(comment);
            allows_blank_line = true;
        }
        if own_breaks == 0 && before < comments.len() && self.gap != Gap::Last {
            self.page.blank();
        } else {
            self.page.line_feed(own_breaks > 1 && allows_blank_line && self.gap != Gap::Last);
        }
    }

    /// Writes a comma that the author has not written, behind the comments there. No line feed stands right
    /// before it: it would have ended a statement.
    pub(super) fn added_comma(&mut self) {
        let comments = self.stream.comments().to_vec();
        let further = usize::from(self.has_commented_break());
        self.page.indentation += further;
        for comment in &comments {
            self.comment(comment);
        }
        self.page.write(",");
        self.page.indentation -= further;
        self.stream.skip_comments();
        self.previous = Some(Token::Comma);
    }

    /// Does `walk` one step further in if the author broke the line here, else behind `gap`; says whether it
    /// is broken.
    pub(super) fn continued(&mut self, gap: Gap, walk: impl FnOnce(&mut Self, bool)) {
        let is_broken = self.stream.is_after_break(0);
        self.gap = if is_broken { Gap::First } else { gap };
        self.page.indentation += usize::from(is_broken);
        walk(self, is_broken);
        self.page.indentation -= usize::from(is_broken);
    }
}
