//! The abstract syntax tree: what a module's text says, with the place of every part.
//!
//! Shapes follow language spec §2; the notes on shape in §2.7 (what has a node and what has none)
//! hold here, since digests walk the shapes that the checker makes of them. Names are shared strings:
//! one allocation for all occurrences of a name in a module. Trees may be as deep as their text is long:
//! what the nodes can do at any depth is in [`crate::nesting`].

use std::rc::Rc;

use num_bigint::BigUint;

/// A name in a program: identifier, field, tag or label.
pub type Name = Rc<str>;

/// Where a part of the text is, in bytes from the start of its source.
///
/// `at` is the offset just after the token that gives the part its position: messages name the place
/// *behind* that token (language spec §1.7). For most nodes that token is the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// One past the last byte of the position token.
    pub at: u32,
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The text.
    pub name: Name,
    /// The place.
    pub span: Span,
}

/// A whole module (language spec §2.1).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Module {
    /// `keyspace`, accepted and ignored.
    pub keyspace: Option<Literal>,
    /// The parameters in order; a group `param a, b T` is one entry for each name.
    pub params: Vec<Param>,
    /// The declarations in order.
    pub decls: Vec<Decl>,
}

/// One module parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Its type, if written.
    pub ty: Option<Type>,
    /// Its default, if any; at least one of type and default is there.
    pub default: Option<Expr>,
    /// Documentation, each line ending in a line feed (language spec §1.3); empty if none.
    pub doc: Rc<str>,
}

/// A declaration with its documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Decl {
    /// What is declared.
    pub kind: DeclKind,
    /// Place of the declaration; its position token is the one of the table in language spec §1.7.
    pub span: Span,
    /// Documentation; empty if none.
    pub doc: Rc<str>,
}

/// What a declaration declares.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclKind {
    /// `val p = e`, `val p T = e` (an ascription node around `e`), `x := e`, `func f(…) T = e` (a
    /// function literal, ascribed to `func(…) T` if there is a `T`), and `x` alone for `x := x`.
    Val {
        /// What is bound.
        pattern: Pattern,
        /// The right-hand side. `@requires` wraps it in a `Requires` node.
        value: Expr,
        /// How it was written, for the formatter.
        form: ValForm,
    },
    /// `type A T`.
    Type {
        /// The alias.
        name: Ident,
        /// What it stands for.
        ty: Type,
    },
}

/// The spelling of a value declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValForm {
    /// `val p [T] = e`
    Val,
    /// `x := e`
    Assign,
    /// `func f(…) [T] = e`
    Func,
    /// `x`, meaning `x := x`; the synthesised reference has the identifier's span.
    Shorthand,
}

/// A pattern (language spec §2.3).
pub struct Pattern {
    /// What it matches.
    pub kind: PatternKind,
    /// Where it is.
    pub span: Span,
}

/// The forms of patterns.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `x`
    Ident(Name),
    /// `_`
    Ignore,
    /// `(p, …)`; one element is allowed and is a tuple of one.
    Tuple(Vec<Pattern>),
    /// `[p, …]`, `[p, …, ...]`, `[p, …, ...q]`.
    List {
        /// At least one.
        elements: Vec<Pattern>,
        /// The tail; a bare `...` is an `Ignore` pattern.
        tail: Option<Box<Pattern>>,
    },
    /// `{x: p, y}`; the shorthand binds the field's own name.
    Struct(Vec<(Ident, Pattern)>),
    /// `#T`, `#T(p)`.
    Variant {
        /// Without `#`.
        tag: Name,
        /// What the payload must match.
        payload: Option<Box<Pattern>>,
    },
}

/// A type as written (language spec §2.2).
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Where it is.
    pub span: Span,
}

/// The forms of types.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `int`
    Int,
    /// `float`
    Float,
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `file`
    File,
    /// `dir`
    Dir,
    /// `A`, `m.A`: one identifier or more.
    Alias(Vec<Ident>),
    /// `[T]`
    List(Box<Type>),
    /// `[K:V]`
    Map(Box<Type>, Box<Type>),
    /// `(T, U)`, `(a, b T, c U)`; one unnamed field is `T` itself and never occurs here, one named
    /// field is a labelled type.
    Tuple(Vec<Field>),
    /// `func(a, b T) U`
    Func(Vec<Field>, Box<Type>),
    /// `{a, b T}`
    Struct(Vec<Field>),
    /// `module {a, b T}`
    Module(Vec<Field>),
    /// `#A | #B(T)`
    Sum(Vec<Variant>),
}

/// A field of a written type; groups are expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name, if it has one.
    pub name: Option<Ident>,
    /// Its type.
    pub ty: Type,
}

/// A variant of a written sum type.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Without `#`.
    pub tag: Ident,
    /// The payload's type.
    pub payload: Option<Type>,
}

/// An expression.
///
/// Like types and patterns it is dropped with care for the stack, so its parts are taken by reference, or
/// with [`std::mem::replace`].
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub span: Span,
}

