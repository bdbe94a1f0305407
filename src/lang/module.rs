//! Checked modules: what the checker hands to the evaluator, to flags and to documentation.

use std::rc::Rc;

use syntax::ast::{self, Name, Span};
use syntax::diagnostic::{Diagnostic, Source};
use types::Type;
use types::value::Shape;

use crate::legacy::Script;
use crate::system::SystemModule;
use crate::tree::{Node, Pattern};

/// A module that was parsed and checked.
pub struct Module {
    /// Prefix of the idents of what the module makes: the base name without extension.
    pub name: Name,
    /// Its text.
    pub source: Rc<Source>,
    /// Its parameters in order.
    pub params: Vec<Param>,
    /// Its value declarations in order; types leave nothing to evaluate.
    pub decls: Vec<ModuleDecl>,
    /// For each binding of the module, the declaration it is made by.
    pub globals: Vec<Global>,
    /// Exported types in declaration order.
    pub aliases: Vec<Alias>,
    /// The other types in declaration order.
    pub private_aliases: Vec<Alias>,
    /// For each exported member in order, the binding that holds its value: the last one of its name.
    pub exports: Vec<u32>,
    /// The names of the exported members.
    pub shape: Rc<Shape>,
    /// The type of an instance.
    pub ty: Type,
}

/// A module parameter.
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Default>,
    /// The text of a flag that a bundle sets in advance; it comes before the default.
    pub injected: Option<Rc<str>>,
    /// Documentation; empty if none.
    pub doc: Rc<str>,
    /// Where its name is.
    pub span: Span,
}

impl Param {
    /// Whether a value must be given.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && self.injected.is_none()
    }
}

/// The default of a parameter.
pub struct Default {
    /// The typed expression.
    pub value: Node,
    /// The expression as written, for documentation.
    pub written: ast::Expr,
    /// Whether it refers to another parameter.
    pub depends_on_params: bool,
}

/// A value declaration of a module.
pub struct ModuleDecl {
    /// What is bound.
    pub pattern: Rc<Pattern>,
    /// To what.
    pub value: Node,
    /// The number of the first binding it makes; the pattern's other names follow.
    pub first_global: u32,
    /// Documentation; empty if none.
    pub doc: Rc<str>,
}

/// A binding of a module.
pub struct Global {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The number of its declaration among the value declarations.
    pub decl: u32,
}

/// A type that a module declares.
pub struct Alias {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub ty: Type,
    /// Documentation; empty if none.
    pub doc: Rc<str>,
}

/// What `make` can instantiate.
#[derive(Clone)]
pub enum Importable {
    /// A module with a text.
    Module(Rc<Module>),
    /// A system module.
    System(Rc<SystemModule>),
    /// A legacy script.
    Legacy(Rc<Script>),
}

impl Module {
    /// The parameter of this name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| *param.name == *name)
    }

    /// The parameter that is spelled most like `name`, if one is near.
    pub(crate) fn near_param(&self, name: &str) -> Option<&Param> {
        let names = self.params.iter().map(|param| &*param.name);
        base::spelling::nearest(name, names).and_then(|near| self.param(near))
    }

    /// The declaration that makes a binding.
    pub fn decl_of(&self, global: u32) -> &ModuleDecl {
        &self.decls[self.globals[global as usize].decl as usize]
    }
}

/// What is said of a module that is to be run and has no `Main` (language spec §4.2): R2030.
pub fn no_main(module: &Module) -> Diagnostic {
    let names = module.globals.iter().map(|global| &*global.name);
    let near = base::spelling::nearest("Main", names);
    let global = near.and_then(|near| module.globals.iter().position(|global| *global.name == *near));
    let message = "module has no Main";
    match global {
        Some(global) => {
            let span = module.decl_of(global as u32).pattern.span;
            Diagnostic::error(2030, &module.source, span, message)
                .labelled("this is not it")
                .help("what a program comes to is called `Main`, in this spelling")
        }
        None => Diagnostic::error(2030, &module.source, Span::default(), message)
            .labelled("nowhere in this module")
            .help("what a program comes to is called `Main`: `val Main = …`"),
    }
}

/// Whether a name is exported: its first character is an upper-case letter (language spec §1.2).
pub fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
