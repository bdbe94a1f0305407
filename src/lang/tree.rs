//! The typed tree: what the checker makes of the syntax tree and the evaluator runs.
//!
//! Every identifier is resolved to a slot, every node has its type, ascriptions and builtins are told
//! apart, patterns are taken apart into paths. The shapes are those of language spec §2.7, since
//! expression digests walk them. Nodes are shared: a continuation keeps the ones it still has to run.

pub mod pattern;

use std::rc::Rc;

use syntax::ast::{BinaryOp, Name, Span, UnaryOp};
use types::value::Shape;
use types::{Type, Value};

pub use pattern::Pattern;

use crate::nesting;

/// A shared expression.
pub type Node = Rc<Expr>;

/// An expression with its type and place.
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type; erroneous only in modules with errors, which are never evaluated.
    pub ty: Type,
    /// Where it is in the module's source.
    pub span: Span,
}

impl Drop for Expr {
    fn drop(&mut self) {
        let is_leaf = matches!(self.kind, ExprKind::Ident(..) | ExprKind::Literal(_));
        if !is_leaf && nesting::is_short_of_stack() {
            nesting::drop_on_new_stack(std::mem::replace(&mut self.kind, ExprKind::Literal(Value::Unit)));
        }
    }
}

/// The forms of expressions.
pub enum ExprKind {
    /// A name and where its value is found.
    Ident(Name, Slot),
    /// A value known to the checker.
    Literal(Value),
    /// `a OP b`
    Binary(BinaryOp, Node, Node),
    /// `!a`, `-a`
    Unary(UnaryOp, Node),
    /// `f(a, …)`
    Call(Node, Rc<[Node]>),
    /// A builtin with its arguments.
    Builtin(Builtin, Rc<[Node]>),
    /// `a[i]`
    Index(Node, Node),
    /// `a.b`
    Select(Node, Name),
    /// `if c a else b`
    If(Node, Node, Node),
    /// `switch e { … }`
    Switch(Node, Rc<[Case]>),
    /// `{ decl; …; e }`
    Block(Rc<[Decl]>, Node),
    /// `func(…) => e`
    Func(Rc<Func>),
    /// An ascription: only its type differs from its operand.
    Ascribe(Node),
    /// `(a, …)`
    Tuple(Rc<[Node]>),
    /// `{a: x, …}`; values in the order of the shape.
    Struct(Rc<Shape>, Rc<[Node]>),
    /// `[a, …]`
    List(Rc<[Node]>),
    /// `[k: v, …]`
    Map(Rc<[(Node, Node)]>),
    /// `[e | clause, …]`
    Comprehension(Rc<Comprehension>),
    /// `#T`, `#T(e)`
    Variant(Name, Option<Node>),
    /// `exec(…) … {" … "}`
    Exec(Rc<Exec>),
    /// `make("…", …)`
    Make(Rc<Make>),
    /// `@requires(…)` around a value.
    Requires(Rc<[Decl]>, Node),
}

/// Where the value of an identifier is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// In the local frame `hops` steps out, at `index`.
    Local {
        /// 0 is the innermost frame.
        hops: u32,
        /// Position in the frame.
        index: u32,
    },
    /// A binding of the module, by its number.
    Global(u32),
    /// A parameter of the module, by its number.
    Param(u32),
    /// A predeclared name, by its number in [`crate::eval::predeclared`].
    Predeclared(u32),
}

/// A declaration of a value in a block, exec, make or requires.
pub struct Decl {
    /// What is bound.
    pub pattern: Rc<Pattern>,
    /// To what.
    pub value: Node,
}

impl Decl {
    /// The name, if a plain one is bound.
    pub fn name(&self) -> Option<&Name> {
        self.pattern.plain_name()
    }
}

/// A function literal.
pub struct Func {
    /// Names of the parameters in order.
    pub params: Vec<Name>,
    /// What it computes.
    pub body: Node,
}

/// A `case`.
pub struct Case {
    /// What is matched.
    pub pattern: Rc<Pattern>,
    /// What it comes to.
    pub body: Node,
}

/// A comprehension.
pub struct Comprehension {
    /// What each element comes to.
    pub body: Node,
    /// At least one; the first enumerates.
    pub clauses: Vec<Clause>,
    /// The type of the comprehension.
    pub ty: Type,
}

/// A clause of a comprehension.
pub enum Clause {
    /// `p <- e`
    Enumerate(Rc<Pattern>, Node),
    /// `if e`
    Filter(Node),
}

impl Clause {
    /// The source or the condition.
    pub fn expr(&self) -> &Node {
        match self {
            Clause::Enumerate(_, expr) | Clause::Filter(expr) => expr,
        }
    }
}

/// An exec expression.
pub struct Exec {
    /// Options with plain names.
    pub options: Vec<Decl>,
    /// The template's text, verbatim.
    pub raw: Name,
    /// Literal fragments, one more than arguments.
    pub fragments: Vec<Name>,
    /// The interpolations.
    pub args: Vec<TemplateArg>,
    /// The declared outputs: label and whether it is a directory.
    pub outputs: Vec<(Name, bool)>,
}

/// One interpolation.
pub enum TemplateArg {
    /// The declared output of this number.
    Output(usize),
    /// An expression, and how it is shown in a command.
    Input(Node, Name),
}

/// An instantiation of a module.
pub struct Make {
    /// The path literal.
    pub path: Node,
    /// What is instantiated.
    pub module: crate::module::Importable,
    /// The arguments.
    pub args: Vec<Decl>,
}

/// The builtin functions (language spec §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// `len(x)`
    Len,
    /// `int(x)`
    Int,
    /// `float(x)`
    Float,
    /// `zip(a, b)`
    Zip,
    /// `unzip(l)`
    Unzip,
    /// `flatten(l)`
    Flatten,
    /// `map(x)`
    Map,
    /// `list(x)`
    List,
    /// `panic(s)`
    Panic,
    /// `error(c, s)`
    Error,
    /// `delay(x)`
    Delay,
    /// `trace(x)`
    Trace,
    /// `range(a, b)`
    Range,
    /// `reduce(f, l)`
    Reduce,
    /// `fold(f, l, i)`
    Fold,
}

impl Builtin {
    /// The builtins called by ordinary identifiers; `int` and `float` are grammar.
    pub const NAMED: [Builtin; 13] = [
        Self::Len,
        Self::Zip,
        Self::Unzip,
        Self::Flatten,
        Self::Map,
        Self::List,
        Self::Panic,
        Self::Error,
        Self::Delay,
        Self::Trace,
        Self::Range,
        Self::Reduce,
        Self::Fold,
    ];

    /// The builtin called by an ordinary identifier.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|builtin| builtin.name() == name)
    }

    /// The name, as written and as digested.
    pub fn name(self) -> &'static str {
        match self {
            Self::Len => "len",
            Self::Int => "int",
            Self::Float => "float",
            Self::Zip => "zip",
            Self::Unzip => "unzip",
            Self::Flatten => "flatten",
            Self::Map => "map",
            Self::List => "list",
            Self::Panic => "panic",
            Self::Error => "error",
            Self::Delay => "delay",
            Self::Trace => "trace",
            Self::Range => "range",
            Self::Reduce => "reduce",
            Self::Fold => "fold",
        }
    }
}
