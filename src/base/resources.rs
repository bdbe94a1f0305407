//! Resources: amounts by label, which execs ask for, pools offer and schedulers add up
//! (runtime spec §4.1).
//!
//! The arithmetic is label by label. What a whole graph asks for is in
//! [`requirements`](crate::requirements).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use crate::units;

/// Amounts by label: `mem` and `disk` in bytes, `cpu` in cores, CPU features in units of one a core.
/// A missing label is zero.
#[derive(Clone, Debug, Default)]
pub struct Resources(BTreeMap<String, f64>);

/// The label of cores.
pub const CPU: &str = "cpu";
/// The label of memory, in bytes.
pub const MEM: &str = "mem";
/// The label of disk space, in bytes.
pub const DISK: &str = "disk";

/// Memory that weighs as much as one core in [`Resources::scaled_distance`].
const MEM_PER_CPU: f64 = (8_u64 << 30) as f64;

impl Resources {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The three common labels: cores, bytes of memory, bytes of disk.
    pub fn of(cpu: f64, mem: f64, disk: f64) -> Self {
        Self(BTreeMap::from([(CPU.to_owned(), cpu), (DISK.to_owned(), disk), (MEM.to_owned(), mem)]))
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

    /// Whether every amount is zero.
    pub fn is_zero(&self) -> bool {
        self.0.values().all(|amount| *amount == 0.0)
    }

    /// Whether there is at least as much as `wanted` of each of its labels (*Available* in the spec).
    pub fn covers(&self, wanted: &Self) -> bool {
        wanted.iter().all(|(label, amount)| self.get(label) >= amount)
    }

    /// These amounts, lowered to `limit` where that is smaller.
    ///
    /// Only the labels of `limit` are looked at, and one that is missing here counts as zero: the
    /// operation is not symmetric.
    #[must_use]
    pub fn min(&self, limit: &Self) -> Self {
        self.combine(limit, |own, other| if other < own { other } else { own })
    }

    /// These amounts, raised to `floor` where that is larger.
    #[must_use]
    pub fn max(&self, floor: &Self) -> Self {
        self.combine(floor, |own, other| if other > own { other } else { own })
    }

    /// Every amount times `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|(label, amount)| (label.clone(), amount * factor)).collect())
    }

    /// How far two amounts lie apart: one for each core, one for each 8 GiB of memory; disk and CPU
    /// features do not count.
    pub fn scaled_distance(&self, other: &Self) -> f64 {
        (self.get(MEM) - other.get(MEM)).abs() / MEM_PER_CPU + (self.get(CPU) - other.get(CPU)).abs()
    }

    /// The distance from nothing: how offers, tasks and machines are ordered by size.
    pub fn magnitude(&self) -> f64 {
        self.scaled_distance(&Self::new())
    }

    /// These amounts divided by those of `divisor`, for the labels that both have (*Div* in the spec).
    #[must_use]
    pub fn ratios(&self, divisor: &Self) -> Self {
        let both = self.0.iter().filter_map(|(label, amount)| Some((label, amount, divisor.0.get(label)?)));
        Self(both.map(|(label, amount, by)| (label.clone(), amount / by)).collect())
    }

    /// The largest of [`Resources::ratios`], 0 if there is none.
    pub fn max_ratio(&self, divisor: &Self) -> f64 {
        self.ratios(divisor).0.into_values().reduce(f64::max).unwrap_or(0.0)
    }

    fn combine(&self, other: &Self, choose: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self.clone();
        for (label, amount) in other.iter() {
            let chosen = choose(out.get(label), amount);
            out.set(label, chosen);
        }
        out
    }
}

impl<L: Into<String>> FromIterator<(L, f64)> for Resources {
    fn from_iter<I: IntoIterator<Item = (L, f64)>>(amounts: I) -> Self {
        Self(amounts.into_iter().map(|(label, amount)| (label.into(), amount)).collect())
    }
}

/// Equal on the union of labels, a missing one being zero.
impl PartialEq for Resources {
    fn eq(&self, other: &Self) -> bool {
        self.iter().all(|(label, amount)| other.get(label) == amount)
            && other.iter().all(|(label, amount)| self.get(label) == amount)
    }
}

impl AddAssign<&Resources> for Resources {
    fn add_assign(&mut self, other: &Resources) {
        for (label, amount) in other.iter() {
            let sum = self.get(label) + amount;
            self.set(label, sum);
        }
    }
}

/// Amounts may become negative.
impl SubAssign<&Resources> for Resources {
    fn sub_assign(&mut self, other: &Resources) {
        for (label, amount) in other.iter() {
            let rest = self.get(label) - amount;
            self.set(label, rest);
        }
    }
}

impl Add for &Resources {
    type Output = Resources;
    fn add(self, other: &Resources) -> Resources {
        let mut out = self.clone();
        out += other;
        out
    }
}

impl Sub for &Resources {
    type Output = Resources;
    fn sub(self, other: &Resources) -> Resources {
        let mut out = self.clone();
        out -= other;
        out
    }
}

/// `{mem:1.0GiB cpu:1 disk:0B intel_avx:1}`: the common three together if one of them is not zero,
/// then the others that are not zero, by label.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        let (mem, cpu, disk) = (self.get(MEM), self.get(CPU), self.get(DISK));
        if mem != 0.0 || cpu != 0.0 || disk != 0.0 {
            let (mem, disk) = (units::data_amount(mem), units::data_amount(disk));
            write!(f, "mem:{mem} cpu:{} disk:{disk}", units::number(cpu))?;
        }
        for (label, amount) in self.iter() {
            if ![MEM, CPU, DISK].contains(&label) && amount != 0.0 {
                write!(f, " {label}:{}", units::number(amount))?;
            }
        }
        f.write_str("}")
    }
}

/// A plain object of numbers.
impl serde::Serialize for Resources {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for Resources {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}
