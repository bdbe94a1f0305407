//! The type algebra (language spec §3.1–3.4): what a value may be, how types print, and how they
//! relate to one another.
//!
//! Types are made by the checker of the language, one for every expression, and read again by
//! printing, digesting and forcing of values, all of which follow the static type. They are cheap to
//! clone: scalars own nothing, composites share their components behind one reference count.
//!
//! An erroneous type is itself a type, [`TypeKind::Error`], so that a failure travels up an
//! expression without hiding its neighbours; constructors collapse to the error of a component.
//!
//! Types are walked by recursion, and a long program can wrap a type as often as it has lines, so
//! constructors refuse types that are nested more deeply than [`MAX_DEPTH`]. They refuse those of more
//! parts than [`MAX_SIZE`], too: what is shared counts each time, since the walks meet it each time, and
//! `x := (x, x)` doubles it.

mod display;
mod finder;
mod relation;
mod swizzle;
mod unify;

use std::collections::HashSet;
use std::rc::Rc;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::quote::quote;

pub use display::Fields;
pub use unify::unify;

/// A type with its attributes (language spec §3.4) and, for the outputs of an exec, its label.
#[derive(Clone)]
pub struct Type {
    /// The shape of the type.
    pub kind: TypeKind,
    /// Whether a value of this type may be delayed, that is, be a node of the task graph.
    pub flow: bool,
    /// How constant the value is known to be.
    pub level: Level,
    /// The label of `(label T)`; it takes no part in typing.
    pub label: Option<Rc<Rc<str>>>,
    /// How many composites are around the innermost component.
    depth: u16,
    /// How many parts it has when it is written out, itself among them.
    size: u32,
}

/// How deeply types may be nested.
pub const MAX_DEPTH: u16 = 1000;

/// How many parts a type may have when it is written out.
pub const MAX_SIZE: u32 = 1 << 20;

/// How constant a value is, in ascending order. Written and fresh types are [`Level::CanConst`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Depends on something that is known only when the program runs.
    NotConst,
    /// May stand for a constant.
    CanConst,
    /// A constant.
    Const,
}

/// The shape of a type (language spec §3.1).
#[derive(Clone)]
pub enum TypeKind {
    /// The marker of an ill-typed expression, with its message.
    Error(Rc<String>),
    /// No values: the element type of `[]`, the type of `panic`.
    Bottom,
    /// Integers of any size.
    Int,
    /// Binary floating point numbers.
    Float,
    /// Byte strings.
    String,
    /// Truth values.
    Bool,
    /// Files.
    File,
    /// Directories: files by path.
    Dir,
    /// The bridge type of legacy values.
    Fileset,
    /// One value.
    Unit,
    /// Every value: the key type of `[:]`.
    Top,
    /// Lists of an element type.
    List(Rc<Type>),
    /// Maps: key and element type.
    Map(Rc<(Type, Type)>),
    /// Tuples, with or without labels.
    Tuple(Rc<Vec<Field>>),
    /// Functions.
    Func(Rc<FuncType>),
    /// Structs: named fields in declared order.
    Struct(Rc<Vec<Field>>),
    /// Modules.
    Module(Rc<ModuleType>),
    /// Sums: variants in order.
    Sum(Rc<Vec<Variant>>),
}

/// A component of a tuple, struct, module or argument list.
#[derive(Clone)]
pub struct Field {
    /// The name; tuples and argument lists may do without.
    pub name: Option<Rc<str>>,
    /// The type.
    pub ty: Type,
}

/// The type of a function.
#[derive(Clone)]
pub struct FuncType {
    /// The arguments, named or not.
    pub args: Rc<Vec<Field>>,
    /// The type of the result.
    pub result: Type,
}

