//! An interactive session: declarations and expressions one input at a time, each on top of all before.
//!
//! ```text
//! text ── read ──▶ Input ── check ──▶ Entry ── step ──▶ Outcome, one for each statement
//! ```
//!
//! Every input is checked as a whole, in a scope that begins with what is declared so far, and evaluated in
//! a module instance of its own that begins with the values of these declarations. So a place in a message is
//! a place in the input that it is about, and a name that is declared again shadows: what has used the earlier
//! one keeps it. A statement takes effect when its evaluation has succeeded, or not at all.
//!
//! Evaluating starts nothing: values may be flows, which the caller forces and hands to the engine. There is
//! no terminal here; how inputs are edited and outcomes shown is up to the caller.

mod complete;
mod describe;
mod load;
mod state;

use std::collections::VecDeque;
use std::rc::Rc;

use base::failure::Error;
use flow::Graph;
use syntax::ast::{self, Name};
use syntax::diagnostic::{Diagnostic, Source};
use syntax::session::{Extent, Statement};
use types::{Type, Value};

use crate::check::{self, Checked};
use crate::eval::env::{Env, Ident, Instance};
use crate::eval::{bind, eval};
use crate::module::Importable;
use crate::session::Session;
use crate::tree::{ExprKind, Node};
use state::{Binding, State};

pub use complete::{Candidate, Completion, PathKind};
pub use load::{LoadError, Loaded};

/// A session with what has been declared in it.
pub struct Interactive {
    session: Rc<Session>,
    state: State,
    /// What has taken effect, in order, to be entered again by [`Interactive::reload`].
    past: Vec<Past>,
}

/// Something that has taken effect.
#[derive(Clone)]
enum Past {
    Declaration(Rc<Source>, Box<ast::Decl>),
    Load(load::Request),
}

/// A checked input whose statements wait for their evaluation.
pub struct Entry {
    source: Rc<Source>,
    instance: Rc<Instance>,
    steps: VecDeque<Checked>,
}

/// What came of a statement.
#[derive(Debug)]
pub enum Outcome {
    /// Values were declared: their names and types.
    Values(Vec<(Name, Type)>),
    /// A type was declared.
    Type(Name, Type),
    /// An expression has this value, which may be a flow or hold flows, of this type.
    Value(Value, Type),
}

impl Interactive {
    /// A session without declarations. Modules, sources and what is traced are those of `session`.
    pub fn new(session: Rc<Session>) -> Self {
        Self { session, state: State::default(), past: Vec::new() }
    }

    /// What loads modules.
    pub fn session(&self) -> &Rc<Session> {
        &self.session
    }

    /// Parses and checks an input. There is an entry if no diagnostic is an error; nothing has taken effect
    /// yet. An unfinished input is an error.
    pub fn check(&self, source: &Rc<Source>) -> (Option<Entry>, Vec<Diagnostic>) {
        let input = syntax::parse_input(source);
        if input.extent != Extent::Complete {
            return (None, input.diagnostics);
        }
        let (entry, mut diagnostics) = self.check_statements(&self.state, source, input.statements);
        diagnostics.splice(0..0, input.diagnostics);
        (entry, diagnostics)
    }

