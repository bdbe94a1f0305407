//! A module piece by piece: some parameters and declarations at a time, parsed when they are asked for, so
//! that the tree of a long module is never whole in memory.
//!
//! This is for modules without a fault. At the first remark of any kind it gives up, and [`crate::parse`],
//! which reads the whole text, finds and words what is wrong. Both accept the same modules: a piece ends
//! with a semicolon outside all brackets, which ends nothing else but the `@requires(…)` in front of a
//! declaration.

use std::rc::Rc;

use crate::ast::Module;
use crate::builder::Builder;
use crate::diagnostic::Source;
use crate::layer::{Layer, Mode};
use crate::parse::{self, Text};
use crate::token::Token;

/// How many tokens a piece has at least: a run of the generated parser has its price.
const PIECE: usize = 500;

/// The statements of a module, in order.
pub struct Statements<'s> {
    layer: Layer<'s>,
    builder: Builder<'s>,
    end: u32,
    /// What may still come.
    section: Section,
    is_finished: bool,
}

/// The module is not faultless: [`crate::parse`] says in what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irregular;

/// The parts of a module, in the order in which they come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Keyspace,
    Params,
    Decls,
}

impl<'s> Statements<'s> {
    /// The statements of `source`.
    ///
    /// # Errors
    ///
    /// If the text is longer than places in it can say, or not UTF-8.
    pub fn new(source: &'s Rc<Source>) -> Result<Self, Irregular> {
        let end = parse::length(source).map_err(|_| Irregular)?;
        if !source.malformed().is_empty() || source.text.as_bytes().contains(&0) {
            return Err(Irregular);
        }
        let layer = Layer::new(source, 0, end, Mode::Module);
        Ok(Self { layer, builder: Builder::new(source), end, section: Section::Keyspace, is_finished: false })
    }

    /// Parses a piece of so many tokens.
    fn parse(&mut self, count: usize) -> Result<Module, Irregular> {
        let tokens = self.layer.tokens();
        // A semicolon alone may stand among the parameters only.
        if self.section == Section::Decls && tokens.lexemes.get(1).is_some_and(|first| first.token == Token::Semicolon)
        {
            return Err(Irregular);
        }
        std::mem::swap(&mut self.builder.docs, &mut tokens.docs);
        let parsed = parse::run(&mut self.builder, &tokens.lexemes[..count]);
        // What has been read beyond the piece was not documented: a line feed is between.
        tokens.lexemes.drain(1..count);
        self.builder.docs.clear();
        let Ok(Text::Module(piece)) = parsed else { return Err(Irregular) };
        if self.layer.has_remarks() || !self.builder.diagnostics.is_empty() {
            return Err(Irregular);
        }
        self.follow(&piece)?;
        Ok(*piece)
    }

    /// Reads the tokens of a piece; says how many they are, if there are any.
    fn read(&mut self) -> Option<usize> {
        // The first one selects the start rule.
        let mut looked_at = 1;
        let mut depth = 0_u32;
        let mut after_at = false;
        loop {
            let lexemes = &self.layer.tokens().lexemes;
            for (index, lexeme) in lexemes.iter().enumerate().skip(looked_at) {
                match lexeme.token {
                    token if token.opens() => depth += 1,
                    token if token.closes() => depth = depth.saturating_sub(1),
                    Token::At if depth == 0 => after_at = true,
                    Token::Semicolon if depth == 0 => {
                        let is_whole = !std::mem::take(&mut after_at);
                        if is_whole && index >= PIECE {
                            return Some(index + 1);
                        }
                    }
                    _ => {}
                }
            }
            looked_at = lexemes.len();
            if self.is_finished {
                return (looked_at > 1).then_some(looked_at);
            }
            if !self.layer.step() {
                self.layer.finish(self.end);
                self.is_finished = true;
            }
        }
    }

    /// Moves on to the section that a piece ends in, if it may begin here.
    fn follow(&mut self, piece: &Module) -> Result<(), Irregular> {
        let begins = match piece {
            Module { keyspace: Some(_), .. } => Section::Keyspace,
            Module { params, decls, .. } if !params.is_empty() || decls.is_empty() => Section::Params,
            _ => Section::Decls,
        };
        if begins < self.section {
            return Err(Irregular);
        }
        // There is one keyspace.
        self.section = if piece.decls.is_empty() { Section::Params } else { Section::Decls };
        Ok(())
    }
}

/// The pieces of a module, each of whole parameters and declarations. After an error there is
/// nothing more to be had.
impl Iterator for Statements<'_> {
    type Item = Result<Module, Irregular>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = match self.read() {
            Some(count) => self.parse(count),
            None if self.layer.has_remarks() => Err(Irregular),
            None => return None,
        };
        if piece.is_err() {
            self.is_finished = true;
            self.layer.tokens().lexemes.truncate(1);
        }
        Some(piece)
    }
}
