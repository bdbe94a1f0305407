//! A world that answers jobs without doing them.
//!
//! Commands are words: the first says what the command does, the rest is up to the test. Results are
//! made of the command and the inputs alone, so equal execs have equal results.

#![allow(clippy::panic, reason = "a test that goes wrong panics")]

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use base::assertion::{Assertions, Key, Properties};
use base::config::Arg;
use base::digest::{Digest, DigestWriter};
use base::{Error, File, Fileset, Kind, Resources};
use engine::event::{Counts, Event};
use engine::job::{Completion, ExecEnd, ExecTask, Executed, Job};
use engine::reduce::{Outcome, Reducer, Settings};
use exec::{Collected, ExecEvent, ExecReport, LogFile, Pool, Usage};
use flow::node::{ArgRef, Exec, Op};
use flow::{FlowId, Graph};
use store::Hit;
use store::tasks::Measured;
use types::Value;

/// What will be answered, in no order.
enum Pending {
    Answer(Completion),
    Running(Box<ExecTask>),
    Exited(Box<ExecTask>),
}

/// What is outside the loop.
pub(crate) struct World {
    /// What the tags of images stand for.
    pub(crate) tag: u32,
    /// What is cached.
    pub(crate) cache: HashMap<Digest, Fileset>,
    /// The commands that ran, in the order of their ends.
    pub(crate) ran: Vec<String>,
    /// The memory of each try of each exec, in order.
    pub(crate) memory: Vec<f64>,
    /// The values of earlier runs of the same graph, if they are to be remembered.
    pub(crate) remembered: Option<engine::Memory>,
    /// What is told, in short.
    pub(crate) told: Vec<String>,
    /// Keys that another process runs, with how often it is found still at it.
    pub(crate) elsewhere: HashMap<Digest, u32>,
    /// Lookup jobs so far.
    pub(crate) lookups: usize,
    /// The most room that was ever in use at once.
    pub(crate) most_used: Resources,
    /// What is asserted of URLs, their content among it.
    pub(crate) outside: HashMap<String, Properties>,
    /// The subjects that were looked at for cached results.
    pub(crate) looks: Vec<String>,
    /// What earlier execs took, by ident.
    pub(crate) history: HashMap<String, Vec<Measured>>,
    /// How often the history was asked.
    pub(crate) measured: usize,
    /// The waits before tries of execs, in order.
    pub(crate) pauses: Vec<Duration>,
    used: Resources,
    pending: Vec<Pending>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            tag: 1,
            cache: HashMap::new(),
            ran: Vec::new(),
            memory: Vec::new(),
            remembered: None,
            told: Vec::new(),
            elsewhere: HashMap::new(),
            lookups: 0,
            most_used: Resources::new(),
            outside: HashMap::new(),
            looks: Vec::new(),
            history: HashMap::new(),
            measured: 0,
            pauses: Vec::new(),
            used: Resources::new(),
            pending: Vec::new(),
        }
    }
}

pub(crate) const GIB: f64 = (1_u64 << 30) as f64;

/// Settings with room for two ordinary execs.
pub(crate) fn settings() -> Settings {
    Settings::new(Pool::new(Resources::of(2.0, 8.0 * GIB, 100.0 * GIB)))
}

/// Adds an exec of a command over dependencies, with one output.
pub(crate) fn exec(graph: &mut Graph, command: &str, deps: Vec<FlowId>) -> FlowId {
    exec_with(graph, command, Resources::new(), deps)
}

/// Adds an exec with its declared room.
pub(crate) fn exec_with(graph: &mut Graph, command: &str, resources: Resources, deps: Vec<FlowId>) -> FlowId {
    let inputs = (0..deps.len() as u32).map(ArgRef::Input);
    let exec = Exec {
        image: "image".into(),
        command: command.into(),
        args: Some(inputs.chain([ArgRef::Output(0)]).collect()),
        outputs: Some([base::config::OutputKind::File].into()),
        resources,
        arg_names: Box::default(),
        nondeterministic: false,
    };
    graph.exec(exec, deps)
}

/// A fileset of one file with this content.
pub(crate) fn single(content: &str) -> Fileset {
    Fileset::of_file(File::resolved(Digest::of(content), content.len() as u64))
}

/// Adds a known fileset of one file with this content.
pub(crate) fn known(graph: &mut Graph, content: &str) -> FlowId {
    graph.fileset(single(content))
}

/// What a command makes of its inputs.
pub(crate) fn result_of(command: &str, inputs: &[&Fileset]) -> Fileset {
    let mut out = DigestWriter::new();
    out.bytes(command);
    for input in inputs {
        out.material(*input);
    }
    Fileset::of_list(vec![Fileset::of_file(File::resolved(out.finish(), 1))])
}

