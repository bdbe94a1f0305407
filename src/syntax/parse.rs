//! The facade: from a source to its tree, with everything that is wrong with it.

use std::convert::Infallible;
use std::rc::Rc;

use lalrpop_util::ParseError;

use crate::ast::{Expr, ExprKind, Literal, Module, Span};
use crate::builder::Builder;
use crate::diagnostic::{Diagnostic, Source};
use crate::grammar::TextParser;
use crate::layer::{self, Mode};
use crate::message;
use crate::token::{Lexeme, Token};

/// What a text is.
pub(crate) enum Text {
    /// A module.
    Module(Module),
    /// A stand-alone expression.
    Expression(Expr),
}

/// A parse that stopped.
pub(crate) type Fault = ParseError<u32, Token, Infallible>;

/// Parses a module (language spec §2.1).
pub fn parse(source: &Rc<Source>) -> (Module, Vec<Diagnostic>) {
    let mut builder = Builder::new(source);
    let end = source.text.len() as u32;
    let tokens = layer::read(source, 0, end, Mode::Module, &mut builder.diagnostics);
    builder.docs = tokens.docs;
    let module = match run(&mut builder, &tokens.lexemes) {
        Ok(Text::Module(module)) => module,
        Ok(Text::Expression(_)) => Module::default(),
        Err(fault) => {
            builder.diagnostics.push(describe(source, &fault));
            Module::default()
        }
    };
    (module, builder.diagnostics)
}

/// Parses a stand-alone expression, in which line feeds make no semicolons.
pub fn parse_expr(source: &Rc<Source>) -> (Option<Expr>, Vec<Diagnostic>) {
    let mut builder = Builder::new(source);
    let end = source.text.len() as u32;
    let expr = expression(&mut builder, 0, end);
    (expr, builder.diagnostics)
}

/// Parses the interpolation between two offsets; what cannot be parsed is the empty string.
pub(crate) fn interpolation(builder: &mut Builder<'_>, start: u32, end: u32) -> Expr {
    expression(builder, start, end).unwrap_or_else(|| Expr {
        kind: ExprKind::Literal(Literal::String(Rc::default())),
        span: Span { start, end, at: end },
    })
}

fn expression(builder: &mut Builder<'_>, start: u32, end: u32) -> Option<Expr> {
    let tokens = layer::read(builder.source, start, end, Mode::Expression, &mut builder.diagnostics);
    match run(builder, &tokens.lexemes) {
        Ok(Text::Expression(expr)) => Some(expr),
        Ok(Text::Module(_)) => None,
        Err(fault) => {
            let diagnostic = describe(builder.source, &fault);
            builder.diagnostics.push(diagnostic);
            None
        }
    }
}

fn run(builder: &mut Builder<'_>, lexemes: &[Lexeme]) -> Result<Text, Fault> {
    let tokens = lexemes.iter().map(|lexeme| Ok((lexeme.start, lexeme.token, lexeme.end)));
    TextParser::new().parse(builder, tokens)
}

fn describe(source: &Rc<Source>, fault: &Fault) -> Diagnostic {
    let (start, end) = match fault {
        ParseError::UnrecognizedToken { token, .. } | ParseError::ExtraToken { token } => (token.0, token.2),
        ParseError::UnrecognizedEof { location, .. } | ParseError::InvalidToken { location } => (*location, *location),
        ParseError::User { error } => match *error {},
    };
    let text = &source.text[start as usize..end as usize];
    message::grammar::unexpected(source, Span { start, end, at: end }, &format!("\"{text}\""), &[])
}