/// The forms of expressions (language spec §2.5). Parentheses leave no node.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A name; `file` and `dir` too.
    Ident(Name),
    /// A literal.
    Literal(Literal),
    /// `a OP b`, also the `+` that list and map appends stand for (§2.6).
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `f(a, …)`, builtins included.
    Call(Box<Expr>, Vec<Expr>),
    /// `int(e)`, `float(e)`
    Convert(Conversion, Box<Expr>),
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `a.b`
    Select(Box<Expr>, Ident),
    /// `if c { … } else …`: the `then` branch is a block node; a final `else { … }` is a block node
    /// without declarations around another block node; `else if` is a conditional (§2.7).
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `switch e { case p: … }`
    Switch(Box<Expr>, Vec<Case>),
    /// `{ decl; …; e }`
    Block(Vec<Decl>, Box<Expr>),
    /// `func(a T, …) => e`; with a result type the literal is the operand of an `Ascribe`.
    Func(Vec<FuncParam>, Box<Expr>),
    /// A type ascription. It is transparent to digests.
    Ascribe(Box<Expr>, Box<Ascription>),
    /// `(a, b, …)`, two or more.
    Tuple(Vec<Expr>),
    /// `{a: x, b}`; the shorthand refers to the label's own name.
    Struct(Vec<(Ident, Expr)>),
    /// `[a, …]`
    List(Vec<Expr>),
    /// `[k: v, …]`, `[:]`
    Map(Vec<(Expr, Expr)>),
    /// `[e | clause, …]`
    Comprehension(Box<Expr>, Vec<Clause>),
    /// `#T`, `#T(e)`
    Variant(Ident, Option<Box<Expr>>),
    /// `exec(…) outputs {" … "}`
    Exec(Box<Exec>),
    /// `make("path", …)`; the first argument is any literal.
    Make(Box<Expr>, Vec<Decl>),
    /// `@requires(…)` around the value of a declaration.
    Requires(Vec<Decl>, Box<Expr>),
}

/// Why and to what an expression is ascribed.
#[derive(Clone, Debug, PartialEq)]
pub enum Ascription {
    /// `val p T = e`, `param p T = e`.
    Type(Type),
    /// `func f(…) T = e`: to `func(…) T`; the type given is `T`.
    Declared(Type),
    /// `func(…) T => e`.
    Literal(Type),
}

impl Ascription {
    /// The type as written.
    pub fn ty(&self) -> &Type {
        match self {
            Ascription::Type(ty) | Ascription::Declared(ty) | Ascription::Literal(ty) => ty,
        }
    }
}

/// A parameter of a function literal; groups are expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct FuncParam {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
}

/// A `case` of a `switch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What is matched.
    pub pattern: Pattern,
    /// A block node if the case has declarations, else the bare expression.
    pub body: Expr,
    /// The whole case; its position token is `case`.
    pub span: Span,
}

/// A clause of a comprehension.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// `p <- e`
    Enumerate(Pattern, Expr),
    /// `if e`
    Filter(Expr),
}

/// An exec expression (language spec §2.8, §1.9).
#[derive(Clone, Debug, PartialEq)]
pub struct Exec {
    /// The options.
    pub options: Vec<Decl>,
    /// The outputs' type as written.
    pub outputs: Type,
    /// The template's text between its delimiters, verbatim.
    pub raw: Rc<str>,
    /// Where the template's text begins in the source.
    pub raw_start: u32,
    /// Literal fragments, one more than interpolations.
    pub fragments: Vec<Rc<str>>,
    /// The interpolated expressions.
    pub interpolations: Vec<Expr>,
}

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Decimal digits.
    Int(BigUint),
    /// A float's text, valid by the grammar of language spec §1.5.
    Float(Rc<str>),
    /// A string's bytes, interpreted or raw.
    String(Rc<[u8]>),
    /// `true`, `false`
    Bool(bool),
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `~>`
    Sequence,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `&`
    BitAnd,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

impl BinaryOp {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::Sequence => "~>",
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Less => "<",
            BinaryOp::Greater => ">",
            BinaryOp::LessEqual => "<=",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::BitAnd => "&",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
        }
    }

    /// Binding strength, 1 (`~>`) to 6 (`*`) (language spec §2.4).
    pub fn precedence(self) -> u8 {
        match self {
            BinaryOp::Sequence => 1,
            BinaryOp::Or => 2,
            BinaryOp::And => 3,
            BinaryOp::Less
            | BinaryOp::Greater
            | BinaryOp::LessEqual
            | BinaryOp::GreaterEqual
            | BinaryOp::Equal
            | BinaryOp::NotEqual => 4,
            BinaryOp::Add | BinaryOp::Subtract => 5,
            BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::BitAnd
            | BinaryOp::ShiftLeft
            | BinaryOp::ShiftRight => 6,
        }
    }
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

impl UnaryOp {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            UnaryOp::Not => "!",
            UnaryOp::Negate => "-",
        }
    }
}

/// The conversions that are part of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// `int(e)`
    Int,
    /// `float(e)`
    Float,
}
