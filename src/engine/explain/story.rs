//! A run as the history tells it, and what its steps owe to what changed before it.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{Digest, Error, File, Fileset};
use store::steps::Tally;
use store::{LocalStore, Material, RunRecord, StepOutcome, StepRecord, TaskQuery, TaskRecord};

use super::compare::{Difference, compare_filesets};
use super::nearest::{Candidates, Counterparts};

/// Executed steps of a run that are explained; of the others there are only numbers.
const EXPLAINED: usize = 4096;
/// Cached steps whose results are looked at to find out where a file comes from.
const MAKERS: usize = 20_000;
/// Attempts at one key that are looked at.
const ATTEMPTS: usize = 16;

/// What is known of a run.
pub struct Story {
    /// The run.
    pub run: RunRecord,
    /// How many steps of each ident came to what.
    pub tally: Tally,
    store: LocalStore,
    /// The executed and failed steps, with their numbers, in order.
    executed: Vec<(u64, StepRecord)>,
    keys: HashSet<Digest>,
    imports: BTreeMap<String, Fileset>,
    makers: HashMap<Digest, Origin>,
    knows_cached_makers: bool,
    counterparts: Counterparts,
    candidates: HashMap<String, Candidates>,
}

/// Where a file of a run comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A path or URL that the program names.
    Import(String),
    /// The step of this number, which was executed.
    Executed(u64),
    /// A step of this ident, which was cached.
    Cached(String),
}

/// An attempt at an exec that an earlier run made.
#[derive(Clone, Debug)]
pub struct Past {
    /// What is kept of it.
    pub task: TaskRecord,
}

/// What a step is compared with.
#[derive(Clone, Debug)]
pub enum Against {
    /// It was not executed; this is what made its result, if that is known.
    Cached(Option<Past>),
    /// It has the result of another step of the run, which has the same key.
    Shared,
    /// Nobody recorded what it was made from.
    Unrecorded,
    /// No earlier run tried anything that it could take the place of.
    Nothing {
        /// How many execs of its ident the run has that earlier runs had, too.
        kept: usize,
    },
    /// An exec with the very same key: it was executed for another reason.
    Same(Past),
    /// The nearest exec that earlier runs had and this one has not.
    Nearest {
        /// What it was.
        past: Past,
        /// What differs from it; at least one thing.
        differences: Vec<Difference>,
    },
}

/// Why a step came to what it came to.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Its number in the run.
    pub number: u64,
    /// The step.
    pub step: StepRecord,
    /// What it was made from, if that is known.
    pub material: Option<Material>,
    /// What it is compared with.
    pub against: Against,
    /// What is kept of its last attempt, if it was executed.
    pub task: Option<TaskRecord>,
}

impl Story {
    /// Reads what is known of a run.
    pub fn read(store: &LocalStore, run: RunRecord) -> Result<Self, Error> {
        let (executed, keys) = (store.steps().executed(&run.id, EXPLAINED)?, store.steps().keys(&run.id)?);
        let imports = store.steps().imports(&run.id)?;
        let mut story = Self {
            tally: store.steps().tally(&run.id)?,
            store: store.clone(),
            executed,
            keys,
            makers: HashMap::new(),
            knows_cached_makers: false,
            counterparts: Counterparts::default(),
            candidates: HashMap::new(),
            imports,
            run,
        };
        story.counterparts.sources = sources(&story.imports);
        Ok(story)
    }

    /// How many steps were executed, to success or failure, that [`Story::explain`] leaves out.
    pub fn unexplained(&self) -> u64 {
        let is_executed = |outcome: StepOutcome| matches!(outcome, StepOutcome::Executed | StepOutcome::Failed);
        let count: u64 = self.tally.iter().filter(|((_, outcome), _)| is_executed(*outcome)).map(|(_, n)| n).sum();
        count.saturating_sub(self.executed.len() as u64)
    }

    /// Explains the executed and failed steps, in the order of their ends.
    pub fn explain(&mut self) -> Result<Vec<Explanation>, Error> {
        let mut explained = Vec::new();
        for (number, step) in std::mem::take(&mut self.executed) {
            explained.push(self.explain_executed(number, step)?);
        }
        self.executed = explained.iter().map(|one| (one.number, one.step.clone())).collect();
        Ok(explained)
    }

    /// The steps of the run that `accept` takes, at most so many, in order.
    pub fn find(&self, accept: &dyn Fn(&StepRecord) -> bool, limit: usize) -> Result<Vec<(u64, StepRecord)>, Error> {
        let mut found = Vec::new();
        self.store.steps().visit(&self.run.id, &mut |number, step| {
            if accept(&step) {
                found.push((number, step));
            }
            found.len() < limit
        })?;
        Ok(found)
    }

