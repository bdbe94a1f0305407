//! Resources: amounts by label, and the requirements of graphs (runtime spec §4.1, §4.2).

use std::collections::BTreeMap;

/// Amounts by label: `mem` and `disk` in bytes, `cpu` in cores, CPU features in units of one a core.
/// A missing label is zero.
#[derive(Clone, Debug, Default)]
pub struct Resources(BTreeMap<String, f64>);

impl Resources {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The three common labels: cores, bytes of memory, bytes of disk.
    pub fn of(cpu: f64, mem: f64, disk: f64) -> Self {
        Self(BTreeMap::from([("cpu".to_owned(), cpu), ("disk".to_owned(), disk), ("mem".to_owned(), mem)]))
    }

    /// The amount of `label`, 0 when missing.
    pub fn get(&self, label: &str) -> f64 {
        self.0.get(label).copied().unwrap_or(0.0)
    }

    /// Sets the amount of `label`.
    pub fn set(&mut self, label: impl Into<String>, amount: f64) {
        self.0.insert(label.into(), amount);
    }

    /// Labels with their amounts, in label order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(label, amount)| (label.as_str(), *amount))
    }
}

/// Equal on the union of labels, a missing one being zero.
impl PartialEq for Resources {
    fn eq(&self, other: &Self) -> bool {
        self.iter().all(|(label, amount)| other.get(label) == amount)
            && other.iter().all(|(label, amount)| self.get(label) == amount)
    }
}
