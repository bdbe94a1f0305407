//! A session: loads and checks modules, each once, and owns what evaluation needs from outside.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use syntax::ast::Span;
use syntax::diagnostic::{Diagnostic, Label, Severity, Source};
use types::{Type, Value};

use crate::check;
use crate::eval::{self, bare_env};
use crate::module::{Importable, Module};
use crate::sources::Sources;
use crate::system::{self, SystemModule};
use crate::tree::Node;

/// The longest chain of modules that import one another.
const IMPORT_DEPTH: usize = 200;

/// A compilation: modules by path, predeclared names, sources, and where `trace` writes.
pub struct Session {
    sources: Rc<dyn Sources>,
    trace: Box<dyn Fn(&str)>,
    modules: RefCell<HashMap<String, Loaded>>,
    /// Paths being checked right now, outermost first.
    loading: RefCell<Vec<String>>,
    /// Those of them that import a module with errors, which have been reported.
    tainted: RefCell<HashSet<String>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    predeclared: OnceCell<Vec<(&'static str, Value)>>,
    system: RefCell<HashMap<&'static str, Rc<SystemModule>>>,
}

#[derive(Clone)]
enum Loaded {
    Good(Rc<Module>),
    /// Its diagnostics have been reported.
    Bad,
}

/// Why a module cannot be imported.
pub(crate) enum ImportError {
    /// Its own diagnostics say it.
    Reported,
    /// This.
    Because(String),
}

/// An expression that was checked and can be evaluated.
pub struct CheckedExpr {
    node: Node,
    module: Rc<Module>,
}

impl CheckedExpr {
    /// The type of the expression.
    pub fn ty(&self) -> &Type {
        &self.node.ty
    }
}

impl Session {
    /// A session that reads from `sources`; each line that the program traces goes to `trace`.
    pub fn new(sources: Rc<dyn Sources>, trace: impl Fn(&str) + 'static) -> Rc<Self> {
        Rc::new(Self {
            sources,
            trace: Box::new(trace),
            modules: RefCell::default(),
            loading: RefCell::default(),
            tainted: RefCell::default(),
            diagnostics: RefCell::default(),
            predeclared: OnceCell::new(),
            system: RefCell::default(),
        })
    }

    /// Where texts and local data come from.
    pub fn sources(&self) -> &dyn Sources {
        self.sources.as_ref()
    }

    pub(crate) fn trace(&self, line: &str) {
        (self.trace)(line);
    }

    /// Loads, parses and checks a module and all that it imports. The diagnostics are those of all
    /// modules loaded by this call, imported ones first; without an error among them there is a module.
    pub fn load(self: &Rc<Self>, path: &str) -> (Option<Rc<Module>>, Vec<Diagnostic>) {
        let loaded = self.load_path(path);
        let mut diagnostics = self.diagnostics.take();
        let module = match loaded {
            Ok(Loaded::Good(module)) => Some(module),
            Ok(Loaded::Bad) => None,
            Err(reason) => {
                diagnostics.push(unreadable(path, &reason));
                None
            }
        };
        (module, diagnostics)
    }

    /// Checks the module of a text that no path leads to.
    pub fn check_text(self: &Rc<Self>, name: &str, text: &str) -> (Option<Rc<Module>>, Vec<Diagnostic>) {
        let loaded = self.check_source(&Source::new(name, text), "", "");
        let module = match loaded {
            Loaded::Good(module) => Some(module),
            Loaded::Bad => None,
        };
        (module, self.diagnostics.take())
    }

    /// Parses and checks a stand-alone expression.
    pub fn check_expr(self: &Rc<Self>, text: &str) -> (Option<CheckedExpr>, Vec<Diagnostic>) {
        let source = Source::new("<input>", text);
        let (expr, mut diagnostics) = syntax::parse_expr(&source);
        let Some(expr) = expr.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return (None, diagnostics);
        };
        let (node, found) = check::check_expr(self, &source, &expr);
        diagnostics.extend(self.diagnostics.take());
        diagnostics.extend(found);
        let wrong = diagnostics.iter().any(Diagnostic::is_error);
        let module = Rc::new(check::check_module(self, &source, "", "", &syntax::ast::Module::default()).0);
        ((!wrong).then_some(CheckedExpr { node, module }), diagnostics)
    }

    /// Evaluates a checked expression; the value may be a flow or hold flows.
    pub fn eval_expr(self: &Rc<Self>, graph: &mut Graph, expr: &CheckedExpr) -> Result<Value, Error> {
        let env = bare_env(self, expr.module.clone());
        eval::eval(graph, &env, &expr.node)
    }

