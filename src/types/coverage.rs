//! Switch analysis: which cases can never match, and whether some value matches none (language spec
//! §3.6).
//!
//! The checker translates the patterns of a `switch`, known to fit the type, to [`Pat`], which has only
//! what decides a match: identifiers are [`Pat::Any`]. The analysis is the usual one by matrices of
//! patterns: pick a place where the first case looks at the value, split what the value can be there,
//! and go on with the cases that remain in each part. Integers, strings, files and the like have no
//! patterns of their own, so that only sums, lists, tuples and structs are ever split.

mod matrix;
mod resolve;

use std::fmt;
use std::rc::Rc;

use crate::ty::Type;

/// What of a pattern decides whether a value matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pat {
    /// An identifier or `_`.
    Any,
    /// A tuple of as many components as there are patterns.
    Tuple(Vec<Pat>),
    /// A list that begins with these elements.
    List {
        /// The first elements.
        elements: Vec<Pat>,
        /// What the rest of the list matches; without it there must be no rest.
        tail: Option<Box<Pat>>,
    },
    /// A struct; fields that are not named may be anything.
    Struct(Vec<(Rc<str>, Pat)>),
    /// A variant of a sum, with the pattern of its element if it has one.
    Variant(Rc<str>, Option<Box<Pat>>),
}

/// As programs write patterns, with `_` for what may be anything.
impl fmt::Display for Pat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pat::Any => f.write_str("_"),
            Pat::Tuple(elements) => {
                f.write_str("(")?;
                write_list(f, elements)?;
                f.write_str(")")
            }
            Pat::List { elements, tail } => {
                f.write_str("[")?;
                write_list(f, elements)?;
                match tail.as_deref() {
                    None => {}
                    Some(Pat::Any) => f.write_str(", ...")?,
                    Some(tail) => write!(f, ", ...{tail}")?,
                }
                f.write_str("]")
            }
            Pat::Struct(fields) => {
                f.write_str("{")?;
                for (index, (name, pattern)) in fields.iter().enumerate() {
                    let separator = if index > 0 { ", " } else { "" };
                    write!(f, "{separator}{name}:{pattern}")?;
                }
                f.write_str("}")
            }
            Pat::Variant(tag, None) => write!(f, "#{tag}"),
            Pat::Variant(tag, Some(payload)) => write!(f, "#{tag}({payload})"),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, patterns: &[Pat]) -> fmt::Result {
    for (index, pattern) in patterns.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        write!(f, "{separator}{pattern}")?;
    }
    Ok(())
}

/// What [`analyse`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Whether every value matches some case.
    pub exhaustive: bool,
    /// The indices of the cases that no value reaches, ascending.
    pub unreachable: Vec<usize>,
    /// If not exhaustive, values that match no case, written as a pattern.
    pub missing: Option<String>,
    /// Whether the analysis was too large to finish; the switch then counts as exhaustive and its cases
    /// as reachable.
    pub gave_up: bool,
}

/// How many cells the matrices may have in all before the analysis gives up: enough for any switch that
/// people write, little enough to stay within a tenth of a second and some hundred megabytes. The problem
/// is exponential in the worst case.
const BUDGET: u64 = 1 << 24;

/// Analyses a switch over a value of type `ty` with these cases. Every type is taken to have values. A
/// pattern that does not fit its type, which is an error of its own, counts as matching everything.
pub fn analyse(ty: &Type, cases: &[Pat]) -> Coverage {
    analyse_within(ty, cases, BUDGET)
}

fn analyse_within(ty: &Type, cases: &[Pat], budget: u64) -> Coverage {
    let shapes: Vec<_> = cases.iter().map(|case| resolve::resolve(ty, case)).collect();
    match matrix::cover(ty, &shapes, budget) {
        None => Coverage { exhaustive: true, unreachable: Vec::new(), missing: None, gave_up: true },
        Some((reached, missing)) => Coverage {
            exhaustive: missing.is_none(),
            unreachable: (0..cases.len()).filter(|case| !reached[*case]).collect(),
            missing: missing.map(|pattern| pattern.to_string()),
            gave_up: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ty::{Field, Variant};

    /// A tuple of `width` two-way choices, and all cases that fix two neighbouring components to `#A`.
    fn pairs(width: usize) -> (Type, Vec<Pat>) {
        let choice = Type::sum([Variant::new("A", None), Variant::new("B", None)]);
        let ty = Type::tuple(vec![Field::unnamed(choice); width]);
        let cases = (0..width - 1)
            .map(|first| {
                let component = |index| match index {
                    index if index == first || index == first + 1 => Pat::Variant("A".into(), None),
                    _ => Pat::Any,
                };
                Pat::Tuple((0..width).map(component).collect())
            })
            .collect();
        (ty, cases)
    }

    #[test]
    fn a_small_budget_gives_up() {
        let (ty, cases) = pairs(12);
        let coverage = analyse_within(&ty, &cases, 10);
        assert!(coverage.gave_up && coverage.exhaustive && coverage.unreachable.is_empty());
        let coverage = analyse_within(&ty, &cases, BUDGET);
        assert!(!coverage.gave_up && !coverage.exhaustive);
    }
}
