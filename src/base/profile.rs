//! What was sampled of a running exec: a few numbers for each gauge, whatever the number of samples (runtime spec
//! §1.11, §6.7).
//!
//! Executors add samples; the history keeps the profile; summaries, predictions and listings read it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// Cores in use.
pub const CPU: &str = "cpu";
/// Memory in use without what only caches files, in bytes.
pub const MEM: &str = "mem";
/// The size of the files among the outputs, in bytes.
pub const DISK: &str = "disk";
/// The size of the files in the scratch folder, in bytes.
pub const TMP: &str = "tmp";

/// Bytes read from devices, a second.
pub const READ: &str = "read";
/// Bytes written to devices, a second.
pub const WRITE: &str = "write";

/// The latest sample of each gauge, by its name.
pub type Gauges = BTreeMap<String, f64>;

/// What is known of the samples of one gauge. There is at least one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// How many.
    #[serde(rename = "N")]
    pub count: u64,
    /// The largest.
    #[serde(rename = "Max")]
    pub max: f64,
    /// Their mean.
    #[serde(rename = "Mean")]
    pub mean: f64,
    /// Their variance: the mean square of the distance from the mean.
    #[serde(rename = "Var")]
    pub variance: f64,
    /// When the first was taken.
    #[serde(rename = "First")]
    first: jiff::Timestamp,
    /// When the last was taken.
    #[serde(rename = "Last")]
    last: jiff::Timestamp,
}

impl Samples {
    /// One sample. A time that cannot be written as a date counts as the last that can.
    pub fn one(value: f64, at: SystemTime) -> Self {
        let at = jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::MAX);
        Self { count: 1, max: value, mean: value, variance: 0.0, first: at, last: at }
    }

    /// Adds a sample.
    pub fn add(&mut self, value: f64, at: SystemTime) {
        let (next, before) = (Self::one(value, at), self.count as f64);
        // By way of the mean, which loses less than sums of squares.
        let distance = value - self.mean;
        let count = before + 1.0;
        self.variance = (self.variance * before + distance * distance * before / count) / count;
        self.mean += distance / count;
        self.max = self.max.max(value);
        self.count += 1;
        self.last = next.last;
    }

    /// When the first sample was taken.
    pub fn first(&self) -> SystemTime {
        self.first.into()
    }

    /// When the last sample was taken.
    pub fn last(&self) -> SystemTime {
        self.last.into()
    }

    /// The time between the first and the last sample; none if the clock was set back.
    pub fn span(&self) -> Duration {
        self.last().duration_since(self.first()).unwrap_or_default()
    }
}

/// The samples of each gauge, by its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(BTreeMap<String, Samples>);

impl Profile {
    /// Adds a sample of a gauge.
    pub fn add(&mut self, gauge: &str, value: f64, at: SystemTime) {
        match self.0.get_mut(gauge) {
            Some(samples) => samples.add(value, at),
            None => drop(self.0.insert(gauge.to_owned(), Samples::one(value, at))),
        }
    }

    /// The samples of a gauge, if there are any.
    pub fn get(&self, gauge: &str) -> Option<&Samples> {
        self.0.get(gauge)
    }

    /// All gauges in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Samples)> {
        self.0.iter().map(|(name, samples)| (name.as_str(), samples))
    }

    /// Whether nothing was sampled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As `cpu: mean 1.2 max 2 N 24 var 0.1; mem: …`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, samples)) in self.iter().enumerate() {
            let Samples { count, max, mean, variance, .. } = samples;
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: mean {mean} max {max} N {count} var {variance}")?;
        }
        Ok(())
    }
}
