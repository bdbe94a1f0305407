//! Modules: parameters, declarations, exports (language spec §3.8).

use std::rc::Rc;

use syntax::diagnostic::{Diagnostic, Source};
use syntax::{Statements, ast};
use types::Type;
use types::ty::Field;
use types::value::Shape;

use super::{Checker, order};
use crate::module::{Alias, Default, Global, Module, ModuleDecl, Param, is_exported};
use crate::session::Session;
use crate::tree::{Decl, Pattern, Slot};

/// Checks a parsed module. The module is usable only if no diagnostic is an error. With `is_partial`
/// declarations are missing that could not be parsed.
pub(crate) fn check_module(
    session: &Rc<Session>,
    source: &Rc<Source>,
    folder: &str,
    name: &str,
    written: &ast::Module,
    is_partial: bool,
) -> (Module, Vec<Diagnostic>) {
    let mut checker = Checker::new(session, source, folder);
    checker.is_partial = is_partial;
    let mut params = Vec::new();
    checker.params(&written.params, &mut params);
    let mut made = Made::default();
    for decl in &written.decls {
        checker.module_decl(decl, &mut made);
    }
    checker.finish_scope();
    order::explain(&checker.report, &written.decls, &mut checker.diagnostics);
    let module = made.into_module(name, source.clone(), params);
    (module, checker.diagnostics)
}

/// Checks a module while it is parsed, one declaration after the other: what has been checked is let go.
/// If anything is wrong there is none, and [`check_module`], which knows the whole module, has to say what.
pub(crate) fn check_faultless(
    session: &Rc<Session>,
    source: &Rc<Source>,
    folder: &str,
    name: &str,
) -> Option<(Module, Vec<Diagnostic>)> {
    let mut checker = Checker::new(session, source, folder);
    let mut made = Made::default();
    let mut params = Vec::new();
    for piece in Statements::new(source).ok()? {
        let piece = piece.ok()?;
        let known = checker.diagnostics.len();
        checker.params(&piece.params, &mut params);
        for decl in &piece.decls {
            checker.module_decl(decl, &mut made);
        }
        if checker.diagnostics[known..].iter().any(Diagnostic::is_error) {
            return None;
        }
    }
    checker.finish_scope();
    let module = made.into_module(name, source.clone(), params);
    Some((module, checker.diagnostics))
}

/// What the declarations have come to so far.
#[derive(Default)]
struct Made {
    decls: Vec<ModuleDecl>,
    globals: Vec<Global>,
    aliases: Vec<Alias>,
    private_aliases: Vec<Alias>,
    /// Exported members: name, type.
    fields: Vec<Field>,
}

impl Checker<'_> {
    fn params(&mut self, written: &[ast::Param], params: &mut Vec<Param>) {
        for param in written {
            self.saw_param = false;
            let default = param.default.as_ref().map(|default| (self.expr(default), default));
            let depends_on_params = self.saw_param;
            let ty = match (&param.ty, &default) {
                (Some(written), _) => self.written(written),
                (None, Some((node, _))) => Some(node.ty.clone()),
                (None, None) => None,
            };
            let ty = ty.unwrap_or_else(Self::reported);
            let slot = Slot::Param(params.len() as u32);
            self.scope.bind_fixed(param.name.name.clone(), ty.clone(), param.name.span, slot, false);
            params.push(Param {
                name: param.name.name.clone(),
                ty,
                default: default.map(|(value, written)| Default { value, written: written.clone(), depends_on_params }),
                injected: None,
                doc: param.doc.clone(),
                span: param.name.span,
            });
        }
    }

    fn module_decl(&mut self, decl: &ast::Decl, made: &mut Made) {
        match &decl.kind {
            ast::DeclKind::Type { name, ty } => {
                let known = self.written(ty).filter(|ty| self.can_be_member(ty, decl.span));
                let ty = known.unwrap_or_else(Self::reported);
                self.aliases.insert(name.name.clone(), (ty.clone(), name.span));
                let aliases = if is_exported(&name.name) { &mut made.aliases } else { &mut made.private_aliases };
                aliases.push(Alias { name: name.name.clone(), ty, doc: decl.doc.clone() });
            }
            ast::DeclKind::Val { .. } => {
                let declared = self.decl(decl);
                let fits = |checked: &Decl| self.can_be_member(&checked.value.ty, decl.span);
                let checked = declared.decl.filter(fits);
                let warns = checked.is_some() && !declared.has_errors;
                let first_global = made.globals.len() as u32;
                for (name, ty, span) in declared.names {
                    let ty = if checked.is_some() { ty } else { Self::reported() };
                    let slot = Slot::Global(made.globals.len() as u32);
                    self.scope.bind_fixed(name.clone(), ty.clone(), span, slot, warns);
                    if is_exported(&name) {
                        made.fields.push(Field::named(name.clone(), ty.clone()));
                    }
                    made.globals.push(Global { name, ty, decl: made.decls.len() as u32 });
                }
                let Some(checked) = checked else { return };
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
            private_aliases: self.private_aliases,
            exports,
            shape: Shape::new(names),
            ty: Type::module(self.fields, aliases),
        }
    }
}
