//! All entries and blobs, and what is to become of each.

use std::collections::{HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use base::{Digest, Error, Kind};

use super::{Collected, Wanted};
use crate::assoc::{AssocKind, Entry as Row};
use crate::assoc_table;
use crate::file_repository::Watch;
use crate::local_store::LocalStore;

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A root, a label, or a process that relies on it keeps it.
    Kept,
    /// It was used after the threshold.
    Recent,
    /// A label says that it goes.
    Labelled,
    /// It was not used after the threshold.
    Old,
    /// There is no room for it.
    Excess,
}

/// A cache key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Digest,
    /// Seconds since 1970.
    pub(super) last_access: i64,
    pub(super) fate: Fate,
    /// Whether its value is there in the older format only.
    pub(super) is_old_format: bool,
    /// Indexes of the blobs that its fileset consists of.
    objects: Box<[u32]>,
}

/// A blob.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// When it came or its mode or number of links last changed, in seconds since 1970.
    changed: i64,
    is_there: bool,
    /// Whether a fileset lists it.
    is_listed: bool,
    /// Entries that stay and refer to it.
    references: u32,
    /// Whether a root or a process keeps it.
    is_kept: bool,
    /// Whether an entry that goes by its label referred to it.
    is_labelled: bool,
    /// Whether there is no room for it.
    is_excess: bool,
}

impl Object {
    /// Whether it goes.
    pub(super) fn goes(&self, survey: &Survey) -> bool {
        let is_wanted = self.references > 0 || self.is_kept;
        let is_recent = self.changed >= survey.threshold && !self.is_labelled && !self.is_excess;
        self.is_there && !is_wanted && !is_recent
    }
}

/// See the module's text.
pub(super) struct Survey {
    threshold: i64,
    pub(super) entries: Vec<Entry>,
    pub(super) objects: Vec<Object>,
    unreadable: Vec<(Digest, Error)>,
    /// Encoded filesets that are not there.
    lost: u64,
}

impl Survey {
    pub(super) fn of(
        store: &LocalStore,
        wanted: &Wanted,
        rooted: &HashSet<Digest>,
        watch: &Watch,
    ) -> Result<Self, Error> {
        let threshold = seconds(wanted.threshold);
        let mut survey = Self { threshold, entries: Vec::new(), objects: Vec::new(), unreadable: Vec::new(), lost: 0 };
        let mut known = HashMap::new();
        // After the watch has begun: who commits later has said what he relies on.
        let is_kept = |digest: &Digest| rooted.contains(digest) || watch.is_used(digest);
        let mut after = None;
        loop {
            let page = store.database.read(|connection| assoc_table::page(connection, after.as_ref()))?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            for row in page {
                let fate = match () {
                    () if wanted.keep.matches(&row.labels) || is_kept(&row.key) => Fate::Kept,
                    () if wanted.labels.matches(&row.labels) => Fate::Labelled,
                    () if seconds(row.last_access) >= threshold => Fate::Recent,
                    () => Fate::Old,
                };
                survey.add(store, row, fate, &mut known)?;
            }
        }
        for blob in store.repository.iter_changed() {
            let (digest, size, changed) = blob?;
            let object = survey.object(digest, &mut known);
            let object = &mut survey.objects[object as usize];
            (object.size, object.changed, object.is_there) = (size, changed, true);
            object.is_kept = is_kept(&digest);
        }
        Ok(survey)
    }

