//! Inputs of a session: declarations and expressions, and whether there is more to come.
//!
//! An input is read by the rules of a module, where a line feed may end a statement, with one exception: a
//! line feed that the grammar has no place for means nothing, so that a list or a call may be written over
//! several lines as people do at a prompt. Whether an input is complete is what the lexer and the parser
//! say when its text ends.

use std::rc::Rc;

use crate::ast::{Decl, Expr, Span};
use crate::bracket::Open;
use crate::builder::Builder;
use crate::diagnostic::{Diagnostic, Source};
use crate::fault::{End, Stop};
use crate::layer::{self, Mode};
use crate::message::{grammar, lexical};
use crate::parse::{self, Text};
use crate::token::{Lexeme, Token};

/// A part of an input.
#[derive(Clone, Debug)]
pub enum Statement {
    /// A declaration as at the top of a module.
    Declaration(Box<Decl>),
    /// An expression whose value is wanted.
    Expression(Box<Expr>),
}

/// How far an input is from being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It is complete and free of syntax errors.
    Complete,
    /// More text may make it complete: a bracket, a template, a raw string or a comment is open, or the
    /// last line ends in the middle of something.
    Unfinished,
    /// No further text can make it right.
    Wrong {
        /// Whether a bracket, template, raw string or comment is open at its end.
        is_open: bool,
    },
}

/// What came of an input.
#[derive(Debug)]
pub struct Input {
    /// Its statements in order; none unless it is complete.
    pub statements: Vec<Statement>,
    /// Whether it is complete.
    pub extent: Extent,
    /// What is wrong with it; of an unfinished input, what would be if it ended here.
    pub diagnostics: Vec<Diagnostic>,
}

/// More line feeds without meaning than this are an error.
const MOST_LINE_FEEDS: usize = 1000;

/// Parses an input of a session.
pub fn parse_input(source: &Rc<Source>) -> Input {
    let Ok(end) = parse::length(source) else {
        let diagnostics = vec![grammar::too_long(source)];
        return Input { statements: Vec::new(), extent: Extent::Wrong { is_open: false }, diagnostics };
    };
    let mut builder = Builder::new(source);
    let tokens = layer::read(source, 0, end, Mode::Session, &mut builder.diagnostics);
    builder.docs = tokens.docs;
    let mut lexemes = tokens.lexemes;
    let lexical = builder.diagnostics.len();
    let open_end = open_literal(source, &builder.diagnostics);
    for _ in 0..MOST_LINE_FEEDS {
        let fault = match parse::run(&mut builder, &lexemes) {
            Ok(Text::Session(statements)) => return parsed(builder, &lexemes, statements, open_end),
            Ok(_) => break,
            Err(fault) => fault,
        };
        let stop = Stop::new(source, &lexemes, &fault, End::Input);
        builder.diagnostics.truncate(lexical);
        if stop.is_newline(stop.index) {
            let index = stop.index;
            lexemes.remove(index);
            continue;
        }
        let extent = match stop.is_end() && !has_error_before(&builder.diagnostics, open_end) {
            true => Extent::Unfinished,
            false => Extent::Wrong { is_open: open_end.is_some() || is_open(source, &lexemes) },
        };
        if !builder.diagnostics.iter().any(Diagnostic::is_error) {
            let described = stop.describe();
            builder.diagnostics.push(described);
        }
        return Input { statements: Vec::new(), extent, diagnostics: parse::finish(builder) };
    }
    let extent = Extent::Wrong { is_open: false };
    Input { statements: Vec::new(), extent, diagnostics: parse::finish(builder) }
}

/// What an input is that the grammar has a place for.
fn parsed(builder: Builder<'_>, lexemes: &[Lexeme], statements: Vec<Statement>, open_end: Option<u32>) -> Input {
    let source = builder.source;
    let mut diagnostics = parse::finish(builder);
    if open_end.is_some() && !diagnostics.iter().any(Diagnostic::is_error) {
        // In a file that is only worth a warning, but here the rest may be still to come.
        let end = source.text.len() as u32;
        let span = Span { start: end, end, at: end };
        diagnostics.push(grammar::unexpected(source, span, "end of input", &["\"*/\"".to_owned()]));
    }
    let extent = if has_error_before(&diagnostics, open_end) {
        Extent::Wrong { is_open: open_end.is_some() || is_open(source, lexemes) }
    } else if open_end.is_some() || statements.is_empty() && is_remark(&source.text) {
        Extent::Unfinished
    } else {
        Extent::Complete
    };
    let statements = if extent == Extent::Complete { statements } else { Vec::new() };
    Input { statements, extent, diagnostics }
}

/// Where something begins that goes on to the end of the text and that more text may end.
fn open_literal(source: &Source, diagnostics: &[Diagnostic]) -> Option<u32> {
    diagnostics.iter().find_map(|found| {
        let start = found.primary.as_ref()?.span.start;
        let is_open = match found.code {
            lexical::COMMENT_NOT_TERMINATED | lexical::TEMPLATE_NOT_TERMINATED => true,
            lexical::LITERAL_NOT_TERMINATED => source.text.as_bytes().get(start as usize) == Some(&b'`'),
            _ => false,
        };
        is_open.then_some(start)
    })
}

/// Whether anything is wrong before what has no end yet: what is wrong inside of that may come right.
fn has_error_before(diagnostics: &[Diagnostic], open_end: Option<u32>) -> bool {
    let is_before = |found: &Diagnostic| match (&found.primary, open_end) {
        (Some(label), Some(limit)) => label.span.start < limit,
        _ => true,
    };
    diagnostics.iter().any(|found| found.is_error() && is_before(found))
}

/// Whether a bracket is open behind the last token.
fn is_open(source: &Source, lexemes: &[Lexeme]) -> bool {
    let mut open = Open::default();
    (0..lexemes.len()).for_each(|index| open.step(source, lexemes, index));
    open.depth() > 0
}

/// Whether a text without tokens ends in a comment: it may document what follows on the next line.
fn is_remark(text: &str) -> bool {
    let text = text.trim_end_matches([' ', '\t', '\r']);
    !text.is_empty() && !text.trim().is_empty() && !text.ends_with('\n')
}

/// By how many brackets a text is indented at its end, an open template among them.
pub fn open_brackets(source: &Rc<Source>) -> usize {
    let Ok(end) = parse::length(source) else { return 0 };
    let mut diagnostics = Vec::new();
    let tokens = layer::read(source, 0, end, Mode::Session, &mut diagnostics);
    let mut open = Open::default();
    (0..tokens.lexemes.len()).for_each(|index| open.step(source, &tokens.lexemes, index));
    let in_template = diagnostics.iter().any(|found| found.code == lexical::TEMPLATE_NOT_TERMINATED)
        && tokens.lexemes.iter().any(|lexeme| lexeme.token == Token::Template);
    open.depth() + usize::from(in_template)
}
