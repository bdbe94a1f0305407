//! The matrix of cases, and how it is split.
//!
//! A matrix has one row for each case that may still match and one column for each place of the value
//! that is still to be looked at, each with the type of what is there.

use std::collections::BTreeSet;

use super::Pat;
use super::resolve::Shape;
use crate::ty::{Field, Type, TypeKind, Variant};

/// Analyses `cases`, those without a shape matching nothing: which of them are reached, and what is
/// matched by none. `None` if that takes matrices of more than
/// `budget` cells in all.
pub(super) fn cover(ty: &Type, cases: &[Option<Shape>], budget: u64) -> Option<(Vec<bool>, Option<Pat>)> {
    let mut analysis = Analysis { reached: vec![false; cases.len()], budget };
    let rows = cases.iter().enumerate();
    let rows = rows.filter_map(|(case, shape)| Some(Row { case, shapes: vec![shape.as_ref()?] })).collect();
    let missing = analysis.matrix(Matrix { columns: vec![ty], rows }).ok()?;
    Some((analysis.reached, missing.and_then(|mut columns| columns.pop())))
}

struct Analysis {
    reached: Vec<bool>,
    budget: u64,
}

struct OutOfBudget;

/// Patterns, column by column, of values that no row matches; `None` if there are none.
type Missing = Result<Option<Vec<Pat>>, OutOfBudget>;

struct Matrix<'a> {
    columns: Vec<&'a Type>,
    rows: Vec<Row<'a>>,
}

#[derive(Clone)]
struct Row<'a> {
    case: usize,
    /// As many as the matrix has columns.
    shapes: Vec<&'a Shape>,
}

const ANY: &Shape = &Shape::Any;

impl Row<'_> {
    fn matches_all(&self) -> bool {
        self.shapes.iter().all(|shape| matches!(shape, Shape::Any))
    }
}

impl Analysis {
    fn matrix(&mut self, mut matrix: Matrix) -> Missing {
        let cells = 1 + matrix.rows.len() * matrix.columns.len();
        self.budget = self.budget.checked_sub(cells as u64).ok_or(OutOfBudget)?;
        // Nothing gets past a row that matches everything.
        if let Some(last) = matrix.rows.iter().position(Row::matches_all) {
            matrix.rows.truncate(last + 1);
        }
        let Some(first) = matrix.rows.first() else {
            return Ok(Some(vec![Pat::Any; matrix.columns.len()]));
        };
        // Only a column that the first row looks at is worth splitting.
        let Some(column) = first.shapes.iter().rposition(|shape| !matches!(shape, Shape::Any)) else {
            self.reached[first.case] = true;
            return Ok(None);
        };
        let last = matrix.columns.len() - 1;
        matrix.columns.swap(column, last);
        for row in &mut matrix.rows {
            row.shapes.swap(column, last);
        }
        // Rows may have thousands of columns, each of which can be one level of recursion.
        let missing = stacker::maybe_grow(64 << 10, 1 << 20, || self.split(&matrix))?;
        Ok(missing.map(|mut columns| {
            columns.swap(column, last);
            columns
        }))
    }

    /// Splits the last column.
    fn split(&mut self, matrix: &Matrix) -> Missing {
        match matrix.columns.last().map(|ty| &ty.kind) {
            Some(TypeKind::Tuple(fields)) => self.split_tuple(matrix, fields),
            Some(TypeKind::Struct(fields)) => self.split_struct(matrix, fields),
            Some(TypeKind::List(element)) => self.split_list(matrix, element),
            Some(TypeKind::Sum(variants)) => self.split_sum(matrix, variants),
            // Values of other types cannot be told apart.
            _ => self.matrix(matrix.specialize([], |_| Some(vec![]))).map(|missing| {
                missing.map(|mut columns| {
                    columns.push(Pat::Any);
                    columns
                })
            }),
        }
    }

    fn split_tuple(&mut self, matrix: &Matrix, fields: &[Field]) -> Missing {
        let part = matrix.specialize(fields.iter().map(|field| &field.ty), |shape| match shape {
            Shape::Tuple(components) => Some(components.iter().collect()),
            _ => Some(vec![ANY; fields.len()]),
        });
        let missing = self.matrix(part)?;
        Ok(missing.map(|columns| wrapped(columns, fields.len(), Pat::Tuple)))
    }

    fn split_struct(&mut self, matrix: &Matrix, fields: &[Field]) -> Missing {
        // Fields that no row looks at need no columns.
        let named: BTreeSet<usize> = matrix
            .heads()
            .filter_map(|shape| if let Shape::Struct(fields) = shape { Some(fields) } else { None })
            .flatten()
            .map(|(position, _)| *position)
            .collect();
        let part = matrix.specialize(named.iter().map(|position| &fields[*position].ty), |shape| {
            let Shape::Struct(fields) = shape else { return Some(vec![ANY; named.len()]) };
            let mut given = fields.iter().peekable();
            let shape_at = |position| given.next_if(|(given, _)| given == position).map_or(ANY, |(_, shape)| shape);
            Some(named.iter().map(shape_at).collect())
        });
        let missing = self.matrix(part)?;
        Ok(missing.map(|columns| {
            wrapped(columns, named.len(), |patterns| {
                let names = named.iter().map(|position| fields[*position].name().into());
                Pat::Struct(names.zip(patterns).filter(|(_, pattern)| *pattern != Pat::Any).collect())
            })
        }))
    }

