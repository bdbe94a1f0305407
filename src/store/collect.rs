//! Collection: cache entries, blobs and history that are no longer wanted go (runtime spec §7.7, CLI spec §14.3).
//!
//! What is wanted is decided over one survey of all entries and blobs ([`survey`]); then rows go, each looked at
//! again in the transaction that removes it, then the blobs that no remaining entry refers to. Other processes go
//! on meanwhile: what they have said to rely on before they looked for it is neither forgotten nor removed
//! ([`Watch`](crate::file_repository::Watch)), and what they commit after the survey consists of such blobs.

mod rows;
mod survey;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use base::{Digest, Error};

use crate::filter::Filter;
use crate::local_store::LocalStore;
use survey::{Fate, Survey};

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Entries used after this are kept, and so are blobs without entries that came after it.
    pub threshold: SystemTime,
    /// Entries with such labels are kept.
    pub keep: Filter,
    /// Other entries with such labels go, whatever their age.
    pub labels: Filter,
    /// Bytes of blobs beyond which the least recently used entries go.
    pub max_size: Option<u64>,
    /// The most entries removed in a second.
    pub rate: u32,
    /// How many filesets in the older format are rewritten; `None` for all.
    pub migrations: Option<u64>,
    /// Only say what would go.
    pub dry_run: bool,
}

/// What a collection found and did, or would have done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// Entries looked at.
    pub entries: u64,
    /// Those that are kept.
    pub kept: u64,
    /// Those that go; among them those by label, and those for want of room.
    pub removed: u64,
    /// Of those that go: by label.
    pub by_label: u64,
    /// Of those that go: for want of room.
    pub by_size: u64,
    /// Blobs that kept entries refer to.
    pub in_use: u64,
    /// Blobs that kept entries refer to and that are not there.
    pub missing: u64,
    /// Entries whose fileset cannot be read, and why.
    pub unreadable: Vec<(Digest, Error)>,
    /// Filesets rewritten.
    pub migrated: u64,
    /// Blobs looked at, and their bytes.
    pub objects: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Blobs that go.
    pub removed_objects: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Runs that go from the history, with their steps.
    pub runs: Vec<Digest>,
}

impl LocalStore {
    /// Removes what is not wanted. `Unavailable` while another collection goes on. An error of the survey comes
    /// before anything is removed; one that comes later leaves a store that is whole, with less removed.
    pub fn collect(&self, wanted: &Wanted) -> Result<Collected, Error> {
        let mut watch = self.repository.watch()?;
        let roots = self.roots().list()?;
        let rooted: HashSet<Digest> = roots.iter().flat_map(|root| root.keys.iter().copied()).collect();
        let mut survey = Survey::of(self, wanted, &rooted, &watch)?;
        survey.fit(wanted.max_size);
        let runs = self.old_runs(wanted.threshold, &roots)?;
        let mut collected = survey.report();
        collected.runs.clone_from(&runs);
        if wanted.dry_run {
            collected.migrated = 0;
            return Ok(collected);
        }

        let mut spared = HashMap::new();
        let going: Vec<_> = survey.entries.iter().filter(|entry| entry.fate.goes()).collect();
        for batch in going.chunks(wanted.rate.clamp(1, 1000) as usize) {
            let start = Instant::now();
            watch.refresh()?;
            let is_spared = |key: &Digest| watch.is_used(key);
            for entry in rows::remove(&self.database, batch, &is_spared)? {
                spared.insert(entry.key, entry);
            }
            // The slowest that the rate asks for; the last batch waits for nobody.
            let least = Duration::from_secs_f64(batch.len() as f64 / f64::from(wanted.rate.max(1)));
            if batch.len() == wanted.rate.clamp(1, 1000) as usize {
                std::thread::sleep(least.saturating_sub(start.elapsed()));
            }
        }
        for entry in spared.values() {
            collected.by_label -= u64::from(entry.fate == Fate::Labelled);
            collected.by_size -= u64::from(entry.fate == Fate::Excess);
        }
        collected.removed -= spared.len() as u64;
        collected.kept += spared.len() as u64;
        survey.keep(spared.keys());
        let going = survey.objects.iter().filter(|object| object.goes(&survey));
        let going: Vec<(Digest, u64)> = going.map(|object| (object.digest, object.size)).collect();
        (collected.removed_objects, collected.removed_bytes) = self.repository.remove_unused(&going, &mut watch)?;
        collected.migrated = self.migrate(&survey, wanted.migrations)?;
        rows::forget_runs(&self.database, &runs)?;
        rows::sweep(&self.database)?;
        self.database.renew_journal();
        Ok(collected)
    }

    /// Runs that are over, began before `threshold` and are no root.
    fn old_runs(&self, threshold: SystemTime, roots: &[crate::roots::Root]) -> Result<Vec<Digest>, Error> {
        let named: HashSet<&str> = roots.iter().filter_map(|root| root.target.strip_prefix("run ")).collect();
        let query = crate::runs::RunQuery { until: Some(threshold), ..Default::default() };
        let mut old = Vec::new();
        for run in self.runs().list(&query)? {
            if !named.contains(run.id.to_string().as_str()) && !self.locks.is_locked(&run.id)? {
                old.push(run.id);
            }
        }
        Ok(old)
    }

    /// Rewrites filesets of kept entries that are there in the older format only.
    fn migrate(&self, survey: &Survey, limit: Option<u64>) -> Result<u64, Error> {
        let mut count = 0;
        for entry in survey.entries.iter().filter(|entry| entry.is_old_format && !entry.fate.goes()) {
            if limit.is_some_and(|limit| count >= limit) {
                break;
            }
            count += u64::from(rows::migrate(&self.database, &entry.key)?);
        }
        Ok(count)
    }
}

impl Fate {
    /// Whether the entry goes.
    fn goes(self) -> bool {
        matches!(self, Self::Labelled | Self::Old | Self::Excess)
    }
}
