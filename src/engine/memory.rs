//! What earlier evaluations of the same graph have come to.
//!
//! A session evaluates one graph again and again, which grows in between. Nodes that have a value keep it;
//! nodes that failed, or that a cancelled evaluation has not come to, are tried anew.

use crate::state::States;
use crate::stored::Stored;

/// The values of nodes by their index in one graph.
#[derive(Default)]
pub struct Memory(Vec<Option<Stored>>);

impl Memory {
    /// Keeps the values that an evaluation has come to, those that it began with among them.
    pub(crate) fn keep(&mut self, states: States) {
        self.0 = states.into_values().collect();
    }

    pub(crate) fn values(&self) -> &[Option<Stored>] {
        &self.0
    }
}