    /// Explains a step that [`Story::explain`] leaves out: what made its result, or why it was executed all the same.
    pub fn explain_other(&mut self, number: u64, step: StepRecord) -> Result<Explanation, Error> {
        let against = match step.outcome {
            StepOutcome::Shared => Against::Shared,
            StepOutcome::Cached => Against::Cached(self.past(&step.key, true)?),
            StepOutcome::Executed | StepOutcome::Failed => return self.explain_executed(number, step),
        };
        let material = self.store.materials().get(&step.key)?;
        Ok(Explanation { number, step, material, against, task: None })
    }

    fn explain_executed(&mut self, number: u64, step: StepRecord) -> Result<Explanation, Error> {
        let query = TaskQuery { key: Some(step.key), run: Some(self.run.id), limit: Some(1), ..TaskQuery::default() };
        let task = self.store.tasks().list(&query)?.pop();
        let material = self.store.materials().get(&step.key)?;
        let against = match (&material, self.past(&step.key, false)?) {
            (None, _) => Against::Unrecorded,
            (Some(_), Some(past)) => Against::Same(past),
            (Some(material), None) => self.nearest(material, &step)?,
        };
        if let Some(result) = self.store.recorded(&step.key)? {
            if let Against::Nearest { past, .. } = &against
                && let Some(key) = &past.task.key
                && let Some(replaced) = self.store.recorded(key)?
            {
                let mut changes = Vec::new();
                compare_filesets(&replaced, &result, "", &mut changes);
                self.counterparts.learn(&changes);
            }
            for (_, file) in result.entries() {
                self.makers.entry(file.digest()).or_insert(Origin::Executed(number));
            }
        }
        Ok(Explanation { number, step, material, against, task })
    }

    fn nearest(&mut self, material: &Material, step: &StepRecord) -> Result<Against, Error> {
        if !self.candidates.contains_key(&step.ident) {
            let read = Candidates::read(&self.store, &step.ident, &self.run.id, &self.keys)?;
            for past in read.runs() {
                if !self.counterparts.past_sources.contains_key(&past) {
                    let found = sources(&self.store.steps().imports(&past)?);
                    self.counterparts.past_sources.insert(past, found);
                }
            }
            self.candidates.insert(step.ident.clone(), read);
        }
        let Some(candidates) = self.candidates.get(&step.ident) else { return Ok(Against::Nothing { kept: 0 }) };
        Ok(match candidates.nearest(material, &step.position, &self.counterparts) {
            Some((past, differences)) => Against::Nearest { past, differences },
            None => Against::Nothing { kept: candidates.kept },
        })
    }

    /// The latest attempt at a key before this run; with `success`, the latest that left a result.
    fn past(&self, key: &Digest, success: bool) -> Result<Option<Past>, Error> {
        let before_run = Some(self.run.id);
        let query = TaskQuery { key: Some(*key), before_run, limit: Some(ATTEMPTS), ..TaskQuery::default() };
        let mut earlier = self.store.tasks().list(&query)?;
        earlier.retain(|task| !success || task.error.is_none());
        // What was not stored is not what was found.
        let at = earlier.iter().position(|task| task.stored || task.error.is_some()).unwrap_or(0);
        Ok((at < earlier.len()).then(|| Past { task: earlier.swap_remove(at) }))
    }

    /// The ident of an executed step.
    pub fn ident(&self, number: u64) -> Option<&str> {
        let found = self.executed.iter().find(|(known, _)| *known == number);
        found.map(|(_, step)| step.ident.as_str())
    }

    /// Where a file of the run comes from, if that is known.
    pub fn origin(&mut self, file: &File) -> Result<Option<Origin>, Error> {
        let digest = file.digest();
        if let Some(origin) = self.makers.get(&digest) {
            return Ok(Some(origin.clone()));
        }
        if let Some(source) = self.counterparts.sources.get(&digest) {
            return Ok(Some(Origin::Import(source.clone())));
        }
        if !self.knows_cached_makers {
            self.knows_cached_makers = true;
            for (_, step) in self.find(&|step| step.outcome == StepOutcome::Cached, MAKERS)? {
                let Some(result) = self.store.recorded(&step.key)? else { continue };
                for (_, file) in result.entries() {
                    let origin = || Origin::Cached(step.ident.clone());
                    self.makers.entry(file.digest()).or_insert_with(origin);
                }
            }
        }
        Ok(self.makers.get(&digest).cloned())
    }

