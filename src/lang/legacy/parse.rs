//! The text of legacy scripts as a tree.
//!
//! The language is small enough for a parser that reads characters: nothing separates definitions but
//! where they end, and the text of a command ends at the brace that closes it.

use std::rc::Rc;

use syntax::ast::{self, Literal, Name, Span};
use syntax::diagnostic::Source;

use super::mistake::{Mistake, Result};
use crate::nesting::with_stack;

/// How deeply expressions may nest.
const MAX_DEPTH: usize = 200;
/// How many statements a script may have: digests of its flows walk along chains of them.
const MAX_STATEMENTS: usize = 5000;

/// A statement.
pub(super) enum Statement {
    /// `name = expr`
    Define(Name, Expr),
    /// `extern(expr, "url")`
    Extern(Expr, Expr),
    /// `include("file")`
    Include(Rc<str>, Span),
    /// `hash("v1")`, `hash("v2")`: whether it is the second.
    Hash(bool),
}

pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
}

pub(super) enum ExprKind {
    String(Rc<str>),
    Ident(Name),
    /// A function or builtin, and its arguments.
    Call(Box<Expr>, Vec<Expr>),
    /// An image, options such as `"cpu=4"`, and a command.
    Exec(Box<Expr>, Vec<Expr>, Vec<Part>),
    /// `let a = x, b = y in e`
    Let(Vec<(Name, Expr)>, Box<Expr>),
    /// `func(x, y) => e`, `f(x, y) = e`
    Func(Rc<Lambda>),
}

pub(super) struct Lambda {
    pub(super) params: Vec<Name>,
    pub(super) body: Expr,
}

/// A part of a command.
pub(super) enum Part {
    Text(Rc<str>),
    /// `{{name}}`
    Ident(Name, Span),
}

/// Parses a script.
pub(super) fn parse(source: &Rc<Source>) -> Result<Vec<Statement>> {
    let mut parser = Parser { source, at: 0, depth: 0 };
    let mut statements = Vec::new();
    loop {
        while parser.skip_blank()? == Some(b';') {
            parser.at += 1;
        }
        if parser.peek().is_none() {
            return Ok(statements);
        }
        if statements.len() == MAX_STATEMENTS {
            let message = format!("a legacy script may have at most {MAX_STATEMENTS} statements");
            return Err(parser.error(parser.at, message));
        }
        statements.push(parser.statement()?);
    }
}

