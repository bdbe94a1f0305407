//! Broken modules: every independent syntax error, and the declarations that are whole.
//!
//! The tokens are split into items, one for each parameter or declaration, and each is parsed on its
//! own. Within an item, the statement of a block that cannot be parsed is replaced by one that can, and the
//! item is tried again; so errors in several statements of a long block are all found. An error that may
//! only be the echo of the one before is not reported.

use std::ops::Range;

use crate::ast::Module;
use crate::bracket::{self, End as Ending, Open};
use crate::builder::Builder;
use crate::diagnostic::Diagnostic;
use crate::fault::{End, Stop};
use crate::message;
use crate::parse::{self, Fault, Text};
use crate::token::{Lexeme, Token};

/// At most so many errors are reported for one item.
const MOST_ERRORS: usize = 10;
/// After so many diagnostics the rest of the module is left alone: it may be no program at all.
const MOST_DIAGNOSTICS: usize = 100;

/// Parses the tokens of a broken module item by item; `fault` is where parsing all of them stopped. There
/// is at least one error in what the builder has afterwards.
pub(crate) fn module(builder: &mut Builder<'_>, lexemes: &[Lexeme], fault: &Fault) -> Module {
    let mut module = Module::default();
    let mut lexical: Vec<u32> = builder
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .filter_map(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start))
        .collect();
    lexical.sort_unstable();
    // What stands before an item shows the grammar whether parameters are over.
    let mut before: &[Token] = &[Token::ModuleStart];
    let known = builder.diagnostics.len();
    for item in items(builder, lexemes) {
        let (first, last) = (lexemes[item.tokens.start], lexemes[item.tokens.end - 1]);
        let next_lexical = lexical.partition_point(|start| *start < first.start);
        let is_silent = lexical.get(next_lexical).is_some_and(|start| *start <= last.end);
        let mut tokens = stubs(before, first.start);
        tokens.extend(&lexemes[item.tokens.start..item.tokens.end + item.lookahead]);
        if let Some(whole) = parse_item(builder, tokens, is_silent) {
            module.keyspace = module.keyspace.or(whole.keyspace);
            module.params.extend(whole.params);
            let skipped = usize::from(before == AFTER_DECLARATION);
            module.decls.extend(whole.decls.into_iter().skip(skipped));
        }
        if builder.diagnostics.len() - known > MOST_DIAGNOSTICS {
            break;
        }
        before = match first.token {
            Token::Param | Token::Semicolon | Token::Keyspace if before != AFTER_DECLARATION => AFTER_PARAMETER,
            _ => AFTER_DECLARATION,
        };
    }
    if !builder.diagnostics.iter().any(Diagnostic::is_error) {
        builder.diagnostics.push(Stop::new(builder.source, lexemes, fault, End::File).describe());
    }
    module
}

const AFTER_PARAMETER: &[Token] = &[Token::ModuleStart, Token::Semicolon];
const AFTER_DECLARATION: &[Token] =
    &[Token::ModuleStart, Token::Val, Token::Underscore, Token::Assign, Token::True, Token::Semicolon];
/// A declaration that can stand for any other.
const DECLARATION: &[Token] = &[Token::Val, Token::Underscore, Token::Assign, Token::True, Token::Semicolon];

/// Tokens without extent, all at one place.
fn stubs(tokens: &[Token], place: u32) -> Vec<Lexeme> {
    tokens.iter().map(|token| Lexeme { token: *token, start: place, end: place }).collect()
}

/// The tokens of a parameter or declaration.
struct Item {
    tokens: Range<usize>,
    /// How many tokens of the next item show that this one has no end.
    lookahead: usize,
}

/// Splits the tokens behind the marker at the semicolons outside of brackets. If a bracket stays open to
/// the end of the text, a declaration in the first column ends the item.
fn items(builder: &Builder<'_>, lexemes: &[Lexeme]) -> Vec<Item> {
    let source = builder.source;
    let mut items = Vec::new();
    let mut start = 1;
    let mut cuts = false;
    while start < lexemes.len() {
        let mut open = Open::default();
        let mut end = None;
        let mut lookahead = 0;
        for index in start..lexemes.len() {
            let is_inside = open.depth() > 0;
            open.step(source, lexemes, index);
            let is_cut = cuts
                && is_inside
                && bracket::begins_declaration(lexemes, index)
                && bracket::begins_column(source, lexemes[index]);
            let ending = if is_cut { Some(Ending::Before) } else { open.text_end(source, lexemes, index) };
            match ending {
                Some(Ending::Behind) => end = Some(index + 1),
                Some(Ending::Before) if index > start => {
                    lookahead = bracket::declaration_length(lexemes, index);
                    end = Some(index);
                }
                _ => continue,
            }
            break;
        }
        match end {
            Some(end) => {
                items.push(Item { tokens: start..end, lookahead });
                start = end;
            }
            // Once more from the start of this item, now with cuts.
            None if !cuts => cuts = true,
            None => {
                items.push(Item { tokens: start..lexemes.len(), lookahead: 0 });
                start = lexemes.len();
            }
        }
    }
    items
}

