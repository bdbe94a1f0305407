//! Equality and subtyping (language spec §3.2).

use std::rc::Rc;

use super::finder::{Finder, Named};
use super::{Field, Type, TypeKind, Variant};

impl Type {
    /// Whether two types are equal. Labels, argument names and the order of struct fields and of
    /// variants do not count; an error equals nothing, not even itself.
    pub fn equal(&self, other: &Type) -> bool {
        match (&self.kind, &other.kind) {
            (TypeKind::Bottom, TypeKind::Bottom)
            | (TypeKind::Int, TypeKind::Int)
            | (TypeKind::Float, TypeKind::Float)
            | (TypeKind::String, TypeKind::String)
            | (TypeKind::Bool, TypeKind::Bool)
            | (TypeKind::File, TypeKind::File)
            | (TypeKind::Dir, TypeKind::Dir)
            | (TypeKind::Fileset, TypeKind::Fileset)
            | (TypeKind::Unit, TypeKind::Unit)
            | (TypeKind::Top, TypeKind::Top) => true,
            // Composites hold no errors, so that what is shared is equal.
            (TypeKind::List(t), TypeKind::List(u)) => Rc::ptr_eq(t, u) || t.equal(u),
            (TypeKind::Map(t), TypeKind::Map(u)) => Rc::ptr_eq(t, u) || t.0.equal(&u.0) && t.1.equal(&u.1),
            (TypeKind::Tuple(t), TypeKind::Tuple(u)) => equal_by_position(t, u),
            (TypeKind::Func(t), TypeKind::Func(u)) => {
                Rc::ptr_eq(t, u) || equal_by_position(&t.args, &u.args) && t.result.equal(&u.result)
            }
            (TypeKind::Struct(t), TypeKind::Struct(u)) => equal_fields(t, u),
            (TypeKind::Module(t), TypeKind::Module(u)) => Rc::ptr_eq(t, u) || equal_fields(&t.fields, &u.fields),
            (TypeKind::Sum(t), TypeKind::Sum(u)) => equal_variants(t, u),
            _ => false,
        }
    }

    /// Whether two types print alike but for labels and argument names. Since aliases are resolved
    /// before a [`Type`] exists, this is [`Type::equal`].
    pub fn structurally_equal(&self, other: &Type) -> bool {
        self.equal(other)
    }

    /// Whether a value of this type is usable where `wanted` is wanted.
    ///
    /// The unit type is no subtype of itself; programs cannot write it, and the rule is observable.
    pub fn is_subtype(&self, wanted: &Type) -> bool {
        match (&self.kind, &wanted.kind) {
            (TypeKind::Bottom, _)
            | (_, TypeKind::Top)
            | (TypeKind::Int, TypeKind::Int)
            | (TypeKind::Float, TypeKind::Float)
            | (TypeKind::String, TypeKind::String)
            | (TypeKind::Bool, TypeKind::Bool)
            | (TypeKind::File, TypeKind::File)
            | (TypeKind::Dir, TypeKind::Dir)
            | (TypeKind::Fileset, TypeKind::Fileset) => true,
            (TypeKind::List(t), TypeKind::List(u)) => t.is_subtype(u),
            (TypeKind::Map(t), TypeKind::Map(u)) => u.0.is_subtype(&t.0) && t.1.is_subtype(&u.1),
            (TypeKind::Tuple(t), TypeKind::Tuple(u)) => {
                t.len() == u.len() && t.iter().zip(u.iter()).all(|(t, u)| t.ty.is_subtype(&u.ty))
            }
            (TypeKind::Func(t), TypeKind::Func(u)) => {
                t.args.len() == u.args.len()
                    && t.args.iter().zip(u.args.iter()).all(|(t, u)| u.ty.is_subtype(&t.ty))
                    && t.result.is_subtype(&u.result)
            }
            (TypeKind::Struct(t), TypeKind::Struct(u)) => has_fields(t, u),
            (TypeKind::Module(t), TypeKind::Module(u)) => has_fields(&t.fields, &u.fields),
            (TypeKind::Sum(t), TypeKind::Sum(u)) => is_subsum(t, u),
            _ => false,
        }
    }
}

fn equal_by_position(t: &[Field], u: &[Field]) -> bool {
    std::ptr::eq(t, u) || t.len() == u.len() && t.iter().zip(u.iter()).all(|(t, u)| t.ty.equal(&u.ty))
}

/// Equality by name: every item of `t` has an equal one in `u`, and the other way round. Repeated
/// names make the second condition necessary; it is only checked when the orders differ.
fn equal_by_name<T: Named>(t: &[T], u: &[T], equal: impl Fn(&T, &T) -> bool) -> bool {
    if t.len() != u.len() {
        return false;
    }
    let mut in_u = Finder::new(u);
    if !t.iter().all(|item| in_u.find(item.name()).is_some_and(|other| equal(item, other))) {
        return false;
    }
    let mut in_t = Finder::new(t);
    in_u.in_order || u.iter().all(|item| in_t.find(item.name()).is_some())
}

fn equal_fields(t: &[Field], u: &[Field]) -> bool {
    std::ptr::eq(t, u) || equal_by_name(t, u, |t, u| t.ty.equal(&u.ty))
}

fn equal_variants(t: &[Variant], u: &[Variant]) -> bool {
    std::ptr::eq(t, u)
        || equal_by_name(t, u, |t, u| match (&t.payload, &u.payload) {
            (None, None) => true,
            (Some(t), Some(u)) => t.equal(u),
            _ => false,
        })
}

/// Whether every field of `wanted` is in `given`, at a subtype.
fn has_fields(given: &[Field], wanted: &[Field]) -> bool {
    let mut finder = Finder::new(given);
    wanted.iter().all(|field| finder.find(field.name()).is_some_and(|found| found.ty.is_subtype(&field.ty)))
}

/// Whether every variant of `given` is in `wanted`, at a supertype.
fn is_subsum(given: &[Variant], wanted: &[Variant]) -> bool {
    let mut finder = Finder::new(wanted);
    given.iter().all(|variant| {
        finder.find(&variant.tag).is_some_and(|found| match (&variant.payload, &found.payload) {
            (None, None) => true,
            (Some(payload), Some(wanted)) => payload.is_subtype(wanted),
            _ => false,
        })
    })
}
