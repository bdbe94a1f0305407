//! Environments: what identifiers are bound to while expressions are evaluated (language spec §5.2).
//!
//! Local bindings live in linked frames, one for each function call, block declaration, case and
//! enumerating clause. Bindings of a module live in its instance, so that a module of thousands of
//! declarations finds each at once. Both know the depth that the spec's count of frames gives them,
//! which is what digests see.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use base::digest::Digest;
use syntax::ast::{Name, Span};
use syntax::diagnostic::Source;
use types::Value;

use super::function::ModuleFunction;
use crate::module::Module;
use crate::nesting;
use crate::session::Session;
use crate::tree::Slot;

/// Depth of the frame of predeclared names.
pub(crate) const STDLIB_DEPTH: i32 = 1;

/// Where an expression is evaluated.
#[derive(Clone)]
pub struct Env {
    /// The module instance that the expression belongs to.
    pub(crate) instance: Rc<Instance>,
    /// The innermost local frame.
    frame: Option<Rc<Frame>>,
    /// How many frames there are in the count of the spec.
    pub(crate) depth: i32,
    /// The label of what is made here.
    pub(crate) ident: Ident,
}

impl Env {
    /// An environment at the level of a module's declarations.
    pub(crate) fn new(instance: Rc<Instance>, depth: i32, ident: Ident) -> Self {
        Self { instance, frame: None, depth, ident }
    }

    /// Whether it is that of a module's declarations, with nothing local bound.
    pub(super) fn is_of_module(&self) -> bool {
        self.frame.is_none()
    }

    /// This environment with a label for what is made in it.
    pub(crate) fn labelled(&self, ident: Ident) -> Self {
        Self { ident, ..self.clone() }
    }

    /// The same bindings one frame deeper: where the right side of a block declaration is evaluated.
    pub(crate) fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// This environment with a new frame that is `levels` deeper.
    pub(crate) fn push(&self, values: Vec<Value>, levels: i32) -> Self {
        let depth = self.depth + levels;
        let frame = Frame { depth, values, digests: OnceCell::new(), parent: self.frame.clone() };
        Self { frame: Some(Rc::new(frame)), depth, instance: self.instance.clone(), ident: self.ident.clone() }
    }

    /// The frame `hops` out. The checker made the hops, so it is there.
    #[allow(clippy::expect_used, reason = "the checker resolved the identifier against this very chain of frames")]
    pub(crate) fn frame(&self, hops: usize) -> &Frame {
        let mut frame = self.frame.as_ref();
        for _ in 0..hops {
            frame = frame.and_then(|frame| frame.parent.as_ref());
        }
        frame.expect("a local slot has a frame")
    }

    /// The value of an identifier.
    pub(crate) fn lookup(&self, slot: Slot) -> Value {
        match slot {
            Slot::Local { hops, index } => self.frame(hops as usize).values[index as usize].clone(),
            slot => self.instance.lookup(slot),
        }
    }

    /// A place in the module's text.
    pub(crate) fn place(&self, span: Span) -> Spot {
        Spot::Text(self.instance.module.source.clone(), span)
    }

    /// The place of a node made here.
    pub(crate) fn node_place(&self, span: Span) -> flow::node::Place {
        let source = &self.instance.module.source;
        let (line, column) = source.position(span.at);
        flow::node::Place { file: source.name.clone(), line: line as u32, column: column as u32 }
    }
}

/// Where something in a program comes from; prints as `FILE:LINE:COL`.
#[derive(Clone)]
pub(crate) enum Spot {
    /// A place in a text.
    Text(Rc<Source>, Span),
    /// The flag of this name.
    Flag(Rc<str>),
}

impl Spot {
    /// What an error here is about.
    pub(crate) fn origin(&self, code: u16) -> base::failure::Origin {
        let (file, span) = match self {
            Self::Text(source, span) => (&source.name, *span),
            Self::Flag(name) => (name, Span::default()),
        };
        base::failure::Origin { code, file: (&**file).into(), start: span.start, end: span.end, at: span.at }
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(source, span) => f.write_str(&source.place(span.at)),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Local bindings of one construct.
pub(crate) struct Frame {
    pub(crate) depth: i32,
    values: Vec<Value>,
    /// What the bindings contribute to digests, each computed once, when first asked for.
    digests: OnceCell<Box<[Cell<Option<Digest>>]>>,
    parent: Option<Rc<Frame>>,
}

impl Frame {
    /// The digest of a binding; `compute` is asked at most once for each.
    pub(crate) fn binding_digest(&self, index: usize, compute: impl FnOnce(&Value) -> Digest) -> Digest {
        let digests = self.digests.get_or_init(|| vec![Cell::new(None); self.values.len()].into());
        let digest = digests[index].get().unwrap_or_else(|| compute(&self.values[index]));
        digests[index].set(Some(digest));
        digest
    }
}

/// A chain of frames can be long; the default drop would recurse along it. So can be a chain of
/// functions that hold one another in frames.
impl Drop for Frame {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(mut frame) = parent.and_then(Rc::into_inner) {
            parent = frame.parent.take();
        }
        if nesting::is_short_of_stack() {
            nesting::drop_on_new_stack(std::mem::take(&mut self.values));
        }
    }
}

/// A module that has been given arguments.
pub struct Instance {
    pub(crate) module: Rc<Module>,
    pub(crate) session: Rc<Session>,
    /// Parameters by number: value, depth of the frame that binds it, digest.
    params: RefCell<Vec<Binding>>,
    /// Bindings by number, filled in as declarations are evaluated.
    globals: RefCell<Vec<Binding>>,
}

struct Binding {
    value: Bound,
    depth: i32,
    digest: Option<Digest>,
}

/// What a name of a module is bound to.
enum Bound {
    Value(Value),
    /// One of the module's own functions, which would hold the instance that holds it.
    Function(ModuleFunction),
}

impl Bound {
    fn new(value: Value, instance: &Rc<Instance>) -> Self {
        ModuleFunction::of(&value, instance).map_or(Self::Value(value), Self::Function)
    }

