//! Looking up fields and variants by name, fast when two lists have the same order.

use std::collections::HashMap;

use super::{Field, Variant};

/// What can be looked up by name.
pub(super) trait Named {
    /// The name; empty if there is none.
    fn name(&self) -> &str;
}

impl Named for Field {
    fn name(&self) -> &str {
        Field::name(self)
    }
}

impl Named for Variant {
    fn name(&self) -> &str {
        &self.tag
    }
}

/// From this length on a lookup that strays from the order builds an index.
const INDEXED: usize = 16;

/// Finds items by name, trying first the one after the item found last. Two lists in the same order
/// are thus compared in linear time without an index.
pub(super) struct Finder<'a, T> {
    items: &'a [T],
    next: usize,
    index: Option<HashMap<&'a str, usize>>,
    /// Whether every lookup so far found its item in order.
    pub(super) in_order: bool,
}

impl<'a, T: Named> Finder<'a, T> {
    pub(super) fn new(items: &'a [T]) -> Self {
        Self { items, next: 0, index: None, in_order: true }
    }

    /// The next item if it has this name, else the first item of this name.
    pub(super) fn find(&mut self, name: &str) -> Option<&'a T> {
        if let Some(item) = self.items.get(self.next).filter(|item| item.name() == name) {
            self.next += 1;
            return Some(item);
        }
        self.in_order = false;
        let position = if self.items.len() < INDEXED {
            self.items.iter().position(|item| item.name() == name)?
        } else {
            let items = self.items;
            let index = self.index.get_or_insert_with(|| {
                // Backwards, so that the first item of a repeated name stays.
                items.iter().enumerate().rev().map(|(position, item)| (item.name(), position)).collect()
            });
            *index.get(name)?
        };
        self.next = position + 1;
        self.items.get(position)
    }
}