    /// The path or URL at which an earlier run found a file.
    pub fn past_source(&self, past: &Past, file: &File) -> Option<&str> {
        let sources = self.counterparts.past_sources.get(&past.task.run)?;
        sources.get(&file.digest()).map(String::as_str)
    }

    /// What brought the changes of explained steps about, each by its place in `explained`.
    pub fn causes(&mut self, explained: &[Explanation]) -> Result<Causes, Error> {
        let places: HashMap<u64, usize> = explained.iter().enumerate().map(|(at, one)| (one.number, at)).collect();
        let mut makers = Vec::with_capacity(explained.len());
        for explanation in explained {
            makers.push(self.maker_of_change(explanation, &places)?);
        }
        Ok(Causes { makers })
    }

    fn maker_of_change(
        &mut self,
        explanation: &Explanation,
        places: &HashMap<u64, usize>,
    ) -> Result<Option<usize>, Error> {
        let Against::Nearest { differences, .. } = &explanation.against else { return Ok(None) };
        for difference in differences {
            let Difference::Input { changes, .. } = difference else { continue };
            for file in changes.iter().filter_map(|change| change.to.as_ref()) {
                if let Some(Origin::Executed(number)) = self.origin(file)?
                    && let Some(at) = places.get(&number)
                {
                    return Ok(Some(*at));
                }
            }
        }
        Ok(None)
    }
}

/// For each explained step the executed one, if any, that made the first of its files that changed.
///
/// Files are known by their content alone, so that steps may seem to bring each other about; whoever follows them
/// stops where they come round.
pub struct Causes {
    makers: Vec<Option<usize>>,
}

impl Causes {
    /// The steps that brought the change of one about, the first cause first, the step itself last.
    pub fn chain(&self, of: usize) -> Vec<usize> {
        let (mut chain, mut seen) = (vec![of], HashSet::from([of]));
        let mut at = of;
        while let Some(before) = self.makers[at].filter(|before| seen.insert(*before)) {
            chain.push(before);
            at = before;
        }
        chain.reverse();
        chain
    }

    /// For each step its first cause, and how many steps come before it.
    pub fn roots(&self) -> Vec<(usize, usize)> {
        let mut roots: Vec<Option<(usize, usize)>> = vec![None; self.makers.len()];
        for start in 0..self.makers.len() {
            let (mut walk, mut on_it) = (Vec::new(), HashSet::new());
            let mut at = start;
            let (root, mut before) = loop {
                if let Some((root, before)) = roots[at] {
                    break (root, before + 1);
                }
                walk.push(at);
                on_it.insert(at);
                match self.makers[at].filter(|maker| !on_it.contains(maker)) {
                    Some(maker) => at = maker,
                    None => break (at, 0),
                }
            };
            for at in walk.into_iter().rev() {
                roots[at] = Some((root, before));
                before += 1;
            }
        }
        roots.into_iter().enumerate().map(|(at, root)| root.unwrap_or((at, 0))).collect()
    }
}

/// Paths and URLs by the files that are there; of a folder, with the path in it.
fn sources(imports: &BTreeMap<String, Fileset>) -> HashMap<Digest, String> {
    let mut found = HashMap::new();
    for (source, fileset) in imports {
        for (path, file) in fileset.entries() {
            let name = if path == Fileset::ROOT { source.clone() } else { format!("{source}{path}") };
            found.entry(file.digest()).or_insert(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_followed_to_the_first() {
        // 0 brought 1 and 3 about, 1 brought 2; 4 and 5 seem to bring each other about.
        let causes = Causes { makers: vec![None, Some(0), Some(1), Some(0), Some(5), Some(4)] };
        assert_eq!((causes.chain(2), causes.chain(3), causes.chain(0)), (vec![0, 1, 2], vec![0, 3], vec![0]));
        assert_eq!(causes.chain(4), [5, 4]);
        assert_eq!(causes.roots()[..4], [(0, 0), (0, 1), (0, 2), (0, 1)]);
        assert_eq!(causes.roots()[4].0, causes.roots()[5].0);
    }

    #[test]
    fn a_long_chain_is_walked_once() {
        const LENGTH: usize = 200_000;
        let makers = (0..LENGTH).map(|at| (at + 1 < LENGTH).then_some(at + 1)).collect();
        let roots = Causes { makers }.roots();
        assert_eq!((roots[0], roots[LENGTH - 1]), ((LENGTH - 1, LENGTH - 1), (LENGTH - 1, 0)));
    }
}
