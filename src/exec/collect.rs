//! The outputs of a command: found, digested and moved into the repository (runtime spec §6.8, with
//! the corrections of §12.4 71a and 71b).
//!
//! [`walk`] lists what there is; here every file is adopted once, however many names lead to it, by a
//! bounded number of threads, and the filesets are put together.

mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use base::config::OutputKind;
use base::{Error, File, Fileset, Kind};
use store::FileRepository;

use crate::executor::Collected;
use walk::{Found, Walk};

/// Threads that may digest outputs besides those that the commands' ends are handled on. Shared by all
/// execs of an executor, so that many small execs do not multiply threads.
#[derive(Debug)]
pub(crate) struct Helpers(AtomicUsize);

impl Helpers {
    /// As many as there are processors, less one: the caller works too.
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(AtomicUsize::new(processors.min(MOST_THREADS) - 1))
    }

    /// Takes up to `wanted` helpers; gives back how many it got.
    fn take(&self, wanted: usize) -> usize {
        let mut taken = 0;
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |free| {
            taken = free.min(wanted);
            Some(free - taken)
        });
        taken
    }

    fn give(&self, taken: usize) {
        self.0.fetch_add(taken, Ordering::AcqRel);
    }
}

/// Beyond this many threads the disk is the limit.
const MOST_THREADS: usize = 16;
/// A helper is called for each so many files or bytes: a thread costs about as much as digesting them.
const FILES_PER_HELPER: usize = 32;
const BYTES_PER_HELPER: u64 = 4 << 20;

/// What is to be collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outputs<'a> {
    /// The folder of the outputs on this machine.
    pub(crate) folder: &'a Path,
    /// The same folder as the command saw it; absolute links are resolved by it.
    pub(crate) seen_as: &'a Path,
    /// Kinds of the outputs 0, 1, …; empty for a command that leaves its result in `default`.
    pub(crate) kinds: &'a [OutputKind],
}

/// Moves the outputs into `repository`.
///
/// `Err` of the inner result is the command's own failure, of kind `Invalid`: an output that it did not
/// create or that is of the wrong kind, a link that leads out of the outputs, a name that is not UTF-8.
/// `Err` of the outer one is the machinery's.
pub(crate) fn collect(
    outputs: Outputs<'_>,
    repository: &FileRepository,
    helpers: &Helpers,
) -> Result<Result<Collected, Error>, Error> {
    let (roots, notes) = match walk::walk(outputs)? {
        Ok(Walk { roots, notes }) => (roots, notes),
        Err(failure) => return Ok(Err(failure)),
    };
    let adopted = adopt_all(&roots, repository, helpers)?;
    let lookup = |found: &Found| -> Result<File, Error> {
        adopted.get(&found.place).cloned().ok_or_else(|| {
            Error::new(Kind::Fatal, format!("the output file {} was not adopted", found.place.display()))
        })
    };
    let mut filesets = Vec::with_capacity(roots.len());
    for root in &roots {
        let map: BTreeMap<String, File> =
            root.iter().map(|found| Ok((found.path.clone(), lookup(found)?))).collect::<Result<_, Error>>()?;
        filesets.push(Fileset::of_map(map));
    }
    let new_blobs: BTreeSet<_> = adopted.values().filter_map(|file| file.id).collect();
    let fileset =
        if outputs.kinds.is_empty() { filesets.pop().unwrap_or_default() } else { Fileset::of_list(filesets) };
    Ok(Ok(Collected { fileset, new_blobs: new_blobs.into_iter().collect(), notes }))
}

fn adopt_all(
    roots: &[Vec<Found>],
    repository: &FileRepository,
    helpers: &Helpers,
) -> Result<BTreeMap<PathBuf, File>, Error> {
    // One entry for each file, with its size: several names may lead to it.
    let places: BTreeMap<&Path, u64> =
        roots.iter().flatten().map(|found| (found.place.as_path(), found.size)).collect();
    let places: Vec<(&Path, u64)> = places.into_iter().collect();
    let bytes: u64 = places.iter().map(|(_, size)| size).sum();
    let by_bytes = usize::try_from(bytes / BYTES_PER_HELPER).unwrap_or(usize::MAX);
    let wanted = (places.len() / FILES_PER_HELPER).max(by_bytes).min(places.len().saturating_sub(1));

    let shared = Adoption { places: &places, next: AtomicUsize::new(0), done: Mutex::new(Ok(BTreeMap::new())) };
    let taken = helpers.take(wanted);
    std::thread::scope(|scope| {
        for _ in 0..taken {
            scope.spawn(|| shared.work(repository));
        }
        shared.work(repository);
    });
    helpers.give(taken);
    shared.done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Adoption<'a> {
    places: &'a [(&'a Path, u64)],
    next: AtomicUsize,
    done: Mutex<Result<BTreeMap<PathBuf, File>, Error>>,
}

impl Adoption<'_> {
    /// Takes one file after the other until there are none, or somebody failed.
    fn work(&self, repository: &FileRepository) {
        while let Some((place, _)) = self.places.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let result = repository.adopt(place);
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *done, result) {
                (Ok(map), Ok(file)) => {
                    map.insert(place.to_path_buf(), file);
                }
                (Ok(_), Err(error)) => {
                    *done = Err(error.during(format!("output file {}", place.display())));
                    return;
                }
                (Err(_), _) => return,
            }
        }
    }
}