/// The type of a module: exported values and exported type aliases, in declaration order.
#[derive(Clone)]
pub struct ModuleType {
    /// The exported values. A name bound twice is here twice; the first one types accesses.
    pub fields: Rc<Vec<Field>>,
    /// The exported aliases and what they stand for.
    pub aliases: Rc<[(Rc<str>, Type)]>,
}

/// One case of a sum: a tag and perhaps an element.
#[derive(Clone)]
pub struct Variant {
    /// The tag, without the `#`.
    pub tag: Rc<str>,
    /// The type of the element, if the variant has one.
    pub payload: Option<Type>,
}

impl Field {
    /// A field `name ty`.
    pub fn named(name: impl Into<Rc<str>>, ty: Type) -> Self {
        Self { name: Some(name.into()), ty }
    }

    /// A field without a name.
    pub fn unnamed(ty: Type) -> Self {
        Self { name: None, ty }
    }

    /// The name, empty if there is none.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }
}

impl Variant {
    /// A variant `#tag` or `#tag(payload)`.
    pub fn new(tag: impl Into<Rc<str>>, payload: Option<Type>) -> Self {
        Self { tag: tag.into(), payload }
    }
}

/// Scalar types: `int()` and its like.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident => $kind:ident,)*) => {
        $(
            $(#[$doc])*
            pub const fn $name() -> Self {
                Self::fresh(TypeKind::$kind, 0, 1)
            }
        )*
    };
}

/// Construction: fresh types, not flow and of level [`Level::CanConst`].
impl Type {
    scalars! {
        /// The type without values.
        bottom => Bottom,
        /// The type of integers.
        int => Int,
        /// The type of floating point numbers.
        float => Float,
        /// The type of byte strings.
        string => String,
        /// The type of truth values.
        bool => Bool,
        /// The type of files.
        file => File,
        /// The type of directories.
        dir => Dir,
        /// The type of legacy file sets.
        fileset => Fileset,
        /// The type of the one unit value.
        unit => Unit,
        /// The type of everything.
        top => Top,
    }

    const fn fresh(kind: TypeKind, depth: u16, size: u32) -> Self {
        Self { kind, flow: false, level: Level::CanConst, label: None, depth, size }
    }