    fn check_statements(
        &self,
        state: &State,
        source: &Rc<Source>,
        statements: Vec<Statement>,
    ) -> (Option<Entry>, Vec<Diagnostic>) {
        self.session.forget_bad_modules();
        self.session.remember(source);
        let (values, aliases) = (state.value_types(), state.aliases());
        let known = check::Known { values: &values, aliases: &aliases };
        let (steps, found) = check::check_input(&self.session, source, &known, statements);
        let mut diagnostics = self.session.take_diagnostics();
        diagnostics.extend(found);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return (None, diagnostics);
        }
        let instance = Instance::new(self.session.empty_module(source), self.session.clone());
        state.bind_all(&instance);
        (Some(Entry { source: source.clone(), instance, steps: steps.into() }), diagnostics)
    }

    /// Evaluates the next statement of an entry; `None` if there is none left. If it fails, the session is
    /// as it was before that statement, and the rest of the entry is not to be evaluated.
    pub fn step(&mut self, graph: &mut Graph, entry: &mut Entry) -> Option<Result<Outcome, Error>> {
        let checked = entry.steps.pop_front()?;
        if let Checked::Value { written, .. } | Checked::Alias { written, .. } = &checked {
            let past = Past::Declaration(entry.source.clone(), written.clone());
            let outcome = take(&mut self.state, graph, entry, checked);
            if outcome.is_ok() {
                self.past.push(past);
            }
            return Some(outcome);
        }
        Some(take(&mut self.state, graph, entry, checked))
    }

    /// Checks a stand-alone expression, which may use what is declared, and gives it with its type.
    pub fn check_expr(&self, source: &Rc<Source>) -> (Option<Question>, Vec<Diagnostic>) {
        let (expr, diagnostics) = syntax::parse_expr(source);
        let Some(expr) = expr else { return (None, diagnostics) };
        let statement = Statement::Expression(Box::new(expr));
        let (entry, found) = self.check_statements(&self.state, source, vec![statement]);
        let question = entry.and_then(|mut entry| match entry.steps.pop_front() {
            Some(Checked::Expression(node)) => Some(Question { node, instance: entry.instance }),
            _ => None,
        });
        (question, diagnostics.into_iter().chain(found).collect())
    }

    /// Evaluates a checked expression; the value may be a flow or hold flows.
    pub fn answer(&self, graph: &mut Graph, question: &Question) -> Result<Value, Error> {
        let env = Env::new(question.instance.clone(), self.state.depth, Ident::default());
        eval(graph, &env, &question.node)
    }

    /// Reads all modules again and enters everything once more, in the order in which it took effect. If
    /// anything of that is wrong, the session stays as it was.
    pub fn reload(&mut self, graph: &mut Graph) -> Result<Vec<Diagnostic>, LoadError> {
        self.session.forget_modules();
        let mut state = State::default();
        let mut diagnostics = Vec::new();
        for past in &self.past {
            match past {
                Past::Load(request) => {
                    let (_, found) = load::load(&self.session, &mut state, graph, request)?;
                    diagnostics.extend(found);
                }
                Past::Declaration(source, decl) => {
                    let statement = Statement::Declaration(decl.clone());
                    let (entry, found) = self.check_statements(&state, source, vec![statement]);
                    let Some(mut entry) = entry else { return Err(LoadError::Diagnostics(found)) };
                    diagnostics.extend(found);
                    while let Some(checked) = entry.steps.pop_front() {
                        take(&mut state, graph, &entry, checked)?;
                    }
                }
            }
        }
        self.state = state;
        Ok(diagnostics)
    }

    /// Brings all declarations of a module into the session, its parameters set by `args`, which are flags
    /// as behind `reflow run PATH`. Warnings come back.
    pub fn load(
        &mut self,
        graph: &mut Graph,
        path: &str,
        args: &[String],
    ) -> Result<(Loaded, Vec<Diagnostic>), LoadError> {
        self.session.forget_bad_modules();
        let request = load::Request { path: path.to_owned(), args: args.to_vec() };
        let mut state = self.state.clone();
        let done = load::load(&self.session, &mut state, graph, &request)?;
        self.state = state;
        self.past.push(Past::Load(request));
        Ok(done)
    }
}

/// A checked expression.
pub struct Question {
    node: Node,
    instance: Rc<Instance>,
}

impl Question {
    /// The type of the expression.
    pub fn ty(&self) -> &Type {
        &self.node.ty
    }
}

/// Evaluates a statement on top of a state, which changes only if that succeeds.
fn take(state: &mut State, graph: &mut Graph, entry: &Entry, checked: Checked) -> Result<Outcome, Error> {
    let env = |ident| Env::new(entry.instance.clone(), state.depth, ident);
    match checked {
        Checked::Expression(node) => {
            let value = eval(graph, &env(Ident::default()), &node)?;
            Ok(Outcome::Value(value, node.ty.clone()))
        }
        Checked::Alias { name, ty, written } => {
            state.alias(&name, ty.clone(), written.doc.clone());
            Ok(Outcome::Type(name, ty))
        }
        Checked::Value { pattern, value: node, names, written } => {
            let ident = pattern.plain_name().map_or_else(Ident::default, |name| Ident::default().below(name));
            let env = env(ident);
            let value = eval(graph, &env, &node)?;
            let values = bind::bind(graph, &env, &pattern, value)?;
            let import = pattern.plain_name().and_then(|_| import_of(&node));
            state.depth += 1;
            for ((name, ty), value) in names.iter().zip(values) {
                entry.instance.bind_global(value.clone(), state.depth);
                let (doc, import) = (written.doc.clone(), import.clone());
                state.bind(Binding { name: name.clone(), ty: ty.clone(), value, depth: state.depth, doc, import });
            }
            Ok(Outcome::Values(names))
        }
    }
}

/// The module that an expression instantiates, if that is all it does.
fn import_of(node: &Node) -> Option<Importable> {
    match &node.kind {
        ExprKind::Make(make) => Some(make.module.clone()),
        ExprKind::Ascribe(operand) => import_of(operand),
        _ => None,
    }
}
