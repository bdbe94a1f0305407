//! Modules: parameters, declarations, exports (language spec §3.8).

use std::rc::Rc;

use syntax::ast;
use syntax::diagnostic::{Diagnostic, Source};
use types::Type;
use types::ty::Field;
use types::value::Shape;

use super::{Checker, pattern};
use crate::module::{Alias, Default, Global, Module, ModuleDecl, Param, is_exported};
use crate::session::Session;
use crate::tree::{Pattern, Slot};

/// Checks a parsed module. The module is usable only if no diagnostic is an error.
pub(crate) fn check_module(
    session: &Rc<Session>,
    source: &Rc<Source>,
    folder: &str,
    name: &str,
    written: &ast::Module,
) -> (Module, Vec<Diagnostic>) {
    let mut checker = Checker::new(session, source, folder);
    let params = checker.params(&written.params);
    let mut made = Made::default();
    for decl in &written.decls {
        checker.module_decl(decl, &mut made);
    }
    checker.finish_scope();
    let module = made.into_module(name, source.clone(), params);
    (module, checker.diagnostics)
}

/// What the declarations have come to so far.
#[derive(Default)]
struct Made {
    decls: Vec<ModuleDecl>,
    globals: Vec<Global>,
    aliases: Vec<Alias>,
    /// Exported members: name, type.
    fields: Vec<Field>,
}

impl Checker<'_> {
    fn params(&mut self, written: &[ast::Param]) -> Vec<Param> {
        let mut params = Vec::with_capacity(written.len());
        for (index, param) in (0..).zip(written) {
            self.saw_param = false;
            let default = param.default.as_ref().map(|default| (self.expr(default), default));
            let depends_on_params = self.saw_param;
            let ty = match (&param.ty, &default) {
                (Some(written), _) => self.written(written),
                (None, Some((node, _))) => Some(node.ty.clone()),
                (None, None) => None,
            };
            // A parameter with an error is not bound; its uses are then reported as undefined.
            let Some(ty) = ty.filter(|ty| !ty.is_error()) else { continue };
            if default.as_ref().is_some_and(|(node, _)| node.ty.is_error()) {
                continue;
            }
            let slot = Slot::Param(params.len() as u32);
            debug_assert!(index >= params.len() as u32);
            self.scope.bind_fixed(param.name.name.clone(), ty.clone(), param.name.span, slot);
            params.push(Param {
                name: param.name.name.clone(),
                ty,
                default: default.map(|(value, written)| Default { value, written: written.clone(), depends_on_params }),
                injected: None,
                doc: param.doc.clone(),
                span: param.name.span,
            });
        }
        params
    }

    fn module_decl(&mut self, decl: &ast::Decl, made: &mut Made) {
        match &decl.kind {
            ast::DeclKind::Type { name, ty } => {
                let Some(ty) = self.written(ty).filter(|ty| self.can_be_member(ty, decl.span)) else { return };
                self.aliases.insert(name.name.clone(), ty.clone());
                if is_exported(&name.name) {
                    made.aliases.push(Alias { name: name.name.clone(), ty, doc: decl.doc.clone() });
                }
            }
            ast::DeclKind::Val { .. } => {
                let Some((written, checked)) = self.decl(decl) else { return };
                if !self.can_be_member(&checked.value.ty, decl.span) {
                    return;
                }
                let first_global = made.globals.len() as u32;
                for (name, ty, span) in pattern::bindings(written, &checked.value.ty) {
                    let slot = Slot::Global(made.globals.len() as u32);
                    self.scope.bind_fixed(name.clone(), ty.clone(), span, slot);
                    if is_exported(&name) {
                        made.fields.push(Field::named(name.clone(), ty.clone()));
                    }
                    made.globals.push(Global { name, ty, decl: made.decls.len() as u32 });
                }
                let pattern: Rc<Pattern> = checked.pattern;
                made.decls.push(ModuleDecl { pattern, value: checked.value, first_global, doc: decl.doc.clone() });
            }
        }
    }
}

impl Made {
    fn into_module(self, name: &str, source: Rc<Source>, params: Vec<Param>) -> Module {
        let last: std::collections::HashMap<_, _> =
            self.globals.iter().zip(0_u32..).map(|(global, index)| (global.name.clone(), index)).collect();
        let names: Vec<_> = self.fields.iter().filter_map(|field| field.name.clone()).collect();
        let exports = names.iter().filter_map(|name| last.get(name).copied()).collect();
        let aliases: Vec<_> = self.aliases.iter().map(|alias| (alias.name.clone(), alias.ty.clone())).collect();
        Module {
            name: name.into(),
            source,
            params,
            decls: self.decls,
            globals: self.globals,
            aliases: self.aliases,
            exports,
            shape: Shape::new(names),
            ty: Type::module(self.fields, aliases),
        }
    }
}