    fn value(&self, instance: &Rc<Instance>) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Function(function) => function.value(instance),
        }
    }
}

impl Instance {
    /// An instance without any binding yet.
    pub(crate) fn new(module: Rc<Module>, session: Rc<Session>) -> Rc<Self> {
        Rc::new(Self { module, session, params: RefCell::default(), globals: RefCell::default() })
    }

    /// Binds the next parameter.
    pub(crate) fn bind_param(self: &Rc<Self>, value: Value, depth: i32) {
        let value = Bound::new(value, self);
        self.params.borrow_mut().push(Binding { value, depth, digest: None });
    }

    /// Binds the next global.
    pub(crate) fn bind_global(self: &Rc<Self>, value: Value, depth: i32) {
        let value = Bound::new(value, self);
        self.globals.borrow_mut().push(Binding { value, depth, digest: None });
    }

    /// The value of a binding that is not local.
    pub(crate) fn lookup(self: &Rc<Self>, slot: Slot) -> Value {
        match slot {
            Slot::Global(index) => self.globals.borrow()[index as usize].value.value(self),
            Slot::Param(index) => self.params.borrow()[index as usize].value.value(self),
            Slot::Predeclared(index) => self.session.predeclared(index),
            Slot::Local { .. } => Value::Unit,
        }
    }

    /// The function of a binding, if it is one of the module's own.
    pub(super) fn function(&self, slot: Slot) -> Option<ModuleFunction> {
        let Slot::Global(index) = slot else { return None };
        match &self.globals.borrow()[index as usize].value {
            Bound::Function(function) => Some(function.clone()),
            Bound::Value(_) => None,
        }
    }

    /// Depth and digest of a binding that is not local; `compute` is asked at most once for each.
    pub(crate) fn binding(self: &Rc<Self>, slot: Slot, compute: impl FnOnce(&Value) -> Digest) -> (i32, Digest) {
        let (table, index) = match slot {
            Slot::Global(index) => (&self.globals, index),
            Slot::Param(index) => (&self.params, index),
            slot => return (STDLIB_DEPTH, compute(&self.lookup(slot))),
        };
        let (depth, known) = {
            let binding = &table.borrow()[index as usize];
            (binding.depth, binding.digest)
        };
        if let Some(digest) = known {
            return (depth, digest);
        }
        let value = table.borrow()[index as usize].value.value(self);
        // A function's digest asks for the digests of other bindings: nothing is borrowed meanwhile.
        let digest = compute(&value);
        table.borrow_mut()[index as usize].digest = Some(digest);
        (depth, digest)
    }
}

/// The label of what is made in a declaration: the names of the declarations around it, joined by dots
/// (language spec §9.1). The text is made only if it is needed.
#[derive(Clone, Default)]
pub(crate) struct Ident(Option<Rc<IdentPart>>);

struct IdentPart {
    parent: Ident,
    name: Name,
    /// How many parts there are above this one.
    depth: usize,
    text: OnceCell<Rc<str>>,
}

impl Ident {
    /// The most parts that a label has: nobody reads on, and the texts would grow with the square of the
    /// nesting.
    const MAX_DEPTH: usize = 64;

    /// The label below this one.
    pub(crate) fn below(&self, name: &Name) -> Self {
        let depth = self.0.as_ref().map_or(0, |part| part.depth + 1);
        if depth >= Self::MAX_DEPTH {
            return self.clone();
        }
        Self(Some(Rc::new(IdentPart { parent: self.clone(), name: name.clone(), depth, text: OnceCell::new() })))
    }

    /// The text; empty for the empty label.
    pub(crate) fn text(&self) -> Rc<str> {
        match &self.0 {
            None => Rc::from(""),
            Some(part) => part
                .text
                .get_or_init(|| match &part.parent.0 {
                    None => part.name.clone(),
                    Some(_) => format!("{}.{}", part.parent.text(), part.name).into(),
                })
                .clone(),
        }
    }
}
