//! What a person sees of a run: log lines on standard error, live status on a terminal, the run's log
//! file, the summary, and what went wrong (CLI spec §6).

mod details;
mod failures;
mod news;
mod status;
mod table;

use base::units;
use engine::job::ExecEnd;
use engine::{Event, Step, Summary};

use crate::arguments::LogLevel;
use crate::exit::Exit;
use crate::run_files::{Level, RunFiles, RunState};
use crate::terminal;
pub(crate) use failures::{details, report_failures};
use status::Status;

/// Listens to a run.
pub(crate) struct Display {
    level: LogLevel,
    files: Option<RunFiles>,
    status: Option<Status>,
    /// Whether what comes out of the cache has a line of its own.
    shows_cached: bool,
}

impl Display {
    /// A display that logs at `level`, and everything to the run's log file if there is one. `title` is
    /// that of the status.
    pub(crate) fn new(level: LogLevel, files: Option<RunFiles>, title: &str) -> Self {
        let status = matches!(level, LogLevel::Error | LogLevel::Info).then(|| Status::new(title));
        Self { level, files, status, shows_cached: true }
    }

    /// Whether what comes out of the cache is worth a line to people; the run's log has it anyway.
    pub(crate) fn show_cached(&mut self, shown: bool) {
        self.shows_cached = shown;
    }

    /// Whether records of this level go to standard error.
    fn shows(&self, level: Level) -> bool {
        match self.level {
            LogLevel::Off => false,
            LogLevel::Error => level <= Level::Error,
            LogLevel::Info => level <= Level::Info,
            LogLevel::Debug => true,
        }
    }

    /// Writes a record.
    pub(crate) fn log(&mut self, level: Level, text: &str) {
        if let Some(files) = &mut self.files {
            files.record(level, text);
        }
        if !self.shows(level) {
            return;
        }
        let line = match self.level {
            LogLevel::Debug => format!("{} {text}", jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S")),
            _ => format!("reflow: {text}"),
        };
        terminal::say(&line);
    }

    /// The files of the run, if it has any.
    pub(crate) fn files(&self) -> Option<&RunFiles> {
        self.files.as_ref()
    }

    pub(crate) fn write_state(&self, state: &RunState) -> Result<(), Exit> {
        match &self.files {
            Some(files) => Ok(files.write_state(state)?),
            None => Ok(()),
        }
    }

    /// Takes the live status away.
    pub(crate) fn close(&mut self) {
        self.status = None;
    }

    /// Shows an event.
    pub(crate) fn on(&mut self, event: &Event<'_>) {
        if let Some(status) = &mut self.status {
            status.on(event);
        }
        match event {
            Event::Cached { step, fileset, .. } => {
                let level = if self.shows_cached { Level::Info } else { Level::Debug };
                self.step_at(level, "(<-) ", step, "ok", &format!("0s {}", units::data_size(fileset.size())));
            }
            Event::ExecSubmitted { step, attempt, keys, config } => {
                if *attempt == 0 {
                    self.step(" ->  ", step, "exec", &step.summary());
                }
                self.log(Level::Debug, &details::started(step, keys, config));
            }
            Event::TransferStarted { step, fileset } => {
                let size = fileset.map(|fileset| format!(" {}", units::data_size(fileset.size()))).unwrap_or_default();
                self.step(" ->  ", step, "run", &(step.summary() + &size));
            }
            Event::ExecEnded { step, end, .. } => self.ended(step, end),
            Event::Interned { step, fileset, elapsed } | Event::Externed { step, fileset, elapsed } => {
                let size = units::data_size(fileset.size());
                self.step(" <-  ", step, "ok", &format!("{} {size}", units::duration(*elapsed)));
            }
            Event::NodeFailed(failure) => self.failed(failure),
            other => {
                if let Some((level, text)) = news::of(other) {
                    self.log(level, &text);
                }
            }
        }
    }

    fn ended(&mut self, step: &Step<'_>, end: &ExecEnd) {
        match end {
            ExecEnd::Ran { report, durable, .. } => {
                if let (Ok(collected), Ok(())) = (&report.outcome, durable) {
                    let size = units::data_size(collected.fileset.size());
                    self.step(" <-  ", step, "ok", &format!("{} {size}", units::duration(report.usage.wall)));
                    self.log(Level::Debug, &details::ended(step, &collected.fileset, report));
                    for note in &collected.notes {
                        self.log(Level::Info, &format!("{}: {note}", step.ident()));
                    }
                }
            }
            ExecEnd::Cached(hit) => {
                self.step("(<-) ", step, "ok", &format!("0s {}", units::data_size(hit.fileset.size())));
            }
            ExecEnd::Elsewhere | ExecEnd::Broken(_) => {}
        }
    }

    fn failed(&mut self, failure: &engine::Failure) {
        let line = line(" <-  ", &failure.ident, &failure.digest.short(), "err", failure.op, "");
        self.log(
            Level::Error,
            &format!("{}{}{}", line.trim_end(), failures::details(failure), failures::again(failure)),
        );
    }

    fn step(&mut self, arrow: &str, step: &Step<'_>, state: &str, detail: &str) {
        self.step_at(Level::Info, arrow, step, state, detail);
    }

    fn step_at(&mut self, level: Level, arrow: &str, step: &Step<'_>, state: &str, detail: &str) {
        let line = line(arrow, step.ident(), &step.digest().short(), state, step.op_name(), detail);
        self.log(level, &line);
    }

    /// The table of what ran, by ident.
    pub(crate) fn summary(&mut self, summary: &Summary, nodes: usize, elapsed: f64) {
        if let Some(text) = table::summary(summary, nodes, elapsed) {
            self.log(Level::Info, &text);
        }
    }
}

/// The line of a node (CLI spec §6.2 *Task lines*).
fn line(arrow: &str, ident: &str, digest: &str, state: &str, op: &str, detail: &str) -> String {
    format!("{arrow}{ident:<12} {digest} {state:<4} {op:>6} {detail}")
}
