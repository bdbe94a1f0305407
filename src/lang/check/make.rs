//! `make`: instantiation of modules (language spec §8.1, §8.2).

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;

use super::{Checker, pattern};
use crate::module::{Importable, Module};
use crate::session::ImportError;
use crate::tree::{Decl, ExprKind, Make, Node};

impl Checker<'_> {
    pub(super) fn make(&mut self, path: &ast::Expr, args: &[ast::Decl], span: Span) -> Node {
        let path_node = self.expr(path);
        let mut bound: Vec<(ast::Name, Type)> = Vec::new();
        let mut checked: Vec<Decl> = Vec::new();
        let mut wrong = path_node.ty.is_error();
        for arg in args {
            match self.decl(arg) {
                Some((written, decl)) => {
                    let names = pattern::bindings(written, &decl.value.ty);
                    bound.extend(names.into_iter().map(|(name, ty, _)| (name, ty)));
                    checked.push(decl);
                }
                None => wrong = true,
            }
        }
        if wrong {
            return self.silent(span);
        }
        let ast::ExprKind::Literal(ast::Literal::String(text)) = &path.kind else {
            let diagnostic = self.report.module_path(span, &path_node.ty);
            return self.fail(diagnostic, span);
        };
        let text = String::from_utf8_lossy(text).into_owned();
        let module = match self.session.import(&self.folder, &text) {
            Ok(module) => module,
            Err(ImportError::Reported) => return self.silent(span),
            Err(ImportError::Because(reason)) => {
                let diagnostic = self.report.open_module(span, &text, reason);
                return self.fail(diagnostic, span);
            }
        };
        let ty = match &module {
            Importable::System(system) => match bound.first() {
                Some((name, _)) => Err(format!("module has no parameter {name}")),
                None => Ok(system.ty.clone()),
            },
            Importable::Module(module) => check_arguments(module, &bound).map(|()| module.ty.clone()),
        };
        match ty {
            Err(message) => {
                let diagnostic = self.report.module_parameter(span, message);
                self.fail(diagnostic, span)
            }
            Ok(ty) => {
                let make = Make { path: path_node, module, args: checked };
                self.node(ExprKind::Make(Rc::new(make)), ty.with_flow(false), span)
            }
        }
    }
}

fn check_arguments(module: &Module, args: &[(ast::Name, Type)]) -> Result<(), String> {
    for (name, ty) in args {
        let Some(param) = module.param(name) else {
            return Err(format!("module has no parameter {name}"));
        };
        // The reference asks the question the wrong way round; what it accepts stays accepted, and the
        // sensible direction too (language spec §13 #2).
        if !param.ty.is_subtype(ty) && !ty.is_subtype(&param.ty) {
            return Err(format!("invalid type {ty} for parameter {name} (type {})", param.ty));
        }
    }
    let missing: Vec<&str> = module
        .params
        .iter()
        .filter(|param| param.is_required() && !args.iter().any(|(name, _)| *name == param.name))
        .map(|param| &*param.name)
        .collect();
    match missing.as_slice() {
        [] => Ok(()),
        [name] => Err(format!("missing required module parameter {name}")),
        names => Err(format!("missing required module parameters {}", names.join(", "))),
    }
}
