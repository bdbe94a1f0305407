//! The golden cases of `sessions/`: what a session answers, input by input.
//!
//! Sections: `PATH` (a file that the session may read), and `session`, which is input and output at once:
//! inputs behind `> `, continued behind `| `, each with what comes of it. Commands in front of an input:
//! `:type`, `:digest`, `:doc`, `:load PATH FLAGS`, `:reload`; `:complete TEXT` shows what can stand behind the
//! text, `:parameters TEXT` what the function takes that it calls, `:steps INPUT` also what reached outside,
//! `:write PATH TEXT` changes a file, (`\n` is a line feed), and `:stop INPUT` evaluates an input after a request to stop.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use base::failure::Error;
use flow::Graph;
use reflow_lang::eval::force;
use reflow_lang::interactive::{Completion, Entry, Interactive, LoadError, Outcome};
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use syntax::diagnostic::{Diagnostic, Source};
use testkit::golden::{Case, Outputs, Suite};
use types::print::print;
use types::{Type, Value};

use crate::reduce::Reducer;
use crate::world::World;

#[test]
fn sessions() {
    let suite = Suite::new(format!("{}/../../tests/lang/sessions", env!("CARGO_MANIFEST_DIR")), &["session"]);
    if let Err(failures) = suite.run(run) {
        panic!("{failures}");
    }
}

/// Files that a session may change.
struct Files(RefCell<MemorySources>);

impl Sources for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.0.borrow().read(path)
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        self.0.borrow().size(path)
    }

    fn walk(&self, dir: &str) -> Vec<String> {
        self.0.borrow().walk(dir)
    }
}

fn run(case: &Case) -> Outputs {
    let files = case.inputs().map(|section| (section.title.clone(), section.text.clone().into_bytes()));
    let files = Rc::new(Files(RefCell::new(MemorySources::new(files))));
    let trace: Rc<RefCell<String>> = Rc::default();
    let traced = trace.clone();
    let session = Session::new(files.clone() as Rc<dyn Sources>, move |line| {
        let _ = writeln!(traced.borrow_mut(), "{line}");
    });
    let world = World::new([]);
    let mut stage = Stage {
        files,
        interactive: Interactive::new(session),
        graph: Graph::default(),
        reducer: Reducer::new(&world),
        count: 0,
    };
    let mut out = String::new();
    for input in inputs(case.text("session")) {
        let _ = writeln!(out, "> {}", input.replace('\n', "\n| "));
        let answer = stage.answer(&input);
        out.push_str(&trace.take());
        if !answer.is_empty() {
            let _ = writeln!(out, "{}", answer.trim_end_matches('\n'));
        }
    }
    let mut outputs = Outputs::new();
    outputs.set("session", out);
    outputs
}

fn inputs(text: &str) -> Vec<String> {
    let mut inputs: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("> "), line.strip_prefix("| ")) {
            (Some(input), _) => inputs.push(input.to_owned()),
            (_, Some(more)) => inputs.last_mut().unwrap().extend(["\n", more]),
            _ => {}
        }
    }
    inputs
}

struct Stage<'w> {
    files: Rc<Files>,
    interactive: Interactive,
    graph: Graph,
    reducer: Reducer<'w>,
    count: usize,
}

