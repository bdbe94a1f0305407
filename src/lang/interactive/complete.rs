//! What can stand where the cursor is: names in scope, members of what stands before a full stop, keywords,
//! and where a path is wanted.

use std::rc::Rc;

use syntax::diagnostic::{Diagnostic, Source};
use syntax::words::{Class, KEYWORDS, Word, words};
use types::Type;
use types::ty::TypeKind;

use super::Interactive;
use crate::system;
use crate::tree::Builtin;

/// What can stand at a place.
#[derive(Debug, PartialEq)]
pub enum Completion {
    /// One of these words, in place of the text from `start` to the cursor.
    Words {
        /// Offset of the first byte that is replaced.
        start: usize,
        /// The words, sorted.
        candidates: Vec<Candidate>,
    },
    /// A path, of which the text from `start` to the cursor is written.
    Path {
        /// Offset of the first byte of the path.
        start: usize,
        /// What it leads to.
        kind: PathKind,
    },
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A module.
    Module,
    /// A file with data.
    File,
    /// A folder with data.
    Dir,
}

/// A word that can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The word.
    pub text: String,
    /// The type of what it names, or what kind of word it is.
    pub detail: String,
}

impl Candidate {
    fn new(text: impl Into<String>, detail: impl ToString) -> Self {
        Self { text: text.into(), detail: detail.to_string() }
    }
}

impl Interactive {
    /// What can stand at the end of a text, which is an input as far as it is written.
    pub fn complete(&self, text: &str) -> Completion {
        let source = Source::new("<completion>", text);
        let words = words(&source);
        let none = Completion::Words { start: text.len(), candidates: Vec::new() };
        let (start, before) = match words.split_last() {
            Some((last, before)) if last.end == text.len() => match last.class {
                Class::Name | Class::Keyword | Class::Type => (last.start, before),
                Class::Constant if !text[last.start..].starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                    (last.start, before)
                }
                Class::String => return self.path(text, *last, before).unwrap_or(none),
                Class::Template | Class::Comment | Class::Constant | Class::Unknown => return none,
                Class::Interpolation | Class::Bracket | Class::Dot | Class::Mark => (text.len(), words.as_slice()),
            },
            // In white space between two parts of a template there is no word.
            Some((last, _)) if last.class == Class::Comment && text[last.start..].starts_with("//") => {
                match text[last.end..].contains('\n') {
                    true => (text.len(), words.as_slice()),
                    false => return none,
                }
            }
            _ => (text.len(), words.as_slice()),
        };
        let mut candidates = match before.split_last() {
            Some((dot, operand)) if dot.class == Class::Dot => self.members(text, *dot, operand),
            _ => self.names(text, &words, start),
        };
        candidates.retain(|candidate| candidate.text.starts_with(&text[start..]));
        candidates.sort();
        candidates.dedup_by(|later, first| later.text == first.text);
        Completion::Words { start, candidates }
    }

    /// A path, if the string that ends the text is one and has no end yet.
    fn path(&self, text: &str, string: Word, before: &[Word]) -> Option<Completion> {
        let written = &text[string.start + 1..string.end];
        let quote = text[string.start..].chars().next()?;
        if quote == '\'' || written.ends_with(quote) && !written.ends_with("\\\"") {
            return None;
        }
        let [.., callee, open] = before else { return None };
        let kind = match (&text[callee.start..callee.end], &text[open.start..open.end]) {
            ("make", "(") => PathKind::Module,
            ("file", "(") => PathKind::File,
            ("dir", "(") => PathKind::Dir,
            _ => return None,
        };
        let start = string.start + 1;
        if kind != PathKind::Module || !written.starts_with('$') {
            return Some(Completion::Path { start, kind });
        }
        let modules = system::NAMES.iter().map(|name| Candidate::new(format!("$/{name}"), "system module"));
        let candidates = modules.filter(|module| module.text.starts_with(written)).collect();
        Some(Completion::Words { start, candidates })
    }

    /// Members of the operand before a full stop.
    fn members(&self, text: &str, dot: Word, before: &[Word]) -> Vec<Candidate> {
        let Some(start) = operand_start(text, before) else { return Vec::new() };
        let source = Source::new("<completion>", &text[start..dot.start]);
        let (question, diagnostics) = self.check_expr(&source);
        let Some(question) = question.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return Vec::new();
        };
        let ty = question.ty();
        let mut candidates: Vec<_> = ty.fields().iter().filter(|_| has_members(ty)).map(member).collect();
        if let TypeKind::Module(module) = &ty.kind {
            candidates.extend(module.aliases.iter().map(|(name, ty)| Candidate::new(&**name, format!("type {ty}"))));
        }
        candidates
    }

    /// Names in scope, names in the text itself, and keywords.
    fn names(&self, text: &str, words: &[Word], start: usize) -> Vec<Candidate> {
        let values = self.state.values().iter().map(|binding| Candidate::new(&*binding.name, &binding.ty));
        let types = self.state.types().iter().map(|(name, ty, _)| Candidate::new(&**name, format!("type {ty}")));
        let predeclared = system::predeclared_types().into_iter().map(|(name, ty)| Candidate::new(name, ty));
        let builtins = Builtin::NAMED.into_iter().map(|builtin| Candidate::new(builtin.name(), "builtin"));
        let keywords = KEYWORDS.into_iter().map(|keyword| Candidate::new(keyword, "keyword"));
        let own = words
            .iter()
            .filter(|word| word.class == Class::Name && word.start != start)
            .map(|word| Candidate::new(&text[word.start..word.end], "in this input"));
        // Of two candidates of one name the first counts.
        let all = values.chain(types).chain(predeclared).chain(builtins).chain(keywords).chain(own);
        let mut seen = std::collections::HashSet::new();
        all.filter(|candidate| seen.insert(candidate.text.clone())).collect()
    }
}