/// The fileset of a run's value.
pub(crate) fn fileset(outcome: &Outcome) -> Fileset {
    match &outcome.value {
        Ok(Value::Fileset(fileset)) => fileset.as_ref().clone(),
        Ok(other) => panic!("{other:?}"),
        Err(failures) => panic!("{failures}"),
    }
}

/// Always answers the oldest job.
pub(crate) fn oldest(_: usize) -> usize {
    0
}

/// Answers in an order that the seed decides.
pub(crate) fn shuffled(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |count| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % count
    }
}

/// What the tests want to know of events.
fn short(event: &Event<'_>) -> Option<String> {
    let text = match event {
        Event::Cached { step, .. } => format!("cached {}", step.summary()),
        Event::ExecQueued { step, cause, .. } => format!("queued {}: {}", step.summary(), cause.text()),
        Event::ExecElsewhere { step } => format!("elsewhere {}", step.summary()),
        Event::ExecRetried { attempt, reason, .. } => format!("retry {attempt} {}", reason.name()),
        Event::ExecEnded { step, .. } => format!("ended {}", step.summary()),
        Event::Interned { step, .. } => format!("interned {}", step.summary()),
        Event::Externed { step, .. } => format!("externed {}", step.summary()),
        Event::NodeFailed(failure) => format!("failed {}", failure.error),
        Event::LookupFailed { nodes, .. } => format!("lookup failed {nodes}"),
        _ => return None,
    };
    Some(text)
}

impl World {
    /// Runs a graph to its end, answering jobs in the order that `choose` says.
    pub(crate) fn run(
        &mut self,
        graph: &mut Graph,
        root: FlowId,
        settings: Settings,
        mut choose: impl FnMut(usize) -> usize,
    ) -> Outcome {
        let capacity = settings.pool.capacity().clone();
        let mut told = Vec::new();
        let mut listen = |event: &Event<'_>| told.extend(short(event));
        let mut reducer = match &self.remembered {
            Some(memory) => Reducer::with_memory(graph, root, settings, memory, &mut listen),
            None => Reducer::new(graph, root, settings, &mut listen),
        };
        loop {
            while reducer.advance(3) {}
            for job in reducer.take_jobs() {
                self.accept(job);
            }
            assert!(capacity.covers(&self.used), "{} is more than {capacity}", self.used);
            if reducer.is_over() {
                break;
            }
            assert!(!self.pending.is_empty(), "nothing to wait for: {:?}", reducer.progress());
            let completion = self.answer(choose(self.pending.len()));
            reducer.complete(completion);
        }
        assert!(self.pending.is_empty(), "the run ended before its jobs did");
        let outcome = reducer.finish_into(self.remembered.as_mut());
        self.told.append(&mut told);
        outcome
    }

    /// A job to be answered some time.
    pub(crate) fn accept(&mut self, job: Job) {
        let answer = match job {
            Job::ResolveImage { text, image } => {
                let kind = if image.starts_with("unreachable") { Kind::Net } else { Kind::NotExist };
                let unknown = image.starts_with("un");
                let result =
                    if unknown { Err(Error::new(kind, "no such image")) } else { Ok(format!("{image}@{}", self.tag)) };
                Completion::ImageResolved { text, result }
            }
            Job::Lookup { wanted } => {
                self.lookups += 1;
                let find = |key: &Digest| Some(Hit { key: *key, fileset: self.cache.get(key)?.clone() });
                let result = Ok(wanted.iter().map(|(_, key)| find(key)).collect());
                Completion::LookedUp { wanted, result, elapsed: Duration::ZERO }
            }
            Job::Refresh { keys } => {
                let absent = || Error::new(Kind::NotExist, "it is gone");
                let look = |key: Key| (key.clone(), self.outside.get(&key.subject).cloned().ok_or_else(absent));
                self.looks.extend(keys.iter().map(|key| key.subject.clone()));
                Completion::Refreshed { results: keys.into_iter().map(look).collect() }
            }
            Job::Measure { ident } => {
                self.measured += 1;
                let result = Ok(self.history.get(&ident).cloned().unwrap_or_default());
                Completion::Measured { ident, result }
            }
            Job::Execute(task) => {
                self.used += &task.request.config.resources;
                self.most_used = self.most_used.max(&self.used);
                return self.pending.push(Pending::Running(task));
            }
            Job::AwaitKey { id, key } => {
                self.elsewhere.remove(&key);
                self.cache.entry(key).or_insert_with(|| single("from elsewhere"));
                Completion::KeyFree { id }
            }
            Job::Pause { id, time } => {
                self.pauses.push(time);
                Completion::Paused { id }
            }
            Job::Put { data } => {
                let file = |bytes: Vec<u8>| Ok(File::resolved(Digest::of(&bytes), bytes.len() as u64));
                Completion::Put { results: data.into_iter().map(|(id, bytes)| (id, file(bytes))).collect() }
            }
            Job::Intern { id, url, .. } => {
                let result = match url.strip_prefix("bad:") {
                    Some(rest) => Err(Error::new(Kind::NotExist, rest)),
                    None => Ok(match self.outside.get(&url) {
                        Some(now) => single(&now["content"])
                            .set_assertions(&Assertions::from_iter([(Key::blob(&url), now.clone())])),
                        None => single(&url),
                    }),
                };
                Completion::Interned { id, result, elapsed: Duration::ZERO }
            }
            Job::Extern(task) => {
                let result = match task.url.strip_prefix("bad:") {
                    Some(rest) => Err(Error::new(Kind::NotAllowed, rest)),
                    None => Ok(()),
                };
                Completion::Externed { task, result, elapsed: Duration::ZERO }
            }
        };
        self.pending.push(Pending::Answer(answer));
    }

