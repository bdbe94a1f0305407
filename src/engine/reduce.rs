//! The reducer: the loop's state, without any input or output.
//!
//! Work goes round: [`Reducer::advance`] takes the steps that need nothing but the loop, collects jobs
//! for the rest, and [`Reducer::complete`] takes in what came of them. A node is taken once all its
//! dependencies have values; top-down, an exec is looked up ahead of them if it can be (see `seal`). No
//! walk is recursive and none is repeated: every node counts the dependencies it still misses and knows
//! who waits for it.

mod assertions;
mod external;
mod lost;
mod notes;
mod outcome;
mod predict;
mod repair;
mod seal;
mod settle;
mod task;
mod transfer;
mod withhold;

pub use outcome::Outcome;
pub use withhold::Withheld;

use assertions::Seen;
use lost::Losses;
use notes::Notes;
use predict::Histories;
use seal::Seals;

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use base::assertion::Policy;
use base::{Digest, Error, Fileset, Kind, Resources};
use exec::{Lease, Pool};
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use types::Value;

use crate::attempt::RetryPolicy;
use crate::event::{Counts, Event, Listener, Progress, Step};
use crate::failure::Failure;
use crate::job::{Completion, Job};
use crate::local::{self, Patterns};
use crate::memory::Memory;
use crate::predict::Predictor;
use crate::scheduler::Scheduler;
use crate::state::{FailureId, Phase, State, States};
use crate::stored::Stored;
use crate::summary::Summary;

/// Whether results are taken from the cache and put into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheMode {
    /// Look results up.
    pub read: bool,
    /// Store results.
    pub write: bool,
}

impl Default for CacheMode {
    fn default() -> Self {
        Self { read: true, write: true }
    }
}

/// Says of an ident whether its nodes are not to be taken from the cache.
pub type Invalidate = Box<dyn Fn(&str) -> bool>;

/// What the reducer decides by.
pub struct Settings {
    /// Use of the cache.
    pub cache: CacheMode,
    /// Nodes whose cache entries are not used. They are stored again.
    pub invalidate: Option<Invalidate>,
    /// Whether an exec is looked up before the execs it depends on, which are left alone if it is found;
    /// otherwise after them.
    pub top_down: bool,
    /// Whether to keep what [`crate::dot`] needs.
    pub keep_trail: bool,
    /// Whether to tell every change of every node.
    pub trace: bool,
    /// Whether a cached result with an empty part counts as none.
    pub recompute_empty: bool,
    /// Predicts the memory of execs, if they are to get what they are likely to need rather than what the
    /// program declares.
    pub predictor: Option<Predictor>,
    /// What must hold of that from which a cached result was made.
    pub assert: Policy,
    /// When a failed exec is tried again.
    pub retry: RetryPolicy,
    /// Mixed into all keys, if the executor has a salt.
    pub salt: Option<Digest>,
    /// The room for execs.
    pub pool: Pool,
    /// Whether nothing is executed or exported: what would be is withheld, and what needs it has no value.
    pub withhold: bool,
}

impl Settings {
    /// Caching, no salt, the usual retries, and this room.
    pub fn new(pool: Pool) -> Self {
        Self {
            cache: CacheMode::default(),
            invalidate: None,
            top_down: false,
            keep_trail: false,
            trace: false,
            recompute_empty: false,
            predictor: None,
            assert: Policy::Never,
            retry: RetryPolicy::default(),
            salt: None,
            pool,
            withhold: false,
        }
    }
}

/// What an image text stands for.
enum Image {
    /// Asked; these execs wait for the answer.
    Pending(Vec<FlowId>),
    Resolved(Rc<str>),
    Failed(FailureId),
}

/// Nodes on their way into jobs of one sort, of which only so many are out at a time.
struct Lane {
    waiting: VecDeque<FlowId>,
    out: usize,
    limit: usize,
}

impl Lane {
    fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), out: 0, limit }
    }

    fn may_start(&self) -> bool {
        self.out < self.limit && !self.waiting.is_empty()
    }
}

/// Lookup jobs out at a time, and nodes in each: enough to keep two threads busy, few enough that the
/// answers of a million nodes are never in memory together.
const LOOKUP_JOBS: usize = 4;
const LOOKUP_BATCH: usize = 512;
/// Jobs with literal data out at a time, nodes and bytes in each.
const PUT_JOBS: usize = 2;
const PUT_BATCH: usize = 256;
const PUT_BYTES: usize = 8 << 20;
/// Interns and externs out at a time.
const TRANSFER_JOBS: usize = 16;
/// Execs out at a time, including those whose commands have exited and whose results are being
/// collected: collection must not fall behind without bound.
const UNFINISHED_EXECS: usize = 256;

