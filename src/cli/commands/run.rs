//! `reflow run`

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use base::regexp::Regexp;
use base::{Digest, Kind};
use engine::reduce::CacheMode;
use engine::{Counts, Outcome};
use flow::graph::Config as GraphConfig;
use flow::{FlowId, Graph};
use jiff::Timestamp;
use lang::eval::{force, instantiate};
use lang::module::Module;
use lang::parameters::{self, Flag, FlagError, Settings};
use serde_json::json;
use store::{RunPhase, RunRecord};
use types::print::print;
use types::{Type, Value};

use super::{answer, session, version};
use crate::arguments::{CacheChoice, Global, RunFlags};
use crate::display::{self, Display};
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::run_files::{Level, RunError, RunFiles, RunState};
use crate::{interrupt, random, terminal};

/// What the global flag says about the cache.
pub(super) fn cache_mode(global: &Global) -> CacheMode {
    CacheMode {
        read: matches!(global.cache, CacheChoice::Read | CacheChoice::ReadWrite),
        write: matches!(global.cache, CacheChoice::Write | CacheChoice::ReadWrite),
    }
}

pub(super) fn run(global: &Global, flags: &RunFlags) -> Result<(), Exit> {
    let invalidate = match flags.invalidate.as_str() {
        "" => None,
        pattern => {
            Some(Regexp::parse(pattern).map_err(|error| Exit::Usage(format!("reflow run: -invalidate: {error}")))?)
        }
    };
    let program = Program::load(global, flags)?;
    let Program { mut graph, forced, ty, settings } = program;
    let root = match &forced {
        Value::Flow(flow) => graph.id_of(flow),
        known => {
            let text = print(known, &ty);
            answer(format!("{text}\n"))?;
            return if flags.json { answer_json(None, Ok(&text), &Counts::default(), 0.0) } else { Ok(()) };
        }
    };
    let mut run = Run::begin(global, flags, &settings)?;
    let started = Instant::now();
    let mut config = run.machinery.config(run.id)?;
    config.cache = cache_mode(global);
    config.invalidate = invalidate.map(|pattern| Box::new(move |ident: &str| pattern.is_match(ident)) as _);
    config.recompute_empty = flags.recomputeempty;
    config.cancel = interrupt::token(run.machinery.runtime.handle());
    let outcome = run.evaluate(&mut graph, root, config);
    run.end(flags, outcome, &ty, started.elapsed().as_secs_f64())
}

/// A program with its parameters bound, as far as evaluation alone goes.
struct Program {
    graph: Graph,
    forced: Value,
    ty: Type,
    settings: Settings,
}

impl Program {
    fn load(global: &Global, flags: &RunFlags) -> Result<Self, Exit> {
        let session = session();
        let (module, diagnostics) = session.load(&flags.path);
        let module = module.ok_or_else(|| Exit::of_diagnostics(&diagnostics))?;
        let mut graph = Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: false });
        let params = parameters::flags(&mut graph, &session, &module)?;
        let settings = match parameters::parse(&params, &flags.args) {
            Ok(settings) => settings,
            Err(FlagError::Help) => {
                terminal::say(&usage(&flags.path, &params));
                return Err(Exit::Success);
            }
            Err(FlagError::Usage(message)) => {
                return Err(Exit::failed(format!("{message}\n{}", usage(&flags.path, &params))));
            }
        };
        if !settings.rest.is_empty() {
            let rest = settings.rest.join(" ");
            return Err(Exit::failed(format!("arguments left over: {rest}\n{}", usage(&flags.path, &params))));
        }
        let Some(ty) = module.ty.field("Main").cloned() else {
            return Err(Exit::failed(format!("{}: module has no Main", flags.path)));
        };
        let arguments = parameters::arguments(&mut graph, &session, &params, &settings)?;
        let value = instantiate(&mut graph, &session, &module, &arguments)?;
        let main = main_of(&value, &module);
        let ident: Rc<str> = format!("{}.Main", module.name).into();
        let forced = force(&mut graph, &ident, main, &ty)?;
        Ok(Self { graph, forced, ty, settings })
    }
}

fn main_of(value: &Value, _module: &Module) -> Value {
    match value {
        Value::Module(record) => record.get("Main").cloned().unwrap_or(Value::Unit),
        _ => Value::Unit,
    }
}

