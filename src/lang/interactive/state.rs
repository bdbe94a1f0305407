//! What is declared in a session at some point.

use std::rc::Rc;

use syntax::ast::Name;
use types::{Type, Value};

use crate::eval::env::{Instance, STDLIB_DEPTH};
use crate::module::Importable;

/// The visible declarations: for each name the last one.
#[derive(Clone)]
pub(super) struct State {
    values: Vec<Binding>,
    types: Vec<(Name, Type, Rc<str>)>,
    /// The depth of the frame that binds the latest value, in the count of language spec §5.2: every value
    /// declaration is one frame, as in a module.
    pub(super) depth: i32,
}

impl Default for State {
    fn default() -> Self {
        Self { values: Vec::new(), types: Vec::new(), depth: STDLIB_DEPTH }
    }
}

/// A declared value.
#[derive(Clone)]
pub(super) struct Binding {
    pub(super) name: Name,
    pub(super) ty: Type,
    pub(super) value: Value,
    pub(super) depth: i32,
    pub(super) doc: Rc<str>,
    /// The module that the value is an instance of, if it was declared so.
    pub(super) import: Option<Importable>,
}

impl State {
    /// Declares a value.
    pub(super) fn bind(&mut self, binding: Binding) {
        self.values.retain(|known| known.name != binding.name);
        self.values.push(binding);
    }

    /// Declares a type.
    pub(super) fn alias(&mut self, name: &Name, ty: Type, doc: Rc<str>) {
        self.types.retain(|(known, ..)| known != name);
        self.types.push((name.clone(), ty, doc));
    }

    /// The declared values in order.
    pub(super) fn values(&self) -> &[Binding] {
        &self.values
    }

    /// The declared types in order, with their documentation.
    pub(super) fn types(&self) -> &[(Name, Type, Rc<str>)] {
        &self.types
    }

    /// The value of this name.
    pub(super) fn value(&self, name: &str) -> Option<&Binding> {
        self.values.iter().find(|binding| *binding.name == *name)
    }

    /// Names and types of the values.
    pub(super) fn value_types(&self) -> Vec<(Name, Type)> {
        self.values.iter().map(|binding| (binding.name.clone(), binding.ty.clone())).collect()
    }

    /// Names of types and what they stand for.
    pub(super) fn aliases(&self) -> Vec<(Name, Type)> {
        self.types.iter().map(|(name, ty, _)| (name.clone(), ty.clone())).collect()
    }

    /// Makes the values the first bindings of an instance.
    pub(super) fn bind_all(&self, instance: &Rc<Instance>) {
        for binding in &self.values {
            instance.bind_global(binding.value.clone(), binding.depth);
        }
    }
}
