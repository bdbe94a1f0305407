//! Exec expressions and `@requires`.

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Level, TypeKind};

use super::Checker;
use crate::doc::abbreviate;
use crate::eval::is_path_type;
use crate::tree::{Decl, Exec, ExprKind, Node, TemplateArg};

impl Checker<'_> {
    pub(super) fn exec(&mut self, exec: &ast::Exec, span: Span) -> Node {
        let errors = self.diagnostics.len();
        let options = self.options(&exec.options, "execs do not support pattern matching declarations", span, true);
        let outputs = self.outputs(&exec.outputs, span);
        let (Some(options), Some((ty, outputs))) = (options, outputs) else {
            return self.silent(span);
        };
        if let Some(message) = exec_option_error(&options) {
            let diagnostic = self.report.exec(span, message);
            return self.fail(diagnostic, span);
        }
        let mut args = Vec::with_capacity(exec.interpolations.len());
        for interpolation in &exec.interpolations {
            if let ast::ExprKind::Ident(name) = &interpolation.kind
                && let Some(output) = outputs.iter().position(|(label, _)| label == name)
            {
                args.push(TemplateArg::Output(output));
                continue;
            }
            let node = self.expr(interpolation);
            if !node.ty.is_error() && !can_interpolate(&node.ty) {
                let message = format!("values of type {} cannot be interpolated", node.ty);
                let diagnostic = self.report.exec(span, message).also(&self.report.source, node.span, "this one");
                self.diagnostics.push(diagnostic);
            }
            args.push(TemplateArg::Input(node, abbreviate(interpolation).into()));
        }
        if self.diagnostics[errors..].iter().any(syntax::diagnostic::Diagnostic::is_error) {
            return self.silent(span);
        }
        let exec = Exec { options, raw: exec.raw.clone(), fragments: exec.fragments.clone(), args, outputs };
        self.node(ExprKind::Exec(Rc::new(exec)), ty.with_flow(true).with_level(Level::NotConst), span)
    }

    /// Checks options: declarations of plain names.
    fn options(&mut self, options: &[ast::Decl], patterns: &str, span: Span, exec: bool) -> Option<Vec<Decl>> {
        let mut checked = Vec::with_capacity(options.len());
        let mut wrong = false;
        for option in options {
            match self.decl(option) {
                Some((_, decl)) if decl.name().is_some() => checked.push(decl),
                Some(_) => {
                    let diagnostic =
                        if exec { self.report.exec(span, patterns) } else { self.report.requires(span, patterns) };
                    self.diagnostics.push(diagnostic);
                    wrong = true;
                }
                None => wrong = true,
            }
        }
        (!wrong).then_some(checked)
    }

    /// The declared outputs: their type, and each label with whether it is a directory.
    fn outputs(&mut self, written: &ast::Type, span: Span) -> Option<(Type, Vec<(ast::Name, bool)>)> {
        let ty = self.written(written)?;
        let parts: Vec<(Option<ast::Name>, Type)> = match &ty.kind {
            TypeKind::Tuple(fields) => fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect(),
            _ => vec![(ty.label.clone(), ty.clone())],
        };
        let mut outputs = Vec::with_capacity(parts.len());
        for (i, (label, part)) in parts.into_iter().enumerate() {
            let is_dir = match part.kind {
                TypeKind::File => false,
                TypeKind::Dir => true,
                _ => {
                    self.diagnostics
                        .push(self.report.exec(span, format!("execs can only return files and dirs, not {part}")));
                    return None;
                }
            };
            let Some(label) = label else {
                self.diagnostics.push(self.report.exec(span, format!("output {i} (type {part}) must be labelled")));
                return None;
            };
            outputs.push((label, is_dir));
        }
        Some((ty, outputs))
    }

    pub(super) fn requires(&mut self, options: &[ast::Decl], operand: &ast::Expr, span: Span) -> Node {
        let options = self.options(options, "pattern matching declarations are not supported", span, false);
        let operand = self.expr(operand);
        let Some(options) = options else { return self.silent(span) };
        if let Some(message) = requires_option_error(&options) {
            let diagnostic = self.report.requires(operand.span, message);
            return self.fail(diagnostic, span);
        }
        if operand.ty.is_error() {
            return self.silent(span);
        }
        let ty = operand.ty.clone();
        self.node(ExprKind::Requires(options.into(), operand), ty, span)
    }
}

fn exec_option_error(options: &[Decl]) -> Option<String> {
    for option in options {
        let name = option.name()?;
        let ty = &option.value.ty;
        let wrong = match &**name {
            "image" if ty.flow => "exec parameter image is not immediate".to_owned(),
            "image" if !matches!(ty.kind, TypeKind::String) => "image must be a string".to_owned(),
            "nondeterministic" if !matches!(ty.kind, TypeKind::Bool) => "nondeterministic must be a bool".to_owned(),
            "image" | "nondeterministic" => continue,
            _ => match room_option_error(name, ty) {
                Some(Ok(())) => continue,
                Some(Err(message)) => message,
                None => format!("unrecognized exec parameter {name}"),
            },
        };
        return Some(wrong);
    }
    let has_image = options.iter().any(|option| option.name().is_some_and(|name| **name == *"image"));
    (!has_image).then(|| "exec image parameter is required".to_owned())
}

fn requires_option_error(options: &[Decl]) -> Option<String> {
    for option in options {
        let name = option.name()?;
        let ty = &option.value.ty;
        let wrong = match &**name {
            _ if ty.flow => format!("parameter {name} is not immediate"),
            "wide" if !matches!(ty.kind, TypeKind::Bool) => "wide must be a boolean".to_owned(),
            "wide" => continue,
            _ => match room_option_error(name, ty) {
                Some(Ok(())) => continue,
                Some(Err(message)) => message,
                None => format!("unrecognized parameter {name}"),
            },
        };
        return Some(wrong);
    }
    None
}

/// The options that ask for room; `None` for another name.
fn room_option_error(name: &str, ty: &Type) -> Option<Result<(), String>> {
    Some(match name {
        "cpu" if !matches!(ty.kind, TypeKind::Int | TypeKind::Float) => {
            Err("cpu must be integer or floating point".to_owned())
        }
        "mem" | "disk" if !matches!(ty.kind, TypeKind::Int) => Err(format!("{name} must be an integer")),
        "cpufeatures" if !ty.is_subtype(&Type::list(Type::string())) => {
            Err("cpufeatures must be a list of strings".to_owned())
        }
        "cpu" | "mem" | "disk" | "cpufeatures" => Ok(()),
        _ => return None,
    })
}

fn can_interpolate(ty: &Type) -> bool {
    matches!(ty.kind, TypeKind::String | TypeKind::Int | TypeKind::Float) || is_path_type(ty)
}
