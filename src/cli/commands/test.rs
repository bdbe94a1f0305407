//! `reflow test`: evaluates the tests of modules and says which passed.
//!
//! Files are found ([`discover`]), each is checked and instantiated, what its commands give is taken from its
//! value `Canned` ([`canned`]), each test is evaluated in a [`workshop`] that shares nothing with other runs,
//! a false one is explained ([`explain`]), and the [`report`] says it all on standard output.

mod canned;
mod discover;
mod explain;
mod report;
mod workshop;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Digest;
use exec::CannedResult;
use flow::Graph;
use flow::graph::Config as GraphConfig;
use lang::eval::force;
use lang::module::Module;
use lang::testing::{Test, TestModule};
use types::Value;

use super::session;
use crate::arguments::{Global, TestFlags};
use crate::exit::Exit;
use crate::terminal;
use report::{Report, Verdict};
use workshop::{Canceled, Workshop};

pub(super) fn run(global: &Global, flags: &TestFlags) -> Result<(), Exit> {
    let files = discover::files(&flags.paths)?;
    let mut tester = Tester { global, flags, workshop: Workshop::new(flags.executor), report: Report::new(flags.json) };
    for file in &files {
        tester.file(file)?;
    }
    tester.report.end(flags)
}

struct Tester<'a> {
    global: &'a Global,
    flags: &'a TestFlags,
    workshop: Workshop,
    report: Report,
}

/// A file whose tests can be evaluated.
struct Bench {
    graph: Graph,
    results: Arc<[CannedResult]>,
    /// Keeps the results of this file apart from those of others.
    salt: Digest,
    /// What evaluating declarations took, by name.
    spent: HashMap<String, Duration>,
}

impl Tester<'_> {
    /// Runs the tests of a file.
    fn file(&mut self, path: &str) -> Result<(), Exit> {
        let session = session();
        let (module, diagnostics) = session.load(path);
        let Some(module) = module else {
            terminal::show_diagnostics(&diagnostics);
            self.report.broken(path, "it has errors");
            return Ok(());
        };
        let mut spent: HashMap<String, Duration> = HashMap::new();
        let mut last = Instant::now();
        let mut graph = Graph::new(GraphConfig { universe: self.global.universe.clone(), hash_v1: false });
        let instance = TestModule::instantiate(&mut graph, &session, &module, &mut |name| {
            let now = Instant::now();
            spent.insert(name.to_owned(), now - std::mem::replace(&mut last, now));
        });
        let instance = match instance {
            Ok(instance) => instance,
            Err(error) => {
                self.report.broken(path, &error.to_string());
                return Ok(());
            }
        };
        let wanted = |test: &&Test| self.flags.run.as_ref().is_none_or(|pattern| pattern.is_match(&*test.name));
        let tests: Vec<&Test> = instance.tests.iter().filter(wanted).collect();
        if tests.is_empty() {
            return Ok(());
        }
        if self.flags.list {
            return tests.iter().try_for_each(|test| self.report.listed(path, test));
        }
        let mut bench = Bench { graph, results: Arc::new([]), salt: Digest::of(format!("tests of {path}")), spent };
        match self.canned(&module, &instance, &mut bench)? {
            Ok(results) => bench.results = results.into(),
            Err(reason) => {
                self.report.broken(path, &reason);
                return Ok(());
            }
        }
        self.report.begin(path, &tests);
        for test in &tests {
            self.test(path, test, &mut bench)?;
        }
        if self.flags.run.is_none() {
            for result in bench.results.iter().filter(|result| !result.was_used()) {
                self.report.note(&format!("no exec matched {:?} in {}", result.pattern.as_str(), canned::NAME));
            }
        }
        Ok(())
    }

    /// What the module says that its commands give; the inner error is the module's.
    fn canned(
        &self,
        module: &Rc<Module>,
        instance: &TestModule,
        bench: &mut Bench,
    ) -> Result<Result<Vec<CannedResult>, String>, Exit> {
        let (Some(ty), Some(value)) = (module.ty.field(canned::NAME), instance.member(canned::NAME)) else {
            return Ok(Ok(Vec::new()));
        };
        if let Err(reason) = canned::check(ty) {
            return Ok(Err(reason));
        }
        let label: Rc<str> = format!("{}.{}", module.name, canned::NAME).into();
        let value = match force(&mut bench.graph, &label, value.clone(), ty) {
            Ok(value) => self.value(bench, &value)?,
            Err(error) => Err(error.to_string()),
        };
        match value {
            Ok(value) => canned::take(&value, ty, &self.workshop),
            Err(reason) => Ok(Err(format!("{}: {reason}", canned::NAME))),
        }
    }

    fn test(&mut self, path: &str, test: &Test, bench: &mut Bench) -> Result<(), Exit> {
        let started = Instant::now();
        let failure = self.failure(test, bench)?;
        let seconds = bench.spent.get(&*test.name).copied().unwrap_or_default() + started.elapsed();
        self.report.test(&Verdict { path, test, seconds: seconds.as_secs_f64(), failure })
    }

    /// Why a test fails; nothing if it passes.
    fn failure(&self, test: &Test, bench: &mut Bench) -> Result<Option<String>, Exit> {
        let value = match &test.value {
            Ok(value) => self.value(bench, value)?,
            Err(error) => Err(error.to_string()),
        };
        let mut lines = match value {
            Ok(Value::Bool(false)) => Vec::new(),
            Ok(_) => return Ok(None),
            Err(reason) => vec![reason],
        };
        self.explain(test, bench, &mut lines)?;
        if lines.is_empty() {
            lines.push(format!("{}: the value is false", test.place));
        }
        Ok(Some(lines.join("\n")))
    }

    /// Adds the comparisons of a test that are false.
    fn explain(&self, test: &Test, bench: &mut Bench, lines: &mut Vec<String>) -> Result<(), Exit> {
        for comparison in test.comparisons(&mut bench.graph).unwrap_or_default() {
            // What fails here is what the test has failed with, or has not decided it.
            let Ok(Value::Tuple(parts)) = self.value(bench, &comparison.value)? else { continue };
            if let [Value::Bool(false), left, right] = parts.as_ref() {
                lines.push(format!("{}: {} is false", comparison.place, comparison.text));
                lines.push(explain::sides(&self.workshop, left, right, &comparison.ty));
            }
        }
        Ok(())
    }

    /// What a value comes to; the inner error is the program's.
    fn value(&self, bench: &mut Bench, value: &Value) -> Result<Result<Value, String>, Exit> {
        let Value::Flow(flow) = value else { return Ok(Ok(value.clone())) };
        let root = bench.graph.id_of(flow);
        match self.workshop.evaluate(&mut bench.graph, root, &bench.results, bench.salt)? {
            Ok(outcome) => Ok(outcome),
            Err(Canceled) => Err(Exit::failed("interrupted")),
        }
    }
}
