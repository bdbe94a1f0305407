//! `reflow run`: evaluates a program and runs what no cache holds.

mod answer;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use base::{Kind, units};
use engine::dot::Trail;
use engine::restart::RestartPolicy;
use engine::trace::Timeline;
use engine::{Config, Failures, Outcome};
use exec::CancelToken;
use flow::{FlowId, Graph};
use jiff::Timestamp;
use store::{KeyLock, RunPhase, RunRecord};
use types::Value;

use super::program::{Bound, Ready};
use super::version;
use crate::arguments::{Global, RunFlags};
use crate::configuration;
use crate::display::{self, Display};
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::run_files::{Level, RunError, RunFiles, RunState};
use crate::{interrupt, names, recorded};
use answer::Answer;

pub(super) fn run(global: &Global, flags: &RunFlags) -> Result<(), Exit> {
    let ready = Ready::load(global, &flags.program.path, &flags.program.args)?;
    let print = ready.printer();
    let Ready { mut graph, main, ty, params, args, .. } = ready;
    let root = match &main {
        Value::Flow(flow) => graph.id_of(flow),
        known => return Answer::of(&print(known, &ty)).give(flags.json),
    };
    let mut run = Run::begin(global, flags, params, args)?;
    let started = Instant::now();
    let cancel = interrupt::token(run.machinery.runtime.handle());
    let restarts = RestartPolicy { attempts: flags.attempts, spacing: flags.attemptspacing };
    loop {
        let began = Instant::now();
        let config = Config { cancel: cancel.clone(), ..run.config(flags)? };
        let outcome = run.evaluate(&mut graph, root, config, flags);
        let wait = match &outcome.value {
            Err(failures) if !cancel.is_canceled() => {
                let wait = restarts.next(run.record.attempt, began.elapsed(), failures);
                wait.map(|wait| (wait, failures))
            }
            _ => None,
        };
        match wait {
            Some((wait, failures)) => run.pause(failures, wait, &cancel)?,
            None => return run.end(flags, outcome, |value| print(value, &ty), started.elapsed().as_secs_f64()),
        }
    }
}

/// A run: what it works with and what is kept of it.
struct Run {
    machinery: Machinery,
    display: Display,
    /// What happened when, if that is asked for.
    timeline: Option<Timeline>,
    record: RunRecord,
    /// Says that the run goes on, as long as this process does.
    _lock: Option<KeyLock>,
    created: Timestamp,
    /// When the last attempt began.
    last_try: Timestamp,
    /// The words that repeat the run, for hints.
    again: Vec<String>,
}

impl Run {
    fn begin(global: &Global, flags: &RunFlags, params: Bound, args: Vec<String>) -> Result<Self, Exit> {
        let machinery = flags.machinery.open()?;
        let program = std::path::absolute(Path::new(&flags.program.path))
            .map_or(flags.program.path.clone(), |path| path.to_string_lossy().into_owned());
        let mut record = recorded::new(program, params.all, args)?;
        let id = record.id;
        let lock = machinery.store.locks.try_lock(&id)?;
        let files = RunFiles::create(machinery.home(), &id)?;
        record.log = Some(files.log_path().to_string_lossy().into_owned());
        let mut display = Display::new(global.log, Some(files), &id.short());
        display.log(Level::Info, &format!("reflow version: {}", version::text()));
        display.log(Level::Info, &format!("run ID: {}", id.short()));
        display
            .log(Level::Info, &format!("evaluating program {}{}", record.program, listed(&params.given, &record.args)));
        let settings = machinery.described(configuration::current().cache_name());
        display.log(Level::Info, &format!("evaluating with configuration: {settings}"));
        for notice in &machinery.notices {
            display.log(Level::Info, notice);
        }
        let again = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let timeline = configuration::current().has_timeline().then(|| {
            if let Some(files) = display.files() {
                let path = files.trace_path();
                display.log(Level::Info, &format!("Trace: {}", path.display()));
            }
            let alloc = names::alloc(&record.host, &record.id);
            Timeline::new(command_line(&record), alloc, record.start)
        });
        let (created, last_try) = (Timestamp::now(), Timestamp::now());
        let mut run = Self { machinery, display, timeline, record, _lock: lock, created, last_try, again };
        run.save()?;
        Ok(run)
    }

    /// What the flags ask of the engine.
    fn config(&mut self, flags: &RunFlags) -> Result<Config, Exit> {
        let top_down = flags.eval == "topdown";
        self.display.show_cached(!top_down);
        Ok(flags.reuse.apply(Config {
            top_down,
            check_inputs: flags.postusechecksum,
            predictor: flags.pred.then(|| configuration::current().predictor()).transpose().map_err(Exit::failed)?,
            keep_trail: flags.dotgraph != Some(false),
            trace: flags.traceflow,
            ..recorded::config(&self.machinery, &self.record)?
        }))
    }

    fn evaluate(&mut self, graph: &mut Graph, root: FlowId, config: Config, flags: &RunFlags) -> Outcome {
        let (display, timeline) = (&mut self.display, &mut self.timeline);
        let outcome = engine::evaluate(graph, root, config, &mut |event| {
            if let Some(timeline) = timeline {
                timeline.on(event, SystemTime::now());
            }
            display.on(event);
        });
        self.write_timeline();
        if let Some(trail) = &outcome.trail {
            self.write_graph(graph, trail, flags.dotgraph.is_some());
        }
        outcome
    }