/// The program's own flags (CLI spec §11).
fn usage(path: &str, params: &[Flag]) -> String {
    let mut text = format!("usage of {path}:\n");
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    for flag in sorted {
        let ty = if flag.kind == parameters::FlagKind::Bool { String::new() } else { format!(" {}", flag.kind.name()) };
        let doc = flag.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let note = match &flag.default {
            _ if flag.required && flag.kind == parameters::FlagKind::Bool => String::new(),
            _ if flag.required => "(required)".to_owned(),
            Some(default) if default.is_empty() || matches!(default.as_str(), "0" | "false") => String::new(),
            Some(default) if flag.kind == parameters::FlagKind::String => {
                format!("(default {})", types::quote::quote(default.as_bytes()))
            }
            Some(default) => format!("(default {default})"),
            None => String::new(),
        };
        let words = [doc, note].iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("  -{}{ty}\n    \t{words}\n", flag.name));
    }
    text
}

/// A run: what it works with and what is kept of it.
struct Run {
    id: Digest,
    machinery: Machinery,
    display: Display,
    record: RunRecord,
    created: Timestamp,
    /// The words that repeat the run, for hints.
    again: Vec<String>,
}

impl Run {
    fn begin(global: &Global, flags: &RunFlags, settings: &Settings) -> Result<Self, Exit> {
        let home = flags.place.home()?;
        let machinery = Machinery::open(&home, flags.executor)?;
        let id = random::digest()?;
        let files = RunFiles::create(&home, &id)?;
        let log = files.log_path().to_string_lossy().into_owned();
        let mut display = Display::new(global.log, Some(files));
        let program = std::path::absolute(Path::new(&flags.path))
            .map_or(flags.path.clone(), |path| path.to_string_lossy().into_owned());
        display.log(Level::Info, &format!("reflow version: {}", version::text()));
        display.log(Level::Info, &format!("run ID: {}", id.short()));
        display.log(Level::Info, &format!("evaluating program {program}{}", listed(&settings.set)));
        for notice in &machinery.notices {
            display.log(Level::Info, notice);
        }
        let record = RunRecord {
            id,
            program,
            params: settings.set.clone(),
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
        let mut run = Self { id, machinery, display, record, created: Timestamp::now(), again };
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
        match outcome.value {
            Ok(value) => {
                let text = print(&value, ty);
                self.record.result = Some(text.clone());
                self.save()?;
                self.display.summary(&outcome.summary, outcome.nodes, seconds);
                self.display.log(Level::Info, &format!("result: {text}"));
                answer(format!("{text}\n"))?;
                if flags.json {
                    answer_json(Some(&self.id), Ok(&text), &outcome.counts, seconds)?;
                }
                Ok(())
            }
            Err(failures) => {
                self.record.error = Some(failures.to_string());
                self.save_with(failures.kind())?;
                let exit = display::report_failures(&mut self.display, &failures, &self.again);
                if flags.json {
                    answer_json(Some(&self.id), Err(&failures.to_string()), &outcome.counts, seconds)?;
                }
                Err(exit)
            }
        }
    }

    fn save(&mut self) -> Result<(), Exit> {
        self.save_with(Kind::Other)
    }

    fn save_with(&mut self, kind: Kind) -> Result<(), Exit> {
        self.machinery.store.runs().put(&self.record)?;
        let over = self.record.end.and_then(|end| Timestamp::try_from(end).ok());
        let state = RunState {
            id: self.id,
            program: self.record.program.clone(),
            params: self.record.params.clone(),
            args: self.record.args.clone(),
            phase: if over.is_some() { 3 } else { 1 },
            result: self.record.result.clone().unwrap_or_default(),
            err: self.record.error.clone().map(|error| RunError { kind: kind.name(), error }),
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

/// The one JSON object that `-json` asks for.
fn answer_json(run: Option<&Digest>, result: Result<&str, &str>, counts: &Counts, seconds: f64) -> Result<(), Exit> {
    let object = json!({
        "run": run.map(Digest::to_string),
        "result": result.ok(),
        "error": result.err(),
        "executed": counts.executed,
        "cached": counts.cached,
        "interned": counts.interned,
        "externed": counts.externed,
        "failed": counts.failed,
        "seconds": (seconds * 1000.0).round() / 1000.0,
    });
    answer(format!("{object}\n"))
}