/// Reduces a graph to the value of its root. See the module's text.
pub struct Reducer<'a> {
    graph: &'a mut Graph,
    root: FlowId,
    /// Nodes that were there at the start.
    initial: usize,
    settings: Settings,
    listener: Listener<'a>,
    states: States,
    ready: VecDeque<FlowId>,
    patterns: Patterns,
    images: HashMap<Rc<str>, Image>,
    /// The first exec or extern of each key; the others take its value.
    by_key: HashMap<Digest, FlowId>,
    /// The first intern of each URL; the others take its value.
    by_url: HashMap<(Rc<str>, bool), FlowId>,
    lookups: Lane,
    puts: Lane,
    transfers: Lane,
    scheduler: Scheduler,
    leases: HashMap<FlowId, Lease>,
    /// Execs that failed: the number of their next try and its room.
    retries: HashMap<FlowId, (u32, Resources)>,
    /// What this run has seen of the world outside.
    seen: Seen,
    seals: Seals,
    histories: Histories,
    notes: Notes,
    withheld: Withheld,
    /// Execs whose cached results were made from what is no longer so.
    outdated: HashSet<FlowId>,
    jobs: Vec<Job>,
    /// Jobs without a completion yet.
    unanswered: usize,
    counts: Counts,
    summary: Summary,
    failures: Vec<Failure>,
    losses: Losses,
    canceled: bool,
}

impl<'a> Reducer<'a> {
    /// Asks for `root`. Call [`Reducer::advance`] next.
    pub fn new(graph: &'a mut Graph, root: FlowId, settings: Settings, listener: Listener<'a>) -> Self {
        Self::with_memory(graph, root, settings, &Memory::default(), listener)
    }

    /// Asks for `root` where some values are known from earlier.
    pub fn with_memory(
        graph: &'a mut Graph,
        root: FlowId,
        settings: Settings,
        memory: &Memory,
        listener: Listener<'a>,
    ) -> Self {
        let scheduler = Scheduler::new(settings.pool.clone());
        let states = States::recalled(memory, graph.len());
        let mut reducer = Self {
            initial: graph.len(),
            graph,
            root,
            settings,
            listener,
            states,
            ready: VecDeque::new(),
            patterns: Patterns::default(),
            images: HashMap::new(),
            by_key: HashMap::new(),
            by_url: HashMap::new(),
            lookups: Lane::new(LOOKUP_JOBS),
            puts: Lane::new(PUT_JOBS),
            transfers: Lane::new(TRANSFER_JOBS),
            scheduler,
            leases: HashMap::new(),
            retries: HashMap::new(),
            seen: Seen::default(),
            seals: Seals::default(),
            histories: Histories::default(),
            notes: Notes::default(),
            withheld: Withheld::default(),
            outdated: HashSet::new(),
            jobs: Vec::new(),
            unanswered: 0,
            counts: Counts::default(),
            summary: Summary::default(),
            failures: Vec::new(),
            losses: Losses::default(),
            canceled: false,
        };
        (reducer.listener)(&Event::RunStarted { nodes: reducer.graph.len() });
        if reducer.settings.trace {
            reducer.states.trace();
        }
        reducer.demand(root);
        reducer
    }

    /// Takes up to `steps` local steps, then makes jobs of what has become possible. Says whether there
    /// are steps left to take at once.
    pub fn advance(&mut self, steps: usize) -> bool {
        if self.canceled {
            return false;
        }
        self.take_happened();
        for _ in 0..steps {
            let Some(id) = self.ready.pop_front() else { break };
            self.step(id);
        }
        self.take_happened();
        self.start_lookups();
        self.start_puts();
        self.start_transfers();
        self.admit();
        self.tell_changes();
        !self.ready.is_empty() || !self.seals.is_idle()
    }

    fn tell_changes(&mut self) {
        for (id, state) in self.states.take_changes() {
            (self.listener)(&Event::NodeChanged { step: Step::new(self.graph, id), state });
        }
    }

