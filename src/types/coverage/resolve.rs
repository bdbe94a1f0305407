//! Patterns brought into the form that matrices are made of.
//!
//! Names are resolved to positions, tails that are themselves list patterns become part of the list, and
//! fields that are named twice are one.

use super::Pat;
use crate::ty::{Type, TypeKind};

/// A pattern, resolved against its type.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Everything.
    Any,
    /// All components of a tuple.
    Tuple(Vec<Shape>),
    /// Some fields of a struct by position, ascending.
    Struct(Vec<(usize, Shape)>),
    /// A list of exactly, or if `open` at least, as many elements.
    List { elements: Vec<Shape>, open: bool },
    /// The variant at a position of a sum.
    Variant(usize, Option<Box<Shape>>),
}

/// What `pattern` is for values of type `ty`; `None` if nothing can match.
pub(super) fn resolve(ty: &Type, pattern: &Pat) -> Option<Shape> {
    match (pattern, &ty.kind) {
        (Pat::Tuple(patterns), TypeKind::Tuple(fields)) if patterns.len() == fields.len() => {
            let components = patterns.iter().zip(fields.iter());
            components.map(|(pattern, field)| resolve(&field.ty, pattern)).collect::<Option<_>>().map(Shape::Tuple)
        }
        (Pat::List { elements, tail }, TypeKind::List(element)) => resolve_list(element, elements, tail.as_deref()),
        (Pat::Struct(patterns), TypeKind::Struct(fields)) => {
            let mut resolved = Vec::with_capacity(patterns.len());
            for (name, pattern) in patterns {
                let Some(position) = fields.iter().position(|field| field.name() == &**name) else { continue };
                resolved.push((position, resolve(&fields[position].ty, pattern)?));
            }
            resolved.sort_by_key(|(position, _)| *position);
            merge_fields(resolved).map(Shape::Struct)
        }
        (Pat::Variant(tag, payload), TypeKind::Sum(variants)) => {
            let Some(position) = variants.iter().position(|variant| variant.tag == *tag) else {
                return Some(Shape::Any);
            };
            let payload = match (&variants[position].payload, payload) {
                (Some(ty), Some(pattern)) => Some(Box::new(resolve(ty, pattern)?)),
                (Some(_), None) => Some(Box::new(Shape::Any)),
                (None, _) => None,
            };
            Some(Shape::Variant(position, payload))
        }
        _ => Some(Shape::Any),
    }
}

fn resolve_list(element: &Type, elements: &[Pat], tail: Option<&Pat>) -> Option<Shape> {
    let mut resolved = Vec::with_capacity(elements.len());
    let (mut elements, mut tail) = (elements, tail);
    loop {
        for pattern in elements {
            resolved.push(resolve(element, pattern)?);
        }
        match tail {
            Some(Pat::List { elements: more, tail: rest }) => (elements, tail) = (more, rest.as_deref()),
            tail => return Some(Shape::List { elements: resolved, open: tail.is_some() }),
        }
    }
}

/// Makes one of neighbours for the same field.
fn merge_fields(fields: Vec<(usize, Shape)>) -> Option<Vec<(usize, Shape)>> {
    let mut merged: Vec<(usize, Shape)> = Vec::with_capacity(fields.len());
    for (position, shape) in fields {
        match merged.last_mut() {
            Some((last, existing)) if *last == position => {
                *existing = intersect(std::mem::replace(existing, Shape::Any), shape)?;
            }
            _ => merged.push((position, shape)),
        }
    }
    Some(merged)
}

/// What matches both; `None` if nothing does.
fn intersect(left: Shape, right: Shape) -> Option<Shape> {
    Some(match (left, right) {
        (Shape::Any, shape) | (shape, Shape::Any) => shape,
        (Shape::Tuple(left), Shape::Tuple(right)) => Shape::Tuple(intersect_all(left, right)?),
        (Shape::Struct(mut left), Shape::Struct(right)) => {
            left.extend(right);
            left.sort_by_key(|(position, _)| *position);
            Shape::Struct(merge_fields(left)?)
        }
        (Shape::List { elements: left, open: l }, Shape::List { elements: right, open: r }) => {
            let too_short = |elements: &[Shape], open: bool, other: &[Shape]| !open && elements.len() < other.len();
            if too_short(&left, l, &right) || too_short(&right, r, &left) {
                return None;
            }
            Shape::List { elements: intersect_all(left, right)?, open: l && r }
        }
        (Shape::Variant(left, l), Shape::Variant(right, r)) if left == right => {
            let payload = match (l, r) {
                (Some(l), Some(r)) => Some(Box::new(intersect(*l, *r)?)),
                (payload, None) | (None, payload) => payload,
            };
            Shape::Variant(left, payload)
        }
        _ => return None,
    })
}

/// Intersects position by position; what one of the two has more stays.
fn intersect_all(left: Vec<Shape>, right: Vec<Shape>) -> Option<Vec<Shape>> {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let mut both = Vec::new();
    loop {
        both.push(match (left.next(), right.next()) {
            (Some(left), Some(right)) => intersect(left, right)?,
            (Some(shape), None) | (None, Some(shape)) => shape,
            (None, None) => return Some(both),
        });
    }
}
