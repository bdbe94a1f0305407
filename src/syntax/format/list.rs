//! Lists between brackets: on one line, or each element on a line of its own.

use crate::ast::Expr;
use crate::format::printer::{Gap, Printer};
use crate::token::Token;

/// What a list is that is broken over lines. Where the grammar takes no comma behind the last element, the
/// closing bracket stands right behind that element, since a line feed there would end a statement (language
/// spec §1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The last element has a comma, the closing bracket a line of its own.
    Open,
    /// The last element has no comma.
    Closed,
    /// The same in front of a body, which is indented one step: the elements are indented two.
    Header,
}

impl Style {
    /// How many steps further in the elements are.
    fn steps(self) -> usize {
        match self {
            Style::Open | Style::Closed => 1,
            Style::Header => 2,
        }
    }
}

impl Printer<'_> {
    /// The elements of a list from its opening to its closing bracket.
    pub(super) fn bracketed(&mut self, count: usize, style: Style, mut element: impl FnMut(&mut Self, usize)) {
        let is_broken = self.open(style);
        for index in 0..count {
            self.before_element(index, is_broken);
            element(self, index);
            if index + 1 < count {
                self.token();
            }
        }
        match (is_broken, style) {
            (true, Style::Open) => {
                if count > 0 {
                    self.comma();
                }
                self.skip_all(Token::Comma);
                self.close();
            }
            (true, Style::Closed | Style::Header) => {
                self.page.indentation -= style.steps();
                self.token_after(Gap::Tight);
            }
            (false, _) => {
                self.skip_all(Token::Comma);
                self.token_after(Gap::Tight);
            }
        }
    }

    /// Elements and what is appended to them: `[a, b, ...c ...d]` (language spec §2.6). Appends have no
    /// commas between them.
    pub(super) fn appended(&mut self, count: usize, appends: &[&Expr], mut element: impl FnMut(&mut Self, usize)) {
        let is_broken = self.open(Style::Open);
        for index in 0..count {
            self.before_element(index, is_broken);
            element(self, index);
            self.comma();
        }
        for (index, append) in appends.iter().enumerate() {
            self.before_element(count + index, is_broken);
            self.token();
            self.expression(append);
            while matches!(self.stream.peek(), Some(Token::Comma | Token::Semicolon)) {
                self.stream.skip();
            }
        }
        if is_broken {
            self.close();
        } else {
            self.token_after(Gap::Tight);
        }
    }

    /// Writes an opening bracket; says whether what it opens is broken over lines.
    pub(super) fn open(&mut self, style: Style) -> bool {
        let is_broken = self.stream.is_broken();
        self.token();
        if is_broken {
            self.page.indentation += style.steps();
        }
        is_broken
    }

    /// Writes the bracket that closes a list broken over lines.
    pub(super) fn close(&mut self) {
        let is_empty = self.stream.comments().is_empty() && self.page.ends_in_bracket();
        if is_empty {
            self.page.indentation -= 1;
            self.token_after(Gap::Tight);
        } else {
            self.closing_token();
        }
    }

    /// The gap before an element. A comma before the first one means nothing; it goes unless a comment
    /// stands before it, which would then document the element.
    fn before_element(&mut self, index: usize, is_broken: bool) {
        self.gap = match (index, is_broken) {
            (0, true) => Gap::First,
            (0, false) => Gap::Tight,
            (_, true) => Gap::Line,
            (_, false) => Gap::Blank,
        };
        while self.stream.peek() == Some(Token::Comma) {
            if self.stream.comments().is_empty() {
                self.stream.skip();
            } else {
                self.token();
                self.gap = Gap::Blank;
            }
        }
    }

    /// A comma behind an element, whether there is one or not.
    fn comma(&mut self) {
        if self.stream.peek() == Some(Token::Comma) {
            self.token();
        } else {
            self.added_comma();
        }
    }

    /// Leaves out all tokens of a kind that come next.
    pub(super) fn skip_all(&mut self, token: Token) {
        while self.stream.peek() == Some(token) {
            self.stream.skip();
        }
    }
}
