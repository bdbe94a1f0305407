//! A session: loads and checks modules, each once, and owns what evaluation needs from outside.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::digest::Digest;
use base::failure::{Error, Kind};
use flow::Graph;
use syntax::diagnostic::{Diagnostic, Source};
use types::{Type, Value};

use crate::bundle::{ARCHIVE_LIMIT, Bundle};
use crate::check;
use crate::diagnostics::Unavailable;
use crate::eval::{self, bare_env};
use crate::fuel::Fuel;
use crate::legacy::Script;
use crate::module::{Importable, Module};
use crate::parameters;
use crate::sources::{self, Sources};
use crate::system::{self, SystemModule};
use crate::tree::Node;

/// The longest chain of modules that import one another.
const IMPORT_DEPTH: usize = 200;

/// How many bytes all bundles together may unpack to, those in bundles included.
const UNPACK_LIMIT: u64 = 8 * ARCHIVE_LIMIT;

/// A compilation: modules by path, predeclared names, sources, and where `trace` writes.
pub struct Session {
    /// Where modules come from.
    texts: Rc<dyn Sources>,
    /// Where data comes from.
    sources: Rc<dyn Sources>,
    trace: Rc<dyn Fn(&str)>,
    /// How many modules import one another on the way to this compilation, if it is that of a bundle.
    depth: usize,
    shared: Rc<Shared>,
    modules: RefCell<HashMap<String, Loaded>>,
    /// Paths being checked right now, outermost first.
    loading: RefCell<Vec<String>>,
    /// Those of them that import a module with errors, which have been reported.
    tainted: RefCell<HashSet<String>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    predeclared: OnceCell<Vec<(&'static str, Value)>>,
    system: RefCell<HashMap<&'static str, Rc<SystemModule>>>,
    /// Images of all execs that were evaluated.
    images: RefCell<BTreeSet<Rc<[u8]>>>,
    pub(crate) fuel: Fuel,
}

#[derive(Clone)]
enum Loaded {
    Good(Rc<Module>),
    Legacy(Rc<Script>),
    /// Its diagnostics have been reported.
    Bad,
}

/// What a compilation shares with those of the bundles in it.
#[derive(Default)]
struct Shared {
    /// The texts of programs by name, to show errors of evaluation in.
    texts: RefCell<HashMap<Rc<str>, Rc<Source>>>,
    /// Bundles that have been read, by the digests of their archives.
    loaded: RefCell<HashMap<Digest, Loaded>>,
    /// Set from another thread to stop evaluation.
    stop: Arc<AtomicBool>,
    /// How many bytes have been unpacked.
    unpacked: Cell<u64>,
}

/// Why a module cannot be imported.
pub(crate) enum ImportError {
    /// Its own diagnostics say it.
    Reported,
    /// This.
    Because(Unavailable),
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
        Self::with(sources.clone(), sources, Rc::new(trace), 0, Rc::default())
    }

    fn with(
        texts: Rc<dyn Sources>,
        sources: Rc<dyn Sources>,
        trace: Rc<dyn Fn(&str)>,
        depth: usize,
        shared: Rc<Shared>,
    ) -> Rc<Self> {
        Rc::new(Self {
            texts,
            sources,
            trace,
            depth,
            shared,
            modules: RefCell::default(),
            loading: RefCell::default(),
            tainted: RefCell::default(),
            diagnostics: RefCell::default(),
            predeclared: OnceCell::new(),
            system: RefCell::default(),
            images: RefCell::default(),
            fuel: Fuel::default(),
        })
    }

    /// Where local data comes from.
    pub fn sources(&self) -> &dyn Sources {
        self.sources.as_ref()
    }

    /// Bounds what evaluation may compute from here on, in units of about one part of a value: for
    /// programs that nobody vouches for. Beyond it evaluation fails with `ResourcesExhausted`.
    pub fn limit(&self, units: u64) {
        self.fuel.fill(units);
    }

    /// Pays for a value as if an expression had come to it, so that it can be printed in bounded time.
    pub fn spend_on(&self, value: &Value) -> Result<(), Error> {
        self.fuel.spend_on(value)
    }

