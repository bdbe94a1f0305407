//! What files assert of the world outside (runtime spec §1.7): results inherit it from their inputs, what
//! one run sees must agree, and a cached result may be refused because it no longer holds.
//!
//! Keys are exact, so a result found by its key is right whatever it asserts. [`Policy::Never`] therefore
//! takes it and lets it assert what its inputs assert now; [`Policy::Exact`] takes it only if all it
//! asserted still holds, down to times of modification.

use std::collections::{HashMap, HashSet};

use base::assertion::{Accumulator, Assertions, Key, Policy, Properties};
use base::{Digest, Error, Fileset, Kind};
use flow::FlowId;
use store::Hit;

use super::Reducer;
use crate::event::Cause;
use crate::job::Job;
use crate::state::{Phase, State};

/// The most subjects that a value asserts something of; one that is made from more asserts nothing. A result
/// repeats what its inputs say, so a long chain that gathers one subject a step would take quadratic room.
const SUBJECTS: usize = 256;

/// What a run has seen of the world outside.
#[derive(Default)]
pub(super) struct Seen {
    /// All of it, which agrees.
    all: Accumulator,
    /// Digests of the sets in it.
    sets: HashSet<Digest>,
    /// Subjects that were looked at for the sake of cached results.
    looks: HashMap<Key, Look>,
    /// Cached results that wait for looks, and whether they were found ahead of what they depend on.
    held: HashMap<FlowId, (Hit, bool)>,
}

/// A look at a subject.
enum Look {
    /// Under way; these nodes wait for it.
    Pending(Vec<FlowId>),
    Done(Properties),
    Failed,
}

/// How what a value asserts compares with what is so.
enum Verdict {
    Holds,
    Broken,
    /// These must be looked at first.
    Unknown(Vec<Key>),
}

impl Reducer<'_> {
    /// What the inputs of a node assert.
    pub(super) fn inherited(&self, id: FlowId) -> Result<Assertions, Error> {
        let mut sets = Vec::new();
        for dep in self.graph.deps(id) {
            if let State::Done(stored) = self.states.get(*dep) {
                stored.collect_assertions(&mut sets);
            }
        }
        let merged = Assertions::merge(&sets).map_err(conflicting)?;
        Ok(if merged.len() > SUBJECTS { Assertions::default() } else { merged })
    }

    /// Notes what a value of this run asserts; a temporary failure if the run has seen it otherwise, since
    /// then the world has changed meanwhile.
    pub(super) fn see(&mut self, fileset: &Fileset) -> Result<(), Error> {
        for (_, file) in fileset.entries() {
            let Some(origin) = &file.origin else { continue };
            let set = &origin.assertions;
            if !set.is_empty() && !self.seen.sets.contains(&set.digest()) {
                self.seen.all.add_from([set]).map_err(conflicting)?;
                self.seen.sets.insert(set.digest());
            }
        }
        Ok(())
    }

    /// Takes a cached result if what it asserts will do.
    /// `ahead` says whether it was found before what it depends on has values.
    pub(super) fn judge(&mut self, id: FlowId, hit: Hit, ahead: bool) {
        let now = match self.settings.assert {
            Policy::Exact => return self.demand_exact(id, hit, ahead),
            Policy::Never if ahead => Ok(self.seen_of(&hit.fileset)),
            Policy::Never => self.inherited(id),
        };
        match now {
            Ok(now) => self.cached(id, Hit { fileset: hit.fileset.set_assertions(&now), ..hit }),
            Err(error) => self.fail(id, error, None),
        }
    }

    /// What this run has seen of that of which a cached value asserts something. All that takes part in a
    /// sealed key has been brought in.
    fn seen_of(&self, fileset: &Fileset) -> Assertions {
        fileset.assertions().map(|asserted| self.seen.all.filter(&asserted).0).unwrap_or_default()
    }

    fn demand_exact(&mut self, id: FlowId, hit: Hit, ahead: bool) {
        match self.compare(id, &hit.fileset) {
            Verdict::Holds => self.cached(id, hit),
            Verdict::Broken if ahead => self.take_long_way(id),
            Verdict::Broken => {
                self.outdated.insert(id);
                self.lead_or_follow(id, hit.key, Cause::Outdated);
            }
            Verdict::Unknown(keys) => {
                self.states.set(id, State::Active(Phase::LookingUp));
                let mut new = Vec::new();
                for key in keys {
                    match self.seen.looks.get_mut(&key) {
                        Some(Look::Pending(waiting)) => waiting.push(id),
                        _ => {
                            self.seen.looks.insert(key.clone(), Look::Pending(vec![id]));
                            new.push(key);
                        }
                    }
                }
                self.seen.held.insert(id, (hit, ahead));
                if !new.is_empty() {
                    self.job(Job::Refresh { keys: new });
                }
            }
        }
    }

    fn compare(&self, id: FlowId, fileset: &Fileset) -> Verdict {
        let Ok(asserted) = fileset.assertions() else { return Verdict::Broken };
        if asserted.is_empty() {
            return Verdict::Holds;
        }
        let (known, missing) = self.seen.all.filter(&asserted);
        let mut unknown = Vec::new();
        let mut looked = Vec::new();
        for key in missing {
            match self.seen.looks.get(&key) {
                Some(Look::Done(properties)) => looked.push((key, properties.clone())),
                Some(Look::Failed) => return Verdict::Broken,
                Some(Look::Pending(_)) | None => unknown.push(key),
            }
        }
        let agrees = self.inherited(id).is_ok_and(|inputs| Assertions::merge([&inputs, &asserted]).is_ok());
        let now = [known, Assertions::from_iter(looked)];
        let still_unknown = |key: &Key| unknown.contains(key);
        let target = Assertions::from_iter(
            asserted.iter().filter(|(key, _)| !still_unknown(key)).map(|(key, value)| (key.clone(), value.clone())),
        );
        match () {
            () if !agrees || !Policy::Exact.accepts(&now, &[target]) => Verdict::Broken,
            () if unknown.is_empty() => Verdict::Holds,
            () => Verdict::Unknown(unknown),
        }
    }

    /// Subjects have been looked at: what waited for them is judged.
    pub(super) fn refreshed(&mut self, results: Vec<(Key, Result<Properties, Error>)>) {
        let mut waiting = Vec::new();
        for (key, result) in results {
            let look = result.map_or(Look::Failed, Look::Done);
            if let Some(Look::Pending(ids)) = self.seen.looks.insert(key, look) {
                waiting.extend(ids);
            }
        }
        for id in waiting {
            if !self.canceled
                && let Some((hit, ahead)) = self.seen.held.remove(&id)
            {
                self.demand_exact(id, hit, ahead);
            }
        }
    }
}

fn conflicting(conflict: base::assertion::Conflict) -> Error {
    Error::new(Kind::Temporary, conflict.to_string()).during("adding assertions")
}
