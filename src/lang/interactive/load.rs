//! Bringing all declarations of a module into a session.

use std::rc::Rc;

use base::failure::Error;
use flow::Graph;
use syntax::ast::Name;
use syntax::diagnostic::Diagnostic;

use super::import_of;
use super::state::{Binding, State};
use crate::eval::instance_of;
use crate::module::Module;
use crate::parameters::{self, FlagError};
use crate::session::Session;
use crate::tree::Slot;

/// What is to be loaded.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) args: Vec<String>,
}

/// What has been loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The names of values, parameters first.
    pub values: Vec<Name>,
    /// The names of types.
    pub types: Vec<Name>,
}

/// Why a module could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// Its text is wrong, or that of a module it imports.
    Diagnostics(Vec<Diagnostic>),
    /// Its parameters are not set as they must be.
    Flags(String),
    /// Its evaluation failed.
    Failed(Error),
}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Loads a module into a state, which is of no use afterwards if that fails.
pub(super) fn load(
    session: &Rc<Session>,
    state: &mut State,
    graph: &mut Graph,
    request: &Request,
) -> Result<(Loaded, Vec<Diagnostic>), LoadError> {
    let (module, diagnostics) = session.load(&request.path);
    let Some(module) = module else { return Err(LoadError::Diagnostics(diagnostics)) };
    let flags = parameters::flags(graph, session, &module)?;
    let settings = parameters::parse(&flags, &request.args).map_err(|error| match error {
        FlagError::Help => LoadError::Flags(listed(&flags)),
        FlagError::Usage(message) => LoadError::Flags(message),
    })?;
    if let [first, ..] = settings.rest.as_slice() {
        return Err(LoadError::Flags(format!("there is an argument too many: {first}")));
    }
    let arguments = parameters::arguments(graph, session, &flags, &settings)?;
    let instance = instance_of(graph, session, &module, &arguments)?;
    let mut loaded = Loaded { values: Vec::new(), types: Vec::new() };
    for declared in bindings(&module) {
        state.depth += 1;
        let Declared { name, ty, slot, doc, import } = declared;
        let binding = Binding { name, ty, value: instance.lookup(slot), depth: state.depth, doc, import };
        loaded.values.push(binding.name.clone());
        state.bind(binding);
    }
    for alias in module.private_aliases.iter().chain(&module.aliases) {
        loaded.types.push(alias.name.clone());
        state.alias(&alias.name, alias.ty.clone(), alias.doc.clone());
    }
    Ok((loaded, diagnostics))
}

/// A binding of a module as it is declared.
struct Declared {
    name: Name,
    ty: types::Type,
    slot: Slot,
    doc: Rc<str>,
    import: Option<crate::module::Importable>,
}

/// All parameters and declared values.
fn bindings(module: &Module) -> impl Iterator<Item = Declared> + '_ {
    let params = (0..).zip(&module.params).map(|(index, param)| Declared {
        name: param.name.clone(),
        ty: param.ty.clone(),
        slot: Slot::Param(index),
        doc: param.doc.clone(),
        import: None,
    });
    let globals = (0..).zip(&module.globals).map(|(index, global)| {
        let decl = module.decl_of(index);
        Declared {
            name: global.name.clone(),
            ty: global.ty.clone(),
            slot: Slot::Global(index),
            doc: decl.doc.clone(),
            import: decl.pattern.plain_name().and_then(|_| import_of(&decl.value)),
        }
    });
    params.chain(globals)
}

/// The parameters, a line each.
fn listed(flags: &[parameters::Flag]) -> String {
    let line = |flag: &parameters::Flag| {
        let note = match &flag.default {
            _ if flag.required => " (required)".to_owned(),
            Some(default) => format!(" (default {default})"),
            None => String::new(),
        };
        format!("\n\t-{} {}{note}", flag.name, flag.kind.name())
    };
    match flags.is_empty() {
        true => "the module has no parameters".to_owned(),
        false => flags.iter().fold("the module's parameters:".to_owned(), |text, flag| text + &line(flag)),
    }
}
