//! What a run would do, found out without doing it: what is cached, what would run, what nobody can know yet, and
//! how long it would take by what the history says of steps of the same names.
//!
//! The reducer evaluates as always, but an exec that is not cached ends there, and with it what needs it
//! ([`crate::reduce::Withheld`]). Nothing is executed, exported or stored.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base::resources::{CPU, MEM};
use base::{Error, Resources};
use flow::node::Op;
use flow::{FlowId, Graph};
use store::LocalStore;
use store::tasks::Took;

use crate::event::{Cause, Counts};
use crate::failure::Failures;
use crate::reduce::{Outcome, Withheld};
use crate::summary::Summary;

/// Earlier execs of an ident that are looked at, the latest ones.
const HISTORY: usize = 50;
/// Every exec has at least one core and this much memory (runtime spec §3.6).
const LEAST_CPU: f64 = 1.0;
const LEAST_MEMORY: f64 = (500_u64 << 20) as f64;

/// What a run would do.
#[derive(Debug)]
pub struct Plan {
    /// Execs that would run, by ident and reason.
    pub runs: Vec<Row>,
    /// Execs that depend on these, by ident: whether they would run depends on what comes of those.
    pub unknown: Vec<Row>,
    /// Execs whose results are cached, by ident.
    pub cached: BTreeMap<String, u64>,
    /// Where files would be written to.
    pub exports: Vec<String>,
    /// How long all that would take.
    pub estimate: Estimate,
    /// What failed all the same, such as an input that is not there.
    pub failures: Option<Failures>,
    /// What was done to find out.
    pub counts: Counts,
}

/// Execs of one ident.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Their ident.
    pub ident: String,
    /// How many.
    pub count: u64,
    /// Why they would run; none if that is not known.
    pub cause: Option<Cause>,
    /// What one of them is expected to take.
    pub forecast: Forecast,
}

/// What an exec is expected to take, by what earlier ones of its ident took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// The median time; none without history.
    pub wall: Option<Duration>,
    /// The most memory that one took, in bytes.
    pub memory: Option<u64>,
    /// The room it asks for, or the latest one asked for.
    pub room: Option<Resources>,
}

/// How long a run would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// All execs one after the other.
    pub work: Duration,
    /// The longest chain of execs of which each needs the one before.
    pub chain: Duration,
    /// In the room there is: what both the chain and the room allow at best.
    pub elapsed: Duration,
    /// Execs of which nothing is known, which count as nothing.
    pub unpredicted: u64,
}

/// What forecasts are made from.
pub(crate) struct Ground<'a> {
    /// Has the history.
    pub(crate) store: &'a LocalStore,
    /// What the machine has.
    pub(crate) room: &'a Resources,
}

/// Puts together what the reducer found out.
pub(crate) fn plan(
    graph: &Graph,
    root: FlowId,
    withheld: Withheld,
    outcome: Outcome,
    ground: &Ground<'_>,
) -> Result<Plan, Error> {
    let is_withheld = !withheld.runs.is_empty() || !withheld.exports.is_empty();
    let failures = match outcome.value {
        // Nothing but what was withheld is missing.
        Err(failures) if is_withheld && failures.nodes().is_empty() && !failures.is_canceled() => None,
        Err(failures) => Some(failures),
        Ok(_) => None,
    };
    let mut forecasts = Forecasts { store: ground.store, known: HashMap::new() };
    let mut costs = HashMap::new();
    let (mut runs, mut unknown) = (Vec::new(), Vec::new());
    let causes = withheld.runs.iter().map(|(id, cause)| (*id, Some(*cause)));
    for (id, cause) in causes.chain(withheld.unknown.iter().map(|id| (*id, None))) {
        let mut forecast = forecasts.of(graph.ident(id))?;
        if let Op::Exec(exec) = graph.op(id) {
            forecast.room = Some(exec.resources.clone());
        }
        let rows = if cause.is_some() { &mut runs } else { &mut unknown };
        add(rows, Row { ident: graph.ident(id).to_owned(), count: 1, cause, forecast: forecast.clone() });
        costs.insert(id, forecast);
    }
    let url = |id: &FlowId| match graph.op(*id) {
        Op::Extern { url } => Some(url.to_string()),
        _ => None,
    };
    Ok(Plan {
        runs,
        unknown,
        cached: cached(&outcome.summary),
        exports: withheld.exports.iter().filter_map(url).collect(),
        estimate: estimate(graph, root, &costs, ground.room),
        failures,
        counts: outcome.counts,
    })
}

fn add(rows: &mut Vec<Row>, row: Row) {
    match rows.iter_mut().find(|known| known.ident == row.ident && known.cause == row.cause) {
        Some(known) => known.count += 1,
        None => rows.push(row),
    }
}

/// Forecasts by ident.
struct Forecasts<'a> {
    store: &'a LocalStore,
    known: HashMap<String, Forecast>,
}