    fn add(&mut self, store: &LocalStore, row: Row, fate: Fate, known: &mut HashMap<Digest, u32>) -> Result<(), Error> {
        let mut objects = Vec::new();
        // Of entries that go by age nothing need be known, unless they stay in the end.
        match store.fileset_of(&row.key)? {
            Some(Ok(fileset)) => {
                for digest in fileset.entries().filter_map(|(_, file)| file.id) {
                    let object = self.object(digest, known);
                    self.objects[object as usize].is_listed = true;
                    objects.push(object);
                }
                // An encoded fileset may be a blob, too.
                objects.extend(row.values.iter().map(|(_, value)| self.object(*value, known)));
            }
            Some(Err(error)) if error.kind() == Kind::NotExist => self.lost += 1,
            Some(Err(error)) => self.unreadable.push((row.key, error)),
            None => {}
        }
        objects.sort_unstable();
        objects.dedup();
        for object in &objects {
            let object = &mut self.objects[*object as usize];
            object.references += u32::from(!fate.goes());
            object.is_labelled |= fate == Fate::Labelled;
        }
        self.entries.push(Entry {
            key: row.key,
            last_access: seconds(row.last_access),
            fate,
            is_old_format: row.values.iter().all(|(kind, _)| *kind == AssocKind::Fileset),
            objects: objects.into(),
        });
        Ok(())
    }

    fn object(&mut self, digest: Digest, known: &mut HashMap<Digest, u32>) -> u32 {
        *known.entry(digest).or_insert_with(|| {
            self.objects.push(Object {
                digest,
                size: 0,
                changed: 0,
                is_there: false,
                is_listed: false,
                references: 0,
                is_kept: false,
                is_labelled: false,
                is_excess: false,
            });
            (self.objects.len() - 1) as u32
        })
    }

    /// Lets the least recently used go until the blobs of the rest take no more than `room` bytes.
    pub(super) fn fit(&mut self, room: Option<u64>) {
        let Some(room) = room else { return };
        let stays = self.objects.iter().filter(|object| object.is_there && !object.goes(self));
        let mut total: u64 = stays.map(|object| object.size).sum();
        let mut order: Vec<(i64, usize)> = Vec::new();
        let recent = self.entries.iter().enumerate().filter(|(_, entry)| entry.fate == Fate::Recent);
        order.extend(recent.map(|(index, entry)| (entry.last_access, index)));
        // Blobs that no entry refers to go in their turn, behind the entries in numbering.
        let first_object = self.entries.len();
        let orphans =
            self.objects.iter().enumerate().filter(|(_, object)| {
                object.is_there && object.references == 0 && !object.is_kept && !object.goes(self)
            });
        order.extend(orphans.map(|(index, object)| (object.changed, first_object + index)));
        order.sort_unstable();
        for (_, index) in order {
            if total <= room {
                return;
            }
            if let Some(object) = index.checked_sub(first_object) {
                self.objects[object].is_excess = true;
                total -= self.objects[object].size;
                continue;
            }
            self.entries[index].fate = Fate::Excess;
            for object in &self.entries[index].objects {
                let object = &mut self.objects[*object as usize];
                object.references -= 1;
                object.is_excess = true;
                if object.references == 0 && !object.is_kept && object.is_there {
                    total -= object.size;
                }
            }
        }
    }

    /// Entries that were to go stay, as they were used meanwhile.
    pub(super) fn keep<'a>(&mut self, keys: impl Iterator<Item = &'a Digest>) {
        let keys: HashSet<&Digest> = keys.collect();
        for entry in self.entries.iter_mut().filter(|entry| keys.contains(&entry.key)) {
            entry.fate = Fate::Kept;
            for object in &entry.objects {
                self.objects[*object as usize].references += 1;
            }
        }
    }

    pub(super) fn report(&self) -> Collected {
        let mut collected =
            Collected { entries: self.entries.len() as u64, missing: self.lost, ..Collected::default() };
        for entry in &self.entries {
            collected.removed += u64::from(entry.fate.goes());
            collected.kept += u64::from(!entry.fate.goes());
            collected.by_label += u64::from(entry.fate == Fate::Labelled);
            collected.by_size += u64::from(entry.fate == Fate::Excess);
        }
        for object in &self.objects {
            collected.missing += u64::from(object.references > 0 && object.is_listed && !object.is_there);
            collected.in_use += u64::from(object.references > 0 && object.is_there);
            if object.is_there {
                collected.objects += 1;
                collected.bytes += object.size;
            }
            if object.goes(self) {
                collected.removed_objects += 1;
                collected.removed_bytes += object.size;
            }
        }
        collected.unreadable.clone_from(&self.unreadable);
        collected
    }
}

pub(super) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