    /// The next thing that happens to the pending job of this number.
    pub(crate) fn answer(&mut self, number: usize) -> Completion {
        match self.pending.remove(number) {
            Pending::Answer(completion) => completion,
            Pending::Running(task) => {
                let id = task.id;
                let event = ExecEvent::Exited { status: 0 };
                self.used -= &task.request.config.resources;
                self.pending.insert(number, Pending::Exited(task));
                Completion::ExecEvent { id, event }
            }
            Pending::Exited(task) => {
                let end = self.end(&task);
                Completion::Executed(Box::new(Executed { task: *task, end }))
            }
        }
    }

    fn end(&mut self, task: &ExecTask) -> ExecEnd {
        if let Some(looks) = self.elsewhere.get_mut(&task.key()) {
            *looks = looks.saturating_sub(1);
            return ExecEnd::Elsewhere;
        }
        let config = &task.request.config;
        let memory = config.resources.get("mem");
        self.memory.push(memory);
        let words: Vec<&str> = config.command.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
        let failure = match words[0] {
            "fail" => Some(Error::new(Kind::DockerExec, "exited with code 1")),
            "hungry" if memory < number(1) * GIB => Some(Error::new(Kind::Oom, "killed for lack of memory")),
            "flaky" if f64::from(task.attempt) < number(1) => Some(Error::new(Kind::Temporary, "try again")),
            "broken" => return ExecEnd::Broken(Error::new(Kind::Fatal, "the executor is broken")),
            "stopped" => return ExecEnd::Broken(Error::new(Kind::Canceled, "stopped")),
            _ => None,
        };
        self.ran.push(config.command.clone());
        let inputs: Vec<&Fileset> = (config.args.iter())
            .filter_map(|arg| match arg {
                Arg::Input(fileset) => Some(fileset),
                Arg::Output(_) => None,
            })
            .collect();
        let fileset = if words[0] == "empty" { Fileset::new() } else { result_of(&config.command, &inputs) };
        let fileset = fileset.set_assertions(&task.assertions);
        if failure.is_none() && task.write {
            self.cache.extend(task.keys.iter().map(|key| (*key, fileset.clone())));
        }
        let outcome = match failure {
            Some(error) => Err(error),
            None => Ok(Collected { fileset, new_blobs: Vec::new(), notes: Vec::new() }),
        };
        let durable =
            if words[0] == "vanish" { Err(Error::new(Kind::ResourcesExhausted, "the disk is full")) } else { Ok(()) };
        ExecEnd::Ran { report: Box::new(report(outcome)), durable, tails: None }
    }
}

fn report(outcome: Result<Collected, Error>) -> ExecReport {
    let log = || LogFile { path: "log".into(), size: 0 };
    ExecReport {
        status: Some(i32::from(outcome.is_err())),
        outcome,
        usage: Usage::default(),
        profile: base::profile::Profile::default(),
        stdout: log(),
        stderr: log(),
        script: "script".into(),
        started: SystemTime::UNIX_EPOCH,
        ended: SystemTime::UNIX_EPOCH,
    }
}

/// Counts in the order of their fields.
pub(crate) fn counts(executed: u64, cached: u64, interned: u64, externed: u64, failed: u64) -> Counts {
    Counts { executed, cached, interned, externed, failed }
}

/// A fileset of files whose contents are their paths.
pub(crate) fn tree(paths: &[&str]) -> Fileset {
    let file = |path: &str| File::resolved(Digest::of(path), path.len() as u64);
    let map: BTreeMap<_, _> = paths.iter().map(|path| ((*path).to_owned(), file(path))).collect();
    Fileset::of_map(map)
}

/// A node of this operation.
pub(crate) fn node(graph: &mut Graph, op: Op, deps: Vec<FlowId>) -> FlowId {
    graph.add(op, deps)
}