impl Forecasts<'_> {
    fn of(&mut self, ident: &str) -> Result<Forecast, Error> {
        if let Some(known) = self.known.get(ident) {
            return Ok(known.clone());
        }
        let forecast = forecast(&self.store.tasks().took(ident, HISTORY)?);
        self.known.insert(ident.to_owned(), forecast.clone());
        Ok(forecast)
    }
}

fn forecast(took: &[Took]) -> Forecast {
    let mut walls: Vec<Duration> = took.iter().map(|one| one.wall).collect();
    walls.sort_unstable();
    Forecast {
        wall: walls.get(walls.len() / 2).copied(),
        memory: took.iter().filter_map(|one| one.max_memory).max(),
        room: took.first().map(|one| one.resources.clone()),
    }
}

fn estimate(graph: &Graph, root: FlowId, costs: &HashMap<FlowId, Forecast>, room: &Resources) -> Estimate {
    let seconds = |forecast: &Forecast| forecast.wall.map_or(0.0, |wall| wall.as_secs_f64());
    let (mut work, mut cores, mut bytes, mut unpredicted) = (0.0, 0.0, 0.0, 0);
    for forecast in costs.values() {
        let wall = seconds(forecast);
        let asked = |label: &str, least: f64| forecast.room.as_ref().map_or(0.0, |room| room.get(label)).max(least);
        work += wall;
        cores += wall * asked(CPU, LEAST_CPU);
        bytes += wall * asked(MEM, LEAST_MEMORY);
        unpredicted += u64::from(forecast.wall.is_none());
    }
    let of_room = |used: f64, label: &str| if room.get(label) > 0.0 { used / room.get(label) } else { 0.0 };
    let chain = longest(graph, root, &|id| costs.get(&id).map_or(0.0, seconds));
    let elapsed = chain.max(of_room(cores, CPU)).max(of_room(bytes, MEM));
    let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    Estimate { work: duration(work), chain: duration(chain), elapsed: duration(elapsed), unpredicted }
}

/// The most costly chain of nodes that ends in `root`.
fn longest(graph: &Graph, root: FlowId, cost: &dyn Fn(FlowId) -> f64) -> f64 {
    let mut known = vec![f64::NAN; graph.len()];
    let before = |id: FlowId| graph.deps(id).iter().copied().chain(graph.resumed(id));
    let mut stack = vec![(root, false)];
    while let Some((id, is_expanded)) = stack.pop() {
        if is_expanded {
            let most = before(id).map(|dep| known[dep.index()]).filter(|chain| chain.is_finite()).fold(0.0, f64::max);
            known[id.index()] = most + cost(id);
        } else if known[id.index()].is_nan() {
            // So that it is walked once; infinity stands for being walked.
            known[id.index()] = f64::INFINITY;
            stack.push((id, true));
            stack.extend(before(id).filter(|dep| known[dep.index()].is_nan()).map(|dep| (dep, false)));
        }
    }
    known[root.index()]
}

/// Idents whose execs were cached.
fn cached(summary: &Summary) -> BTreeMap<String, u64> {
    let rows = summary.rows().filter(|(_, row)| row.cached > 0);
    rows.map(|(ident, row)| (ident.to_owned(), row.cached)).collect()
}

#[cfg(test)]
mod tests {
    use base::Digest;
    use types::Value;

    use super::*;

    fn took(seconds: u64, memory: Option<u64>) -> Took {
        Took { wall: Duration::from_secs(seconds), max_memory: memory, resources: Resources::of(2.0, 0.0, 0.0) }
    }

    #[test]
    fn a_forecast_is_the_median_time_and_the_most_memory() {
        let known = forecast(&[took(3, None), took(1, Some(5)), took(100, Some(9))]);
        assert_eq!((known.wall, known.memory), (Some(Duration::from_secs(3)), Some(9)));
        assert_eq!(forecast(&[]), Forecast::default());
    }

    #[test]
    fn the_chain_and_the_room_bound_the_time() {
        // Two chains of a and b, and b again, that meet.
        let mut graph = Graph::default();
        let copy = |value: &Value| Ok(value.clone());
        let start = graph.intern("u", false);
        let a = graph.coerce(Digest::of("a"), start, copy);
        let b = graph.coerce(Digest::of("b"), a, copy);
        let c = graph.coerce(Digest::of("c"), start, copy);
        let top = graph.add(Op::Merge, [b, c]);
        let costs: HashMap<FlowId, Forecast> =
            [(a, 10), (b, 5), (c, 12)].map(|(id, wall)| (id, forecast(&[took(wall, None)]))).into();
        let with = |cores: f64| estimate(&graph, top, &costs, &Resources::of(cores, 1e12, 0.0));
        let seconds = |time: Duration| time.as_secs();
        assert_eq!((seconds(with(8.0).work), seconds(with(8.0).chain), seconds(with(8.0).elapsed)), (27, 15, 15));
        assert_eq!(seconds(with(2.0).elapsed), 27);
        assert_eq!(estimate(&graph, start, &HashMap::new(), &Resources::new()), Estimate::default());
    }
}
