//! The loop: from a graph to a value.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use base::assertion::Policy;
use base::{Digest, Error, File};
use exec::{CancelToken, Executor, Pool};
use flow::{FlowId, Graph};
use store::LocalStore;
use tokio::runtime::Handle;
use types::Value;

use crate::attempt::RetryPolicy;
use crate::event::Event;
use crate::job::Completion;
use crate::local_files::{LocalFiles, in_parallel};
use crate::memory::Memory;
use crate::plan::{self, Ground, Plan};
use crate::predict::Predictor;
use crate::reduce::{CacheMode, Invalidate, Reducer, Settings, Withheld};
use crate::source::Sources;
use crate::workers::{Tools, Workers};

pub use crate::reduce::Outcome;

/// What a run works with, and how.
pub struct Config {
    /// Cache, repository, history.
    pub store: LocalStore,
    /// What runs commands. Its repository must be that of the store.
    pub executor: Arc<dyn Executor>,
    /// The room for commands; usually all that the executor has. Runs that share it may run side by side.
    pub pool: Pool,
    /// Where files come from and go to.
    pub sources: Sources,
    /// Whose threads do the slow work.
    pub runtime: Handle,
    /// The run's identity, for the history.
    pub run: Digest,
    /// Where the run's execs are, `HOST/ALLOC`: what the history calls them begins with it. Empty if they need no
    /// names.
    pub alloc: String,
    /// `key=value` labels of the run, which its results carry.
    pub labels: Vec<String>,
    /// Use of the cache.
    pub cache: CacheMode,
    /// Idents of nodes that are not taken from the cache.
    pub invalidate: Option<Invalidate>,
    /// Whether an exec is looked up before the execs it depends on, which are left alone if it is found;
    /// otherwise after them.
    pub top_down: bool,
    /// Whether a cached result with an empty part counts as none.
    pub recompute_empty: bool,
    /// Whether the content of an exec's inputs is read again when its command has ended: one that has
    /// changed fails it.
    pub check_inputs: bool,
    /// Whether the outcome has a trail, for [`crate::dot`].
    pub keep_trail: bool,
    /// Whether every change of every node is told.
    pub trace: bool,
    /// Predicts the memory of execs, if they are to get what they are likely to need rather than what the
    /// program declares.
    pub predictor: Option<Predictor>,
    /// What must hold of that from which a cached result was made.
    pub assert: Policy,
    /// When a failed exec is tried again.
    pub retry: RetryPolicy,
    /// Stops the run.
    pub cancel: CancelToken,
    /// How often [`Event::Progress`] comes.
    pub progress_every: Duration,
}

impl Config {
    /// A run with the usual settings that can reach local files, relative ones below
    /// `working_directory`.
    pub fn new(
        store: LocalStore,
        executor: Arc<dyn Executor>,
        runtime: Handle,
        run: Digest,
        working_directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            sources: Sources::new().with(LocalFiles::new(store.clone(), working_directory)),
            pool: Pool::new(executor.capacity()),
            store,
            executor,
            runtime,
            run,
            alloc: String::new(),
            labels: Vec::new(),
            cache: CacheMode::default(),
            invalidate: None,
            top_down: false,
            recompute_empty: false,
            check_inputs: false,
            keep_trail: false,
            trace: false,
            predictor: None,
            assert: Policy::Never,
            retry: RetryPolicy::default(),
            cancel: CancelToken::never(),
            progress_every: Duration::from_secs(1),
        }
    }
}

/// Local steps taken before completions are looked at again.
const STEPS: usize = 4096;
/// Completions taken in before what they made possible is begun.
const COMPLETIONS: usize = 1024;
/// What happened is written to the history when there is so much of it, after so long, and in the end.
const NOTES: usize = 4096;
const NOTES_EVERY: Duration = Duration::from_secs(2);
/// The longest sleep; room in a shared pool may come free without a completion.
const NAP: Duration = Duration::from_millis(250);

