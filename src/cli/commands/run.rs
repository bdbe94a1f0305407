//! `reflow run`: evaluates a program and runs what no cache holds.

mod answer;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Instant, SystemTime};

use base::Kind;
use engine::Outcome;
use engine::reduce::CacheMode;
use flow::{FlowId, Graph};
use jiff::Timestamp;
use store::{RunPhase, RunRecord};
use types::print::print;
use types::{Type, Value};

use super::program::{Bound, Ready};
use super::version;
use crate::arguments::{CacheChoice, Global, RunFlags};
use crate::display::{self, Display};
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::run_files::{Level, RunError, RunFiles, RunState};
use crate::{interrupt, random};
use answer::Answer;

/// What the global flag says about the cache.
pub(super) fn cache_mode(global: &Global) -> CacheMode {
    CacheMode {
        read: matches!(global.cache, CacheChoice::Read | CacheChoice::ReadWrite),
        write: matches!(global.cache, CacheChoice::Write | CacheChoice::ReadWrite),
    }
}

fn cache_name(choice: CacheChoice) -> &'static str {
    match choice {
        CacheChoice::Off => "off",
        CacheChoice::Read => "read",
        CacheChoice::Write => "write",
        CacheChoice::ReadWrite => "readwrite",
    }
}

pub(super) fn run(global: &Global, flags: &RunFlags) -> Result<(), Exit> {
    let Ready { mut graph, main, ty, params } = Ready::load(global, &flags.path, &flags.args)?;
    let root = match &main {
        Value::Flow(flow) => graph.id_of(flow),
        known => return Answer::of(&print(known, &ty)).give(flags.json),
    };
    let mut run = Run::begin(global, flags, params)?;
    let started = Instant::now();
    let mut config = run.machinery.config(run.record.id)?;
    config.cache = cache_mode(global);
    config.invalidate =
        flags.invalidate.clone().map(|pattern| Box::new(move |ident: &str| pattern.is_match(ident)) as _);
    config.recompute_empty = flags.recomputeempty;
    config.assert = flags.assert;
    config.top_down = flags.eval == "topdown";
    run.display.show_cached(!config.top_down);
    config.labels = run.record.labels.clone();
    config.cancel = interrupt::token(run.machinery.runtime.handle());
    let outcome = run.evaluate(&mut graph, root, config);
    run.end(flags, outcome, &ty, started.elapsed().as_secs_f64())
}

/// A run: what it works with and what is kept of it.
struct Run {
    machinery: Machinery,
    display: Display,
    record: RunRecord,
    created: Timestamp,
    /// The words that repeat the run, for hints.
    again: Vec<String>,
}

impl Run {
    fn begin(global: &Global, flags: &RunFlags, params: Bound) -> Result<Self, Exit> {
        let home = flags.place.home()?;
        let machinery = Machinery::open(&home, flags.executor)?;
        let id = random::digest()?;
        let files = RunFiles::create(&home, &id)?;
        let log = files.log_path().to_string_lossy().into_owned();
        let mut display = Display::new(global.log, Some(files), &id.short());
        let program = std::path::absolute(Path::new(&flags.path))
            .map_or(flags.path.clone(), |path| path.to_string_lossy().into_owned());
        display.log(Level::Info, &format!("reflow version: {}", version::text()));
        display.log(Level::Info, &format!("run ID: {}", id.short()));
        display.log(Level::Info, &format!("evaluating program {program}{}", listed(&params.given)));
        let settings = machinery.described(cache_name(global.cache));
        display.log(Level::Info, &format!("evaluating with configuration: {settings}"));
        for notice in &machinery.notices {
            display.log(Level::Info, notice);
        }
        let record = RunRecord {
            id,
            program,
            params: params.all,
            args: Vec::new(),
            user: user(),
            labels: vec![format!("user={}", user())],
            start: SystemTime::now(),
            end: None,
            phase: RunPhase::Eval,
            attempt: 0,
            result: None,
            error: None,
            log: Some(log),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            process: std::process::id(),
        };
        let again = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let mut run = Self { machinery, display, record, created: Timestamp::now(), again };
        run.save()?;
        Ok(run)
    }

    fn evaluate(&mut self, graph: &mut Graph, root: FlowId, config: engine::Config) -> Outcome {
        let display = &mut self.display;
        let outcome = engine::evaluate(graph, root, config, &mut |event| display.on(event));
        self.display.close();
        outcome
    }

    /// Says and keeps how the run ended.
    fn end(mut self, flags: &RunFlags, outcome: Outcome, ty: &Type, seconds: f64) -> Result<(), Exit> {
        self.record.phase = RunPhase::Done;
        self.record.end = Some(SystemTime::now());
        let mut answer = Answer::default();
        let done = match outcome.value {
            Ok(value) => {
                let text = print(&value, ty);
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
            phase: if over.is_some() { 3 } else { 1 },
            result: self.record.result.clone().unwrap_or_default(),
            err: self.record.error.clone().map(|error| RunError::new(kind, error)),
            attempt_number: 0,
            last_try: self.created,
            created: self.created,
            completion: over,
            total_resources: None,
        };
        self.display.write_state(&state)?;
        Ok(())
    }
}

/// Parameters as lines of the log.
fn listed(params: &BTreeMap<String, String>) -> String {
    let params = match params.is_empty() {
        true => "\n\t(no params)".to_owned(),
        false => {
            params.iter().fold("\n\tparams:".to_owned(), |text, (name, value)| format!("{text}\n\t\t{name}={value}"))
        }
    };
    format!("{params}\n\t(no arguments)")
}

fn user() -> String {
    std::env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
