//! Nodes and their operations (runtime spec §2.1, §2.2).

use std::fmt;
use std::rc::Rc;

use base::config::OutputKind;
use base::digest::Digest;
use base::failure::Error;
use base::resources::Resources;
use types::Value;

use crate::graph::{FlowId, Graph};

/// A node: an operation on the values of its dependencies.
///
/// A program may have a million of them, so what few nodes have is boxed.
pub struct Node {
    /// What is done.
    pub op: Op,
    /// What it is done to, in order.
    pub deps: Box<[FlowId]>,
    /// The logical digest, fixed when the node is made.
    pub(crate) digest: Digest,
    /// The label that people see, such as `align.Main.sorted`; see [`Graph::label`].
    pub(crate) ident: Option<Rc<str>>,
    /// Where in the program the node was made; external operations and system functions know it.
    pub(crate) place: Option<Box<Place>>,
    /// Told apart from otherwise equal nodes by this, in logical and physical digests.
    pub(crate) extra: Option<Box<Digest>>,
}

/// A position in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The source's name as shown to people.
    pub file: Rc<str>,
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode scalar values, just behind the token (language spec §1.7).
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The operations. Exec, intern and extern are *external*: they reach outside the process.
pub enum Op {
    /// Runs a command in an image over the dependencies' filesets.
    Exec(Box<Exec>),
    /// Imports the objects under a URL.
    Intern {
        /// The printed URL, part of the digest as it is.
        url: Rc<str>,
        /// Whether a mere reference to the objects is not enough.
        must_resolve: bool,
    },
    /// Exports the dependency's fileset to a URL.
    Extern {
        /// The printed URL, part of the digest as it is.
        url: Rc<str>,
    },
    /// Splits the dependency's map by the text that the only group of a pattern matches.
    Groupby {
        /// RE2 pattern.
        pattern: Rc<str>,
    },
    /// Applies a function to each element of the dependency's list.
    Map(Box<Mapped>),
    /// Keeps the paths that a pattern matches, renamed.
    Collect {
        /// RE2 pattern.
        pattern: Rc<str>,
        /// Template for the new path.
        replacement: Rc<str>,
    },
    /// The list of the dependencies' filesets.
    Merge,
    /// A known value or a known failure.
    Val(Box<Known>),
    /// One flat map of all the dependencies' files.
    Pullup,
    /// Computes the next node from the dependencies' values.
    Continue {
        /// Stands for the code and the values it closes over.
        flow_digest: Digest,
        /// Whether it comes to an exec, whose label it has.
        makes_exec: bool,
        /// The code.
        code: Rc<dyn Continuation>,
    },
    /// Converts the dependency's value.
    Coerce {
        /// Stands for the code.
        flow_digest: Digest,
        /// The code.
        code: Rc<dyn Coercion>,
    },
    /// The dependency's value; says what room the graph below it needs.
    Require(Box<crate::requirements::Requirements>),
    /// Bytes from the program; becomes a single-file fileset.
    Data(Rc<[u8]>),
}

/// What a val node knows.
pub struct Known {
    /// The value, or why there is none.
    pub result: Result<Value, Error>,
    /// Stands for a value that is not a fileset.
    pub flow_digest: Option<Digest>,
}

/// What an exec runs.
#[derive(Clone)]
pub struct Exec {
    /// Image as the program has it, with qualifiers.
    pub image: Rc<str>,
    /// printf-style template.
    pub command: Rc<str>,
    /// What each `%s` is; `None` is the identity over the dependencies.
    pub args: Option<Box<[ArgRef]>>,
    /// Kinds of the outputs in order; `None` is one default output.
    pub outputs: Option<Box<[OutputKind]>>,
    /// Declared room: `cpu` cores, `mem` and `disk` bytes, CPU features.
    pub resources: Resources,
    /// What stands for each `%s` when the command is shown.
    pub arg_names: Box<[Rc<str>]>,
    /// Excluded from the checks that a repeated exec gives the same result.
    pub nondeterministic: bool,
}

/// One `%s` of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgRef {
    /// The fileset of the dependency of this index.
    Input(u32),
    /// The output of this number.
    Output(u32),
}

/// The function of a map node.
pub struct Mapped {
    /// Makes the node for one element.
    pub code: Rc<dyn Mapper>,
    /// The function applied to the empty fileset: it stands for the function in digests and
    /// requirements and is never run.
    pub sample: FlowId,
}

/// What a continuation comes to.
pub enum Resumed {
    /// A value at once.
    Value(Value),
    /// A node whose value it will be.
    Flow(FlowId),
}

/// Code that computes the next step once values are known.
pub trait Continuation {
    /// Called once with the dependencies' values in order. May add nodes to the graph.
    fn resume(&self, graph: &mut Graph, values: &[Value]) -> Result<Resumed, Error>;
}

/// Code that converts a value.
pub trait Coercion {
    /// Called once with the dependency's value.
    fn coerce(&self, value: &Value) -> Result<Value, Error>;
}

/// Code that makes the node for one element of a list.
pub trait Mapper {
    /// Adds the node for `element` to the graph.
    fn map(&self, graph: &mut Graph, element: FlowId) -> FlowId;
}

impl<F: Fn(&mut Graph, &[Value]) -> Result<Resumed, Error>> Continuation for F {
    fn resume(&self, graph: &mut Graph, values: &[Value]) -> Result<Resumed, Error> {
        self(graph, values)
    }
}

impl<F: Fn(&Value) -> Result<Value, Error>> Coercion for F {
    fn coerce(&self, value: &Value) -> Result<Value, Error> {
        self(value)
    }
}

impl<F: Fn(&mut Graph, FlowId) -> FlowId> Mapper for F {
    fn map(&self, graph: &mut Graph, element: FlowId) -> FlowId {
        self(graph, element)
    }
}

impl Op {
    /// The name that people see.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Exec(_) => "exec",
            Op::Intern { .. } => "intern",
            Op::Extern { .. } => "extern",
            Op::Groupby { .. } => "groupby",
            Op::Map(_) => "map",
            Op::Collect { .. } => "collect",
            Op::Merge => "merge",
            Op::Val(_) => "val",
            Op::Pullup => "pullup",
            Op::Continue { .. } => "k",
            Op::Coerce { .. } => "coerce",
            Op::Require(_) => "requirements",
            Op::Data(_) => "data",
        }
    }

    /// The name that digests see. `Data` really is `maxOp`: existing cache keys have it so (runtime
    /// spec §2.1). A requirements node never writes its own.
    pub(crate) fn digest_name(&self) -> &'static str {
        match self {
            Op::Exec(_) => "OpExec",
            Op::Intern { .. } => "OpIntern",
            Op::Extern { .. } => "OpExtern",
            Op::Groupby { .. } => "OpGroupby",
            Op::Map(_) => "OpMap",
            Op::Collect { .. } => "OpCollect",
            Op::Merge => "OpMerge",
            Op::Val(_) => "OpVal",
            Op::Pullup => "OpPullup",
            Op::Continue { .. } => "OpK",
            Op::Coerce { .. } => "OpCoerce",
            Op::Require(_) => "OpRequirements",
            Op::Data(_) => "maxOp",
        }
    }

    /// Whether the operation reaches outside the process.
    pub fn is_external(&self) -> bool {
        matches!(self, Op::Exec(_) | Op::Intern { .. } | Op::Extern { .. })
    }
}
