//! Values: what expressions evaluate to.
//!
//! A value is either *immediate* or a flow: a node of the graph whose value is not known yet. Composite
//! values may hold flows anywhere inside (language spec §5.1). Values are cheap to clone; everything
//! that can be large is shared.

use std::any::Any;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use base::digest::Digest;
use base::file::File;
use base::fileset::Fileset;

use crate::digest::key_digest;
use crate::float::Float;
use crate::integer::Integer;

/// A value of the language.
#[derive(Clone)]
pub enum Value {
    /// The one value of type unit.
    Unit,
    /// A truth value.
    Bool(bool),
    /// An integer of any size.
    Int(Integer),
    /// A binary floating-point number.
    Float(Float),
    /// A string of bytes, usually UTF-8.
    String(Rc<[u8]>),
    /// A file.
    File(Rc<File>),
    /// A directory: files by path.
    Dir(Rc<Dir>),
    /// A fileset, the value of an external flow.
    Fileset(Rc<Fileset>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map.
    Map(Rc<Map>),
    /// A tuple.
    Tuple(Rc<[Value]>),
    /// A struct.
    Struct(Rc<Record>),
    /// A module instance.
    Module(Rc<Record>),
    /// A variant of a sum.
    Variant(Rc<Variant>),
    /// A function.
    Function(Rc<dyn Function>),
    /// Not known yet.
    Flow(Rc<FlowRef>),
}

/// A reference to a node of the flow graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRef {
    /// The node's index in its graph.
    pub index: u32,
    /// The node's logical digest.
    pub digest: Digest,
}

/// The files of a directory by path, in bytewise order.
pub type Dir = BTreeMap<String, File>;

/// A function value, applied by whoever made it.
pub trait Function: Any {
    /// What stands for the function in digests (language spec §10.3, §7.1).
    fn digest(&self) -> Digest;
}

/// A value of a sum type.
#[derive(Clone)]
pub struct Variant {
    /// Without `#`.
    pub tag: Rc<str>,
    /// What the variant carries, if anything.
    pub payload: Option<Value>,
}

/// The names of a struct's or module's fields, shared by all records of one origin.
#[derive(Debug, Default)]
pub struct Shape {
    names: Vec<Rc<str>>,
    /// Only for shapes with many names; few are found faster by looking at each.
    index: Option<std::collections::HashMap<Rc<str>, usize>>,
}

impl Shape {
    const INDEX_FROM: usize = 16;

    /// A shape of these names; a repeated name refers to the last field of it.
    pub fn new(names: Vec<Rc<str>>) -> Rc<Self> {
        let index = (names.len() >= Self::INDEX_FROM).then(|| names.iter().cloned().zip(0..).collect());
        Rc::new(Self { names, index })
    }

    /// The names in field order.
    pub fn names(&self) -> &[Rc<str>] {
        &self.names
    }

    /// The position of the last field called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.names.iter().rposition(|field| **field == *name),
        }
    }
}

/// The fields of a struct or module.
#[derive(Clone)]
pub struct Record {
    shape: Rc<Shape>,
    values: Vec<Value>,
}

impl Record {
    /// A record; `values` are in the order of the shape's names.
    pub fn new(shape: Rc<Shape>, values: Vec<Value>) -> Self {
        debug_assert_eq!(shape.names.len(), values.len());
        Self { shape, values }
    }

    /// The value of the last field called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.shape.position(name).and_then(|position| self.values.get(position))
    }

    /// Names with values, in field order.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Value)> {
        self.shape.names.iter().zip(&self.values)
    }

    /// The shape.
    pub fn shape(&self) -> &Rc<Shape> {
        &self.shape
    }
}

/// A map, in iteration order: ascending digest of the keys, then numeric order (language spec §4.3).
#[derive(Clone, Default)]
pub struct Map(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    digest: Digest,
    key: Value,
    value: Value,
}

