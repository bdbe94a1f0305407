//! The facade: from a source to its tree, with everything that is wrong with it.

use std::convert::Infallible;
use std::rc::Rc;

use lalrpop_util::ParseError;

use crate::ast::{Expr, ExprKind, Literal, Module, Span};
use crate::builder::Builder;
use crate::diagnostic::{Diagnostic, Source};
use crate::fault::{End, Stop};
use crate::grammar::TextParser;
use crate::layer::{self, Mode};
use crate::lexer::Lexer;
use crate::message::{grammar, lexical};
use crate::recovery;
use crate::session::Statement;
use crate::token::{Lexeme, Token};

/// What a text is.
pub(crate) enum Text {
    /// A module.
    Module(Box<Module>),
    /// A stand-alone expression.
    Expression(Box<Expr>),
    /// An input of a session.
    Session(Vec<Statement>),
}

/// At most so many characters are remarked on: a binary file has thousands.
const MOST_REMARKS: usize = 10;

/// A parse that stopped.
pub(crate) type Fault = ParseError<u32, Token, Infallible>;

/// Parses a module (language spec §2.1).
///
/// Every independent syntax error is among the diagnostics, in the order of the text. If any of them is an
/// error, the module has the parameters and declarations that are whole, and no others.
pub fn parse(source: &Rc<Source>) -> (Module, Vec<Diagnostic>) {
    let Ok(end) = length(source) else {
        return (Module::default(), vec![grammar::too_long(source)]);
    };
    let mut builder = Builder::new(source);
    let tokens = layer::read(source, 0, end, Mode::Module, &mut builder.diagnostics);
    let lexical = builder.diagnostics.len();
    builder.docs = tokens.docs;
    let module = match run(&mut builder, &tokens.lexemes) {
        Ok(Text::Module(module)) => *module,
        Ok(_) => Module::default(),
        Err(fault) => {
            builder.diagnostics.truncate(lexical);
            recovery::module(&mut builder, &tokens.lexemes, &fault)
        }
    };
    (module, finish(builder))
}

/// Parses a stand-alone expression, in which line feeds make no semicolons; gives it if there is no syntax
/// error.
pub fn parse_expr(source: &Rc<Source>) -> (Option<Expr>, Vec<Diagnostic>) {
    let Ok(end) = length(source) else {
        return (None, vec![grammar::too_long(source)]);
    };
    let mut builder = Builder::new(source);
    let expr = expression(&mut builder, 0, end, End::Expression);
    (expr, finish(builder))
}

/// Where the comments of a text are, in order; those within interpolations are not among them.
pub fn comments(source: &Rc<Source>) -> Vec<Span> {
    let Ok(end) = length(source) else {
        return Vec::new();
    };
    let mut lexer = Lexer::new(source, 0, end);
    std::iter::from_fn(|| lexer.next())
        .filter(|lexeme| lexeme.token.is_comment())
        .map(|lexeme| Span { start: lexeme.start, end: lexeme.end, at: lexeme.end })
        .collect()
}

/// Parses the interpolation between two offsets; what cannot be parsed is the empty string.
pub(crate) fn interpolation(builder: &mut Builder<'_>, start: u32, end: u32) -> Expr {
    expression(builder, start, end, End::Interpolation).unwrap_or_else(|| Expr {
        kind: ExprKind::Literal(Literal::String(Rc::default())),
        span: Span { start, end, at: end },
    })
}

fn expression(builder: &mut Builder<'_>, start: u32, end: u32, kind: End) -> Option<Expr> {
    let lexical = builder.diagnostics.len();
    let tokens = layer::read(builder.source, start, end, Mode::Expression, &mut builder.diagnostics);
    if let [_, Lexeme { token: Token::Identifier, start, end }] = tokens.lexemes[..] {
        // Most interpolations are a name, and the parser has a price for each text.
        return Some(*builder.reference(start, end));
    }
    match run(builder, &tokens.lexemes) {
        Ok(Text::Expression(expr)) => Some(*expr),
        Ok(_) => None,
        Err(fault) => {
            if !builder.diagnostics[lexical..].iter().any(Diagnostic::is_error) {
                builder.diagnostics.push(Stop::new(builder.source, &tokens.lexemes, &fault, kind).describe());
            }
            None
        }
    }
}

/// Runs the generated parser.
pub(crate) fn run(builder: &mut Builder<'_>, lexemes: &[Lexeme]) -> Result<Text, Fault> {
    let tokens = lexemes.iter().map(|lexeme| Ok((lexeme.start, lexeme.token, lexeme.end)));
    TextParser::new().parse(builder, tokens)
}

/// The length of the text, if places in it fit into 32 bits.
pub(crate) fn length(source: &Source) -> Result<u32, std::num::TryFromIntError> {
    u32::try_from(source.text.len())
}

/// All diagnostics of a parse, in the order of the text.
pub(crate) fn finish(builder: Builder<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = builder.diagnostics;
    nul_characters(builder.source, &mut diagnostics);
    for (offset, _) in builder.source.malformed().iter().take(MOST_REMARKS) {
        let end = offset + char::REPLACEMENT_CHARACTER.len_utf8() as u32;
        diagnostics.push(lexical::illegal_encoding(builder.source, Span { start: *offset, end, at: end }));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map_or(0, |label| label.span.start));
    // A template that ends within an interpolation leaves a quote behind, which then seems to begin a literal.
    let mut left_quote = false;
    diagnostics.retain(|diagnostic| {
        let is_echo = left_quote && diagnostic.code == lexical::LITERAL_NOT_TERMINATED;
        left_quote = !is_echo && (left_quote || diagnostic.code == grammar::UNTERMINATED_INTERPOLATION);
        !is_echo
    });
    diagnostics
}

/// Remarks on NUL characters, except those that are unusable tokens and have an error of their own.
fn nul_characters(source: &Rc<Source>, diagnostics: &mut Vec<Diagnostic>) {
    if !source.text.as_bytes().contains(&0) {
        return;
    }
    for (offset, _) in source.text.match_indices('\0').take(MOST_REMARKS) {
        let (start, end) = (offset as u32, offset as u32 + 1);
        let has_error =
            diagnostics.iter().any(|known| known.primary.as_ref().is_some_and(|label| label.span.start == start));
        if !has_error {
            diagnostics.push(lexical::illegal_nul(source, Span { start, end, at: end }));
        }
    }
}
