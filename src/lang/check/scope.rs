//! Scopes: what names mean while a source is checked, and which of them are used.
//!
//! One table from name to its bindings, innermost last, so that looking up a name costs the same
//! however deep scopes nest.

use std::rc::Rc;

use syntax::ast::{Name, Span};
use syntax::names::NameMap;
use types::Type;

use crate::tree::{Builtin, Slot};

/// The names in scope.
#[derive(Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
    /// The innermost binding of each name that was ever bound.
    by_name: NameMap<Option<u32>>,
    levels: Vec<Level>,
    /// The number of local frames around the present place.
    frames: u32,
}

struct Level {
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
    /// The binding of the same name that this one hides.
    hidden: Option<u32>,
}

#[derive(Clone, Copy)]
enum Place {
    Local { frame: u32, index: u32 },
    Fixed(Slot),
}

impl Scope {
    pub(super) fn enter(&mut self) {
        self.levels.push(Level { first: self.bindings.len(), frames: self.frames });
    }

    /// Leaves the innermost scope; yields the names that were not used in it.
    pub(super) fn leave(&mut self) -> Vec<(Name, Span)> {
        let Some(level) = self.levels.pop() else { return Vec::new() };
        self.frames = level.frames;
        let mut unused = Vec::new();
        for binding in self.bindings.drain(level.first..).rev() {
            if let Some(innermost) = self.by_name.get_mut(&binding.name) {
                *innermost = binding.hidden;
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

    /// Binds names in the innermost local frame, in slot order; with `warns` it is worth a warning if one
    /// of them is never used.
    pub(super) fn bind_frame(&mut self, names: Vec<(Name, Type, Span)>, warns: bool) {
        for (index, (name, ty, span)) in (0..).zip(names) {
            self.bind(name, ty, span, Place::Local { frame: self.frames, index }, warns);
        }
    }

    /// Binds a parameter or binding of the module.
    pub(super) fn bind_fixed(&mut self, name: Name, ty: Type, span: Span, slot: Slot, warns: bool) {
        let warns = warns && matches!(slot, Slot::Global(_)) && !crate::module::is_exported(&name);
        self.bind(name, ty, span, Place::Fixed(slot), warns);
    }

    /// Binds a predeclared name.
    pub(super) fn predeclare(&mut self, name: Name, ty: Type, index: u32) {
        self.bind(name, ty, Span::default(), Place::Fixed(Slot::Predeclared(index)), false);
    }

    fn bind(&mut self, name: Name, ty: Type, span: Span, place: Place, warns: bool) {
        let innermost = self.by_name.entry(name.clone()).or_default();
        let hidden = innermost.replace(self.bindings.len() as u32);
        // A name bound again in the same scope: the earlier binding never warns.
        let first = self.levels.last().map_or(0, |level| level.first);
        if let Some(earlier) = hidden.map(|index| index as usize).filter(|index| *index >= first) {
            self.bindings[earlier].used = true;
        }
        self.bindings.push(Binding { name, ty, span, place, used: false, warns, hidden });
    }

    /// Whether a name is bound; does not count as a use.
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(Option::is_some)
    }

    /// The type of a name; does not count as a use.
    pub(super) fn type_of(&self, name: &str) -> Option<&Type> {
        let index = (*self.by_name.get(name)?)?;
        Some(&self.bindings[index as usize].ty)
    }

    /// Where a name is declared, unless it is predeclared; does not count as a use.
    pub(super) fn declared(&self, name: &str) -> Option<Span> {
        let index = (*self.by_name.get(name)?)?;
        let binding = &self.bindings[index as usize];
        // What is predeclared, or was declared by an earlier input of a session, is not in this source.
        Some(binding.span).filter(|span| *span != Span::default())
    }

    /// Where the value of a name is found, and its type; counts as a use.
    pub(super) fn lookup(&mut self, name: &str) -> Option<(Slot, Type)> {
        let index = (*self.by_name.get(name)?)?;
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
        let bound = self.by_name.iter().filter(|(_, innermost)| innermost.is_some()).map(|(name, _)| name.clone());
        let builtins = Builtin::NAMED.into_iter().map(|builtin| Rc::from(builtin.name()));
        base::spelling::nearest(name, bound.chain(builtins))
    }
}