struct Parser<'s> {
    source: &'s Rc<Source>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn bytes(&self) -> &[u8] {
        self.source.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span { start: start as u32, end: self.at as u32, at: self.at as u32 }
    }

    fn error(&self, start: usize, message: impl Into<String>) -> Mistake {
        let span = Span { start: start as u32, end: self.at.max(start) as u32, at: self.at as u32 };
        Mistake::new(2040, self.source, span, message)
    }

    /// Skips blanks and comments; the byte behind them.
    fn skip_blank(&mut self) -> Result<Option<u8>> {
        loop {
            let rest = &self.bytes()[self.at..];
            if rest.first().is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            } else if rest.starts_with(b"//") || rest.starts_with(b"#") {
                self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                match rest.windows(2).position(|pair| pair == b"*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.error(self.at, "comment not terminated")),
                }
            } else {
                return Ok(rest.first().copied());
            }
        }
    }

    fn unexpected(&mut self, wanted: &str) -> Mistake {
        let found = self.source.text[self.at..].chars().next();
        let found = found.map_or("end of file".to_owned(), |character| format!("{character:?}"));
        self.error(self.at, format!("syntax error: unexpected {found}, expecting {wanted}"))
    }

    /// Takes a byte if it is next.
    fn takes(&mut self, byte: u8) -> Result<bool> {
        let is_next = self.skip_blank()? == Some(byte);
        self.at += usize::from(is_next);
        Ok(is_next)
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        match self.takes(byte)? {
            true => Ok(()),
            false => Err(self.unexpected(&format!("{:?}", char::from(byte)))),
        }
    }

    /// Takes a name if one is next.
    fn name(&mut self) -> Result<Option<(Name, Span)>> {
        self.skip_blank()?;
        let rest = &self.source.text[self.at..];
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|character: char| character.is_ascii_digit()) {
            return Ok(None);
        }
        let (start, name) = (self.at, Name::from(&rest[..length]));
        self.at += length;
        Ok(Some((name, self.span(start))))
    }

    fn expect_name(&mut self) -> Result<(Name, Span)> {
        match self.name()? {
            Some(name) => Ok(name),
            None => Err(self.unexpected("a name")),
        }
    }

    /// Takes a string if one is next. Its rules are those of the language that came after.
    fn string(&mut self) -> Result<Option<(Rc<str>, Span)>> {
        let quote = match self.skip_blank()? {
            Some(quote @ (b'"' | b'`')) => quote,
            _ => return Ok(None),
        };
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.error(start, "string not terminated")),
                Some(b'\n') if quote == b'"' => return Err(self.error(start, "string not terminated")),
                Some(b'\\') if quote == b'"' => self.at += 2,
                Some(byte) => {
                    self.at += 1;
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        let span = self.span(start);
        let written = self.source.text.get(start..self.at).unwrap_or_default();
        let literal = syntax::parse_expr(&Source::new("", written)).0;
        match literal.as_ref().map(|expr| &expr.kind) {
            Some(ast::ExprKind::Literal(Literal::String(bytes))) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some((text.into(), span))),
                Err(_) => Err(self.error(start, "the string is not valid UTF-8")),
            },
            _ => Err(self.error(start, "the string has a bad escape")),
        }
    }

    fn expect_string(&mut self) -> Result<(Rc<str>, Span)> {
        match self.string()? {
            Some(string) => Ok(string),
            None => Err(self.unexpected("a string")),
        }
    }

    fn statement(&mut self) -> Result<Statement> {
        let (name, span) = self.expect_name()?;
        let next = self.skip_blank()?;
        let is_call = next == Some(b'(');
        match &*name {
            "extern" if is_call => {
                self.expect(b'(')?;
                let flow = self.expr()?;
                self.expect(b',')?;
                let url = self.expr()?;
                self.end_of_list(b')')?;
                Ok(Statement::Extern(flow, url))
            }
            "include" if is_call => {
                self.expect(b'(')?;
                let (path, span) = self.expect_string()?;
                self.expect(b')')?;
                Ok(Statement::Include(path, span))
            }
            "hash" if is_call => {
                self.expect(b'(')?;
                let (version, span) = self.expect_string()?;
                self.expect(b')')?;
                match &*version {
                    "v1" => Ok(Statement::Hash(false)),
                    "v2" => Ok(Statement::Hash(true)),
                    _ => Err(self.error(span.start as usize, "hash must be \"v1\" or \"v2\"")),
                }
            }
            _ if is_call => {
                let params = self.params()?;
                self.expect(b'=')?;
                let body = self.expr()?;
                let kind = ExprKind::Func(Rc::new(Lambda { params, body }));
                Ok(Statement::Define(name, Expr { kind, span }))
            }
            _ => {
                self.expect(b'=')?;
                Ok(Statement::Define(name, self.expr()?))
            }
        }
    }

    /// `(x, y)`
    fn params(&mut self) -> Result<Vec<Name>> {
        self.expect(b'(')?;
        let mut params = Vec::new();
        while !self.takes(b')')? {
            params.push(self.expect_name()?.0);
            if !self.takes(b',')? {
                self.expect(b')')?;
                break;
            }
        }
        Ok(params)
    }

    /// The end of a list that may have a comma before it.
    fn end_of_list(&mut self, close: u8) -> Result<()> {
        self.takes(b',')?;
        self.expect(close)
    }

    fn exprs(&mut self, close: u8) -> Result<Vec<Expr>> {
        let mut exprs = Vec::new();
        while !self.takes(close)? {
            exprs.push(self.expr()?);
            if !self.takes(b',')? {
                self.expect(close)?;
                break;
            }
        }
        Ok(exprs)
    }

    fn expr(&mut self) -> Result<Expr> {
        self.skip_blank()?;
        if self.depth == MAX_DEPTH {
            return Err(self.error(self.at, format!("expressions are nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let expr = with_stack(|| self.expr_here());
        self.depth -= 1;
        expr
    }

    fn expr_here(&mut self) -> Result<Expr> {
        let mut expr = self.primary()?;
        let start = expr.span.start as usize;
        loop {
            match self.skip_blank()? {
                Some(b'(') => {
                    self.at += 1;
                    let args = self.exprs(b')')?;
                    expr = Expr { span: expr.span, kind: ExprKind::Call(Box::new(expr), args) };
                }
                Some(b'[') => {
                    self.at += 1;
                    let options = self.exprs(b']')?;
                    expr = self.exec(expr, options, start)?;
                }
                Some(b'{') => expr = self.exec(expr, Vec::new(), start)?,
                _ => return Ok(expr),
            }
        }
    }

    fn primary(&mut self) -> Result<Expr> {
        if self.takes(b'(')? {
            let expr = self.expr()?;
            self.expect(b')')?;
            return Ok(expr);
        }
        if let Some((text, span)) = self.string()? {
            return Ok(Expr { kind: ExprKind::String(text), span });
        }
        let Some((name, span)) = self.name()? else { return Err(self.unexpected("an expression")) };
        match &*name {
            "let" => {
                let mut bindings = Vec::new();
                loop {
                    let (name, span) = self.expect_name()?;
                    if &*name == "in" && !bindings.is_empty() {
                        let body = self.expr()?;
                        return Ok(Expr { kind: ExprKind::Let(bindings, Box::new(body)), span });
                    }
                    let kind = match self.skip_blank()? {
                        Some(b'(') => {
                            let params = self.params()?;
                            self.expect(b'=')?;
                            let body = self.expr()?;
                            Expr { kind: ExprKind::Func(Rc::new(Lambda { params, body })), span }
                        }
                        _ => {
                            self.expect(b'=')?;
                            self.expr()?
                        }
                    };
                    bindings.push((name, kind));
                    let _ = self.takes(b',')? || self.takes(b';')?;
                }
            }
            "func" => {
                let params = self.params()?;
                self.expect(b'=')?;
                self.expect(b'>')?;
                let body = self.expr()?;
                Ok(Expr { kind: ExprKind::Func(Rc::new(Lambda { params, body })), span })
            }
            _ => Ok(Expr { kind: ExprKind::Ident(name), span }),
        }
    }

    /// `{ command }`: up to the brace that closes the first; braces in it must come in pairs.
    fn exec(&mut self, image: Expr, options: Vec<Expr>, start: usize) -> Result<Expr> {
        self.expect(b'{')?;
        let from = self.at;
        let mut open = 1;
        while open > 0 {
            match self.peek() {
                None => return Err(self.error(from - 1, "command not terminated")),
                Some(b'{') => open += 1,
                Some(b'}') => open -= 1,
                Some(_) => {}
            }
            self.at += 1;
        }
        let parts = self.parts(from, self.at - 1)?;
        let span = Span { start: start as u32, ..image.span };
        Ok(Expr { kind: ExprKind::Exec(Box::new(image), options, parts), span })
    }

    /// Takes the text of a command apart at `{{name}}`.
    fn parts(&self, mut from: usize, end: usize) -> Result<Vec<Part>> {
        let source = self.source;
        let mut parts = Vec::new();
        while let Some((before, rest)) = source.text[from..end].split_once("{{") {
            let Some((name, _)) = rest.split_once("}}") else { break };
            let start = from + before.len() + 2;
            parts.push(Part::Text(before.into()));
            let span = Span { start: start as u32, end: (start + name.len()) as u32, at: (start + name.len()) as u32 };
            parts.push(Part::Ident(name.trim().into(), span));
            from = start + name.len() + 2;
        }
        parts.push(Part::Text(source.text[from..end].into()));
        Ok(parts)
    }
}