impl Stage<'_> {
    fn answer(&mut self, input: &str) -> String {
        let (command, text) = match input.strip_prefix(':') {
            Some(input) => input.split_once(' ').unwrap_or((input, "")),
            None => ("", input),
        };
        match command {
            "type" | "digest" => self.question(command, text),
            "doc" => self.interactive.describe(text).unwrap_or_else(|| "nothing is known of it".to_owned()),
            "load" => {
                let mut words = text.split(' ');
                let path = words.next().unwrap();
                let args: Vec<String> = words.map(str::to_owned).collect();
                match self.interactive.load(&mut self.graph, path, &args) {
                    Ok((loaded, warnings)) => {
                        format!("{}{:?} {:?}", lines(&warnings), loaded.values, loaded.types)
                    }
                    Err(error) => refused(error),
                }
            }
            "reload" => match self.interactive.reload(&mut self.graph) {
                Ok(warnings) => lines(&warnings),
                Err(error) => refused(error),
            },
            "complete" => completion(&self.interactive.complete(text), text),
            "parameters" => self.interactive.parameters(text).unwrap_or_default(),
            "write" => {
                let (path, text) = text.split_once(' ').unwrap();
                self.files.0.borrow_mut().0.insert(path.to_owned(), text.replace("\\n", "\n").into_bytes());
                String::new()
            }
            "stop" => {
                let flag = self.interactive.session().stop_flag();
                flag.store(true, Ordering::Relaxed);
                let answer = self.entered(text);
                flag.store(false, Ordering::Relaxed);
                answer
            }
            "steps" => {
                let answer = self.entered(text);
                answer + &self.reducer.log.drain(..).collect::<String>()
            }
            _ => self.entered(input),
        }
    }

    fn source(&mut self, text: &str) -> Rc<Source> {
        self.count += 1;
        Source::new(format!("<repl:{}>", self.count), text)
    }

    fn question(&mut self, command: &str, text: &str) -> String {
        let source = self.source(text);
        let (question, diagnostics) = self.interactive.check_expr(&source);
        let Some(question) = question else { return lines(&diagnostics) };
        if command == "type" {
            return question.ty().to_string();
        }
        match self.interactive.answer(&mut self.graph, &question) {
            Ok(Value::Flow(flow)) => flow.digest.to_string(),
            Ok(value) => types::digest::value_digest(&value, question.ty()).to_string(),
            Err(error) => format!("failed: {error}"),
        }
    }

    fn entered(&mut self, text: &str) -> String {
        let source = self.source(text);
        let (entry, diagnostics) = self.interactive.check(&source);
        let mut out = lines(&diagnostics);
        if let Some(entry) = entry {
            self.steps(entry, &mut out);
        }
        out
    }

    fn steps(&mut self, mut entry: Entry, out: &mut String) {
        while let Some(outcome) = self.interactive.step(&mut self.graph, &mut entry) {
            let done = match outcome {
                Err(error) => {
                    let _ = writeln!(out, "failed: {error}");
                    return;
                }
                Ok(Outcome::Values(names)) => names.iter().try_for_each(|(name, ty)| writeln!(out, "val {name} {ty}")),
                Ok(Outcome::Type(name, ty)) => writeln!(out, "type {name} {ty}"),
                Ok(Outcome::Value(value, ty)) => match self.known(value, &ty) {
                    Ok(value) => writeln!(out, "{}", print(&value, &ty)),
                    Err(error) => writeln!(out, "failed: {error}"),
                },
            };
            done.unwrap();
        }
    }

    fn known(&mut self, value: Value, ty: &Type) -> Result<Value, Error> {
        let forced = force(&mut self.graph, &"".into(), value, ty)?;
        self.reducer.finish(&mut self.graph, &forced)
    }
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.line() + "\n").collect()
}

fn refused(error: LoadError) -> String {
    match error {
        LoadError::Diagnostics(diagnostics) => lines(&diagnostics),
        LoadError::Flags(message) => message,
        LoadError::Failed(error) => format!("failed: {error}"),
    }
}

/// Words with what they are, behind the text that they replace; of very many only the number.
fn completion(completion: &Completion, text: &str) -> String {
    match completion {
        Completion::Path { start, kind } => format!("{kind:?} path behind {:?}", &text[..*start]),
        Completion::Words { candidates, .. } if candidates.is_empty() => "nothing".to_owned(),
        Completion::Words { candidates, .. } if candidates.len() > 30 => "very much".to_owned(),
        Completion::Words { start, candidates } => candidates
            .iter()
            .map(|candidate| format!("{}|{}: {}\n", &text[..*start], candidate.text, candidate.detail))
            .collect(),
    }
}
