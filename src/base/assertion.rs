//! Assertions: what was known of outside subjects when a value was made (runtime spec §1.7).
//!
//! Snapshots attach them to files, results inherit those of their inputs, and a lookup compares them
//! with what is known now. [`Accumulator`] holds all that a run has learnt, [`Policy`] decides
//! whether a stored value is still good.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::digest::{Digest, DigestWriter, Material};

mod accumulator;
mod blob;
mod conflict;
mod policy;

pub use accumulator::Accumulator;
pub use blob::{BLOB, blob_properties, unknown_namespace};
pub use conflict::{Conflict, Difference};
pub use policy::{ParsePolicyError, Policy};

/// What is known of one subject: values by property.
pub type Properties = BTreeMap<String, String>;

/// What an assertion is about. Ordered by namespace, then subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The generator's name; `blob` is the only one today.
    pub namespace: String,
    /// What is described, such as an object URL.
    pub subject: String,
}

/// `subject namespace`, as in messages.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.namespace)
    }
}

/// An immutable set of assertions: properties by key. Cheap to clone; the empty set costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Assertions(Option<Arc<Set>>);

#[derive(Debug)]
struct Set {
    map: BTreeMap<Key, Properties>,
    digest: OnceLock<Digest>,
}

impl Assertions {
    /// Whether nothing is asserted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |set| set.map.len())
    }

    /// Keys with their properties, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Properties)> {
        self.0.iter().flat_map(|set| set.map.iter())
    }

    /// What is asserted of `key`.
    pub fn get(&self, key: &Key) -> Option<&Properties> {
        self.0.as_ref().and_then(|set| set.map.get(key))
    }

    /// The digest of the set's material; computed once.
    pub fn digest(&self) -> Digest {
        match &self.0 {
            None => Digest::of([]),
            Some(set) => *set.digest.get_or_init(|| {
                let mut out = DigestWriter::new();
                self.write_material(&mut out);
                out.finish()
            }),
        }
    }

    /// `empty`, or `#` and the number of keys.
    pub fn short(&self) -> String {
        match self.len() {
            0 => "empty".to_owned(),
            count => format!("#{count}"),
        }
    }

    /// The sets that are not empty, each once, and the total number of their keys.
    pub fn distinct<'a>(sets: impl IntoIterator<Item = &'a Self>) -> (Vec<Self>, usize) {
        let mut distinct: Vec<Self> = Vec::new();
        let mut seen: HashMap<Digest, Vec<usize>> = HashMap::new();
        for set in sets.into_iter().filter(|set| !set.is_empty()) {
            let same_digest = seen.entry(set.digest()).or_default();
            // Sets that differ may share a digest.
            if !same_digest.iter().any(|other| distinct[*other] == *set) {
                same_digest.push(distinct.len());
                distinct.push(set.clone());
            }
        }
        let keys = distinct.iter().map(Self::len).sum();
        (distinct, keys)
    }

    /// All sets in one; an error if they know different things of the same key.
    pub fn merge<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Result<Self, Conflict> {
        let (mut distinct, _) = Self::distinct(sets);
        if distinct.len() <= 1 {
            return Ok(distinct.pop().unwrap_or_default());
        }
        let mut merged = BTreeMap::new();
        for (key, properties) in distinct.iter().flat_map(Self::iter) {
            conflict::insert(&mut merged, key, properties)?;
        }
        Ok(Self::from_iter(merged))
    }

    /// What differs between two sets, for people: one line for every key that only `right` has and for
    /// every key of which they know different things, sorted. Keys that only `left` has do not count.
    pub fn pretty_diff(left: &Self, right: &Self) -> String {
        let mut lines = BTreeSet::new();
        for (key, properties) in right.iter() {
            match left.get(key) {
                None => {
                    let properties: Vec<_> = properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    lines.insert(format!("extra: {{{key}}}: {}", properties.join(",")));
                }
                Some(known) if known != properties => {
                    let conflict = Conflict::between(key, known, properties);
                    lines.insert(format!("conflict {{{key}}}: {}", conflict.differences_text()));
                }
                Some(_) => {}
            }
        }
        lines.into_iter().collect::<Vec<_>>().join("\n")
    }
}

/// The digest of what is asserted of one key: properties and values in order, nothing between them.
pub fn properties_digest(properties: &Properties) -> Digest {
    let mut out = DigestWriter::new();
    for (property, value) in properties {
        out.bytes(property).bytes(value);
    }
    out.finish()
}

impl FromIterator<(Key, Properties)> for Assertions {
    fn from_iter<I: IntoIterator<Item = (Key, Properties)>>(items: I) -> Self {
        let map: BTreeMap<_, _> = items.into_iter().collect();
        Self((!map.is_empty()).then(|| Arc::new(Set { map, digest: OnceLock::new() })))
    }
}

/// Equal by what they say, not by their digests, which do not tell apart where a word ends.
impl PartialEq for Assertions {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => Arc::ptr_eq(left, right) || left.map == right.map,
            (left, right) => left.is_none() && right.is_none(),
        }
    }
}

impl Eq for Assertions {}

impl Material for Assertions {
    fn write_material(&self, out: &mut DigestWriter) {
        for (key, properties) in self.iter() {
            for (property, value) in properties {
                out.bytes(&key.subject).bytes(&key.namespace).bytes(property).bytes(value);
            }
        }
    }
}

/// `empty`, or `namespace subject property=value` items.
impl fmt::Display for Assertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("empty");
        }
        let mut separator = "";
        for (key, properties) in self.iter() {
            for (property, value) in properties {
                write!(f, "{separator}{} {} {property}={value}", key.namespace, key.subject)?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
