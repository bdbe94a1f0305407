//! Scopes: what names mean while a source is checked, and which of them are used.
//!
//! One table from name to its bindings, innermost last, so that looking up a name costs the same
//! however deep scopes nest.

use std::collections::HashMap;
use std::rc::Rc;

use syntax::ast::{Name, Span};
use types::Type;

use crate::tree::{Builtin, Slot};

/// What kind of construct a scope belongs to: whether unused names in it are worth a warning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Block,
    Function,
    Clause,
}

/// The names in scope.
#[derive(Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
    by_name: HashMap<Name, Vec<u32>>,
    levels: Vec<Level>,
    /// The number of local frames around the present place.
    frames: u32,
}

struct Level {
    kind: ScopeKind,
    first: usize,
    frames: u32,
}

struct Binding {
    name: Name,
    ty: Type,
    span: Span,
    place: Place,
    used: bool,
    warns: bool,
}

#[derive(Clone, Copy)]
enum Place {
    Local { frame: u32, index: u32 },
    Fixed(Slot),
}

impl Scope {
    pub(super) fn enter(&mut self, kind: ScopeKind) {
        self.levels.push(Level { kind, first: self.bindings.len(), frames: self.frames });
    }

    /// Leaves the innermost scope; yields the names that were not used in it.
    pub(super) fn leave(&mut self) -> Vec<(Name, Span)> {
        let Some(level) = self.levels.pop() else { return Vec::new() };
        self.frames = level.frames;
        let mut unused = Vec::new();
        for binding in self.bindings.drain(level.first..).rev() {
            if let Some(stack) = self.by_name.get_mut(&binding.name) {
                stack.pop();
            }
            if binding.warns && !binding.used {
                unused.push((binding.name, binding.span));
            }
        }
        unused
    }

    /// Starts a local frame.
    pub(super) fn push_frame(&mut self) {
        self.frames += 1;
    }

    /// Binds names in the innermost local frame, in slot order.
    pub(super) fn bind_frame(&mut self, names: Vec<(Name, Type, Span)>) {
        let warns = self.levels.last().is_some_and(|level| level.kind != ScopeKind::Function);
        for (index, (name, ty, span)) in (0..).zip(names) {
            self.bind(name, ty, span, Place::Local { frame: self.frames, index }, warns);
        }
    }

    /// Binds a parameter or binding of the module.
    pub(super) fn bind_fixed(&mut self, name: Name, ty: Type, span: Span, slot: Slot) {
        let warns = matches!(slot, Slot::Global(_)) && !crate::module::is_exported(&name);
        self.bind(name, ty, span, Place::Fixed(slot), warns);
    }

    /// Binds a predeclared name.
    pub(super) fn predeclare(&mut self, name: Name, ty: Type, index: u32) {
        self.bind(name, ty, Span::default(), Place::Fixed(Slot::Predeclared(index)), false);
    }

    fn bind(&mut self, name: Name, ty: Type, span: Span, place: Place, warns: bool) {
        let stack = self.by_name.entry(name.clone()).or_default();
        // A name bound again in the same scope: the earlier binding never warns.
        let first = self.levels.last().map_or(0, |level| level.first);
        if let Some(earlier) = stack.last().map(|index| *index as usize).filter(|index| *index >= first) {
            self.bindings[earlier].used = true;
        }
        stack.push(self.bindings.len() as u32);
        self.bindings.push(Binding { name, ty, span, place, used: false, warns });
    }

    /// Whether a name is bound; does not count as a use.
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|stack| !stack.is_empty())
    }

    /// The type of a name; does not count as a use.
    pub(super) fn type_of(&self, name: &str) -> Option<&Type> {
        let index = self.by_name.get(name)?.last()?;
        Some(&self.bindings[*index as usize].ty)
    }

    /// Where the value of a name is found, and its type; counts as a use.
    pub(super) fn lookup(&mut self, name: &str) -> Option<(Slot, Type)> {
        let index = *self.by_name.get(name)?.last()?;
        let binding = &mut self.bindings[index as usize];
        binding.used = true;
        let slot = match binding.place {
            Place::Local { frame, index } => Slot::Local { hops: self.frames - frame, index },
            Place::Fixed(slot) => slot,
        };
        Some((slot, binding.ty.clone()))
    }

    /// The bound name or builtin that is spelled most like `name`, if any is near.
    pub(super) fn nearest(&self, name: &str) -> Option<Rc<str>> {
        let bound = self.by_name.iter().filter(|(_, stack)| !stack.is_empty()).map(|(name, _)| name.clone());
        let builtins = Builtin::NAMED.into_iter().map(|builtin| Rc::from(builtin.name()));
        nearest(name, bound.chain(builtins))
    }
}

/// The candidate that is spelled most like `name`, if one is near enough to be a slip.
pub(super) fn nearest(name: &str, candidates: impl IntoIterator<Item = Rc<str>>) -> Option<Rc<str>> {
    let limit = (name.chars().count() / 3).max(1);
    let scored = candidates.into_iter().map(|candidate| (distance(name, &candidate), candidate));
    let near = scored.filter(|(distance, _)| (1..=limit).contains(distance));
    near.min().map(|(_, candidate)| candidate)
}

/// Edit distance, transpositions of neighbours counting one; capped by the lengths' difference first.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 3 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(l != r)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
