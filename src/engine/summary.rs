//! What a run used, by label (runtime spec §3.17 *Summary*).

use std::collections::BTreeMap;
use std::time::Duration;

use base::Resources;
use exec::Usage;

/// Rows by ident; nodes without one are under the empty ident.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    rows: BTreeMap<String, Row>,
}

/// The completed external nodes of one ident.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// How many.
    pub count: u64,
    /// How many of them came from the cache.
    pub cached: u64,
    /// Seconds that commands ran.
    pub runtime: Spread,
    /// Cores that commands kept busy on average.
    pub cpu: Spread,
    /// The most memory that commands held, in bytes.
    pub memory: Spread,
    /// The room that the last exec had; `None` if none ran.
    pub requested: Option<Resources>,
}

/// The extent of a set of measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    sum: f64,
    count: u32,
}

/// What is asked for at most when a row is not worth a warning (runtime spec §3.17).
const LITTLE_MEMORY: f64 = (500_u64 << 20) as f64;
/// The part of the requested memory that should have been used.
const FULL_ENOUGH: f64 = 0.6;

impl Spread {
    fn add(&mut self, value: f64) {
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.sum += value;
        self.count += 1;
    }

    /// The mean; 0 of nothing.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / f64::from(self.count) }
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Summary {
    /// Rows by ident, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().map(|(ident, row)| (ident.as_str(), row))
    }

    /// Whether no external node was completed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The idents whose execs asked for far more memory than they used.
    pub fn wasteful(&self) -> impl Iterator<Item = &str> {
        let wasteful = |row: &Row| {
            let requested = row.requested.as_ref().map_or(0.0, |room| room.get(base::resources::MEM));
            !row.memory.is_empty() && requested > LITTLE_MEMORY && row.memory.mean() <= FULL_ENOUGH * requested
        };
        self.rows().filter(move |(_, row)| wasteful(row)).map(|(ident, _)| ident)
    }

    pub(crate) fn add(&mut self, ident: &str, cached: bool) -> &mut Row {
        if !self.rows.contains_key(ident) {
            self.rows.insert(ident.to_owned(), Row::default());
        }
        let row = self.rows.entry(ident.to_owned()).or_default();
        row.count += 1;
        row.cached += u64::from(cached);
        row
    }

    /// Adds an exec that ran on a machine with so many cores.
    pub(crate) fn add_run(&mut self, ident: &str, usage: &Usage, requested: &Resources, cores: f64) {
        let row = self.add(ident, false);
        row.requested = Some(requested.clone());
        row.runtime.add(usage.wall.as_secs_f64());
        if usage.cpu > 0.0 && usage.wall > Duration::ZERO {
            // The two clocks do not tick together: that shows in commands of milliseconds.
            row.cpu.add((usage.cpu / usage.wall.as_secs_f64()).min(cores));
        }
        if usage.max_memory > 0 {
            row.memory.add(usage.max_memory as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(wall: u64, cpu: f64, memory: f64) -> Usage {
        Usage { wall: Duration::from_secs(wall), cpu, max_memory: (memory * (1_u64 << 30) as f64) as u64, io: None }
    }

    #[test]
    fn rt_81_rows_add_up_by_ident() {
        let room = Resources::of(1.0, (2_u64 << 30) as f64, 0.0);
        let mut summary = Summary::default();
        summary.add_run("m.b", &usage(60, 30.0, 1.0), &room, 4.0);
        summary.add_run("m.b", &usage(180, 180.0, 2.0), &room, 4.0);
        summary.add("m.b", true);
        summary.add("m.a", false);
        let rows: Vec<_> = summary.rows().map(|(ident, row)| (ident, row.count, row.cached)).collect();
        assert_eq!(rows, [("m.a", 1, 0), ("m.b", 3, 1)]);
        let (_, row) = summary.rows().last().unwrap();
        assert_eq!((row.runtime.min, row.runtime.mean(), row.runtime.max), (60.0, 120.0, 180.0));
        assert_eq!((row.cpu.min, row.cpu.mean(), row.cpu.max), (0.5, 0.75, 1.0));
        assert!(summary.rows().next().unwrap().1.runtime.is_empty());
    }

    #[test]
    fn nothing_keeps_more_cores_busy_than_there_are() {
        let mut summary = Summary::default();
        summary.add_run("m", &usage(1, 9.0, 1.0), &Resources::new(), 4.0);
        assert_eq!(summary.rows().next().unwrap().1.cpu.max, 4.0);
    }

    #[test]
    fn rt_81_execs_that_use_little_of_much_are_named() {
        let gib = (1_u64 << 30) as f64;
        let mut summary = Summary::default();
        summary.add_run("m.full", &usage(1, 1.0, 0.9), &Resources::of(1.0, gib, 0.0), 4.0);
        summary.add_run("m.half", &usage(1, 1.0, 0.5), &Resources::of(1.0, gib, 0.0), 4.0);
        summary.add_run("m.small", &usage(1, 1.0, 0.01), &Resources::of(1.0, LITTLE_MEMORY, 0.0), 4.0);
        summary.add("m.cached", true);
        assert_eq!(summary.wasteful().collect::<Vec<_>>(), ["m.half"]);
    }
}