    /// Resolves the path of a `make` in a module of `folder`.
    pub(crate) fn import(self: &Rc<Self>, folder: &str, path: &str) -> Result<Importable, ImportError> {
        if let Some(name) = path.strip_prefix("$/") {
            return match self.system_module(name) {
                Some(module) => Ok(Importable::System(module)),
                None => Err(ImportError::Because(format!("no system module named {name}"))),
            };
        }
        let resolved = match path.strip_prefix("./") {
            Some(rest) => clean(&format!("{folder}/{rest}"), folder.starts_with('/')),
            None => path.to_owned(),
        };
        match self.load_path(&resolved) {
            Ok(Loaded::Good(module)) => Ok(Importable::Module(module)),
            Ok(Loaded::Bad) => {
                self.tainted.borrow_mut().extend(self.loading.borrow().last().cloned());
                Err(ImportError::Reported)
            }
            Err(reason) => Err(ImportError::Because(reason)),
        }
    }

    /// A system module by name, made when first asked for.
    pub fn system_module(&self, name: &str) -> Option<Rc<SystemModule>> {
        if let Some(module) = self.system.borrow().get(name) {
            return Some(module.clone());
        }
        let module = Rc::new(system::module(name)?);
        self.system.borrow_mut().insert(module.name, module.clone());
        Some(module)
    }

    /// The value of a predeclared name, by number.
    pub(crate) fn predeclared(&self, index: u32) -> Value {
        let predeclared = self.predeclared.get_or_init(system::predeclared);
        predeclared.get(index as usize).map_or(Value::Unit, |(_, value)| value.clone())
    }

    /// The value of a predeclared name.
    pub(crate) fn predeclared_named(&self, name: &str) -> Option<Value> {
        let predeclared = self.predeclared.get_or_init(system::predeclared);
        predeclared.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone())
    }

    fn load_path(self: &Rc<Self>, path: &str) -> Result<Loaded, String> {
        if let Some(loaded) = self.modules.borrow().get(path) {
            return Ok(loaded.clone());
        }
        if self.loading.borrow().iter().any(|loading| loading == path) {
            let cycle = self.loading.borrow().join(" imports ");
            return Err(format!("import cycle: {cycle} imports {path}"));
        }
        if self.loading.borrow().len() >= IMPORT_DEPTH {
            return Err(format!("modules import one another more than {IMPORT_DEPTH} deep"));
        }
        let bytes = self.sources.read(path).map_err(|error| match error.kind() {
            Kind::NotExist => format!("open {path}: {}", error.message()),
            _ => error.to_string(),
        })?;
        let (folder, base) = path.rsplit_once('/').unwrap_or((".", path));
        let (name, extension) = base.rsplit_once('.').unwrap_or((base, ""));
        match extension {
            "rf" => {}
            "rfx" | "reflow" => return Err(format!("modules of extension .{extension} are not supported yet")),
            "" => return Err(format!("unknown module extension {extension:?}")),
            _ => return Err(format!("unknown module extension .{extension}")),
        }
        let text = String::from_utf8(bytes).map_err(|_| format!("{path} is not valid UTF-8"))?;
        self.loading.borrow_mut().push(path.to_owned());
        let loaded = self.check_source(&Source::new(path, text), folder, name);
        self.loading.borrow_mut().pop();
        // A good module needs good modules.
        let loaded = if self.tainted.borrow_mut().remove(path) { Loaded::Bad } else { loaded };
        self.modules.borrow_mut().insert(path.to_owned(), loaded.clone());
        Ok(loaded)
    }

    fn check_source(self: &Rc<Self>, source: &Rc<Source>, folder: &str, name: &str) -> Loaded {
        let (written, mut found) = syntax::parse(source);
        let mut module = None;
        if !found.iter().any(Diagnostic::is_error) {
            let (checked, more) = check::check_module(self, source, folder, name, &written);
            found.extend(more);
            module = (!found.iter().any(Diagnostic::is_error)).then_some(checked);
        }
        self.diagnostics.borrow_mut().append(&mut found);
        module.map_or(Loaded::Bad, |module| Loaded::Good(Rc::new(module)))
    }
}

fn unreadable(path: &str, reason: &str) -> Diagnostic {
    let source = Source::new(path, "");
    Diagnostic {
        code: syntax::diagnostic::Code(2000),
        severity: Severity::Error,
        message: reason.to_owned(),
        primary: Some(Label { source, span: Span::default(), message: String::new() }),
        secondary: Vec::new(),
        help: None,
    }
}

/// Resolves `.` and `..` in a path without looking at any file.
fn clean(path: &str, absolute: bool) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}