    fn split_sum(&mut self, matrix: &Matrix, variants: &[Variant]) -> Missing {
        // The rows of each variant, those for any variant among them, in order. Variants that no row
        // names are alike, and are looked at once.
        let mut named = vec![false; variants.len()];
        for shape in matrix.heads() {
            if let Shape::Variant(position, _) = shape {
                named[*position] = true;
            }
        }
        let mut rows: Vec<Vec<&Row>> = vec![Vec::new(); variants.len()];
        let mut unnamed = Vec::new();
        for row in &matrix.rows {
            match row.shapes.last() {
                Some(Shape::Variant(position, _)) => rows[*position].push(row),
                _ => {
                    unnamed.push(row);
                    let named = rows.iter_mut().zip(&named).filter(|(_, named)| **named);
                    named.for_each(|(rows, _)| rows.push(row));
                }
            }
        }

        let mut missing = None;
        if let Some(position) = named.iter().position(|named| !named) {
            let part = matrix.specialize_rows(unnamed, [], |_| Some(vec![]));
            let example = self.matrix(part)?;
            let variant = &variants[position];
            let payload = variant.payload.as_ref().map(|_| Box::new(Pat::Any));
            let pattern = Pat::Variant(variant.tag.clone(), payload);
            missing = example.map(|columns| wrapped(columns, 0, |_| pattern));
        }
        for (variant, rows) in variants.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()) {
            let payload = variant.payload.as_ref();
            let part = matrix.specialize_rows(rows, payload, |shape| match shape {
                Shape::Variant(_, Some(shape)) => Some(vec![shape]),
                _ => Some(vec![ANY; payload.iter().len()]),
            });
            let example = self.matrix(part)?;
            missing = missing.or(example.map(|columns| {
                wrapped(columns, payload.iter().len(), |patterns| {
                    Pat::Variant(variant.tag.clone(), patterns.into_iter().next().map(Box::new))
                })
            }));
        }
        Ok(missing)
    }

    fn split_list(&mut self, matrix: &Matrix, element: &Type) -> Missing {
        let mut missing = None;
        for class in length_classes(matrix) {
            let part = matrix.specialize(std::iter::repeat_n(element, class.columns), |shape| match shape {
                Shape::List { elements, open } => {
                    let fits = if *open { elements.len() <= class.length } else { elements.len() == class.length };
                    let mut shapes: Vec<&Shape> = elements.iter().collect();
                    shapes.resize(class.columns, ANY);
                    fits.then_some(shapes)
                }
                _ => Some(vec![ANY; class.columns]),
            });
            let example = self.matrix(part)?;
            missing = missing.or(example.map(|columns| {
                wrapped(columns, class.columns, |mut elements| {
                    elements.resize(class.length, Pat::Any);
                    Pat::List { elements, tail: class.unbounded.then(|| Box::new(Pat::Any)) }
                })
            }));
        }
        Ok(missing)
    }
}

/// Lists of several lengths that no row tells apart by length.
struct LengthClass {
    /// The least length.
    length: usize,
    /// How many of the first elements some row may look at.
    columns: usize,
    /// Whether all greater lengths are in the class.
    unbounded: bool,
}

/// Splits the lengths of lists where a row begins or ceases to match.
fn length_classes(matrix: &Matrix) -> Vec<LengthClass> {
    let mut starts = BTreeSet::from([0]);
    let (mut exact, mut least) = (BTreeSet::new(), BTreeSet::from([0]));
    for shape in matrix.heads() {
        let Shape::List { elements, open } = shape else { continue };
        starts.insert(elements.len());
        if *open {
            least.insert(elements.len());
        } else {
            exact.insert(elements.len());
            starts.insert(elements.len() + 1);
        }
    }
    let greatest = starts.last().copied();
    let class = |length: usize| LengthClass {
        length,
        columns: match exact.contains(&length) {
            true => length,
            false => least.range(..=length).next_back().copied().unwrap_or(0),
        },
        unbounded: Some(length) == greatest,
    };
    starts.iter().copied().map(class).collect()
}

impl<'a> Matrix<'a> {
    /// The shapes of the last column.
    fn heads(&self) -> impl Iterator<Item = &'a Shape> {
        self.rows.iter().filter_map(|row| row.shapes.last().copied())
    }

    /// The matrix with the last column replaced by columns of the given types, and each shape in it by
    /// shapes for those. Rows for which `expand` has none are left out.
    fn specialize<C>(&self, columns: C, expand: impl FnMut(&'a Shape) -> Option<Vec<&'a Shape>>) -> Matrix<'a>
    where
        C: IntoIterator<Item = &'a Type, IntoIter: DoubleEndedIterator>,
    {
        self.specialize_rows(&self.rows, columns, expand)
    }

    /// [`Matrix::specialize`] with only these rows.
    fn specialize_rows<'r, C>(
        &self,
        rows: impl IntoIterator<Item = &'r Row<'a>>,
        columns: C,
        mut expand: impl FnMut(&'a Shape) -> Option<Vec<&'a Shape>>,
    ) -> Matrix<'a>
    where
        'a: 'r,
        C: IntoIterator<Item = &'a Type, IntoIter: DoubleEndedIterator>,
    {
        // The first of the new columns comes last, to be looked at next.
        let others = self.columns.split_last().map_or(&[][..], |(_, others)| others);
        let columns = others.iter().copied().chain(columns.into_iter().rev()).collect();
        let rows = rows.into_iter().filter_map(|row| {
            let (head, others) = row.shapes.split_last()?;
            let shapes = others.iter().copied().chain(expand(head)?.into_iter().rev()).collect();
            Some(Row { case: row.case, shapes })
        });
        Matrix { columns, rows: rows.collect() }
    }
}

/// Replaces the last `count` columns, which come in reverse, by one.
fn wrapped(mut columns: Vec<Pat>, count: usize, wrap: impl FnOnce(Vec<Pat>) -> Pat) -> Vec<Pat> {
    let mut parts = columns.split_off(columns.len() - count);
    parts.reverse();
    columns.push(wrap(parts));
    columns
}