    /// The jobs since the last call. Each must be answered by a completion.
    pub fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// Takes in what came of a job, or what happened.
    pub fn complete(&mut self, completion: Completion) {
        use Completion::{Canceled, ExecEvent, ImagePull};
        if !matches!(completion, ExecEvent { .. } | ImagePull { .. } | Canceled) {
            self.unanswered = self.unanswered.saturating_sub(1);
        }
        match completion {
            Completion::ImageResolved { text, result } => self.image_resolved(&text, result),
            Completion::LookedUp { wanted, result, elapsed } => self.looked_up(wanted, result, elapsed),
            Completion::Refreshed { results } => self.refreshed(results),
            Completion::Measured { ident, result } => self.measured(ident, result),
            Completion::ImagePull { image, pull } => self.image_pull(&image, pull),
            Completion::ExecEvent { id, event } => self.exec_event(id, event),
            Completion::Executed(executed) => self.executed(*executed),
            Completion::KeyFree { id } => self.key_free(id),
            Completion::Paused { id } => self.paused(id),
            Completion::Put { results } => self.put(results),
            Completion::Interned { id, result, elapsed } => self.interned(id, result, elapsed),
            Completion::Externed { task, result, elapsed } => self.externed(*task, result, elapsed),
            Completion::BlobsLost { id, lost, error } => self.blobs_lost(id, &lost, error),
            Completion::Lost { ids } => self.lost(&ids),
            Completion::Canceled => self.cancel(),
        }
    }

    /// Whether nothing is left to do or to wait for.
    pub fn is_over(&self) -> bool {
        self.unanswered == 0 && (self.canceled || self.is_idle())
    }

    fn is_idle(&self) -> bool {
        let lanes = [&self.lookups, &self.puts, &self.transfers];
        self.ready.is_empty()
            && self.seals.is_idle()
            && self.scheduler.waiting() == 0
            && lanes.iter().all(|lane| lane.waiting.is_empty())
    }

    /// Tells the listener where the run stands.
    pub fn report_progress(&mut self) {
        let progress = self.progress();
        (self.listener)(&Event::Progress(&progress));
    }

    /// Where the run stands.
    pub fn progress(&self) -> Progress {
        let tally = self.states.tally();
        Progress {
            nodes: self.graph.len(),
            waiting: tally.waiting + tally.ready,
            lookups: tally.lookups,
            queued: tally.queued,
            executing: tally.executing,
            elsewhere: tally.elsewhere,
            transferring: tally.transferring,
            done: tally.done,
            failed: tally.failed,
            counts: self.counts,
        }
    }

    /// Stops: nothing new is begun, what is out is waited for.
    fn cancel(&mut self) {
        self.canceled = true;
        self.unanswered = self.unanswered.saturating_sub(self.jobs.len());
        self.jobs.clear();
        self.ready.clear();
        self.seals.clear();
        self.scheduler.clear();
        for lane in [&mut self.lookups, &mut self.puts, &mut self.transfers] {
            lane.waiting.clear();
        }
    }

    fn job(&mut self, job: Job) {
        if !self.canceled {
            self.unanswered += 1;
            self.jobs.push(job);
        }
    }

    /// Asks for a node and all that it needs.
    fn demand(&mut self, id: FlowId) {
        self.demand_all(vec![id]);
    }

    fn demand_all(&mut self, mut stack: Vec<FlowId>) {
        while let Some(id) = stack.pop() {
            stack.extend(self.need(id));
            if matches!(self.states.get(id), State::Idle) && !self.begin_seal(id) {
                self.visit(id, &mut stack);
            }
        }
    }

    /// Counts what a node misses; puts on the stack what nobody has asked for yet, the first on top.
    fn visit(&mut self, id: FlowId, stack: &mut Vec<FlowId>) {
        let mut missing = 0;
        for dep in self.graph.deps(id) {
            match self.states.get(*dep) {
                State::Done(_) => {}
                State::Failed(failure) => {
                    let failure = *failure;
                    if self.settings.top_down || self.settings.withhold {
                        // It failed for the sake of a seal; what stands beside it is still to be done.
                        stack.extend(self.graph.deps(id));
                    }
                    return self.settle(id, Err(failure));
                }
                _ => {
                    self.states.wait(id, *dep);
                    missing += 1;
                }
            }
        }
        if missing == 0 {
            self.make_ready(id);
        } else {
            self.states.set(id, State::Waiting(missing));
            // A continuation that was run for its seal alone is needed now.
            let top_down = self.settings.top_down;
            let idle = |dep: &&FlowId| top_down || matches!(self.states.get(**dep), State::Idle);
            stack.extend(self.graph.deps(id).iter().rev().filter(idle));
        }
        if let Op::Exec(exec) = self.graph.op(id) {
            // The answer comes while the dependencies are on their way.
            let text = exec.image.clone();
            self.resolve_image(&text);
        }
    }