    /// A flag that makes what is being evaluated end with an error of kind *canceled*, soon after it has
    /// been set; whoever sets it clears it, too.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.shared.stop.clone()
    }

    /// An error if evaluation is to stop.
    pub(crate) fn go_on(&self) -> Result<(), Error> {
        match self.shared.stop.load(Ordering::Relaxed) {
            true => Err(Error::new(Kind::Canceled, "the evaluation was stopped on request")),
            false => Ok(()),
        }
    }

    /// Forgets the modules that could not be used, so that they are read again when they are next imported.
    pub(crate) fn forget_bad_modules(&self) {
        self.modules.borrow_mut().retain(|_, loaded| !matches!(loaded, Loaded::Bad));
        self.shared.loaded.borrow_mut().retain(|_, loaded| !matches!(loaded, Loaded::Bad));
    }

    /// Forgets all modules, so that they are read again when they are next imported.
    pub(crate) fn forget_modules(&self) {
        self.modules.borrow_mut().clear();
    }

    /// Diagnostics of modules that were imported since they were last taken.
    pub(crate) fn take_diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics.take()
    }

    /// A module without anything in it, for what belongs to a source but to no module.
    pub(crate) fn empty_module(self: &Rc<Self>, source: &Rc<Source>) -> Rc<Module> {
        Rc::new(check::check_module(self, source, "", "", &syntax::ast::Module::default(), false).0)
    }

    pub(crate) fn trace(&self, line: &str) {
        (self.trace)(line);
    }

    /// Notes that an exec names an image.
    pub(crate) fn met_image(&self, image: &Rc<[u8]>) {
        let mut images = self.images.borrow_mut();
        if !images.contains(image) {
            images.insert(image.clone());
        }
    }

    /// The images that the execs evaluated so far name, sorted.
    pub fn images(&self) -> Vec<String> {
        self.images.borrow().iter().map(|image| String::from_utf8_lossy(image).into_owned()).collect()
    }

    /// Loads, parses and checks a module and all that it imports. The diagnostics are those of all
    /// modules loaded by this call, imported ones first; without an error among them there is a module.
    pub fn load(self: &Rc<Self>, path: &str) -> (Option<Rc<Module>>, Vec<Diagnostic>) {
        let (loaded, mut diagnostics) = self.load_any(path);
        let module = match loaded {
            Some(Importable::Module(module)) => Some(module),
            Some(_) => {
                let reason = "a legacy script cannot be used here".to_owned();
                diagnostics.push(Unavailable::Script(reason).diagnostic(path));
                None
            }
            None => None,
        };
        (module, diagnostics)
    }

    /// The same for what may be a legacy script.
    pub fn load_any(self: &Rc<Self>, path: &str) -> (Option<Importable>, Vec<Diagnostic>) {
        let loaded = self.load_path(path);
        let mut diagnostics = self.diagnostics.take();
        let loaded = match loaded {
            Ok(Loaded::Good(module)) => Some(Importable::Module(module)),
            Ok(Loaded::Legacy(script)) => Some(Importable::Legacy(script)),
            Ok(Loaded::Bad) => None,
            Err(reason) => {
                diagnostics.push(reason.diagnostic(path));
                None
            }
        };
        (loaded, diagnostics)
    }

    /// Checks the module of a text that no path leads to.
    pub fn check_text(self: &Rc<Self>, name: &str, text: &str) -> (Option<Rc<Module>>, Vec<Diagnostic>) {
        let loaded = self.check_source(&Source::new(name, text), "", "");
        let module = match loaded {
            Loaded::Good(module) => Some(module),
            Loaded::Legacy(_) | Loaded::Bad => None,
        };
        (module, self.diagnostics.take())
    }

    /// Parses and checks a stand-alone expression.
    pub fn check_expr(self: &Rc<Self>, text: &str) -> (Option<CheckedExpr>, Vec<Diagnostic>) {
        let source = Source::new("<input>", text);
        self.remember(&source);
        let (expr, mut diagnostics) = syntax::parse_expr(&source);
        let Some(expr) = expr.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return (None, diagnostics);
        };
        let (node, found) = check::check_expr(self, &source, &expr);
        diagnostics.extend(self.diagnostics.take());
        diagnostics.extend(found);
        let wrong = diagnostics.iter().any(Diagnostic::is_error);
        let module = self.empty_module(&source);
        ((!wrong).then_some(CheckedExpr { node, module }), diagnostics)
    }

    /// Evaluates a checked expression; the value may be a flow or hold flows.
    pub fn eval_expr(self: &Rc<Self>, graph: &mut Graph, expr: &CheckedExpr) -> Result<Value, Error> {
        let env = bare_env(self, expr.module.clone());
        eval::eval(graph, &env, &expr.node)
    }

    pub(crate) fn remember(&self, source: &Rc<Source>) {
        self.shared.texts.borrow_mut().insert(source.name.clone(), source.clone());
    }

    /// An error of evaluation at its place in the program; `None` if it has none.
    pub fn diagnostic(&self, error: &Error) -> Option<Diagnostic> {
        let (origin, said) = error.origin()?;
        let texts = self.shared.texts.borrow();
        let source = texts.get(&*origin.file)?;
        Some(eval::fault::diagnostic(source, origin, said))
    }

    /// Resolves the path of a `make` in a module of `folder`.
    pub(crate) fn import(self: &Rc<Self>, folder: &str, path: &str) -> Result<Importable, ImportError> {
        if let Some(name) = path.strip_prefix("$/") {
            return match self.system_module(name) {
                Some(module) => Ok(Importable::System(module)),
                None => {
                    let reason = format!("no system module named {name}");
                    Err(ImportError::Because(Unavailable::System(reason)))
                }
            };
        }
        match self.load_path(&resolved(folder, path)) {
            Ok(Loaded::Good(module)) => Ok(Importable::Module(module)),
            Ok(Loaded::Legacy(script)) => match script.unfit_as_module() {
                None => Ok(Importable::Legacy(script)),
                Some(diagnostic) => {
                    self.diagnostics.borrow_mut().push(diagnostic);
                    self.tainted.borrow_mut().extend(self.loading.borrow().last().cloned());
                    Err(ImportError::Reported)
                }
            },
            Ok(Loaded::Bad) => {
                self.tainted.borrow_mut().extend(self.loading.borrow().last().cloned());
                Err(ImportError::Reported)
            }
            Err(reason) => Err(ImportError::Because(reason)),
        }
    }

    /// A path that differs little from one at which there is no module, and at which there is one.
    pub(crate) fn found_elsewhere(&self, folder: &str, path: &str) -> Option<String> {
        let name = path.strip_prefix("./").unwrap_or(path);
        let candidates = [format!("./{name}"), format!("./{name}.rf"), name.to_owned(), format!("{name}.rf")];
        let is_there = |candidate: &String| {
            *candidate != *path && candidate.ends_with(".rf") && self.sources.read(&resolved(folder, candidate)).is_ok()
        };
        let system = || system::NAMES.contains(&name).then(|| format!("$/{name}"));
        candidates.into_iter().find(is_there).or_else(system)
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

    fn load_path(self: &Rc<Self>, path: &str) -> Result<Loaded, Unavailable> {
        if let Some(loaded) = self.modules.borrow().get(path) {
            return Ok(loaded.clone());
        }
        if self.loading.borrow().iter().any(|loading| loading == path) {
            let cycle = self.loading.borrow().join(" imports ");
            return Err(Unavailable::Cycle(format!("import cycle: {cycle} imports {path}")));
        }
        if self.depth + self.loading.borrow().len() >= IMPORT_DEPTH {
            let reason = format!("modules import one another more than {IMPORT_DEPTH} deep");
            return Err(Unavailable::Depth(reason));
        }
        let open = |error: Error| {
            Unavailable::Unreadable(match error.kind() {
                Kind::NotExist | Kind::NotAllowed | Kind::Invalid => format!("open {path}: {}", error.message()),
                _ => error.to_string(),
            })
        };
        if self.texts.size(path).map_err(open)? > ARCHIVE_LIMIT {
            let limit = ARCHIVE_LIMIT >> 20;
            let reason = format!("{path} is too large; modules and bundles may not exceed {limit}MB");
            return Err(Unavailable::TooLarge(reason));
        }
        let bytes = self.texts.read(path).map_err(open)?;
        let folder = sources::folder(path);
        let base = path.rsplit_once('/').map_or(path, |(_, base)| base);
        let (name, extension) = base.rsplit_once('.').unwrap_or((base, ""));
        let loaded = match extension {
            "rf" => {
                let source = Source::from_bytes(path, &bytes);
                self.check_loading(path, |session| session.check_source(&source, folder, name))
            }
            "rfx" => self.load_bundle(path, &bytes).map_err(Unavailable::Bundle)?,
            "reflow" => match Script::check(self.texts.as_ref(), &Source::from_bytes(path, &bytes), name) {
                Ok(script) => Loaded::Legacy(Rc::new(script)),
                Err(mistake) => {
                    self.diagnostics.borrow_mut().push(mistake.into());
                    Loaded::Bad
                }
            },
            "" => return Err(Unavailable::Extension(format!("unknown module extension {extension:?}"))),
            _ => return Err(Unavailable::Extension(format!("unknown module extension .{extension}"))),
        };
        self.modules.borrow_mut().insert(path.to_owned(), loaded.clone());
        Ok(loaded)
    }

    /// Checks a module while its path counts as being loaded. A good module needs good modules.
    fn check_loading(self: &Rc<Self>, path: &str, check: impl FnOnce(&Rc<Self>) -> Loaded) -> Loaded {
        self.loading.borrow_mut().push(path.to_owned());
        let loaded = check(self);
        self.loading.borrow_mut().pop();
        if self.tainted.borrow_mut().remove(path) { Loaded::Bad } else { loaded }
    }

    /// Checks the entry module of a bundle in a compilation of its own, where only the bundle's modules can
    /// be imported, and sets its flags (language spec §8.4).
    fn load_bundle(self: &Rc<Self>, path: &str, bytes: &[u8]) -> Result<Loaded, String> {
        let archive = Digest::of(bytes);
        if let Some(loaded) = self.shared.loaded.borrow().get(&archive) {
            return Ok(loaded.clone());
        }
        let left = UNPACK_LIMIT - self.shared.unpacked.get();
        let (bundle, unexpected) = Bundle::read(bytes, left).map_err(|error| error.to_string())?;
        self.shared.unpacked.set(self.shared.unpacked.get() + bundle.size());
        let warnings = unexpected.iter().map(|name| crate::diagnostics::unexpected_entry(path, name));
        self.diagnostics.borrow_mut().extend(warnings);
        let (entry, text) = bundle.entry();
        let entry = if entry.is_empty() { path } else { entry }.to_owned();
        let (source, bundle) = (Source::from_bytes(entry.as_str(), text), Rc::new(bundle));
        let depth = self.depth + self.loading.borrow().len() + 1;
        let inner = Self::with(bundle.clone(), self.sources.clone(), self.trace.clone(), depth, self.shared.clone());
        let mut refused = None;
        // The entry module has no name for its idents, as in the reference.
        let loaded = inner.check_loading(&entry, |inner| {
            let loaded = inner.check_module(&source, bundle.folder(), "");
            loaded.map_or(Loaded::Bad, |mut module| {
                refused = parameters::inject(&mut module, bundle.args()).err();
                Loaded::Good(Rc::new(module))
            })
        });
        self.diagnostics.borrow_mut().append(&mut inner.diagnostics.borrow_mut());
        if let Some(error) = refused {
            return Err(format!("invalid bundle: {error}"));
        }
        self.shared.loaded.borrow_mut().insert(archive, loaded.clone());
        Ok(loaded)
    }

    fn check_source(self: &Rc<Self>, source: &Rc<Source>, folder: &str, name: &str) -> Loaded {
        self.check_module(source, folder, name).map_or(Loaded::Bad, |module| Loaded::Good(Rc::new(module)))
    }

    /// Parses and checks a text. Its diagnostics are kept; with an error among them there is no module.
    fn check_module(self: &Rc<Self>, source: &Rc<Source>, folder: &str, name: &str) -> Option<Module> {
        self.remember(source);
        if let Some((module, mut warnings)) = check::check_faultless(self, source, folder, name) {
            self.diagnostics.borrow_mut().append(&mut warnings);
            return Some(module);
        }
        let (written, mut found) = syntax::parse(source);
        let is_partial = found.iter().any(Diagnostic::is_error);
        let (checked, more) = check::check_module(self, source, folder, name, &written, is_partial);
        found.extend(more);
        found.sort_by_key(|diagnostic| is_partial.then(|| diagnostic.primary.as_ref().map(|label| label.span.start)));
        let module = (!found.iter().any(Diagnostic::is_error)).then_some(checked);
        self.diagnostics.borrow_mut().append(&mut found);
        module
    }
}

/// The path that a module of `folder` means by `path`.
fn resolved(folder: &str, path: &str) -> String {
    match path.strip_prefix("./") {
        Some(rest) => sources::below(folder, rest),
        None => path.to_owned(),
    }
}