fn has_members(ty: &Type) -> bool {
    matches!(ty.kind, TypeKind::Struct(_) | TypeKind::Module(_))
}

fn member(field: &types::ty::Field) -> Candidate {
    Candidate::new(field.name(), &field.ty)
}

/// Where the operand begins whose last word is the last of `words`: names, calls, indexing and members.
fn operand_start(text: &str, words: &[Word]) -> Option<usize> {
    let mut end = words.len();
    loop {
        let last = end.checked_sub(1)?;
        let first = match words[last].class {
            Class::Name | Class::String | Class::Constant => last,
            Class::Bracket => {
                let open = opening(text, words, last)?;
                // A call or an index belongs to what stands before it.
                let is_suffix = open.checked_sub(1).is_some_and(|before| {
                    let is_callee = matches!(words[before].class, Class::Name | Class::Keyword | Class::Type);
                    is_callee || matches!(&text[words[before].start..words[before].end], ")" | "]")
                });
                match (is_suffix, &text[words[open].start..words[open].end]) {
                    (true, "(" | "[") => {
                        if matches!(words[open - 1].class, Class::Name | Class::Keyword | Class::Type) {
                            open - 1
                        } else {
                            end = open;
                            continue;
                        }
                    }
                    _ => open,
                }
            }
            _ => return None,
        };
        match first.checked_sub(1) {
            Some(dot) if words[dot].class == Class::Dot => end = dot,
            _ => return Some(words[first].start),
        }
    }
}

/// The bracket that the bracket at `close` closes.
fn opening(text: &str, words: &[Word], close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for index in (0..=close).rev().filter(|index| words[*index].class == Class::Bracket) {
        match &text[words[index].start..words[index].end] {
            ")" | "]" | "}" => depth += 1,
            _ => depth = depth.checked_sub(1)?,
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

impl Interactive {
    /// The parameters of the function that is being called at the end of a text, right behind the opening
    /// parenthesis.
    pub fn parameters(&self, text: &str) -> Option<String> {
        let source = Source::new("<completion>", text);
        let words = words(&source);
        let (open, before) = words.split_last()?;
        if &text[open.start..open.end] != "(" || before.last()?.class != Class::Name {
            return None;
        }
        let start = operand_start(text, before)?;
        // A path of names: whatever else there is might read modules.
        let is_path = before.iter().filter(|word| word.start >= start);
        if !is_path.clone().all(|word| matches!(word.class, Class::Name | Class::Dot)) {
            return None;
        }
        let source: Rc<Source> = Source::new("<completion>", &text[start..open.start]);
        let question = self.check_expr(&source).0?;
        match &question.ty().kind {
            TypeKind::Func(func) => Some(format!("{})", types::ty::Fields(&func.args))),
            _ => None,
        }
    }
}