    /// The composite that `make` makes of `components`, unless one of those is an error or it would
    /// become too deep or too large.
    fn composite<'a>(components: impl Iterator<Item = &'a Type>, make: impl FnOnce() -> TypeKind) -> Self {
        let (mut depth, mut size) = (0, 1_u32);
        for component in components {
            if component.is_error() {
                return component.clone();
            }
            depth = depth.max(component.depth);
            size = size.saturating_add(component.size);
        }
        if depth >= MAX_DEPTH {
            return Self::error("type is nested too deeply");
        }
        if size > MAX_SIZE {
            return Self::error("type has too many parts");
        }
        Self::fresh(make(), depth + 1, size)
    }

    /// The marker of an ill-typed expression.
    pub fn error(message: impl Into<String>) -> Self {
        Self::fresh(TypeKind::Error(Rc::new(message.into())), 0, 1)
    }

    /// Lists of `element`.
    pub fn list(element: Type) -> Self {
        Self::composite([&element].into_iter(), || TypeKind::List(Rc::new(element.clone())))
    }

    /// Maps from `key` to `element`. An error type if `key` cannot be a map key.
    pub fn map(key: Type, element: Type) -> Self {
        // An erroneous key is reported as an impossible key, not passed on (§3.5).
        if !element.is_error() && !key.is_map_key() {
            return Self::error(format!("{key} is not a valid map key type"));
        }
        Self::composite([&element].into_iter(), || TypeKind::Map(Rc::new((key, element.clone()))))
    }

    /// Tuples of `fields`, labelled or not.
    pub fn tuple(fields: impl Into<Vec<Field>>) -> Self {
        let fields = Rc::new(fields.into());
        Self::composite(types(&fields), || TypeKind::Tuple(Rc::clone(&fields)))
    }

    /// Functions from `args` to `result`.
    pub fn func(args: impl Into<Vec<Field>>, result: Type) -> Self {
        let args = Rc::new(args.into());
        let make = || TypeKind::Func(Rc::new(FuncType { args: Rc::clone(&args), result: result.clone() }));
        Self::composite(types(&args).chain([&result]), make)
    }

    /// Structs of named `fields`.
    pub fn record(fields: impl Into<Vec<Field>>) -> Self {
        let fields = Rc::new(fields.into());
        Self::composite(types(&fields), || TypeKind::Struct(Rc::clone(&fields)))
    }

    /// Modules of named `fields` and exported `aliases`.
    pub fn module(fields: impl Into<Vec<Field>>, aliases: impl Into<Rc<[(Rc<str>, Type)]>>) -> Self {
        let module = ModuleType { fields: Rc::new(fields.into()), aliases: aliases.into() };
        let components = types(&module.fields).chain(module.aliases.iter().map(|(_, ty)| ty));
        Self::composite(components, || TypeKind::Module(Rc::new(module.clone())))
    }

    /// The sum of `variants`. An error type if a tag begins in lower case or comes twice.
    pub fn sum(variants: impl Into<Vec<Variant>>) -> Self {
        let variants = Rc::new(variants.into());
        let payloads = variants.iter().filter_map(|variant| variant.payload.as_ref());
        let sum = Self::composite(payloads, || TypeKind::Sum(Rc::clone(&variants)));
        if sum.is_error() { sum } else { wrong_tag(&variants).map_or(sum, Self::error) }
    }

    /// The same type under a label: `(label T)`.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<Rc<str>>) -> Self {
        self.label = Some(Rc::new(label.into()));
        self
    }

    /// The same type with the flow attribute set to `flow`.
    #[must_use]
    pub fn with_flow(mut self, flow: bool) -> Self {
        self.flow = flow;
        self
    }

    /// The same type at another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

/// Inspection.
impl Type {
    /// Whether this is the marker of an ill-typed expression.
    pub fn is_error(&self) -> bool {
        matches!(self.kind, TypeKind::Error(_))
    }

    /// The message of an error type.
    pub fn error_message(&self) -> Option<&str> {
        match &self.kind {
            TypeKind::Error(message) => Some(message),
            _ => None,
        }
    }