    fn make_ready(&mut self, id: FlowId) {
        self.states.set(id, State::Active(Phase::Ready));
        self.ready.push_back(id);
    }

    /// A ready node's next step.
    fn step(&mut self, id: FlowId) {
        match self.graph.op(id) {
            Op::Exec(_) => self.step_exec(id),
            Op::Intern { .. } => self.step_intern(id),
            Op::Extern { .. } => self.step_extern(id),
            Op::Data(_) => {
                self.states.set(id, State::Active(Phase::Transfer));
                self.puts.waiting.push_back(id);
            }
            _ => match self.reduce_here(id) {
                Ok(Resumed::Value(Value::Flow(flow))) => self.become_other(id, self.graph.id_of(&flow)),
                Ok(Resumed::Value(value)) => self.settle(id, Ok(Stored::new(value))),
                Ok(Resumed::Flow(next)) => self.become_other(id, next),
                Err(error) => self.fail(id, error, None),
            },
        }
    }

    /// What a node comes to that needs nothing but the loop.
    fn reduce_here(&mut self, id: FlowId) -> Result<Resumed, Error> {
        let fileset = |fileset: Fileset| Ok(Resumed::Value(Value::Fileset(Rc::new(fileset))));
        match self.graph.op(id) {
            Op::Val(known) => known.result.clone().map(Resumed::Value),
            Op::Continue { code, .. } => {
                let code = code.clone();
                let values = self.values(id)?;
                let resumed = code.resume(self.graph, &values);
                self.states.grow(self.graph.len());
                resumed
            }
            Op::Coerce { code, .. } => code.coerce(&self.value(id)?).map(Resumed::Value),
            Op::Require(_) => self.value(id).map(Resumed::Value),
            Op::Merge => fileset(local::merge(self.inputs(id)?)),
            Op::Pullup => fileset(local::pullup(self.inputs(id)?)),
            Op::Groupby { pattern } => {
                let input = local::fileset(self.value(id)?)?;
                fileset(local::groupby(&mut self.patterns, pattern, &input)?)
            }
            Op::Collect { pattern, replacement } => {
                let input = local::fileset(self.value(id)?)?;
                fileset(local::collect(&mut self.patterns, pattern, replacement, &input)?)
            }
            Op::Map(mapped) => {
                let code = mapped.code.clone();
                let input = local::fileset(self.value(id)?)?;
                let elements: Vec<FlowId> = (input.list.iter())
                    .map(|element| {
                        let element = self.graph.fileset(element.clone());
                        code.map(self.graph, element)
                    })
                    .collect();
                let merge = self.graph.add(Op::Merge, elements);
                self.states.grow(self.graph.len());
                Ok(Resumed::Flow(merge))
            }
            Op::Exec(_) | Op::Intern { .. } | Op::Extern { .. } | Op::Data(_) => {
                Err(Error::new(Kind::Fatal, format!("{} is not a local step", self.graph.op(id).name())))
            }
        }
    }

    /// The value of a node's first dependency.
    fn value(&self, id: FlowId) -> Result<Value, Error> {
        let dep = self.graph.deps(id).first();
        dep.ok_or_else(|| Error::new(Kind::Fatal, "the node has no dependency")).and_then(|dep| self.value_of(*dep))
    }

    /// The values of a node's dependencies.
    fn values(&self, id: FlowId) -> Result<Vec<Value>, Error> {
        self.graph.deps(id).iter().map(|dep| self.value_of(*dep)).collect()
    }

    /// The values of a node's dependencies, which must be filesets.
    fn inputs(&self, id: FlowId) -> Result<Vec<Rc<Fileset>>, Error> {
        self.graph.deps(id).iter().map(|dep| local::fileset(self.value_of(*dep)?)).collect()
    }

    fn value_of(&self, id: FlowId) -> Result<Value, Error> {
        match self.states.get(id) {
            State::Done(stored) => Ok(stored.value()),
            _ => Err(Error::new(Kind::Fatal, "a dependency was used before it had a value")),
        }
    }
}
