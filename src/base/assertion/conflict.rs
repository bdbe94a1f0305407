//! Two assertions about the same key that do not agree.

use std::collections::BTreeMap;
use std::fmt;

use super::{Key, Properties};

/// Different things are asserted of one key.
///
/// Meant to become a temporary failure: the subject changed while a run looked at it, and looking
/// again may show one state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("conflict for {{{key}}}: {}", self.differences_text())]
pub struct Conflict {
    /// What the assertions are about.
    pub key: Key,
    /// The properties that differ, in order.
    pub differences: Vec<Difference>,
}

/// A property that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The property's name.
    pub property: String,
    /// Its value on the left, if it has one there.
    pub left: Option<String>,
    /// Its value on the right, if it has one there.
    pub right: Option<String>,
}

impl Conflict {
    /// What `left` and `right` say differently of `key`.
    pub(super) fn between(key: &Key, left: &Properties, right: &Properties) -> Self {
        let mut properties: Vec<&String> = left.keys().chain(right.keys()).collect();
        properties.sort_unstable();
        properties.dedup();
        let difference = |property: &String| Difference {
            property: property.clone(),
            left: left.get(property).cloned(),
            right: right.get(property).cloned(),
        };
        let differences = properties.into_iter().map(difference).filter(|found| found.left != found.right).collect();
        Self { key: key.clone(), differences }
    }

    /// `property (left -> right)` for every difference.
    pub(super) fn differences_text(&self) -> String {
        self.differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| value.as_deref().unwrap_or("<nil>").to_owned();
        write!(f, "{} ({} -> {})", self.property, side(&self.left), side(&self.right))
    }
}

/// Adds what is said of `key`, unless something else is known of it already.
pub(super) fn insert(
    known: &mut BTreeMap<Key, Properties>,
    key: &Key,
    properties: &Properties,
) -> Result<(), Conflict> {
    match known.get(key) {
        Some(present) if present != properties => Err(Conflict::between(key, present, properties)),
        Some(_) => Ok(()),
        None => {
            known.insert(key.clone(), properties.clone());
            Ok(())
        }
    }
}
