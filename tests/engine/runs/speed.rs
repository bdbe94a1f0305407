//! Measurements, not checks: `cargo test --release -p reflow-engine --test engine-runs -- --ignored`.
//!
//! Each prints the time on the clock, the processor time of this process and of its commands, and the
//! most memory that it held.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement")]

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use base::{Digest, Error, Fileset, Resources};
use engine::Config;
use exec::{CancelToken, Collected, ExecEvent, ExecReport, ExecRequest, Executor, LogFile, Pool, Pull, Usage};
use flow::node::Op;
use flow::{FlowId, Graph};
use store::{Association, FileRepository};

use crate::Case;
use crate::home::{Home, exec};

pub(crate) const CASES: &[Case] = &[
    ("speed_of_1000_real_execs", real),
    ("speed_of_10000_cached_execs", || cached(10_000, wide)),
    ("speed_of_a_cached_chain_of_10000", || cached(10_000, chain)),
    ("speed_of_a_million_cached_execs", || cached(1_000_000, wide)),
];

/// An executor that makes results out of nothing.
struct Nothing {
    repository: FileRepository,
}

#[async_trait]
impl Executor for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn salt(&self) -> Option<Digest> {
        None
    }

    fn capacity(&self) -> Resources {
        Resources::of(2.0, 1e12, 1e12)
    }

    async fn resolve_image(&self, image: &str, _pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        Ok(image.to_owned())
    }

    async fn run(
        &self,
        _request: &ExecRequest,
        _events: &(dyn Fn(ExecEvent) + Send + Sync),
        _cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        let log = || LogFile { path: "log".into(), size: 0 };
        Ok(ExecReport {
            outcome: Ok(Collected { fileset: made(&self.repository)?, new_blobs: Vec::new(), notes: Vec::new() }),
            usage: Usage::default(),
            profile: base::profile::Profile::default(),
            status: Some(0),
            stdout: log(),
            stderr: log(),
            script: "script".into(),
            started: SystemTime::now(),
            ended: SystemTime::now(),
        })
    }
}

/// What every exec makes.
fn made(repository: &FileRepository) -> Result<Fileset, Error> {
    Ok(Fileset::of_list(vec![Fileset::of_file(repository.put_bytes(b"made")?)]))
}

fn wide(graph: &mut Graph, count: usize) -> FlowId {
    let k = Digest::of("k");
    let execs: Vec<FlowId> = (0..count)
        .map(|number| {
            let exec = exec(graph, &format!("make number {number} > %s"), vec![]);
            graph.coerce(k, exec, only_file)
        })
        .collect();
    graph.continuation(k, execs, |_: &mut Graph, values: &[types::Value]| {
        Ok(flow::node::Resumed::Value(types::Value::int(values.len() as i64)))
    })
}

/// As the language takes the only output of an exec.
fn only_file(value: &types::Value) -> Result<types::Value, Error> {
    match value {
        types::Value::Fileset(fileset) => Ok(types::Value::file(fileset.list[0].file()?.clone())),
        other => Err(Error::new(base::Kind::Invalid, other.kind_name())),
    }
}

fn chain(graph: &mut Graph, count: usize) -> FlowId {
    let mut top = graph.fileset(Fileset::new());
    for number in 0..count {
        top = exec(graph, &format!("make number {number} of %s > %s"), vec![top]);
    }
    top
}

fn real() {
    let home = Home::new();
    let mut graph = Graph::default();
    let execs: Vec<FlowId> = (0..1000).map(|number| exec(&mut graph, &format!("echo {number} > %s"), vec![])).collect();
    let root = graph.add(Op::Merge, execs);
    let meter = Meter::start();
    let outcome = home.run(&mut graph, root);
    meter.stop("1000 real execs");
    assert_eq!(outcome.counts.executed, 1000);
}

/// Fills the cache with the results of a graph without running it, then runs it.
fn cached(count: usize, make: fn(&mut Graph, usize) -> FlowId) {
    let home = Home::new();
    let result = made(&home.store.repository).expect("a blob");
    let mut graph = Graph::default();
    make(&mut graph, count);
    let mut associations = Vec::new();
    for id in graph.ids() {
        let Op::Exec(_) = graph.op(id) else { continue };
        let inputs: Vec<Fileset> = (graph.deps(id).iter())
            .map(|dep| if let Op::Exec(_) = graph.op(*dep) { result.clone() } else { Fileset::new() })
            .collect();
        let inputs: Vec<&Fileset> = inputs.iter().collect();
        let keys = flow::key::cache_keys(&graph, id, &inputs, None);
        associations.push(Association { keys, fileset: result.clone(), labels: Vec::new() });
        if associations.len() == 10_000 {
            let full = std::mem::take(&mut associations);
            home.store.committer().commit(Vec::new(), full, None).expect("committed");
        }
    }
    home.store.committer().commit(Vec::new(), associations, None).expect("committed");
    drop(graph);

    let home = home.again();
    let executor: Arc<dyn Executor> = Arc::new(Nothing { repository: home.store.repository.clone() });
    let pool = Pool::new(executor.capacity());
    let config = Config { executor, pool, ..home.config() };
    let meter = Meter::start();
    let mut graph = Graph::default();
    let root = make(&mut graph, count);
    meter.note("graph");
    let outcome = home.run_with(&mut graph, root, config, &mut |_| ());
    meter.stop(&format!("{count} cached execs"));
    assert_eq!((outcome.counts.executed, outcome.counts.cached), (0, count as u64));
}

/// What something takes.
struct Meter {
    start: Instant,
    own: f64,
    children: f64,
}

impl Meter {
    fn start() -> Self {
        // 5 resets the peak of memory.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let (own, children) = processor_seconds();
        Self { start: Instant::now(), own, children }
    }

    fn note(&self, what: &str) {
        println!("  {what}: {:.2?}, {} at most", self.start.elapsed(), memory());
    }

    fn stop(self, what: &str) {
        let (own, children) = processor_seconds();
        println!(
            "{what}: {:.2?} on the clock, {:.2} s own and {:.2} s of commands, {} at most",
            self.start.elapsed(),
            own - self.own,
            children - self.children,
            memory(),
        );
    }
}

/// Own processor time, and that of ended children.
fn processor_seconds() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    let ticks = |at: usize| fields.get(at).copied().unwrap_or(0.0) / 100.0;
    (ticks(11) + ticks(12), ticks(13) + ticks(14))
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "?".to_owned(), |peak| peak.trim().to_owned())
}