/// Parses one item, again and again without what fails; gives it if nothing does.
fn parse_item(builder: &mut Builder<'_>, mut tokens: Vec<Lexeme>, is_silent: bool) -> Option<Module> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    let mut echo = 0;
    loop {
        let count = builder.diagnostics.len();
        let fault = match parse::run(builder, &tokens) {
            Ok(Text::Module(module)) => {
                let is_whole = faults.is_empty();
                builder.diagnostics.append(&mut faults);
                return is_whole.then_some(*module);
            }
            Ok(_) => return None,
            Err(fault) => fault,
        };
        let stop = Stop::new(builder.source, &tokens, &fault, End::File);
        let has_open_interpolation =
            builder.diagnostics[count..].iter().any(|known| known.code == message::grammar::UNTERMINATED_INTERPOLATION);
        let is_echo = is_silent || has_open_interpolation || !faults.is_empty() && stop.index <= echo;
        if !is_echo {
            faults.push(stop.describe());
        }
        let statement = if is_echo || faults.len() == MOST_ERRORS { None } else { statement(builder, &stop) };
        let Some(statement) = statement else {
            builder.diagnostics.append(&mut faults);
            return None;
        };
        builder.diagnostics.truncate(count);
        echo = statement.replace(&mut tokens);
    }
}

/// A statement of a block that cannot be parsed.
struct Statement {
    tokens: Range<usize>,
    /// Whether it is the value of its block, not a declaration.
    is_value: bool,
}

impl Statement {
    /// Puts a statement in its place that can always be parsed; gives the index of what follows.
    fn replace(self, tokens: &mut Vec<Lexeme>) -> usize {
        let place = tokens[self.tokens.start].start;
        let stub = if self.is_value { &[Token::True] } else { DECLARATION };
        let start = self.tokens.start;
        tokens.splice(self.tokens, stubs(stub, place));
        start + stub.len()
    }
}

/// The innermost statement of a block around the stop; `None` if there is no block around it.
fn statement(builder: &Builder<'_>, stop: &Stop<'_>) -> Option<Statement> {
    let lexemes = stop.lexemes;
    let mut open = Open::default();
    // For each depth, where the statement begins that is read there.
    let mut starts = vec![0];
    for index in 0..stop.index.min(lexemes.len()) {
        open.step(builder.source, lexemes, index);
        starts.resize(open.depth() + 1, index + 1);
        if let Some(start) = starts.last_mut() {
            match open.statement_end(builder.source, lexemes, index) {
                Some(Ending::Behind) => *start = index + 1,
                // A stop at the head of a declaration is about what is before it.
                Some(Ending::Before) if index + bracket::declaration_length(lexemes, index) <= stop.index => {
                    *start = index;
                }
                _ => {}
            }
        }
    }
    open.brackets()
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, bracket)| bracket.token == Token::OpenBrace)
        // The braces of a struct may lie between; nothing is gained by going out further.
        .take(2)
        .find_map(|(depth, bracket)| {
            let start = starts[depth + 1];
            let end = statement_end(builder, lexemes, start)?;
            let is_block = start > bracket.index + 1 || end.is_declaration;
            (is_block && end.index > start)
                .then_some(Statement { tokens: start..end.index, is_value: !end.is_declaration })
        })
}

struct StatementEnd {
    index: usize,
    is_declaration: bool,
}

/// Where the statement that begins at `start` ends: behind its semicolon, before the next declaration, or
/// before the brace that closes its block.
fn statement_end(builder: &Builder<'_>, lexemes: &[Lexeme], start: usize) -> Option<StatementEnd> {
    let mut open = Open::default();
    for index in start..lexemes.len() {
        if open.depth() == 0 && lexemes[index].token == Token::CloseBrace {
            return Some(StatementEnd { index, is_declaration: false });
        }
        open.step(builder.source, lexemes, index);
        match open.text_end(builder.source, lexemes, index) {
            Some(Ending::Before) if index > start => return Some(StatementEnd { index, is_declaration: true }),
            Some(Ending::Behind) => {
                let is_value = lexemes.get(index + 1).is_some_and(|next| next.token == Token::CloseBrace);
                return Some(StatementEnd { index: index + 1, is_declaration: !is_value });
            }
            _ => {}
        }
    }
    None
}