impl Map {
    /// A map of these entries; a later key replaces an equal earlier one. Keys must be immediate.
    pub fn from_entries(entries: impl IntoIterator<Item = (Value, Value)>) -> Self {
        let mut list: Vec<Entry> =
            entries.into_iter().map(|(key, value)| Entry { digest: key_digest(&key), key, value }).collect();
        list.sort_by(|left, right| compare_keys(&left.digest, &left.key, right));
        list.dedup_by(|later, earlier| {
            let same = compare_keys(&earlier.digest, &earlier.key, later) == Ordering::Equal;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Self(list)
    }

    /// The value of a key equal to `key`, which must be immediate.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        let digest = key_digest(key);
        let found = self.0.binary_search_by(|entry| compare_keys(&digest, key, entry).reverse());
        found.ok().map(|index| &self.0[index].value)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values in iteration order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.0.iter().map(|entry| (&entry.key, &entry.value))
    }

    /// The digests of the keys in iteration order.
    pub fn key_digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.0.iter().map(|entry| entry.digest)
    }

    /// The union; where both have a key, the right one's value.
    #[must_use]
    pub fn union(&self, right: &Map) -> Map {
        let mut merged = Vec::with_capacity(self.0.len() + right.0.len());
        let (mut lefts, mut rights) = (self.0.iter().peekable(), right.0.iter().peekable());
        while let (Some(left), Some(right)) = (lefts.peek(), rights.peek()) {
            match compare_keys(&left.digest, &left.key, right) {
                Ordering::Less => merged.extend(lefts.next().cloned()),
                Ordering::Greater => merged.extend(rights.next().cloned()),
                Ordering::Equal => {
                    lefts.next();
                }
            }
        }
        merged.extend(lefts.cloned());
        merged.extend(rights.cloned());
        Map(merged)
    }
}

fn compare_keys(digest: &Digest, key: &Value, entry: &Entry) -> Ordering {
    digest.cmp(&entry.digest).then_with(|| compare_scalars(key, &entry.key))
}

/// Numeric order of two numbers whose digests agree; other kinds of keys with equal digests are equal.
fn compare_scalars(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.compare(right),
        _ => Ordering::Equal,
    }
}

impl Value {
    /// A string value.
    pub fn string(text: impl AsRef<[u8]>) -> Self {
        Self::String(text.as_ref().into())
    }

    /// An integer value.
    pub fn int(value: i64) -> Self {
        Self::Int(Integer::from(value))
    }

    /// A list value.
    pub fn list(elements: Vec<Value>) -> Self {
        Self::List(Rc::new(elements))
    }

    /// A tuple value.
    pub fn tuple(elements: impl Into<Rc<[Value]>>) -> Self {
        Self::Tuple(elements.into())
    }

    /// A file value.
    pub fn file(file: File) -> Self {
        Self::File(Rc::new(file))
    }

    /// A directory value.
    pub fn dir(files: Dir) -> Self {
        Self::Dir(Rc::new(files))
    }

    /// The flow, if the value is one.
    pub fn as_flow(&self) -> Option<&FlowRef> {
        match self {
            Self::Flow(flow) => Some(flow),
            _ => None,
        }
    }

    /// Whether the value is a flow itself (it may hold flows inside and not be one).
    pub fn is_flow(&self) -> bool {
        matches!(self, Self::Flow(_))
    }

    /// What the value is, in a word, for messages about values that are not what they should be.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::String(_) => "string",
            Self::File(_) => "file",
            Self::Dir(_) => "dir",
            Self::Fileset(_) => "fileset",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Tuple(_) => "tuple",
            Self::Struct(_) => "struct",
            Self::Module(_) => "module",
            Self::Variant(_) => "sum",
            Self::Function(_) => "func",
            Self::Flow(_) => "flow",
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flow(flow) => write!(f, "flow {}", flow.digest.short()),
            other => f.write_str(other.kind_name()),
        }
    }
}
