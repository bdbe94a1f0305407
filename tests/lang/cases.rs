//! The golden cases of `cases/`, one file for each statement of the language spec's checklist.
//!
//! Sections: `PATH` (what the program may read), `URL` (an object), `args` (the command line), and the
//! outputs below. `main.rf` is checked, and if it has a `Main`, that is evaluated. A `transcript` is
//! input and output at once: expressions behind `> `, continued behind `| `, each with what it comes to.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use reflow_lang::doc::ModuleDoc;
use reflow_lang::eval::{force, instantiate};
use reflow_lang::module::{Module, no_main};
use reflow_lang::parameters::{self, FlagError};
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use syntax::diagnostic::Diagnostic;
use testkit::golden::{Case, Outputs, Suite};
use types::print::print;
use types::{Type, Value};

use crate::reduce::Reducer;
use crate::world::World;

const OUTPUTS: &[&str] = &[
    // Expressions and what they come to.
    "transcript",
    // Diagnostics of all modules.
    "errors",
    "warnings",
    // The same as people see them on a terminal; only where asked for.
    "drawn",
    // Type of `Main`, of the module; both only where asked for.
    "type",
    "module",
    // What `reflow doc` and `reflow doc $/dirs` print, and the flags; only where asked for.
    "doc",
    "doc $/path",
    "flags",
    // What comes of `Main`.
    "value",
    "failure",
    "trace",
    // What reached outside; only where asked for.
    "steps",
];

#[test]
fn cases() {
    let suite = Suite::new(format!("{}/../../tests/lang/cases", env!("CARGO_MANIFEST_DIR")), OUTPUTS);
    if let Err(failures) = suite.run(run) {
        panic!("{failures}");
    }
}

fn run(case: &Case) -> Outputs {
    let mut outputs = Outputs::new();
    let stage = Stage::new(case);
    if case.wants("transcript") {
        outputs.set("transcript", stage.transcript(case.text("transcript")));
    }
    if case.wants("doc $/path") {
        let module = stage.session().system_module("path").unwrap();
        outputs.set("doc $/path", ModuleDoc::of_system(&module).render());
    }
    if case.wants("main.rf") {
        stage.program(case, &mut outputs);
    }
    outputs
}

/// What a case's programs run on.
struct Stage {
    sources: MemorySources,
    world: World,
    trace: Rc<RefCell<String>>,
}

impl Stage {
    fn new(case: &Case) -> Self {
        let (objects, files): (Vec<_>, Vec<_>) = case
            .inputs()
            .map(|section| (section.title.clone(), section.text.clone().into_bytes()))
            .partition(|(title, _)| title.contains("://"));
        Self { sources: MemorySources::new(files), world: World::new(objects), trace: Rc::default() }
    }

    fn session(&self) -> Rc<Session> {
        let trace = self.trace.clone();
        Session::new(Rc::new(self.sources.clone()) as Rc<dyn Sources>, move |line| {
            let _ = writeln!(trace.borrow_mut(), "{line}");
        })
    }

    fn program(&self, case: &Case, outputs: &mut Outputs) {
        let session = self.session();
        let (module, diagnostics) = session.load("main.rf");
        let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
        outputs.set("errors", lines(errors));
        outputs.set("warnings", lines(warnings));
        if case.wants("drawn") {
            outputs.set("drawn", syntax::render::draw(&diagnostics, false, 100));
        }
        let Some(module) = module else { return };
        if case.wants("module") {
            outputs.set("module", module.ty.to_string());
        }
        if case.wants("doc") {
            outputs.set("doc", ModuleDoc::of_module(&module).render());
        }
        let args: Vec<String> = case.text("args").lines().map(str::to_owned).collect();
        if case.wants("flags") {
            outputs.set("flags", flags(&session, &module));
        }
        let Some(ty) = module.ty.field("Main") else {
            if case.wants("drawn") && diagnostics.iter().all(|diagnostic| !diagnostic.is_error()) {
                let shown: Vec<_> = diagnostics.into_iter().chain([no_main(&module)]).collect();
                outputs.set("drawn", syntax::render::draw(&shown, false, 100));
            }
            return;
        };
        if case.wants("type") {
            outputs.set("type", ty.to_string());
        }
        let mut graph = Graph::default();
        let mut reducer = Reducer::new(&self.world);
        let main = self.main(&session, &module, &args, &mut graph);
        let value = main.and_then(|main| self.printed(&mut graph, &mut reducer, main, ty));
        match value {
            Ok(value) => outputs.set("value", value),
            Err(error) => {
                if case.wants("drawn") {
                    let shown: Vec<_> = diagnostics.into_iter().chain(session.diagnostic(&error)).collect();
                    outputs.set("drawn", syntax::render::draw(&shown, false, 100));
                }
                outputs.set("failure", error.to_string());
            }
        }
        outputs.set("trace", self.trace.take());
        if case.wants("steps") {
            outputs.set("steps", reducer.log.concat());
        }
    }