    /// The name of the kind, as it appears in messages (language spec §3.1).
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            TypeKind::Error(_) => "error",
            TypeKind::Bottom => "bottom",
            TypeKind::Int => "int",
            TypeKind::Float => "float",
            TypeKind::String => "string",
            TypeKind::Bool => "bool",
            TypeKind::File => "file",
            TypeKind::Dir => "dir",
            TypeKind::Fileset => "fileset",
            TypeKind::Unit => "unit",
            TypeKind::Top => "top",
            TypeKind::List(_) => "list",
            TypeKind::Map(_) => "map",
            TypeKind::Tuple(_) => "tuple",
            TypeKind::Func(_) => "func",
            TypeKind::Struct(_) => "struct",
            TypeKind::Module(_) => "module",
            TypeKind::Sum(_) => "sum",
        }
    }

    /// The number of the kind in digests (language spec §10.1).
    pub fn kind_id(&self) -> u8 {
        match self.kind {
            TypeKind::Error(_) => 0,
            TypeKind::Bottom => 1,
            TypeKind::Int => 2,
            TypeKind::String => 3,
            TypeKind::Bool => 4,
            TypeKind::File => 5,
            TypeKind::Dir => 6,
            TypeKind::Unit => 7,
            TypeKind::List(_) => 8,
            TypeKind::Map(_) => 9,
            TypeKind::Tuple(_) => 10,
            TypeKind::Func(_) => 11,
            TypeKind::Struct(_) => 12,
            TypeKind::Module(_) => 13,
            // 14 is an unresolved alias, which never reaches a digest.
            TypeKind::Float => 15,
            TypeKind::Fileset => 16,
            TypeKind::Top => 17,
            TypeKind::Sum(_) => 18,
        }
    }

    /// Whether a map may have keys of this type.
    pub fn is_map_key(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::Int | TypeKind::Float | TypeKind::String | TypeKind::Bool | TypeKind::File | TypeKind::Top
        )
    }

    /// Whether `==` is defined on values of this type (language spec §3.5).
    pub fn is_comparable(&self) -> bool {
        match &self.kind {
            TypeKind::Bottom
            | TypeKind::Int
            | TypeKind::Float
            | TypeKind::String
            | TypeKind::Bool
            | TypeKind::File
            | TypeKind::Dir => true,
            TypeKind::Error(_)
            | TypeKind::Fileset
            | TypeKind::Unit
            | TypeKind::Top
            | TypeKind::Func(_)
            | TypeKind::Module(_) => false,
            TypeKind::List(element) => element.is_comparable(),
            TypeKind::Map(map) => map.0.is_comparable() && map.1.is_comparable(),
            TypeKind::Tuple(fields) | TypeKind::Struct(fields) => fields.iter().all(|field| field.ty.is_comparable()),
            TypeKind::Sum(variants) => {
                variants.iter().all(|variant| variant.payload.as_ref().is_none_or(Type::is_comparable))
            }
        }
    }

    /// Whether the type has components.
    pub fn is_composite(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::List(_)
                | TypeKind::Map(_)
                | TypeKind::Tuple(_)
                | TypeKind::Func(_)
                | TypeKind::Struct(_)
                | TypeKind::Module(_)
                | TypeKind::Sum(_)
        )
    }

    /// The fields of a tuple, struct or module; none for other kinds.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            TypeKind::Tuple(fields) | TypeKind::Struct(fields) => fields,
            TypeKind::Module(module) => &module.fields,
            _ => &[],
        }
    }

    /// The variants of a sum; none for other kinds.
    pub fn variants(&self) -> &[Variant] {
        match &self.kind {
            TypeKind::Sum(variants) => variants,
            _ => &[],
        }
    }

    /// The type of the first field called `name` of a struct or module.
    pub fn field(&self, name: &str) -> Option<&Type> {
        let fields = match &self.kind {
            TypeKind::Struct(fields) => fields,
            TypeKind::Module(module) => &module.fields,
            _ => return None,
        };
        fields.iter().find(|field| field.name() == name).map(|field| &field.ty)
    }

    /// The variant of a sum with this tag.
    pub fn variant(&self, tag: &str) -> Option<&Variant> {
        self.variants().iter().find(|variant| &*variant.tag == tag)
    }

    /// What the exported alias `name` of a module stands for; of several, the last.
    pub fn alias(&self, name: &str) -> Option<&Type> {
        let TypeKind::Module(module) = &self.kind else { return None };
        module.aliases.iter().rev().find(|(alias, _)| &**alias == name).map(|(_, ty)| ty)
    }
}

/// The types of `fields`.
fn types(fields: &[Field]) -> impl Iterator<Item = &Type> {
    fields.iter().map(|field| &field.ty)
}

/// Whether a name can be a tag: its first character is no lower-case letter (language spec §3.1).
pub fn is_tag(name: &str) -> bool {
    let first = name.chars().next();
    first.is_none_or(|first| get_general_category(first) != GeneralCategory::LowercaseLetter)
}

/// What is wrong with the tags of `variants`, if anything is.
fn wrong_tag(variants: &[Variant]) -> Option<String> {
    let mut seen = HashSet::with_capacity(variants.len());
    for Variant { tag, .. } in variants {
        if !is_tag(tag) {
            return Some(format!("tag {} does not begin with uppercase", quote(tag.as_bytes())));
        }
        if !seen.insert(tag) {
            return Some(format!("tag {} is not unique", quote(tag.as_bytes())));
        }
    }
    None
}
