//! Exec expressions and `@requires`.

use std::rc::Rc;

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Level, TypeKind};

use super::{Checker, order};
use crate::diagnostics::{Operand, OptionsOf};
use crate::doc::abbreviate;
use crate::eval::is_path_type;
use crate::tree::{Decl, Exec, ExprKind, Node, TemplateArg};

/// The outputs of an exec: each label, and whether it is a directory.
type Outputs = Vec<(ast::Name, bool)>;

impl Checker<'_> {
    pub(super) fn exec(&mut self, exec: &ast::Exec, span: Span) -> Node {
        let options = self.options(&exec.options, span, OptionsOf::Exec);
        let has_image = exec.options.iter().any(|option| order::declares(option, "image").is_some());
        if !has_image {
            let keyword = Span { end: span.start + "exec".len() as u32, ..span };
            self.diagnostics.push(self.report.image_missing(span, keyword));
        }
        let outputs = self.outputs(&exec.outputs, span);
        let labels = match &outputs {
            Some((_, outputs)) => outputs.iter().map(|(label, _)| label.clone()).collect(),
            None => written_labels(&exec.outputs),
        };
        // Behind a type that is not known there are names that are not known.
        let was_partial = self.is_partial;
        self.is_partial |= outputs.is_none() && labels.is_empty();
        let args: Option<Vec<_>> = {
            let args: Vec<_> = exec.interpolations.iter().map(|arg| self.interpolation(arg, &labels, span)).collect();
            args.into_iter().collect()
        };
        self.is_partial = was_partial;
        let (Some(options), Some((ty, outputs)), Some(args), true) = (options, outputs, args, has_image) else {
            return self.silent(span);
        };
        let exec = Exec { options, raw: exec.raw.clone(), fragments: exec.fragments.clone(), args, outputs };
        self.node(ExprKind::Exec(Rc::new(exec)), ty.with_flow(true).with_level(Level::NotConst), span)
    }

    /// Checks an interpolation; `None` if it is wrong, which has been reported.
    fn interpolation(&mut self, written: &ast::Expr, labels: &[ast::Name], span: Span) -> Option<TemplateArg> {
        if let ast::ExprKind::Ident(name) = &written.kind
            && let Some(output) = labels.iter().position(|label| label == name)
        {
            return Some(TemplateArg::Output(output));
        }
        let node = self.expr(written);
        if node.ty.is_error() {
            return None;
        }
        if !can_interpolate(&node.ty) {
            self.diagnostics.push(self.report.not_interpolated(span, Operand::of(&node)));
            return None;
        }
        Some(TemplateArg::Input(node, abbreviate(written).into()))
    }

    /// Checks options: declarations of plain names. `None` if one is wrong; every one that is has been
    /// reported, at `span`.
    fn options(&mut self, options: &[ast::Decl], span: Span, of: OptionsOf) -> Option<Vec<Decl>> {
        let checked: Vec<Option<Decl>> = options.iter().map(|option| self.option(option, span, of)).collect();
        checked.into_iter().collect()
    }

    fn option(&mut self, option: &ast::Decl, span: Span, of: OptionsOf) -> Option<Decl> {
        let decl = self.decl(option).decl?;
        let place = decl.pattern.span;
        let Some(name) = decl.name() else {
            self.diagnostics.push(self.report.option_pattern(span, place, of));
            return None;
        };
        let value = Operand::of(&decl.value);
        let must_be_immediate = of == OptionsOf::Requires || **name == *"image";
        let wrong = if must_be_immediate && value.ty.flow {
            Some(self.report.option_not_immediate(span, name, value, of))
        } else {
            match option_type(name, of) {
                None => Some(self.report.unknown_option(span, name, place, of)),
                Some(wanted) if wanted.is_met_by(value.ty) => None,
                Some(wanted) => {
                    let types = (&wanted.ty, wanted.or.as_ref());
                    Some(self.report.option_type(span, wanted.message, value, types, of))
                }
            }
        };
        if wrong.is_none() && **name == *"image" && decl.value.ty.level == Level::NotConst {
            self.diagnostics.push(self.report.image_not_constant(decl.value.span));
        }
        match wrong {
            None => Some(decl),
            Some(diagnostic) => {
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }

    /// The declared outputs and their type; `None` if they are wrong, which has been reported.
    fn outputs(&mut self, written: &ast::Type, span: Span) -> Option<(Type, Outputs)> {
        let ty = self.written(written)?;
        let parts: Vec<(Option<ast::Name>, Type)> = match &ty.kind {
            TypeKind::Tuple(fields) => fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect(),
            _ => vec![(ty.label.as_deref().cloned(), ty.clone())],
        };
        let place = |number: usize| match &written.kind {
            ast::TypeKind::Tuple(fields) => fields.get(number).map_or(written.span, |field| field.ty.span),
            _ => written.span,
        };
        let mut outputs = Vec::with_capacity(parts.len());
        let mut fits = true;
        for (number, (label, part)) in parts.into_iter().enumerate() {
            let output = Operand { ty: &part, span: place(number) };
            let is_dir = matches!(part.kind, TypeKind::Dir);
            if !is_dir && !matches!(part.kind, TypeKind::File) {
                self.diagnostics.push(self.report.output_type(span, output));
                fits = false;
            } else if let Some(label) = label {
                outputs.push((label, is_dir));
            } else {
                self.diagnostics.push(self.report.output_unlabelled(span, number, output));
                fits = false;
            }
        }
        fits.then_some((ty, outputs))
    }

    pub(super) fn requires(&mut self, options: &[ast::Decl], operand: &ast::Expr, span: Span) -> Node {
        let options = self.options(options, operand.span, OptionsOf::Requires);
        let operand = self.expr(operand);
        let Some(options) = options.filter(|_| !operand.ty.is_error()) else { return self.silent(span) };
        let ty = operand.ty.clone();
        self.node(ExprKind::Requires(options.into(), operand), ty, span)
    }
}

/// The labels of outputs as they are written, whatever their types.
fn written_labels(written: &ast::Type) -> Vec<ast::Name> {
    match &written.kind {
        ast::TypeKind::Tuple(fields) => {
            fields.iter().filter_map(|field| field.name.as_ref()).map(|label| label.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// What an option takes.
struct Wanted {
    ty: Type,
    /// Another type that will do.
    or: Option<Type>,
    message: &'static str,
}

impl Wanted {
    fn is_met_by(&self, ty: &Type) -> bool {
        let is = |wanted: &Type| match wanted.kind {
            TypeKind::List(_) => ty.is_subtype(wanted),
            // Nothing but the very kind will do: a value without a type, as that of `panic`, will not.
            _ => ty.kind_name() == wanted.kind_name(),
        };
        is(&self.ty) || self.or.as_ref().is_some_and(is)
    }
}

/// What an option takes; `None` for a name that is no option.
fn option_type(name: &str, of: OptionsOf) -> Option<Wanted> {
    let (ty, message) = match (name, of) {
        ("image", OptionsOf::Exec) => (Type::string(), "image must be a string"),
        ("nondeterministic", OptionsOf::Exec) => (Type::bool(), "nondeterministic must be a bool"),
        ("wide", OptionsOf::Requires) => (Type::bool(), "wide must be a boolean"),
        ("cpu", _) => (Type::int(), "cpu must be integer or floating point"),
        ("mem", _) => (Type::int(), "mem must be an integer"),
        ("disk", _) => (Type::int(), "disk must be an integer"),
        ("cpufeatures", _) => (Type::list(Type::string()), "cpufeatures must be a list of strings"),
        _ => return None,
    };
    let or = (name == "cpu").then(Type::float);
    Some(Wanted { ty, or, message })
}

fn can_interpolate(ty: &Type) -> bool {
    matches!(ty.kind, TypeKind::String | TypeKind::Int | TypeKind::Float) || is_path_type(ty)
}
