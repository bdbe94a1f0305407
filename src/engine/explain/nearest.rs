//! The exec of earlier runs that a new one takes the place of.

use std::collections::{HashMap, HashSet};

use base::{Digest, Error};
use store::{LocalStore, Material, TaskQuery, TaskRecord};

use super::compare::{Difference, FileChange, compare};
use super::story::Past;

/// Execs of an ident that are looked at, the latest ones.
const CANDIDATES: usize = 512;

/// An exec that an earlier run has tried.
struct Candidate {
    task: TaskRecord,
    material: Material,
}

/// The execs of one ident that earlier runs have tried, the latest first.
#[derive(Default)]
pub(super) struct Candidates {
    /// Those that the run at hand has no use for any more: something took their place.
    replaced: Vec<Candidate>,
    /// How many of them the run has as they were.
    pub(super) kept: usize,
}

impl Candidates {
    /// What is recorded of an ident before `run`, of which `keys` are the cache keys.
    pub(super) fn read(store: &LocalStore, ident: &str, run: &Digest, keys: &HashSet<Digest>) -> Result<Self, Error> {
        let mut found = Self::default();
        for key in store.materials().of_ident(ident, run, CANDIDATES)? {
            if keys.contains(&key) {
                found.kept += 1;
                continue;
            }
            let query = TaskQuery { key: Some(key), limit: Some(1), ..TaskQuery::default() };
            let task = store.tasks().list(&query)?.pop();
            if let (Some(task), Some(material)) = (task, store.materials().get(&key)?) {
                found.replaced.push(Candidate { task, material });
            }
        }
        Ok(found)
    }

    /// The runs that tried them.
    pub(super) fn runs(&self) -> HashSet<Digest> {
        self.replaced.iter().map(|candidate| candidate.task.run).collect()
    }

    /// The one with the least differences; of several, one at the same place of the program, then the latest.
    /// Changed inputs count little where it is known what took the place of what.
    pub(super) fn nearest(
        &self,
        material: &Material,
        position: &str,
        counterparts: &Counterparts,
    ) -> Option<(Past, Vec<Difference>)> {
        let rated = self.replaced.iter().map(|candidate| {
            let differences = compare(&candidate.material, material);
            let distance: u32 = differences.iter().map(|one| counterparts.weight(one, &candidate.task.run)).sum();
            ((distance, candidate.task.position != position), candidate, differences)
        });
        let (_, nearest, differences) = rated.min_by_key(|(rate, ..)| *rate)?;
        Some((Past { task: nearest.task.clone() }, differences))
    }
}

/// Which files of the run took the place of which files of earlier runs.
#[derive(Default)]
pub(super) struct Counterparts {
    /// Files that steps made.
    made: HashMap<Digest, Digest>,
    /// The paths and URLs that the run found files at.
    pub(super) sources: HashMap<Digest, String>,
    /// The same of earlier runs.
    pub(super) past_sources: HashMap<Digest, HashMap<Digest, String>>,
}

impl Counterparts {
    /// Notes that a step made files instead of those that another one had made.
    pub(super) fn learn(&mut self, changes: &[FileChange]) {
        for change in changes {
            if let (Some(from), Some(to)) = (&change.from, &change.to) {
                self.made.insert(to.digest(), from.digest());
            }
        }
    }

    fn knows(&self, change: &FileChange, past: &Digest) -> bool {
        let (Some(from), Some(to)) = (&change.from, &change.to) else { return false };
        let (from, to) = (from.digest(), to.digest());
        let source = self.sources.get(&to);
        let past_source = self.past_sources.get(past).and_then(|sources| sources.get(&from));
        self.made.get(&to) == Some(&from) || (source.is_some() && source == past_source)
    }

    /// How much a difference from an exec of an earlier run speaks against it.
    fn weight(&self, difference: &Difference, past: &Digest) -> u32 {
        match difference {
            Difference::Input { changes, .. } if changes.iter().all(|change| self.knows(change, past)) => 1,
            Difference::Input { .. } | Difference::InputAdded { .. } | Difference::InputRemoved { .. } => 3,
            _ => 4,
        }
    }
}
