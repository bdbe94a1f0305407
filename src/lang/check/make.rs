//! `make`: instantiation of modules (language spec §8.1, §8.2).

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;

use super::Checker;
use crate::diagnostics::Operand;
use crate::legacy::Script;
use crate::module::{Importable, Module, Param};
use crate::session::ImportError;
use crate::tree::{Decl, ExprKind, Make, Node};

/// What arguments bind: names, types, places, and the places of values that are bound whole.
type Bound = Vec<(ast::Name, Type, Span, Option<Span>)>;

impl Checker<'_> {
    pub(super) fn make(&mut self, path: &ast::Expr, args: &[ast::Decl], span: Span) -> Node {
        let path_node = self.expr(path);
        let mut bound: Bound = Vec::new();
        let mut checked: Vec<Option<Decl>> = Vec::new();
        for arg in args {
            let declared = self.decl(arg);
            let value = match &arg.kind {
                ast::DeclKind::Val { pattern, value, .. } if matches!(pattern.kind, ast::PatternKind::Ident(_)) => {
                    Some(value.span)
                }
                _ => None,
            };
            bound.extend(declared.names.into_iter().map(|(name, ty, span)| (name, ty, span, value)));
            checked.push(declared.decl);
        }
        if path_node.ty.is_error() {
            return self.silent(span);
        }
        let ast::ExprKind::Literal(ast::Literal::String(text)) = &path.kind else {
            let diagnostic = self.report.module_path(span, Operand::of(&path_node));
            return self.fail(diagnostic, span);
        };
        let text = String::from_utf8_lossy(text).into_owned();
        let module = match self.session.import(&self.folder, &text) {
            Ok(module) => module,
            Err(ImportError::Reported) => return self.silent(span),
            Err(ImportError::Because(why)) => {
                let elsewhere = why.is_absence().then(|| self.session.found_elsewhere(&self.folder, &text)).flatten();
                let diagnostic = self.report.open_module(span, (&text, path.span), &why, elsewhere.as_deref());
                return self.fail(diagnostic, span);
            }
        };
        let ty = match &module {
            Importable::System(system) => {
                for (name, _, place, _) in &bound {
                    self.diagnostics.push(self.report.unknown_parameter(span, (name, *place), None));
                }
                Some(system.ty.clone()).filter(|_| bound.is_empty())
            }
            Importable::Module(module) => {
                self.arguments_fit(module, &bound, path.span, span).then(|| module.ty.clone())
            }
            Importable::Legacy(script) => {
                self.script_arguments_fit(script, &bound, path.span, span).then(|| script.ty())
            }
        };
        let checked: Option<Vec<Decl>> = checked.into_iter().collect();
        match (ty, checked) {
            (Some(ty), Some(args)) => {
                let make = Make { path: path_node, module, args };
                self.node(ExprKind::Make(Rc::new(make)), ty.with_flow(false), span)
            }
            // What the module has does not depend on its arguments.
            (None, _) if matches!(module, Importable::System(_)) => self.silent(span),
            _ => match &module {
                Importable::Module(module) => self.assumed(module.ty.clone(), span),
                Importable::Legacy(script) => self.assumed(script.ty(), span),
                Importable::System(_) => self.silent(span),
            },
        }
    }

    /// Whether arguments fit the parameters of a module; every one that does not is reported.
    fn arguments_fit(&mut self, module: &Rc<Module>, args: &Bound, path: Span, span: Span) -> bool {
        let mut fits = true;
        // A name that is a slip for a parameter's stands for it: that it is missing says nothing new.
        let mut meant: Vec<ast::Name> = Vec::new();
        for (name, ty, place, value) in args {
            let wrong = match module.param(name) {
                None => {
                    meant.extend(module.near_param(name).map(|param| param.name.clone()));
                    Some(self.report.unknown_parameter(span, (name, *place), Some(module)))
                }
                // The reference asks the question the wrong way round; what it accepts stays accepted, and
                // the sensible direction too (language spec §13 #2).
                Some(param) if ty.is_error() || param.ty.is_subtype(ty) || ty.is_subtype(&param.ty) => None,
                Some(param) => {
                    let value = Operand { ty, span: value.unwrap_or(*place) };
                    Some(self.report.parameter_type(span, name, value, module, param))
                }
            };
            fits &= wrong.is_none();
            self.diagnostics.extend(wrong);
        }
        let is_missing = |param: &&Param| param.is_required() && !args.iter().any(|(name, ..)| *name == param.name);
        let mut missing: Vec<&Param> = module.params.iter().filter(is_missing).collect();
        fits &= missing.is_empty();
        missing.retain(|param| !meant.contains(&param.name));
        if !missing.is_empty() {
            self.diagnostics.push(self.report.missing_parameters(span, path, module, &missing));
        }
        fits
    }

    /// The same for a legacy script: its parameters are strings, all required; beside them there is `args`
    /// (language spec §11).
    fn script_arguments_fit(&mut self, script: &Script, args: &Bound, path: Span, span: Span) -> bool {
        let mut fits = true;
        for (name, ty, place, _) in args {
            let want = match &**name {
                "args" => Some(Type::list(Type::string())),
                name => script.params().iter().any(|param| *param.name == *name).then(Type::string),
            };
            let wrong = match want {
                None => (2020, format!("module has no parameter {name}")),
                Some(want) if ty.is_error() || ty.is_subtype(&want) => continue,
                Some(want) => (2021, format!("invalid type {ty} for parameter {name} (type {want})")),
            };
            self.diagnostics.push(self.report.script_argument(wrong, span, *place));
            fits = false;
        }
        let is_missing = |name: &&str| !args.iter().any(|(given, ..)| **given == **name);
        let missing: Vec<&str> = script.params().iter().map(|param| &*param.name).filter(is_missing).collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let wrong = (2022, format!("missing module parameter{plural} {}", missing.join(", ")));
            self.diagnostics.push(self.report.script_argument(wrong, span, path));
        }
        fits && missing.is_empty()
    }
}
