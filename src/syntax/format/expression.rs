//! Expressions (language spec §2.4–§2.8).

use crate::ast::{BinaryOp, Case, Clause, Decl, Expr, ExprKind, FuncParam, Literal, Type};
use crate::format::list::Style;
use crate::format::printer::{Gap, Printer};
use crate::nesting::deeper;
use crate::token::Token;

/// The names of units, which a number is written right in front of: `256*MiB`.
const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];

impl Printer<'_> {
    /// An expression; behind a gap that has been set.
    pub(super) fn expression(&mut self, expr: &Expr) {
        self.operand(expr, None);
    }

    /// An expression that the author may have put on a line of its own.
    pub(super) fn continued_expression(&mut self, gap: Gap, expr: &Expr) {
        self.continued(gap, |printer, is_broken| {
            let further = is_broken.then_some(printer.page.indentation);
            printer.operand(expr, further);
        });
    }

    /// An expression as a part of a chain of operators, or a whole one. `further` is how far its lines are
    /// indented if the chain is broken; without it, this expression is the whole, and decides.
    fn operand(&mut self, expr: &Expr, further: Option<usize>) {
        deeper(|| {
            if self.is_parenthesised(expr.span) {
                self.token();
                self.continued_expression(Gap::Tight, expr);
                self.token_after(Gap::Tight);
                return;
            }
            let indentation = self.page.indentation;
            let inner = further.unwrap_or(indentation + 1);
            self.kind(expr, inner);
            if further.is_none() {
                self.page.indentation = indentation;
            }
        });
    }

    /// `further` is how far the lines of a chain of operators are indented, once it is broken.
    fn kind(&mut self, expr: &Expr, further: usize) {
        match &expr.kind {
            ExprKind::Ident(_) | ExprKind::Literal(_) => self.token(),
            ExprKind::Binary(operator, left, right) => {
                if let Some((inner, appends)) = appends(expr) {
                    self.with_appends(inner, &appends);
                } else {
                    self.binary(*operator, left, right, further);
                }
            }
            ExprKind::Unary(_, operand) => {
                self.token();
                self.expression(operand);
            }
            ExprKind::Call(function, arguments) => {
                self.operand(function, Some(further));
                self.expressions(arguments);
            }
            ExprKind::Convert(_, value) => {
                self.token();
                self.payload(value);
            }
            ExprKind::Index(collection, index) => {
                self.operand(collection, Some(further));
                self.payload(index);
            }
            ExprKind::Select(value, _) => {
                self.operand(value, Some(further));
                // Digits with a dot right behind them would be a float.
                let is_number = self.previous == Some(Token::IntLiteral);
                self.token_after(if is_number { Gap::Blank } else { Gap::Tight });
                self.wrap(Gap::Tight, further);
                self.token();
            }
            ExprKind::If(..) => self.conditional(expr),
            ExprKind::Switch(value, cases) => self.switch(value, cases),
            ExprKind::Block(decls, value) => {
                let is_broken = self.stream.is_broken();
                self.braced(decls, value, is_broken);
            }
            ExprKind::Func(params, body) => {
                self.token();
                self.function(params, None, body);
            }
            ExprKind::Ascribe(value, ascription) => self.ascribed(value, ascription.ty()),
            ExprKind::Tuple(elements) | ExprKind::List(elements) => self.expressions(elements),
            ExprKind::Struct(fields) => self.bracketed(fields.len(), Style::Open, |printer, index| {
                printer.token();
                if printer.stream.peek() == Some(Token::Colon) {
                    printer.token();
                    printer.continued_expression(Gap::Blank, &fields[index].1);
                }
            }),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Comprehension(body, clauses) => self.comprehension(body, clauses),
            ExprKind::Variant(_, payload) => {
                self.token();
                self.token();
                if let Some(payload) = payload {
                    self.payload(payload);
                }
            }
            ExprKind::Exec(exec) => {
                self.token();
                self.decls(&exec.options);
                self.gap = Gap::Blank;
                self.ty(&exec.outputs);
                self.token_after(Gap::Blank);
            }
            ExprKind::Make(path, arguments) => self.make(path, arguments),
            // Declarations take these apart.
            ExprKind::Requires(_, value) => self.expression(value),
        }
    }

    /// If the author broke the line here, a line feed and the indentation of a broken chain; else `gap`.
    fn wrap(&mut self, gap: Gap, further: usize) {
        self.gap = gap;
        if self.stream.is_after_break(0) {
            self.gap = Gap::First;
            self.page.indentation = further;
        }
    }

    fn binary(&mut self, operator: BinaryOp, left: &Expr, right: &Expr, further: usize) {
        let is_quantity = operator == BinaryOp::Multiply && self.is_quantity(left, right);
        let gap = if is_quantity { Gap::Tight } else { Gap::Blank };
        self.operand(left, Some(further));
        self.token_after(gap);
        self.wrap(gap, further);
        self.operand(right, Some(further));
    }

    /// Whether a product is a number and a unit, with nothing between them.
    fn is_quantity(&self, left: &Expr, right: &Expr) -> bool {
        matches!(left.kind, ExprKind::Literal(Literal::Int(_) | Literal::Float(_)))
            && matches!(&right.kind, ExprKind::Ident(name) if UNITS.contains(&&**name))
            && self.stream.start() == left.span.start
            && self.stream.peek_at(2) == Some(Token::Identifier)
            && (1..3).all(|ahead| self.stream.comments_at(ahead).is_empty() && !self.stream.is_after_break(ahead))
    }

    fn expressions(&mut self, elements: &[Expr]) {
        self.bracketed(elements.len(), Style::Open, |printer, index| printer.expression(&elements[index]));
    }

    fn map(&mut self, entries: &[(Expr, Expr)]) {
        if entries.is_empty() {
            self.token();
            self.token();
            self.token();
        } else {
            self.bracketed(entries.len(), Style::Open, |printer, index| printer.entry(&entries[index]));
        }
    }

    fn entry(&mut self, (key, value): &(Expr, Expr)) {
        self.expression(key);
        self.token();
        self.continued_expression(Gap::Blank, value);
    }

    /// A list or a map, and what is appended to it.
    fn with_appends(&mut self, inner: &Expr, appends: &[&Expr]) {
        match &inner.kind {
            ExprKind::List(elements) => {
                self.appended(elements.len(), appends, |printer, index| printer.expression(&elements[index]));
            }
            ExprKind::Map(entries) => {
                self.appended(entries.len(), appends, |printer, index| printer.entry(&entries[index]));
            }
            _ => {}
        }
    }

    /// `(e)`, `[e]` behind something.
    fn payload(&mut self, value: &Expr) {
        self.token();
        self.continued_expression(Gap::Tight, value);
        self.token_after(Gap::Tight);
    }

    /// `(…) [T] => e`, `(…) [T] = e`
    pub(super) fn function(&mut self, params: &[FuncParam], result: Option<&Type>, body: &Expr) {
        self.params(params);
        if let Some(result) = result {
            self.gap = Gap::Blank;
            self.ty(result);
        }
        self.token_after(Gap::Blank);
        self.continued_expression(Gap::Blank, body);
    }

    /// `func(…) T => e`; other ascriptions are parts of declarations.
    fn ascribed(&mut self, value: &Expr, ty: &Type) {
        if let ExprKind::Func(params, body) = &value.kind {
            self.token();
            self.function(params, Some(ty), body);
        } else {
            self.expression(value);
        }
    }

    fn make(&mut self, path: &Expr, arguments: &[Decl]) {
        self.token();
        self.bracketed(1 + arguments.len(), Style::Open, |printer, index| match index.checked_sub(1) {
            None => printer.expression(path),
            Some(index) => printer.decl(&arguments[index]),
        });
    }

    /// `[e | clause, …]`. The closing bracket stands right behind the last clause.
    fn comprehension(&mut self, body: &Expr, clauses: &[Clause]) {
        let indentation = self.page.indentation;
        self.token();
        self.wrap(Gap::Tight, indentation + 1);
        self.expression(body);
        self.token_after(Gap::Blank);
        for (index, clause) in clauses.iter().enumerate() {
            if index > 0 {
                self.token();
            }
            self.wrap(Gap::Blank, indentation + 1);
            match clause {
                Clause::Enumerate(pattern, source) => {
                    self.pattern(pattern);
                    self.token_after(Gap::Blank);
                    self.continued_expression(Gap::Blank, source);
                }
                Clause::Filter(condition) => {
                    self.token();
                    self.gap = Gap::Blank;
                    self.expression(condition);
                }
            }
        }
        self.page.indentation = indentation;
        self.token_after(Gap::Tight);
    }

    /// A chain of conditionals. If one of its branches is broken over lines, all are.
    fn conditional(&mut self, expr: &Expr) {
        let is_broken = branches(expr).any(|branch| self.stream.is_broken_at(branch.span.start));
        self.token();
        let mut current = expr;
        while let ExprKind::If(condition, then, otherwise) = &current.kind {
            self.gap = Gap::Blank;
            self.expression(condition);
            self.branch(then, is_broken);
            self.token_after(Gap::Blank);
            if matches!(otherwise.kind, ExprKind::If(..)) {
                self.token_after(Gap::Blank);
            } else {
                self.branch(last_branch(otherwise), is_broken);
            }
            current = otherwise;
        }
    }

    fn branch(&mut self, branch: &Expr, is_broken: bool) {
        if let ExprKind::Block(decls, value) = &branch.kind {
            self.gap = Gap::Blank;
            self.braced(decls, value, is_broken);
        }
    }

    fn switch(&mut self, value: &Expr, cases: &[Case]) {
        self.token();
        self.gap = Gap::Blank;
        self.expression(value);
        self.gap = Gap::Blank;
        let is_broken = self.open(Style::Open);
        for (index, case) in cases.iter().enumerate() {
            self.gap = match (index, is_broken) {
                (0, true) => Gap::First,
                (_, true) => Gap::Line,
                (_, false) => Gap::Blank,
            };
            self.case(case, is_broken);
            let is_last = index + 1 == cases.len();
            if is_broken || is_last {
                self.skip_all(Token::Semicolon);
            } else if self.stream.peek() == Some(Token::Semicolon) {
                self.token_after(Gap::Tight);
            }
        }
        if is_broken {
            self.close();
        } else {
            self.token_after(if cases.is_empty() { Gap::Tight } else { Gap::Blank });
        }
    }

    /// A case. If it has declarations, it is broken over lines if the switch is.
    fn case(&mut self, case: &Case, is_broken: bool) {
        self.token();
        self.gap = Gap::Blank;
        self.pattern(&case.pattern);
        self.token();
        match &case.body.kind {
            // In braces it is an expression.
            ExprKind::Block(decls, value) if self.stream.start() == case.body.span.start && !self.is_brace() => {
                self.page.indentation += usize::from(is_broken);
                self.gap = if is_broken { Gap::First } else { Gap::Blank };
                self.block(decls, value, is_broken);
                self.page.indentation -= usize::from(is_broken);
            }
            _ => self.continued_expression(Gap::Blank, &case.body),
        }
    }

    fn is_brace(&self) -> bool {
        self.stream.peek() == Some(Token::OpenBrace)
    }
}

