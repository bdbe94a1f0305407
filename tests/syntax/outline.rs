//! Trees as short text: what golden files show of them.

use std::fmt::Write as _;

use reflow_syntax::ast::*;
use reflow_syntax::diagnostic::Source;

/// Writes trees; with positions if wanted.
pub(crate) struct Outline<'a> {
    pub(crate) source: &'a Source,
    pub(crate) positions: bool,
}

impl Outline<'_> {
    pub(crate) fn module(&self, module: &Module) -> String {
        let mut out = String::new();
        if let Some(keyspace) = &module.keyspace {
            let _ = writeln!(out, "keyspace {}", literal(keyspace));
        }
        for param in &module.params {
            let _ = write!(out, "param {}{}", param.name.name, self.at(param.name.span));
            if let Some(ty) = &param.ty {
                let _ = write!(out, " {}", self.ty(ty));
            }
            if let Some(default) = &param.default {
                let _ = write!(out, " = {}", self.expr(default));
            }
            doc(&mut out, &param.doc);
        }
        for decl in &module.decls {
            out.push_str(&self.decl(decl));
            doc(&mut out, &decl.doc);
        }
        out
    }

    fn at(&self, span: Span) -> String {
        if !self.positions {
            return String::new();
        }
        let (line, column) = self.source.position(span.at);
        format!("@{line}:{column}")
    }

    fn decl(&self, decl: &Decl) -> String {
        let at = self.at(decl.span);
        match &decl.kind {
            DeclKind::Val { pattern, value, form } => {
                let word = match form {
                    ValForm::Val => "val ",
                    ValForm::Func => "func ",
                    ValForm::Assign => "",
                    ValForm::Shorthand => "short ",
                };
                format!("{word}{at}{} = {}", self.pattern(pattern), self.expr(value))
            }
            DeclKind::Type { name, ty } => format!("type {at}{} {}", name.name, self.ty(ty)),
        }
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let text = match &pattern.kind {
            PatternKind::Ident(name) => name.to_string(),
            PatternKind::Ignore => "_".to_owned(),
            PatternKind::Tuple(elements) => format!("({})", join(elements, |element| self.pattern(element))),
            PatternKind::List { elements, tail: None } => {
                format!("[{}]", join(elements, |element| self.pattern(element)))
            }
            PatternKind::List { elements, tail: Some(tail) } => {
                format!("[{}, ...{}]", join(elements, |element| self.pattern(element)), self.pattern(tail))
            }
            PatternKind::Struct(fields) => {
                format!("{{{}}}", join(fields, |(name, pattern)| format!("{}:{}", name.name, self.pattern(pattern))))
            }
            PatternKind::Variant { tag, payload: None } => format!("#{tag}"),
            PatternKind::Variant { tag, payload: Some(payload) } => format!("#{tag}({})", self.pattern(payload)),
        };
        text + &self.at(pattern.span)
    }

    fn fields(&self, fields: &[Field]) -> String {
        join(fields, |field| match &field.name {
            Some(name) => format!("{}{} {}", name.name, self.at(name.span), self.ty(&field.ty)),
            None => self.ty(&field.ty),
        })
    }

    fn ty(&self, ty: &Type) -> String {
        let text = match &ty.kind {
            TypeKind::Int => "int".to_owned(),
            TypeKind::Float => "float".to_owned(),
            TypeKind::String => "string".to_owned(),
            TypeKind::Bool => "bool".to_owned(),
            TypeKind::File => "file".to_owned(),
            TypeKind::Dir => "dir".to_owned(),
            TypeKind::Alias(path) => path.iter().map(|part| &*part.name).collect::<Vec<_>>().join("."),
            TypeKind::List(element) => format!("[{}]", self.ty(element)),
            TypeKind::Map(key, value) => format!("[{}:{}]", self.ty(key), self.ty(value)),
            TypeKind::Tuple(fields) => format!("({})", self.fields(fields)),
            TypeKind::Func(fields, result) => format!("func({}) {}", self.fields(fields), self.ty(result)),
            TypeKind::Struct(fields) => format!("{{{}}}", self.fields(fields)),
            TypeKind::Module(fields) => format!("module{{{}}}", self.fields(fields)),
            TypeKind::Sum(variants) => variants
                .iter()
                .map(|variant| match &variant.payload {
                    Some(payload) => format!("#{}({})", variant.tag.name, self.ty(payload)),
                    None => format!("#{}", variant.tag.name),
                })
                .collect::<Vec<_>>()
                .join(" | "),
        };
        text + &self.at(ty.span)
    }

    pub(crate) fn expr(&self, expr: &Expr) -> String {
        let list = |word: &str, parts: Vec<String>| format!("({word}{} {})", self.at(expr.span), parts.join(" "));
        match &expr.kind {
            ExprKind::Ident(name) => format!("{name}{}", self.at(expr.span)),
            ExprKind::Literal(value) => literal(value) + &self.at(expr.span),
            ExprKind::Binary(operator, left, right) => list(operator.text(), vec![self.expr(left), self.expr(right)]),
            ExprKind::Unary(operator, operand) => list(operator.text(), vec![self.expr(operand)]),
            ExprKind::Call(function, arguments) => {
                let mut parts = vec![self.expr(function)];
                parts.extend(arguments.iter().map(|argument| self.expr(argument)));
                list("call", parts)
            }
            ExprKind::Convert(Conversion::Int, value) => list("int", vec![self.expr(value)]),
            ExprKind::Convert(Conversion::Float, value) => list("float", vec![self.expr(value)]),
            ExprKind::Index(value, index) => list("index", vec![self.expr(value), self.expr(index)]),
            ExprKind::Select(value, field) => list("select", vec![self.expr(value), field.name.to_string()]),
            ExprKind::If(condition, then, otherwise) => {
                list("if", vec![self.expr(condition), self.expr(then), self.expr(otherwise)])
            }
            ExprKind::Switch(value, cases) => {
                let mut parts = vec![self.expr(value)];
                parts.extend(cases.iter().map(|case| {
                    format!("(case{} {} {})", self.at(case.span), self.pattern(&case.pattern), self.expr(&case.body))
                }));
                list("switch", parts)
            }
            ExprKind::Block(decls, value) => {
                let mut parts: Vec<String> = decls.iter().map(|decl| format!("[{}]", self.decl(decl))).collect();
                parts.push(self.expr(value));
                list("block", parts)
            }
            ExprKind::Func(params, body) => {
                let params = join(params, |param| {
                    format!("{}{} {}", param.name.name, self.at(param.name.span), self.ty(&param.ty))
                });
                list("func", vec![format!("({params})"), self.expr(body)])
            }
            ExprKind::Ascribe(value, ascription) => {
                let (word, ty) = match &**ascription {
                    Ascription::Type(ty) => ("type", ty),
                    Ascription::Declared(ty) => ("result", ty),
                    Ascription::Literal(ty) => ("whole", ty),
                };
                list("ascribe", vec![self.expr(value), word.to_owned(), self.ty(ty)])
            }
            ExprKind::Tuple(elements) => list("tuple", elements.iter().map(|element| self.expr(element)).collect()),
            ExprKind::Struct(fields) => list(
                "struct",
                fields.iter().map(|(name, value)| format!("{}:{}", name.name, self.expr(value))).collect(),
            ),
            ExprKind::List(elements) => list("list", elements.iter().map(|element| self.expr(element)).collect()),
            ExprKind::Map(entries) => list(
                "map",
                entries.iter().map(|(key, value)| format!("{}:{}", self.expr(key), self.expr(value))).collect(),
            ),
            ExprKind::Comprehension(body, clauses) => {
                let mut parts = vec![self.expr(body)];
                parts.extend(clauses.iter().map(|clause| match clause {
                    Clause::Enumerate(pattern, from) => format!("[{} <- {}]", self.pattern(pattern), self.expr(from)),
                    Clause::Filter(condition) => format!("[if {}]", self.expr(condition)),
                }));
                list("each", parts)
            }
            ExprKind::Variant(tag, payload) => {
                let mut parts = vec![tag.name.to_string()];
                parts.extend(payload.iter().map(|payload| self.expr(payload)));
                list("#", parts)
            }
            ExprKind::Exec(exec) => {
                let mut parts: Vec<String> = exec.options.iter().map(|decl| format!("[{}]", self.decl(decl))).collect();
                parts.push(self.ty(&exec.outputs));
                let mut interpolations = exec.interpolations.iter();
                for fragment in &exec.fragments {
                    parts.push(format!("{fragment:?}"));
                    parts.extend(interpolations.next().map(|value| self.expr(value)));
                }
                list("exec", parts)
            }
            ExprKind::Make(path, arguments) => {
                let mut parts = vec![self.expr(path)];
                parts.extend(arguments.iter().map(|decl| format!("[{}]", self.decl(decl))));
                list("make", parts)
            }
            ExprKind::Requires(needs, value) => {
                let mut parts: Vec<String> = needs.iter().map(|decl| format!("[{}]", self.decl(decl))).collect();
                parts.push(self.expr(value));
                list("requires", parts)
            }
        }
    }
}

fn join<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Int(value) => value.to_string(),
        Literal::Float(text) => format!("{text}f"),
        Literal::String(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Literal::Bool(value) => value.to_string(),
    }
}

fn doc(out: &mut String, doc: &str) {
    if doc.is_empty() {
        out.push('\n');
    } else {
        let _ = writeln!(out, " // {doc:?}");
    }
}
