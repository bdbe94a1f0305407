//! Abbreviated expressions: defaults in documentation, arguments in commands (language spec §8.6).

use syntax::ast::{self, BinaryOp, Expr, ExprKind, Literal};
use types::Type;
use types::Value;
use types::float::Float;
use types::integer::Integer;
use types::print::print;

use crate::check::print_pattern;

/// The text of an expression, its longer parts left out.
pub fn abbreviate(expr: &Expr) -> String {
    crate::nesting::with_stack(|| text(expr))
}

fn list<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> String {
    exprs.into_iter().map(abbreviate).collect::<Vec<_>>().join(", ")
}

fn text(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Ident(name) => name.to_string(),
        ExprKind::Literal(literal) => literal_text(literal),
        ExprKind::Binary(op, left, right) => {
            format!("{} {} {}", abbreviate(left), op.text(), operand(*op, right))
        }
        ExprKind::Unary(op, operand) => format!("{}{}", op.text(), abbreviate(operand)),
        ExprKind::Call(callee, args) => format!("{}({})", abbreviate(callee), list(args)),
        ExprKind::Convert(ast::Conversion::Int, operand) => format!("int({})", abbreviate(operand)),
        ExprKind::Convert(ast::Conversion::Float, operand) => format!("float({})", abbreviate(operand)),
        ExprKind::Index(collection, index) => format!("{}[{}]", abbreviate(collection), abbreviate(index)),
        ExprKind::Select(operand, field) => format!("{}.{}", abbreviate(operand), field.name),
        ExprKind::Tuple(elements) => format!("({})", list(elements)),
        ExprKind::List(elements) => format!("[{}]", list(elements)),
        ExprKind::Map(entries) => {
            let entry = |(key, value): &(Expr, Expr)| format!("{}: {}", abbreviate(key), abbreviate(value));
            format!("[{}]", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Struct(fields) => {
            let field = |(label, value): &(ast::Ident, Expr)| format!("{}:{}", label.name, abbreviate(value));
            // It really closes with a parenthesis (language spec §8.6).
            format!("{{{})", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Variant(tag, None) => format!("#{}", tag.name),
        ExprKind::Variant(tag, Some(payload)) => format!("#{}({})", tag.name, abbreviate(payload)),
        ExprKind::Block(_, body) => format!("{{...; {}}}", abbreviate(body)),
        ExprKind::If(condition, then, otherwise) => {
            format!("if {} {{ {} }} else {{ {} }}", abbreviate(condition), abbreviate(then), abbreviate(otherwise))
        }
        ExprKind::Switch(scrutinee, cases) => {
            let case = |case: &ast::Case| format!("case {}: {}", print_pattern(&case.pattern), abbreviate(&case.body));
            let cases: Vec<_> = cases.iter().map(case).collect();
            format!("switch {} {{ {} }}", abbreviate(scrutinee), cases.join(" "))
        }
        ExprKind::Ascribe(operand, _) => abbreviate(operand),
        ExprKind::Func(..) => "<func>".to_owned(),
        ExprKind::Exec(_) => "<exec>".to_owned(),
        ExprKind::Comprehension(..) => "<compr>".to_owned(),
        ExprKind::Make(..) => "<make>".to_owned(),
        ExprKind::Requires(..) => "<requires>".to_owned(),
    }
}

/// The right operand, in parentheses if it binds no stronger.
fn operand(op: BinaryOp, right: &Expr) -> String {
    match &right.kind {
        ExprKind::Binary(inner, ..) if inner.precedence() <= op.precedence() => format!("({})", abbreviate(right)),
        _ => abbreviate(right),
    }
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Int(number) => print(&Value::Int(Integer::from(number.clone())), &Type::int()),
        Literal::String(bytes) => print(&Value::String(bytes.clone()), &Type::string()),
        Literal::Bool(truth) => truth.to_string(),
        Literal::Float(text) => match Float::parse(text.as_bytes()) {
            Ok(number) => print(&Value::Float(number), &Type::float()),
            Err(_) => text.to_string(),
        },
    }
}
