//! What is said of tests on standard output: a line each and a summary, or JSON objects.

use std::time::Instant;

use lang::testing::Test;
use serde::Serialize;

use super::super::answer;
use crate::arguments::TestFlags;
use crate::exit::Exit;
use crate::terminal;

/// Says what came of tests.
pub(super) struct Report {
    json: bool,
    colour: bool,
    started: Instant,
    passed: usize,
    failed: usize,
    /// Files whose tests could not be run.
    broken: usize,
    listed: usize,
    /// The longest name in the file.
    width: usize,
}

/// What came of a test.
pub(super) struct Verdict<'a> {
    pub(super) path: &'a str,
    pub(super) test: &'a Test,
    pub(super) seconds: f64,
    /// Why it failed.
    pub(super) failure: Option<String>,
}

/// A test or a broken file as a JSON object.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    test: Option<&'a str>,
    place: Option<&'a str>,
    outcome: &'static str,
    seconds: f64,
    message: Option<&'a str>,
}

/// All tests as a JSON object.
#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    broken_files: usize,
    seconds: f64,
}

/// Milliseconds are enough.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        let colour = terminal::answers_in_colour();
        Self { json, colour, started: Instant::now(), passed: 0, failed: 0, broken: 0, listed: 0, width: 0 }
    }

    /// The tests of a file begin.
    pub(super) fn begin(&mut self, path: &str, tests: &[&Test]) {
        self.width = tests.iter().map(|test| test.name.chars().count()).max().unwrap_or(0);
        if !self.json {
            // What cannot be said here cannot be said of the tests either.
            let _ = answer(format!("{path}\n"));
        }
    }

    /// A test is over.
    pub(super) fn test(&mut self, verdict: &Verdict<'_>) -> Result<(), Exit> {
        let Verdict { path, test, seconds, failure } = verdict;
        let outcome = if failure.is_some() { "fail" } else { "pass" };
        match failure {
            Some(_) => self.failed += 1,
            None => self.passed += 1,
        }
        if self.json {
            return object(&Line {
                file: path,
                test: Some(&test.name),
                place: Some(&test.place),
                outcome,
                seconds: rounded(*seconds),
                message: failure.as_deref(),
            });
        }
        let mark = match failure {
            Some(_) => self.coloured("FAIL", "31"),
            None => self.coloured("ok  ", "32"),
        };
        let mut text = format!("  {mark}  {:width$}  {seconds:.3}s\n", test.name, width = self.width);
        for line in failure.iter().flat_map(|failure| failure.lines()) {
            text.push_str(format!("        {line}").trim_end());
            text.push('\n');
        }
        answer(text)
    }

    fn coloured(&self, text: &str, colour: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The tests of a file cannot be run.
    pub(super) fn broken(&mut self, path: &str, reason: &str) {
        self.broken += 1;
        let _ = match self.json {
            true => object(&Line {
                file: path,
                test: None,
                place: None,
                outcome: "broken",
                seconds: 0.0,
                message: Some(reason),
            }),
            false => answer(format!("{path}\n  {}  {reason}\n", self.coloured("FAIL", "31"))),
        };
    }

    /// A remark about a file.
    pub(super) fn note(&self, text: &str) {
        terminal::say(&format!("reflow test: {text}"));
    }

    /// The name of a test that is not run.
    pub(super) fn listed(&mut self, path: &str, test: &Test) -> Result<(), Exit> {
        self.listed += 1;
        answer(format!("{path} {}\n", test.name))
    }

    /// All tests are over.
    pub(super) fn end(self, flags: &TestFlags) -> Result<(), Exit> {
        let count = self.passed + self.failed;
        if count + self.listed + self.broken == 0 {
            let which =
                flags.run.as_ref().map_or(String::new(), |pattern| format!(" that matches {:?}", pattern.as_str()));
            return Err(Exit::failed(format!("there is no exported value Test…{which}")));
        }
        let seconds = self.started.elapsed().as_secs_f64();
        if self.json && !flags.list {
            let Self { passed, failed, broken, .. } = self;
            object(&Summary { passed, failed, broken_files: broken, seconds: rounded(seconds) })?;
        } else if !flags.list {
            let broken = match self.broken {
                0 => String::new(),
                1 => ", 1 file with errors".to_owned(),
                many => format!(", {many} files with errors"),
            };
            let plural = if count == 1 { "" } else { "s" };
            let (passed, failed) = (self.passed, self.failed);
            answer(format!("{count} test{plural}: {passed} passed, {failed} failed{broken} ({seconds:.3}s)\n"))?;
        }
        if self.failed + self.broken > 0 { Err(Exit::Failed(None)) } else { Ok(()) }
    }
}

fn object(value: &impl Serialize) -> Result<(), Exit> {
    let text = serde_json::to_string(value).map_err(Exit::failed)?;
    answer(format!("{text}\n"))
}