/// Reduces `root` to a value and tells `events` about it. Adds nodes to the graph where continuations
/// say so.
///
/// Blocks until everything that was asked for is over, also after a failure; not to be called on a
/// thread of the runtime. What is announced as done is durable.
pub fn evaluate(graph: &mut Graph, root: FlowId, config: Config, events: &mut dyn FnMut(&Event<'_>)) -> Outcome {
    run(graph, root, config, None, Manner::Execute, events).0
}

/// Like [`evaluate`], but begins with the values that `memory` has of earlier evaluations of this very graph
/// and adds what this one comes to, also if it fails or is cancelled.
pub fn evaluate_on(
    graph: &mut Graph,
    memory: &mut Memory,
    root: FlowId,
    config: Config,
    events: &mut dyn FnMut(&Event<'_>),
) -> Outcome {
    run(graph, root, config, Some(memory), Manner::Execute, events).0
}

/// What [`evaluate()`] would do. Inputs are read to find out, and caches and images are looked at, but nothing is
/// executed, exported, fetched or stored; of steps that need what would be executed nothing is known.
///
/// The sources of `config` must not store anything either: see [`LocalFiles::only_looking`].
pub fn plan(
    graph: &mut Graph,
    root: FlowId,
    config: Config,
    events: &mut dyn FnMut(&Event<'_>),
) -> Result<Plan, Error> {
    let (store, room) = (config.store.clone(), config.pool.capacity().clone());
    let (outcome, withheld, _) = run(graph, root, config, None, Manner::Plan, events);
    plan::plan(graph, root, withheld, outcome, &Ground { store: &store, room: &room })
}

/// Filesets that came out of the cache, each with every key that it can be found by.
pub type Found = Vec<(Vec<Digest>, base::Fileset)>;

/// Looks all execs up, as [`plan`] does, and tells what was found by which keys (runtime spec §3.20).
pub fn found(graph: &mut Graph, root: FlowId, config: Config, events: &mut dyn FnMut(&Event<'_>)) -> (Outcome, Found) {
    let (outcome, _, found) = run(graph, root, config, None, Manner::Repair, events);
    (outcome, found)
}

/// What is done beside looking things up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// What is not found is executed.
    Execute,
    /// Nothing.
    Plan,
    /// Nothing, but that keys of what is found are gathered.
    Repair,
}

fn run(
    graph: &mut Graph,
    root: FlowId,
    config: Config,
    mut memory: Option<&mut Memory>,
    manner: Manner,
    events: &mut dyn FnMut(&Event<'_>),
) -> (Outcome, Withheld, Found) {
    let (store, cancel, progress_every) = (config.store.clone(), config.cancel.clone(), config.progress_every);
    let (sender, completions) = mpsc::channel();
    let runtime = config.runtime.clone();
    let (settings, tools) = divide(config, graph.universe(), manner);
    let workers = Workers::new(tools, runtime, sender);
    let mut reducer = match &memory {
        Some(memory) => Reducer::with_memory(graph, root, settings, memory, events),
        None => Reducer::new(graph, root, settings, events),
    };
    drive(&mut reducer, &workers, &completions, progress_every);
    let withheld = reducer.take_withheld();
    let found = if manner == Manner::Repair { reducer.take_found() } else { Vec::new() };
    let outcome = reducer.finish_into(memory.take());
    if let Ok(value) = &outcome.value {
        bring_in(&store, value, &cancel);
    }
    (outcome, withheld, found)
}

/// What of a configuration is the reducer's, and what the workers'.
fn divide(config: Config, universe: &str, manner: Manner) -> (Settings, Tools) {
    let withhold = manner != Manner::Execute;
    let settings = Settings {
        cache: config.cache,
        invalidate: config.invalidate,
        top_down: config.top_down,
        recompute_empty: config.recompute_empty,
        predictor: config.predictor,
        assert: config.assert,
        keep_trail: config.keep_trail,
        trace: config.trace,
        retry: config.retry,
        salt: salt(universe, config.executor.salt()),
        pool: config.pool,
        withhold,
    };
    let tools = Tools {
        store: config.store,
        executor: config.executor,
        sources: config.sources,
        run: config.run,
        alloc: config.alloc,
        universe: universe.to_owned(),
        labels: config.labels,
        check_inputs: config.check_inputs,
        withhold,
        cancel: config.cancel,
    };
    (settings, tools)
}

/// Carries jobs to the workers and completions back until nothing is left to do.
fn drive(reducer: &mut Reducer<'_>, workers: &Workers, completions: &Receiver<Completion>, progress_every: Duration) {
    let mut last_report = Instant::now();
    let mut last_notes = Instant::now();
    loop {
        let more = reducer.advance(STEPS);
        reducer.take_jobs().into_iter().for_each(|job| workers.dispatch(job));
        // People may look while it goes on.
        let is_time = last_notes.elapsed() >= NOTES_EVERY;
        if let Some(batch) = reducer.take_notes(if is_time { 1 } else { NOTES }) {
            workers.note_steps(batch);
            last_notes = Instant::now();
        }
        if reducer.is_over() && !reducer.begin_again() {
            break;
        }
        if !more {
            match completions.recv_timeout(NAP.min(progress_every)) {
                Ok(completion) => reducer.complete(completion),
                Err(RecvTimeoutError::Timeout) => {}
                // The workers hold a sender.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        completions.try_iter().take(COMPLETIONS).for_each(|completion| reducer.complete(completion));
        if last_report.elapsed() >= progress_every {
            reducer.report_progress();
            last_report = Instant::now();
        }
    }
    if let Some(batch) = reducer.take_notes(1) {
        workers.note_steps(batch);
    }
}

/// Sees to it that the files of a result are in the repository, also those that came from this machine and that no
/// step has needed. One whose owner has changed it meanwhile cannot be had any more; the result stays true.
fn bring_in(store: &LocalStore, value: &Value, cancel: &CancelToken) {
    if !store.has_lent() {
        return;
    }
    let mut lent = Vec::new();
    let mut note = |file: &File| {
        if file.id.is_some_and(|id| store.is_lent(&id)) {
            lent.push(file.clone());
        }
    };
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        match value {
            Value::File(file) => note(file),
            Value::Dir(dir) => dir.iter().for_each(|(_, file)| note(file)),
            Value::Fileset(fileset) => fileset.entries().for_each(|(_, file)| note(file)),
            Value::List(elements) => values.extend(elements.iter()),
            Value::Tuple(elements) => values.extend(elements.iter()),
            Value::Map(map) => values.extend(map.iter().flat_map(|(key, value)| [key, value])),
            Value::Struct(record) | Value::Module(record) => values.extend(record.iter().map(|(_, value)| value)),
            Value::Variant(variant) => values.extend(&variant.payload),
            _ => {}
        }
    }
    let _ = in_parallel(&lent, cancel, |file| store.bring(file));
}

/// What is mixed into the keys of results: physical keys know nothing of universes by themselves, yet two
/// universes share no results (CLI spec §2).
fn salt(universe: &str, executor: Option<Digest>) -> Option<Digest> {
    if universe.is_empty() {
        return executor;
    }
    let mut out = base::digest::DigestWriter::new();
    out.bytes("universe").bytes(universe);
    if let Some(salt) = &executor {
        out.digest(salt);
    }
    Some(out.finish())
}
