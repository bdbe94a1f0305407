//! Patterns, taken apart into one path for each leaf (language spec §5.5, §10.6).

use std::rc::Rc;

use base::digest::{Digest, DigestWriter};
use syntax::ast::{Name, Pattern as Written, PatternKind, Span};

/// A pattern as a list of leaves, left to right, tail last.
pub struct Pattern {
    /// One for each identifier, `_` and variant without payload.
    pub leaves: Vec<Leaf>,
    /// Where the pattern is; match errors name its place.
    pub span: Span,
}

/// A leaf of a pattern: how to get there from the whole value.
pub struct Leaf {
    /// The steps, outermost first.
    pub path: Path,
    /// The name that is bound, if any.
    pub name: Option<Name>,
}

/// A way into a value.
#[derive(Clone)]
pub struct Path {
    /// None for the path to the whole value, which most patterns are.
    steps: Option<Rc<[Step]>>,
    /// How many steps have been taken.
    taken: usize,
    /// Whether the path ends in the value it leads to; a bare variant `#T` only tests.
    ends_in_value: bool,
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A component of a tuple.
    Tuple {
        /// Which one, from 0.
        index: usize,
        /// The pattern's number of components.
        arity: usize,
    },
    /// An element of a list.
    Element {
        /// Which one, from 0.
        index: usize,
        /// The pattern's number of elements, without the tail.
        count: usize,
        /// Whether the pattern has a tail.
        tail: bool,
    },
    /// The rest of a list behind this number of elements.
    Tail {
        /// The pattern's number of elements.
        count: usize,
    },
    /// A field of a struct.
    Field(Name),
    /// The payload of a variant.
    Variant(Name),
}

impl Pattern {
    /// Takes a written pattern apart.
    pub fn new(written: &Written) -> Self {
        let mut leaves = Vec::new();
        collect(written, &mut Vec::new(), &mut leaves);
        Self { leaves, span: written.span }
    }

    /// The bound names, left to right.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.leaves.iter().filter_map(|leaf| leaf.name.as_ref())
    }

    /// The name, if the pattern is a plain identifier.
    pub fn plain_name(&self) -> Option<&Name> {
        match self.leaves.as_slice() {
            [leaf] if leaf.path.steps.is_none() => leaf.name.as_ref(),
            _ => None,
        }
    }

    /// Appends the pattern material of language spec §10.6.
    pub fn write_material(&self, out: &mut DigestWriter) {
        out.bytes("grail.com/reflow/syntax.Pat");
        for leaf in &self.leaves {
            leaf.path.write_material(out);
        }
    }
}

impl Path {
    /// The path of a plain name: to the whole value.
    pub fn whole() -> Self {
        Self { steps: None, taken: 0, ends_in_value: true }
    }

    fn steps(&self) -> &[Step] {
        self.steps.as_deref().unwrap_or_default()
    }

    /// The next step and the path behind it; `None` at the end.
    pub fn split(&self) -> Option<(&Step, Path)> {
        let step = self.steps().get(self.taken)?;
        Some((step, Self { taken: self.taken + 1, ..self.clone() }))
    }

    /// Whether there is nothing left to do: the value is at hand and is what was looked for.
    pub fn is_finished(&self) -> bool {
        self.taken == self.steps().len()
    }

    /// Whether nothing of the path remains to be digested either: it tested a variant and is through.
    pub fn is_exhausted(&self) -> bool {
        self.is_finished() && !self.ends_in_value
    }

    /// Appends the path material of what remains (language spec §10.6).
    pub fn write_material(&self, out: &mut DigestWriter) {
        out.bytes("grail.com/reflow/syntax.Path");
        for step in &self.steps()[self.taken..] {
            match step {
                Step::Tuple { index, arity } => {
                    out.int(2).length(*index).length(*arity);
                }
                Step::Element { index, count, tail } => {
                    out.int(3).length(*index).length(*count).bytes([u8::from(*tail)]);
                }
                Step::Tail { count } => {
                    out.int(4).length(*count);
                }
                Step::Field(name) => {
                    out.int(5).bytes(name.as_bytes());
                }
                Step::Variant(tag) => {
                    out.int(6).bytes(tag.as_bytes());
                }
            }
        }
        if self.ends_in_value {
            out.int(1);
        }
    }

    /// The digest of what remains of the path.
    pub fn digest(&self) -> Digest {
        let mut out = DigestWriter::new();
        self.write_material(&mut out);
        out.finish()
    }
}

fn collect(written: &Written, steps: &mut Vec<Step>, leaves: &mut Vec<Leaf>) {
    let mut below = |pattern: &Written, step: Step| {
        steps.push(step);
        collect(pattern, steps, leaves);
        steps.pop();
    };
    match &written.kind {
        PatternKind::Ident(_) | PatternKind::Ignore => {
            let name = match &written.kind {
                PatternKind::Ident(name) => Some(name.clone()),
                _ => None,
            };
            let steps = (!steps.is_empty()).then(|| steps.as_slice().into());
            let path = Path { steps, taken: 0, ends_in_value: true };
            leaves.push(Leaf { path, name });
        }
        PatternKind::Tuple(elements) => {
            for (index, element) in elements.iter().enumerate() {
                below(element, Step::Tuple { index, arity: elements.len() });
            }
        }
        PatternKind::List { elements, tail } => {
            for (index, element) in elements.iter().enumerate() {
                below(element, Step::Element { index, count: elements.len(), tail: tail.is_some() });
            }
            if let Some(tail) = tail {
                below(tail, Step::Tail { count: elements.len() });
            }
        }
        PatternKind::Struct(fields) => {
            for (label, field) in fields {
                below(field, Step::Field(label.name.clone()));
            }
        }
        PatternKind::Variant { tag, payload: Some(payload) } => below(payload, Step::Variant(tag.clone())),
        PatternKind::Variant { tag, payload: None } => {
            steps.push(Step::Variant(tag.clone()));
            let path = Path { steps: Some(steps.as_slice().into()), taken: 0, ends_in_value: false };
            leaves.push(Leaf { path, name: None });
            steps.pop();
        }
    }
}
