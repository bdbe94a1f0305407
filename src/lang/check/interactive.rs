//! Inputs of an interactive session: statements on top of what earlier inputs have declared.

use std::rc::Rc;

use syntax::ast::{self, Name};
use syntax::diagnostic::{Diagnostic, Source};
use syntax::session::Statement;
use types::Type;

use super::Checker;
use crate::session::Session;
use crate::tree::{Node, Pattern, Slot};

/// What is in scope at the beginning of an input.
pub(crate) struct Known<'k> {
    /// Values: binding `n` of the module that the input belongs to is the `n`th of them.
    pub(crate) values: &'k [(Name, Type)],
    /// Types.
    pub(crate) aliases: &'k [(Name, Type)],
}

/// A checked statement.
pub(crate) enum Checked {
    /// A value declaration: its pattern, its right side, and the names it binds in order.
    Value { pattern: Rc<Pattern>, value: Node, names: Vec<(Name, Type)>, written: Box<ast::Decl> },
    /// A type.
    Alias { name: Name, ty: Type, written: Box<ast::Decl> },
    /// An expression.
    Expression(Node),
}

/// Checks the statements of an input, in order. They can be evaluated only if no diagnostic is an error.
/// Names that an input leaves unused are for later inputs to use.
pub(crate) fn check_input(
    session: &Rc<Session>,
    source: &Rc<Source>,
    known: &Known<'_>,
    statements: Vec<Statement>,
) -> (Vec<Checked>, Vec<Diagnostic>) {
    let mut checker = Checker::new(session, source, "");
    checker.admit(known);
    let mut bound = known.values.len() as u32;
    let mut checked = Vec::with_capacity(statements.len());
    for statement in statements {
        checked.extend(checker.statement(statement, &mut bound));
    }
    (checked, checker.diagnostics)
}

impl Checker<'_> {
    /// Brings what is known into scope.
    fn admit(&mut self, known: &Known<'_>) {
        for (index, (name, ty)) in (0..).zip(known.values) {
            self.scope.bind_fixed(name.clone(), ty.clone(), ast::Span::default(), Slot::Global(index), false);
        }
        let aliases = known.aliases.iter().map(|(name, ty)| (name.clone(), (ty.clone(), ast::Span::default())));
        self.aliases.extend(aliases);
    }

    fn statement(&mut self, statement: Statement, bound: &mut u32) -> Option<Checked> {
        let decl = match statement {
            Statement::Expression(expr) => return Some(Checked::Expression(self.expr(&expr))),
            Statement::Declaration(decl) => decl,
        };
        if let ast::DeclKind::Type { name, ty } = &decl.kind {
            let known = self.written(ty).filter(|ty| self.can_be_member(ty, decl.span));
            let ty = known.unwrap_or_else(Self::reported);
            self.aliases.insert(name.name.clone(), (ty.clone(), name.span));
            return Some(Checked::Alias { name: name.name.clone(), ty, written: decl });
        }
        let declared = self.decl(&decl);
        let checked = declared.decl.filter(|checked| self.can_be_member(&checked.value.ty, decl.span));
        let mut names = Vec::new();
        for (name, ty, span) in declared.names {
            let ty = if checked.is_some() { ty } else { Self::reported() };
            self.scope.bind_fixed(name.clone(), ty.clone(), span, Slot::Global(*bound), false);
            *bound += 1;
            names.push((name, ty));
        }
        let checked = checked?;
        Some(Checked::Value { pattern: checked.pattern, value: checked.value, names, written: decl })
    }
}