    /// Writes what happened when. A run is not worth failing for it.
    fn write_timeline(&mut self) {
        let (Some(timeline), Some(files)) = (&self.timeline, self.display.files()) else { return };
        if let Err(error) = files.write_trace(|out| timeline.write(out)) {
            self.display.log(Level::Error, &format!("the timeline is not written: {error}"));
        }
    }

    /// Writes the graph if it was asked for, or can be of use to people. A run is not worth failing for it.
    fn write_graph(&mut self, graph: &Graph, trail: &Trail, was_asked_for: bool) {
        const LARGE: usize = 100_000;
        let count = trail.count();
        if count > LARGE && !was_asked_for {
            let text = format!("the graph of {count} nodes is not written; -dotgraph asks for it");
            return self.display.log(Level::Debug, &text);
        }
        let title = format!("reflow flowgraph {}", self.record.id);
        let write = |out: &mut dyn std::io::Write| engine::dot::write(graph, trail, &title, out);
        if let Some(Err(error)) = self.display.files().map(|files| files.write_graph(write)) {
            self.display.log(Level::Error, &format!("the graph is not written: {error}"));
        }
    }

    /// Waits for another attempt, or until the run is to stop.
    fn pause(&mut self, failures: &Failures, wait: Duration, cancel: &CancelToken) -> Result<(), Exit> {
        let text = format!("retry (last attempt at: {}) due to: {failures}", self.last_try);
        self.display.log(Level::Info, &format!("{text}; the next begins in {}", units::duration(wait)));
        self.record.phase = RunPhase::Retry;
        self.record.error = Some(failures.to_string());
        self.save_with(failures.kind())?;
        self.machinery.runtime.block_on(async {
            tokio::select! {
                () = cancel.canceled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        });
        self.record.phase = RunPhase::Eval;
        self.record.error = None;
        self.record.attempt += 1;
        self.last_try = Timestamp::now();
        self.save()
    }

    /// Says and keeps how the run ended.
    fn end(
        mut self,
        flags: &RunFlags,
        outcome: Outcome,
        print: impl Fn(&Value) -> String,
        seconds: f64,
    ) -> Result<(), Exit> {
        self.display.close();
        self.record.phase = RunPhase::Done;
        self.record.end = Some(SystemTime::now());
        let mut answer = Answer::default();
        let done = match outcome.value {
            Ok(value) => {
                let text = print(&value);
                self.record.result = Some(text.clone());
                self.save()?;
                self.display.summary(&outcome.summary, outcome.nodes, seconds);
                self.display.log(Level::Info, &format!("result: {text}"));
                answer.result = Some(text);
                Ok(())
            }
            Err(failures) => {
                self.record.error = Some(failures.to_string());
                self.save_with(failures.kind())?;
                answer.error = self.record.error.clone();
                Err(display::report_failures(&mut self.display, &failures, &self.again))
            }
        };
        answer.of_run(&self.record.id, &outcome.counts, seconds).give(flags.json)?;
        done
    }

    fn save(&mut self) -> Result<(), Exit> {
        self.save_with(Kind::Other)
    }

    fn save_with(&mut self, kind: Kind) -> Result<(), Exit> {
        self.machinery.store.runs().put(&self.record)?;
        let over = self.record.end.and_then(|end| Timestamp::try_from(end).ok());
        let state = RunState {
            id: self.record.id,
            program: self.record.program.clone(),
            params: self.record.params.clone(),
            args: self.record.args.clone(),
            phase: match self.record.phase {
                RunPhase::Init => 0,
                RunPhase::Eval => 1,
                RunPhase::Retry => 2,
                RunPhase::Done => 3,
            },
            result: self.record.result.clone().unwrap_or_default(),
            err: self.record.error.clone().map(|error| RunError::new(kind, error)),
            attempt_number: self.record.attempt,
            last_try: self.last_try,
            created: self.created,
            completion: over,
            total_resources: None,
        };
        self.display.write_state(&state)?;
        Ok(())
    }
}

/// Parameters and arguments as lines of the log.
fn listed(params: &BTreeMap<String, String>, args: &[String]) -> String {
    let params = match params.is_empty() {
        true => "\n\t(no params)".to_owned(),
        false => {
            params.iter().fold("\n\tparams:".to_owned(), |text, (name, value)| format!("{text}\n\t\t{name}={value}"))
        }
    };
    match args {
        [] => format!("{params}\n\t(no arguments)"),
        args => args.iter().fold(format!("{params}\n\targuments:"), |text, arg| format!("{text}\n\t\t{arg}")),
    }
}

/// What a run evaluates, on one line: the program, its parameters and arguments.
fn command_line(run: &RunRecord) -> String {
    let params = run.params.iter().map(|(name, value)| format!(" -{name}={value}"));
    let args = run.args.iter().map(|arg| format!(" {arg}"));
    params.chain(args).fold(run.program.clone(), |line, word| line + &word)
}
