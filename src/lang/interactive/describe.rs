//! What there is to say about a name of a session.

use syntax::diagnostic::Source;

use super::Interactive;
use crate::doc::{ItemDoc, ModuleDoc, paragraphs};
use crate::module::Importable;
use crate::system;
use crate::tree::Builtin;

impl Interactive {
    /// The documentation of a name, a dotted name, or `$/MODULE`; `None` if there is no such thing.
    pub fn describe(&self, what: &str) -> Option<String> {
        if let Some(name) = what.strip_prefix("$/") {
            return self.session.system_module(name).map(|module| ModuleDoc::of_system(&module).render());
        }
        let mut parts = what.split('.');
        let name = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let Some(binding) = self.state.value(name) else { return self.describe_other(what) };
        let Some(mut import) = binding.import.clone() else {
            return match rest.is_empty() {
                true => Some(value(&binding.name, &binding.ty, &binding.doc)),
                false => self.describe_other(what),
            };
        };
        for (index, member) in rest.iter().enumerate() {
            let inner = member_import(&import, member);
            match inner {
                Some(inner) => import = inner,
                None if index + 1 == rest.len() => return describe_member(&module_doc(&import), what, member),
                None => return self.describe_other(what),
            }
        }
        Some(module_doc(&import).render())
    }

    /// What has no documentation of its own: types, predeclared and builtin names, members of values.
    fn describe_other(&self, what: &str) -> Option<String> {
        if let Some((name, ty, doc)) = self.state.types().iter().find(|(name, ..)| **name == *what) {
            return Some(format!("type {name} {ty}\n{}", paragraphs(doc)));
        }
        if let Some(builtin) = Builtin::named(what) {
            let (usage, doc) = builtin_doc(builtin);
            return Some(format!("{usage}\n{}", paragraphs(doc)));
        }
        let predeclared = system::predeclared_types().into_iter().find(|(name, _)| *name == what);
        if let Some((name, ty)) = predeclared {
            return Some(value(name, &ty, predeclared_doc(name)));
        }
        let is_path = what.split('.').all(|part| {
            part.starts_with(char::is_alphabetic)
                && part.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
        });
        let question = is_path.then(|| self.check_expr(&Source::new("<input>", what)).0)??;
        Some(value(what, question.ty(), ""))
    }
}

fn value(name: &str, ty: &types::Type, doc: &str) -> String {
    format!("val {name} {ty}\n{}", paragraphs(doc))
}

fn module_doc(import: &Importable) -> ModuleDoc {
    match import {
        Importable::Module(module) => ModuleDoc::of_module(module),
        Importable::System(module) => ModuleDoc::of_system(module),
        Importable::Legacy(script) => ModuleDoc::of_script(script),
    }
}

fn describe_member(module: &ModuleDoc, what: &str, member: &str) -> Option<String> {
    let find = |items: &[ItemDoc]| items.iter().rposition(|item| *item.name == *member);
    if let Some(index) = find(&module.values) {
        let item = &module.values[index];
        return Some(value(what, &item.ty, &item.doc));
    }
    let item = &module.types[find(&module.types)?];
    Some(format!("type {what} {}\n{}", item.ty, paragraphs(&item.doc)))
}

/// The module that a member of a module is an instance of.
fn member_import(import: &Importable, member: &str) -> Option<Importable> {
    let Importable::Module(module) = import else { return None };
    let global = module.globals.iter().rposition(|global| *global.name == *member)?;
    let decl = module.decl_of(global as u32);
    decl.pattern.plain_name().and_then(|_| super::import_of(&decl.value))
}

/// How a builtin is used and what it gives (language spec §6).
fn builtin_doc(builtin: Builtin) -> (&'static str, &'static str) {
    match builtin {
        Builtin::Len => ("len(x)", "The length of a string in bytes, of a file in bytes, or of a list, map or dir."),
        Builtin::Int => ("int(x float) int", "The whole part of a float."),
        Builtin::Float => ("float(x int) float", "The float nearest to an integer."),
        Builtin::Zip => ("zip(a [A], b [B]) [(A, B)]", "Pairs of the elements of two lists of the same length."),
        Builtin::Unzip => ("unzip(l [(A, B)]) ([A], [B])", "The two lists that a list of pairs is made of."),
        Builtin::Flatten => ("flatten(l [[A]]) [A]", "The elements of all lists of a list."),
        Builtin::Map => ("map(x) [K: V]", "A map of a list of pairs, or of the paths and files of a dir."),
        Builtin::List => ("list(x) [(K, V)]", "The entries of a map, or the paths and files of a dir."),
        Builtin::Panic => ("panic(message string)", "Ends the evaluation with an error."),
        Builtin::Error => ("error(code int, message string)", "Ends the evaluation with an error that has a code."),
        Builtin::Delay => ("delay(x A) A", "The same value, which is not looked at before it is needed."),
        Builtin::Trace => ("trace(x A) A", "The same value, which is printed when it is known."),
        Builtin::Range => ("range(from, to int) [int]", "The integers from one up to another, without that."),
        Builtin::Reduce => (
            "reduce(f func(a, b A) A, l [A]) A",
            "The elements of a list put together from the left; the list has some.",
        ),
        Builtin::Fold => (
            "fold(f func(a A, b B) A, l [B], first A) A",
            "The elements of a list added from the left to a first value.",
        ),
    }
}

fn predeclared_doc(name: &str) -> &'static str {
    match name {
        "file" => "The file at a path or URL.",
        "dir" => "The folder at a path or URL, with all files below it.",
        _ => "A number of bytes.",
    }
}
