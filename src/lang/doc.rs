//! Documentation of modules: a data model, and its rendering as text (language spec §8.6).

mod abbreviation;
mod markdown;

use std::rc::Rc;

use types::Type;

use crate::legacy::Script;
use crate::module::{Module, Param, is_exported};
use crate::parameters::injected_source;
use crate::system::SystemModule;

pub use abbreviation::abbreviate;

/// What there is to say about a module.
pub struct ModuleDoc {
    /// Its parameters in order.
    pub params: Vec<ParamDoc>,
    /// Its exported types in order.
    pub types: Vec<ItemDoc>,
    /// Its exported values in order.
    pub values: Vec<ItemDoc>,
}

/// A documented parameter.
pub struct ParamDoc {
    /// Name, type and documentation.
    pub item: ItemDoc,
    /// The default, abbreviated; `None` if the parameter is required.
    pub default: Option<String>,
}

/// A documented name.
pub struct ItemDoc {
    /// The name.
    pub name: Rc<str>,
    /// Its type.
    pub ty: Type,
    /// Its documentation, lines ending in line feeds; empty if none.
    pub doc: Rc<str>,
}

impl ModuleDoc {
    /// The documentation of a module.
    pub fn of_module(module: &Module) -> Self {
        let item =
            |name: &Rc<str>, ty: &Type, doc: &Rc<str>| ItemDoc { name: name.clone(), ty: ty.clone(), doc: doc.clone() };
        let params = module
            .params
            .iter()
            .map(|param| ParamDoc { item: item(&param.name, &param.ty, &param.doc), default: default_text(param) });
        let values = (0..).zip(&module.globals).filter(|(_, global)| is_exported(&global.name));
        Self {
            params: params.collect(),
            types: module.aliases.iter().map(|alias| item(&alias.name, &alias.ty, &alias.doc)).collect(),
            values: values.map(|(index, global)| item(&global.name, &global.ty, &module.decl_of(index).doc)).collect(),
        }
    }

    /// The documentation of a legacy script.
    pub fn of_script(script: &Script) -> Self {
        let item = |name: &Rc<str>, ty: Type, doc: &Rc<str>| ItemDoc { name: name.clone(), ty, doc: doc.clone() };
        let none: Rc<str> = "".into();
        let params = script.params().iter();
        Self {
            params: params
                .map(|param| ParamDoc { item: item(&param.name, Type::string(), &param.help), default: None })
                .collect(),
            types: Vec::new(),
            values: script.exports().iter().map(|(name, ty)| item(name, ty.clone(), &none)).collect(),
        }
    }

    /// The documentation of a system module.
    pub fn of_system(module: &SystemModule) -> Self {
        let item = |(name, ty, doc): &(Rc<str>, Type, Rc<str>)| ItemDoc {
            name: name.clone(),
            ty: ty.clone(),
            doc: doc.clone(),
        };
        Self { params: Vec::new(), types: Vec::new(), values: module.members.iter().map(item).collect() }
    }

    /// The text that `reflow doc` prints.
    pub fn render(&self) -> String {
        let mut out = String::new();
        if !self.params.is_empty() {
            out.push_str("Parameters\n\n");
            for param in &self.params {
                let default =
                    param.default.as_ref().map_or(" (required)".to_owned(), |default| format!(" = {default}"));
                out.push_str(&format!("val {} {}{default}\n", param.item.name, param.item.ty));
                out.push_str(&paragraphs(&param.item.doc));
            }
            out.push('\n');
        }
        out.push_str("Declarations\n\n");
        for (keyword, items) in [("type", &self.types), ("val", &self.values)] {
            for item in items {
                out.push_str(&format!("{keyword} {} {}\n{}\n", item.name, item.ty, paragraphs(&item.doc)));
            }
        }
        out
    }
}

/// What a parameter is if it is not given: what a bundle sets, or its default.
fn default_text(param: &Param) -> Option<String> {
    injected_source(param).or_else(|| param.default.as_ref().map(|default| abbreviate(&default.written)))
}

/// Documentation re-wrapped at 80 columns behind four blanks.
pub(crate) fn paragraphs(doc: &str) -> String {
    const WIDTH: usize = 80;
    let mut out = String::new();
    let mut line = String::new();
    let mut between = false;
    let flush = |line: &mut String, out: &mut String| {
        if !line.is_empty() {
            out.push_str(&format!("    {line}\n"));
            line.clear();
        }
    };
    for text in doc.trim_end().lines() {
        if text.is_empty() {
            flush(&mut line, &mut out);
            between = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut between) {
            out.push_str("    \n");
        }
        if text.starts_with([' ', '\t']) {
            flush(&mut line, &mut out);
            out.push_str(&format!("    {text}\n"));
            continue;
        }
        // Runs of blanks inside a line stay: a word is what stands between single blanks.
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                flush(&mut line, &mut out);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    flush(&mut line, &mut out);
    out
}
