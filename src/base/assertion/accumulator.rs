//! All assertions of a run.

use std::collections::BTreeMap;

use super::conflict::{self, Conflict};
use super::{Assertions, Key, Properties};

/// A growing set of assertions that agree with each other.
#[derive(Debug, Default)]
pub struct Accumulator(BTreeMap<Key, Properties>);

impl Accumulator {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what `sets` say. On a conflict, among them or with what is known, nothing changes.
    pub fn add_from<'a>(&mut self, sets: impl IntoIterator<Item = &'a Assertions>) -> Result<(), Conflict> {
        let added = Assertions::merge(sets)?;
        for (key, properties) in added.iter() {
            if let Some(known) = self.0.get(key)
                && known != properties
            {
                return Err(Conflict::between(key, known, properties));
            }
        }
        for (key, properties) in added.iter() {
            conflict::insert(&mut self.0, key, properties)?;
        }
        Ok(())
    }

    /// What is known of the keys of `wanted`, and those of them of which nothing is known, in order.
    pub fn filter(&self, wanted: &Assertions) -> (Assertions, Vec<Key>) {
        let (mut known, mut missing) = (Vec::new(), Vec::new());
        for (key, _) in wanted.iter() {
            match self.0.get(key) {
                Some(properties) => known.push((key.clone(), properties.clone())),
                None => missing.push(key.clone()),
            }
        }
        (Assertions::from_iter(known), missing)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