    /// The value of `Main`.
    fn main(
        &self,
        session: &Rc<Session>,
        module: &Rc<Module>,
        args: &[String],
        graph: &mut Graph,
    ) -> Result<Value, Error> {
        let flags = parameters::flags(graph, session, module)?;
        let usage = |error: FlagError| Error::new(Kind::Other, error.to_string());
        let settings = parameters::parse(&flags, args).map_err(usage)?;
        let arguments = parameters::arguments(graph, session, &flags, &settings)?;
        let value = instantiate(graph, session, module, &arguments)?;
        match &value {
            Value::Module(record) => Ok(record.get("Main").cloned().unwrap()),
            _ => Err(Error::new(Kind::Other, "an instance is no module")),
        }
    }

    /// Forces, reduces and prints.
    fn printed(&self, graph: &mut Graph, reducer: &mut Reducer<'_>, value: Value, ty: &Type) -> Result<String, Error> {
        let forced = force(graph, &"".into(), value, ty).and_then(|value| reducer.finish(graph, &value));
        forced.map(|value| print(&value, ty))
    }

    /// Answers the inputs of a transcript.
    fn transcript(&self, text: &str) -> String {
        let mut inputs: Vec<String> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("> "), line.strip_prefix("| ")) {
                (Some(input), _) => inputs.push(input.to_owned()),
                (_, Some(more)) => inputs.last_mut().unwrap().extend(["\n", more]),
                _ => {}
            }
        }
        let mut out = String::new();
        for input in &inputs {
            let _ = writeln!(out, "> {}", input.replace('\n', "\n| "));
            let answer = self.answer(input);
            out.push_str(&self.trace.take());
            out.push_str(answer.trim_end_matches('\n'));
            out.push('\n');
        }
        out
    }

    /// What an expression comes to; `:type`, `:digest`, `:steps` or `:help` in front asks for something else.
    fn answer(&self, input: &str) -> String {
        let (asked, text) = match input.strip_prefix(':').and_then(|input| input.split_once(' ')) {
            Some((asked, text)) => (asked, text),
            None => ("", input),
        };
        let session = self.session();
        let (checked, diagnostics) = session.check_expr(text);
        let mut out = if asked == "help" { helped(&diagnostics) } else { lines(&diagnostics) };
        let Some(checked) = checked else { return out };
        let ty = checked.ty().clone();
        if asked == "type" {
            return out + &ty.to_string();
        }
        let mut graph = Graph::default();
        let mut reducer = Reducer::new(&self.world);
        let value = match session.eval_expr(&mut graph, &checked) {
            Ok(value) => value,
            Err(error) => return format!("{out}failed: {error}"),
        };
        if asked == "digest" {
            return out + &digest(&graph, &value, &ty);
        }
        match self.printed(&mut graph, &mut reducer, value, &ty) {
            Ok(value) => out.push_str(&value),
            Err(error) => out.push_str(&format!("failed: {error}")),
        }
        if asked == "steps" {
            let _ = write!(out, "\n{}", reducer.log.concat());
        }
        out
    }
}

fn lines<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    diagnostics.into_iter().map(|diagnostic| diagnostic.line() + "\n").collect()
}

/// Diagnostics with all that explains them.
fn helped(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{} {}", diagnostic.code, diagnostic.line());
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        for label in labels.filter(|label| !label.message.is_empty()) {
            let text = &label.source.text[label.span.start as usize..label.span.end as usize];
            let _ = writeln!(out, "  {text}: {}", label.message);
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

/// Kind and digest of a value as it is, not forced.
fn digest(graph: &Graph, value: &Value, ty: &Type) -> String {
    match value {
        Value::Flow(flow) => {
            let id = graph.id_of(flow);
            format!("flow:{} {}", graph.op(id).name(), graph.digest(id))
        }
        value => format!("value {}", types::digest::value_digest(value, ty)),
    }
}

/// The flags of a module, one a line.
fn flags(session: &Rc<Session>, module: &Rc<Module>) -> String {
    match parameters::flags(&mut Graph::default(), session, module) {
        Err(error) => error.to_string(),
        Ok(flags) => {
            let flag = |flag: &parameters::Flag| {
                let required = if flag.required { " required" } else { "" };
                let default = flag.default.as_ref().map_or(String::new(), |text| format!(" default {text:?}"));
                format!("-{} {}{required}{default} {:?}\n", flag.name, flag.kind.name(), flag.doc)
            };
            flags.iter().map(flag).collect()
        }
    }
}
