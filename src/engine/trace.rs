//! The timeline of a run, for the trace viewers of browsers (CLI spec §5.6).
//!
//! A listener like any other: [`Timeline::on`] makes spans of the events of one or more evaluations, and
//! [`Timeline::write`] writes what there is as JSON. Steps that came out of the cache have no span of their
//! own, so that the size is that of the work.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use flow::FlowId;
use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Event, Step};
use crate::job::ExecEnd;

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Category {
    Run,
    Exec,
    Cache,
    Transfer,
    AllocReq,
    AllocLifespan,
}

/// The number that a trace viewer groups spans by: what happens nowhere yet, and on this machine.
const NOWHERE: u32 = 0;
const HERE: u32 = 1;
/// The row of spans that belong to no step; those of steps follow.
const COMMON_ROW: usize = 0;

/// The spans of a run.
#[derive(Debug)]
pub struct Timeline {
    alloc: String,
    run: Span,
    lifespan: Span,
    spans: Vec<Span>,
    open: HashMap<FlowId, Span>,
}

#[derive(Clone, Debug)]
struct Span {
    category: Category,
    name: String,
    process: u32,
    row: usize,
    begin: SystemTime,
    end: Option<SystemTime>,
    notes: BTreeMap<&'static str, String>,
}

impl Span {
    fn new(category: Category, name: impl Into<String>, process: u32, row: usize, begin: SystemTime) -> Self {
        Self { category, name: name.into(), process, row, begin, end: None, notes: BTreeMap::new() }
    }

    fn of_step(category: Category, step: &Step<'_>, what: &str, begin: SystemTime) -> Self {
        let digest = step.digest();
        let process = if category == Category::AllocReq { NOWHERE } else { HERE };
        let row = step.id().index() + 1;
        let mut span = Self::new(category, format!("{}_{} {what}", step.ident(), digest.short()), process, row, begin);
        span.notes.insert("FlowID", digest.to_string());
        span
    }
}

impl Timeline {
    /// The timeline of a run that begins now. `name` is its command line, `alloc` the name of the room that its
    /// commands run in.
    pub fn new(name: impl Into<String>, alloc: impl Into<String>, now: SystemTime) -> Self {
        let alloc = alloc.into();
        let lifespan = Span::new(Category::AllocLifespan, format!("alloc: {alloc}"), HERE, COMMON_ROW, now);
        let run = Span::new(Category::Run, name, NOWHERE, COMMON_ROW, now);
        Self { alloc, run, lifespan, spans: Vec::new(), open: HashMap::new() }
    }

    /// Takes in what happened now.
    pub fn on(&mut self, event: &Event<'_>, now: SystemTime) {
        match event {
            Event::LookedUp { nodes, elapsed } => {
                let name = format!("batch cache lookup ({nodes})");
                self.past(Span::new(Category::Cache, name, HERE, COMMON_ROW, now), *elapsed, now);
            }
            Event::ExecQueued { step, .. } => self.next(step, Category::AllocReq, "allocating resources", now),
            Event::ExecSubmitted { step, .. } => self.next(step, Category::Transfer, "loading", now),
            Event::ExecStarted { step, .. } => self.next(step, Category::Exec, "waiting for completion", now),
            Event::ExecExited { step, .. } => self.next(step, Category::Transfer, "promoting objects", now),
            Event::ExecElsewhere { step } => self.next(step, Category::Exec, "waiting for another process", now),
            Event::ExecRetried { step, error, .. } => {
                self.end(step.id(), Some(error), now);
                self.next(step, Category::AllocReq, "allocating resources", now);
            }
            Event::ExecEnded { step, end, .. } => {
                self.end(step.id(), failure(end), now);
                let mut span = Span::of_step(Category::Exec, step, "complete", now);
                span.end = Some(now);
                self.spans.push(span);
            }
            Event::TransferStarted { step, fileset } => {
                let what = if fileset.is_some() { "transferring output" } else { "loading" };
                self.next(step, Category::Transfer, what, now);
            }
            Event::Interned { step, .. } | Event::Externed { step, .. } => self.end(step.id(), None, now),
            Event::NodeFailed(failure) => self.end(failure.id, Some(&failure.error), now),
            Event::RunEnded { .. } => self.close(now),
            _ => {}
        }
    }

    /// Ends what the step was doing and begins what it does now.
    fn next(&mut self, step: &Step<'_>, category: Category, what: &str, now: SystemTime) {
        self.end(step.id(), None, now);
        let mut span = Span::of_step(category, step, what, now);
        if span.process == HERE {
            span.notes.insert("allocID", self.alloc.clone());
        }
        self.open.insert(step.id(), span);
    }

    fn end(&mut self, id: FlowId, error: Option<&base::Error>, now: SystemTime) {
        if let Some(mut span) = self.open.remove(&id) {
            span.end = Some(now);
            span.notes.extend(error.map(|error| ("error", error.to_string())));
            self.spans.push(span);
        }
    }

    /// A span that is over, and took so long.
    fn past(&mut self, mut span: Span, elapsed: Duration, now: SystemTime) {
        span.begin = now.checked_sub(elapsed).unwrap_or(now);
        span.end = Some(now);
        self.spans.push(span);
    }

    /// Ends everything, at the end of an evaluation; another one goes on with the same timeline.
    fn close(&mut self, now: SystemTime) {
        let mut open: Vec<Span> = self.open.drain().map(|(_, span)| span).collect();
        open.sort_by_key(|span| span.row);
        for mut span in open {
            span.end = Some(now);
            span.notes.insert("error", "the run ended before".to_owned());
            self.spans.push(span);
        }
        self.run.end = Some(now);
        self.lifespan.end = Some(now);
    }

    /// Writes all spans that are over as one JSON object.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"traceEvents\":[")?;
        let spans = [&self.run, &self.lifespan].into_iter().chain(&self.spans);
        for (number, span) in spans.filter(|span| span.end.is_some()).enumerate() {
            out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &Record::of(span))?;
        }
        out.write_all(b"\n]}\n")
    }
}

/// How an exec failed, if it did.
fn failure(end: &ExecEnd) -> Option<&base::Error> {
    match end {
        ExecEnd::Broken(error) => Some(error),
        ExecEnd::Ran { report, durable, .. } => report.outcome.as_ref().err().or(durable.as_ref().err()),
        ExecEnd::Elsewhere | ExecEnd::Cached(_) => None,
    }
}

/// A span as the viewers read it.
#[derive(Serialize)]
struct Record<'a> {
    pid: u32,
    tid: usize,
    /// Microseconds since 1970.
    ts: i64,
    /// Microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    ph: &'static str,
    name: &'a str,
    cat: Category,
    args: BTreeMap<&'a str, String>,
}

impl<'a> Record<'a> {
    fn of(span: &'a Span) -> Self {
        let end = span.end.unwrap_or(span.begin);
        let mut args: BTreeMap<&str, String> = span.notes.iter().map(|(name, note)| (*name, note.clone())).collect();
        args.insert("beginTime", written(span.begin));
        args.insert("endTime", written(end));
        let micros = end.duration_since(span.begin).unwrap_or_default().as_micros();
        Self {
            pid: span.process,
            tid: span.row,
            ts: timestamp(span.begin).as_microsecond(),
            dur: u64::try_from(micros).ok().filter(|micros| *micros > 0),
            ph: "X",
            name: &span.name,
            cat: span.category,
            args,
        }
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

/// As `Monday, 04-Mar-24 10:11:12 UTC`.
fn written(time: SystemTime) -> String {
    timestamp(time).strftime("%A, %d-%b-%y %H:%M:%S UTC").to_string()
}
