//! Requirements: what a graph or a set of tasks needs at least, and how much more it could use
//! (runtime spec §4.2, §4.3).
//!
//! The engine computes them from a graph to show and to size allocations; the scheduler computes them
//! from the tasks that wait.

use std::fmt;

use crate::resources::Resources;

/// The least that is needed, and how many times more of it would be put to use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirements {
    /// What the largest step needs.
    pub min: Resources,
    /// How many further steps of that size may run beside it; 0 for none.
    pub width: u64,
}

impl Requirements {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for a step that runs beside the others.
    pub fn add_parallel(&mut self, step: &Resources) {
        if !self.min.is_zero() {
            self.width = self.width.saturating_add(1);
        }
        self.add_serial(step);
    }

    /// Makes room for a step that runs before or after the others.
    pub fn add_serial(&mut self, step: &Resources) {
        self.min = self.min.max(step);
    }

    /// Makes room for all that `other` needs, beside this.
    pub fn add(&mut self, other: &Self) {
        self.min = self.min.max(&other.min);
        self.width = self.width.saturating_add(other.width);
    }

    /// The most that could be put to use: the minimum times one more than the width.
    pub fn max(&self) -> Resources {
        self.min.scaled(1.0 + self.width as f64)
    }

    /// Whether more than the minimum could be put to use.
    pub fn is_wide(&self) -> bool {
        self.width > 0
    }

    /// The demand of a set of tasks (runtime spec §4.3): large tasks first, each time as much room as
    /// the largest of the rest needs, which the smaller ones then fill.
    pub fn of_tasks(tasks: impl IntoIterator<Item = Resources>) -> Self {
        let mut groups = groups_by_size(tasks);
        let (mut demand, mut have) = (Self::new(), Resources::new());
        while !groups.is_empty() {
            // Groups fall in size, so what fits is taken to be a tail of the list.
            let fit = groups.partition_point(|(task, _)| !have.covers(task));
            let taken = if fit < groups.len() {
                fit
            } else {
                demand.add_parallel(&groups[0].0);
                have = demand.min.clone();
                0
            };
            let (task, count) = &mut groups[taken];
            have -= task;
            *count -= 1;
            if *count == 0 {
                groups.remove(taken);
            }
        }
        demand
    }
}

/// Tasks by falling size, equal neighbours as one with their number: a run's million tasks ask for a
/// handful of different amounts.
fn groups_by_size(tasks: impl IntoIterator<Item = Resources>) -> Vec<(Resources, usize)> {
    let mut tasks: Vec<Resources> = tasks.into_iter().collect();
    tasks.sort_by(|left, right| right.magnitude().total_cmp(&left.magnitude()));
    let mut groups: Vec<(Resources, usize)> = Vec::new();
    for task in tasks {
        match groups.last_mut() {
            Some((last, count)) if *last == task => *count += 1,
            _ => groups.push((task, 1)),
        }
    }
    groups
}

/// The minimum, with `#` and the width if that is more than one.
impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.width {
            0 | 1 => write!(f, "{}", self.min),
            width => write!(f, "{}#{width}", self.min),
        }
    }
}
