//! Assertions: what was known of outside subjects when a value was made (runtime spec §1.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::digest::{DigestWriter, Material};

/// What an assertion is about. Ordered by namespace, then subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The generator's name; `blob` is the only one today.
    pub namespace: String,
    /// What is described, such as an object URL.
    pub subject: String,
}

/// An immutable set of assertions: properties by key. Cheap to clone; the empty set costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertions(Option<Arc<BTreeMap<Key, BTreeMap<String, String>>>>);

impl Assertions {
    /// Whether nothing is asserted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Keys with their properties, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &BTreeMap<String, String>)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    /// `empty`, or `#` and the number of keys.
    pub fn short(&self) -> String {
        match self.iter().count() {
            0 => "empty".to_owned(),
            count => format!("#{count}"),
        }
    }
}

impl FromIterator<(Key, BTreeMap<String, String>)> for Assertions {
    fn from_iter<I: IntoIterator<Item = (Key, BTreeMap<String, String>)>>(items: I) -> Self {
        let map: BTreeMap<_, _> = items.into_iter().collect();
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }
}

impl Material for Assertions {
    fn write_material(&self, out: &mut DigestWriter) {
        for (key, properties) in self.iter() {
            for (property, value) in properties {
                out.bytes(&key.subject).bytes(&key.namespace).bytes(property).bytes(value);
            }
        }
    }
}