/// What an expression that stands for a list or map with appends appends to what, in the order of the text.
/// Such expressions have the place of the whole list, and so has what they append to.
fn appends(expr: &Expr) -> Option<(&Expr, Vec<&Expr>)> {
    let is_same = |other: &Expr| (other.span.start, other.span.end) == (expr.span.start, expr.span.end);
    let mut appends = Vec::new();
    let mut current = expr;
    while let ExprKind::Binary(BinaryOp::Add, left, right) = &current.kind {
        match (is_same(left), is_same(right)) {
            (true, _) => {
                appends.push(&**right);
                current = left;
            }
            (_, true) => {
                appends.push(&**left);
                current = right;
            }
            _ => break,
        }
    }
    appends.reverse();
    (!appends.is_empty()).then_some((current, appends))
}

/// The blocks of a chain of conditionals.
fn branches(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let mut current = Some(expr);
    std::iter::from_fn(move || {
        let expr = current.take()?;
        match &expr.kind {
            ExprKind::If(_, then, otherwise) => {
                current = Some(otherwise);
                Some(&**then)
            }
            _ => Some(last_branch(expr)),
        }
    })
}

/// The block in the braces of a last `else`, which the tree has another block around (language spec §2.7).
fn last_branch(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Block(decls, inner) if decls.is_empty() => inner,
        _ => expr,
    }
}
