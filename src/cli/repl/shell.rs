//! What inputs are handed to: the session, the graph that grows with it, and the machinery that runs what a
//! value needs, which is opened when something is to be run for the first time.

use std::cell::RefCell;
use std::rc::Rc;

use base::{Error, Kind};
use engine::{Config, Memory};
use flow::Graph;
use flow::graph::Config as GraphConfig;
use lang::eval::force;
use lang::interactive::{Entry, Interactive, LoadError, Outcome};
use syntax::diagnostic::{Diagnostic, Source};
use types::print::print;
use types::{FlowRef, Type, Value};

use super::stop::Stops;
use super::{Next, answer, command};
use crate::arguments::{Global, ReplFlags};
use crate::commands;
use crate::display::{self, Display};
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::recorded::Recorded;
use crate::terminal;

/// A session at work.
pub(super) struct Shell<'a> {
    global: &'a Global,
    flags: &'a ReplFlags,
    pub(super) interactive: Rc<RefCell<Interactive>>,
    graph: Graph,
    memory: Memory,
    machinery: Option<Machinery>,
    stops: Stops,
    /// Whether values come with their types.
    is_conversation: bool,
    /// Whether anything has gone wrong.
    pub(super) has_failed: bool,
}

impl<'a> Shell<'a> {
    pub(super) fn new(global: &'a Global, flags: &'a ReplFlags, is_conversation: bool) -> Result<Self, Exit> {
        let session = commands::session();
        let stops = Stops::watch(session.stop_flag(), is_conversation)?;
        Ok(Self {
            global,
            flags,
            interactive: Rc::new(RefCell::new(Interactive::new(session))),
            graph: Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: false }),
            memory: Memory::default(),
            machinery: None,
            stops,
            is_conversation,
            has_failed: false,
        })
    }

    /// Whether the last evaluation was stopped by an interrupt.
    pub(super) fn was_stopped(&self) -> bool {
        self.stops.was_stopped()
    }

    /// Does what an input says, be it a command or statements.
    pub(super) fn take(&mut self, source: &Rc<Source>) -> Next {
        let first = source.text.find(|letter: char| !letter.is_whitespace()).unwrap_or(0);
        if source.text[first..].starts_with(':') {
            return command::run(self, source, first);
        }
        let _evaluating = self.stops.begin();
        let (entry, diagnostics) = self.interactive.borrow().check(source);
        self.show(&for_input(source, diagnostics));
        if let Some(mut entry) = entry {
            while self.step(&mut entry) {}
        }
        Next::Input
    }

    /// Shows diagnostics; errors count.
    pub(super) fn show(&mut self, diagnostics: &[Diagnostic]) {
        terminal::show_diagnostics(diagnostics);
        self.has_failed |= diagnostics.iter().any(Diagnostic::is_error);
    }

    /// Says that something went wrong.
    pub(super) fn fail(&mut self, message: impl std::fmt::Display) {
        self.has_failed = true;
        answer::error(&message.to_string());
    }

    fn fail_with(&mut self, error: &Error) {
        if error.kind() == Kind::Canceled {
            return self.interrupted();
        }
        // Inputs of a script share a name, so that it does not tell which of them is meant.
        let session = self.interactive.borrow().session().clone();
        match session.diagnostic(error).filter(|_| self.is_conversation) {
            Some(diagnostic) => self.show(&[diagnostic]),
            None => self.fail(error),
        }
    }

    fn interrupted(&mut self) {
        self.has_failed = true;
        answer::remark("interrupted");
    }

    /// Evaluates the next statement; says whether to go on.
    fn step(&mut self, entry: &mut Entry) -> bool {
        let outcome = self.interactive.borrow_mut().step(&mut self.graph, entry);
        match outcome {
            None => false,
            Some(Ok(Outcome::Value(value, ty))) => match self.known(value, &ty) {
                Some(value) => self.answer(&value, &ty),
                None => false,
            },
            Some(Ok(outcome)) => {
                if self.is_conversation {
                    answer::declared(&outcome);
                }
                true
            }
            Some(Err(error)) => {
                self.fail_with(&error);
                false
            }
        }
    }

    /// The value with everything in it known. If there is none, the reason has been said.
    fn known(&mut self, value: Value, ty: &Type) -> Option<Value> {
        match force(&mut self.graph, &"".into(), value, ty) {
            Ok(Value::Flow(flow)) => self.reduce(&flow, ty),
            Ok(known) => Some(known),
            Err(error) => {
                self.fail_with(&error);
                None
            }
        }
    }

    /// Runs what a flow needs.
    fn reduce(&mut self, flow: &FlowRef, ty: &Type) -> Option<Value> {
        let root = self.graph.id_of(flow);
        let (recorded, config) = match self.begin() {
            Ok(begun) => begun,
            Err(exit) => {
                exit.message().into_iter().for_each(|message| self.fail(message));
                return None;
            }
        };
        let mut display = Display::new(self.global.log, None, "repl");
        let outcome =
            engine::evaluate_on(&mut self.graph, &mut self.memory, root, config, &mut |event| display.on(event));
        display.close();
        let said = outcome.value.as_ref().map(|value| print(value, ty)).map_err(ToString::to_string);
        // The value is worth more than its place in the history.
        let _ = recorded.end(said);
        match outcome.value {
            Ok(value) => Some(value),
            Err(failures) if failures.kind() == Kind::Canceled => {
                self.interrupted();
                None
            }
            Err(failures) => {
                self.has_failed = true;
                let exit = display::report_failures(&mut display, &failures, &[]);
                exit.message().into_iter().for_each(|message| answer::error(&message));
                None
            }
        }
    }

    /// Begins an evaluation, for which the machinery is opened if need be.
    fn begin(&mut self) -> Result<(Recorded, Config), Exit> {
        let machinery = match self.machinery.take() {
            Some(machinery) => machinery,
            None => {
                let machinery = self.flags.machinery.open()?;
                machinery.notices.iter().for_each(|notice| terminal::say(&format!("reflow: {notice}")));
                machinery
            }
        };
        let machinery = self.machinery.insert(machinery);
        let recorded = Recorded::begin(machinery, "repl", Vec::new())?;
        let config = Config { cancel: self.stops.token(), ..recorded.config(machinery)? };
        Ok((recorded, config))
    }

    fn answer(&mut self, value: &Value, ty: &Type) -> bool {
        if let Err(exit) = answer::value(value, ty, self.is_conversation) {
            exit.message().into_iter().for_each(|message| self.fail(message));
            return false;
        }
        true
    }

    /// Shows the type of an expression, or the digest of its value.
    pub(super) fn question(&mut self, source: &Rc<Source>, wants_digest: bool) {
        let (question, diagnostics) = self.interactive.borrow().check_expr(source);
        self.show(&for_input(source, diagnostics));
        let Some(question) = question else { return };
        if !wants_digest {
            return self.say(&question.ty().to_string());
        }
        let _evaluating = self.stops.begin();
        let value = self.interactive.borrow().answer(&mut self.graph, &question);
        match value {
            Ok(Value::Flow(flow)) => self.say(&flow.digest.to_string()),
            Ok(known) => self.say(&types::digest::value_digest(&known, question.ty()).to_string()),
            Err(error) => self.fail_with(&error),
        }
    }

    /// Answers with a text of lines.
    pub(super) fn say(&mut self, text: &str) {
        if let Err(Some(message)) = commands::answer(format!("{}\n", text.trim_end())).map_err(|exit| exit.message()) {
            self.fail(message);
        }
    }

    /// Brings the declarations of a module in; says whether that was possible.
    pub(super) fn load(&mut self, path: &str, args: &[String]) -> bool {
        let _evaluating = self.stops.begin();
        let loaded = self.interactive.borrow_mut().load(&mut self.graph, path, args);
        match loaded {
            Ok((loaded, warnings)) => {
                self.show(&commands::without_advice(warnings));
                if self.is_conversation {
                    answer::remark(&answer::loaded(path, &loaded));
                }
                true
            }
            Err(error) => {
                self.refuse(error);
                false
            }
        }
    }

    /// Reads all modules again and enters all declarations once more.
    pub(super) fn reload(&mut self) {
        let _evaluating = self.stops.begin();
        let reloaded = self.interactive.borrow_mut().reload(&mut self.graph);
        match reloaded {
            Ok(warnings) => {
                self.show(&commands::without_advice(warnings));
                if self.is_conversation {
                    answer::remark("all modules have been read again");
                }
            }
            Err(error) => {
                self.refuse(error);
                answer::remark("the session is as it was");
            }
        }
    }

    fn refuse(&mut self, error: LoadError) {
        match error {
            LoadError::Diagnostics(diagnostics) => self.show(&diagnostics),
            LoadError::Flags(message) => self.fail(message),
            LoadError::Failed(error) => self.fail_with(&error),
        }
    }
}

/// What is shown of an input: what is advised for the modules that it uses is left out.
fn for_input(source: &Source, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_own = |found: &Diagnostic| found.primary.as_ref().is_some_and(|label| *label.source.name == *source.name);
    let (own, others): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(is_own);
    commands::without_advice(others).into_iter().chain(own).collect()
}
