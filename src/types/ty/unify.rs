//! Unification: the least common supertype of branches, elements and operands (language spec §3.2).
//!
//! Long literals unify thousands of equal types one after another, so a step whose result has the
//! components of its left operand shares them and allocates nothing.

use std::rc::Rc;

use super::finder::Finder;
use super::{Field, FuncType, ModuleType, Type, TypeKind, Variant};

/// The least common supertype of `types`, folded from the left; `bottom` if there are none. An error
/// type with the first reason if there is no common supertype.
///
/// The flow attribute of composite types is lost when there are two or more (§3.4).
pub fn unify<'a>(types: impl IntoIterator<Item = &'a Type>) -> Type {
    let mut types = types.into_iter();
    let Some(first) = types.next() else { return Type::bottom() };
    let mut unified = first.clone();
    for ty in types {
        match unify_pair(&unified, ty) {
            Ok(ty) => unified = ty,
            Err(message) => return Type::error(message),
        }
    }
    unified
}

impl Type {
    /// [`unify`] of two types.
    #[must_use]
    pub fn unify(&self, other: &Type) -> Type {
        unify([self, other])
    }
}

fn unify_pair(t: &Type, u: &Type) -> Result<Type, String> {
    let kind = match (&t.kind, &u.kind) {
        (TypeKind::Bottom, _) => return Ok(u.clone()),
        (_, TypeKind::Bottom) => return Ok(t.clone()),
        (TypeKind::Int, TypeKind::Int)
        | (TypeKind::Float, TypeKind::Float)
        | (TypeKind::String, TypeKind::String)
        | (TypeKind::Bool, TypeKind::Bool)
        | (TypeKind::File, TypeKind::File)
        | (TypeKind::Dir, TypeKind::Dir)
        | (TypeKind::Unit, TypeKind::Unit) => {
            let mut unified = t.clone();
            unified.flow |= u.flow;
            unified.level = t.level.min(u.level);
            return Ok(unified);
        }
        (TypeKind::List(t), TypeKind::List(u)) => TypeKind::List(unify_list(t, u)?),
        (TypeKind::Map(t), TypeKind::Map(u)) => TypeKind::Map(unify_map(t, u)?),
        (TypeKind::Tuple(t), TypeKind::Tuple(u)) => TypeKind::Tuple(unify_tuple(t, u)?),
        (TypeKind::Func(t), TypeKind::Func(u)) => TypeKind::Func(unify_func(t, u)?),
        (TypeKind::Struct(left), TypeKind::Struct(right)) => match common_fields(left, right)? {
            Some(fields) => TypeKind::Struct(fields),
            None => return Err(format!("struct {t} and {u} have no fields in common")),
        },
        (TypeKind::Module(left), TypeKind::Module(right)) => match common_fields(&left.fields, &right.fields)? {
            // Aliases are dropped.
            Some(fields) => TypeKind::Module(Rc::new(ModuleType { fields, aliases: Rc::default() })),
            None => return Err(format!("module {t} and {u} have no fields in common")),
        },
        (TypeKind::Sum(t), TypeKind::Sum(u)) => TypeKind::Sum(unify_sum(t, u)?),
        (TypeKind::Error(_), TypeKind::Error(_)) => return Err("type error".to_owned()),
        (TypeKind::Fileset, TypeKind::Fileset) | (TypeKind::Top, TypeKind::Top) => {
            return Err(format!("unknown kind {}", t.kind_name()));
        }
        _ => return Err(format!("kind mismatch: {} != {}", t.kind_name(), u.kind_name())),
    };
    // Of sums the variants add up, but no more of them than are written.
    let (depth, size) = (t.depth.max(u.depth), t.size.max(u.size));
    Ok(Type { kind, flow: false, level: t.level.min(u.level), label: None, depth, size })
}

fn unify_list(t: &Rc<Type>, u: &Rc<Type>) -> Result<Rc<Type>, String> {
    let element = unify_pair(t, u)?;
    Ok(if is_same(&element, t) { Rc::clone(t) } else { Rc::new(element) })
}

fn unify_map(t: &Rc<(Type, Type)>, u: &Rc<(Type, Type)>) -> Result<Rc<(Type, Type)>, String> {
    let key = if u.0.is_subtype(&t.0) {
        &u.0
    } else if t.0.is_subtype(&u.0) {
        &t.0
    } else {
        return Err(format!("{} and {} are incompatible map key types", t.0, u.0));
    };
    let element = unify_pair(&t.1, &u.1)?;
    let unchanged = is_same(key, &t.0) && is_same(&element, &t.1);
    Ok(if unchanged { Rc::clone(t) } else { Rc::new((key.clone(), element)) })
}

fn unify_tuple(t: &Rc<Vec<Field>>, u: &Rc<Vec<Field>>) -> Result<Rc<Vec<Field>>, String> {
    if t.len() != u.len() {
        return Err(format!("mismatched tuple length: {} != {}", t.len(), u.len()));
    }
    let mut unified = Components::new(t);
    for (left, right) in t.iter().zip(u.iter()) {
        let ty = unify_pair(&left.ty, &right.ty)?;
        let unchanged = left.name.is_none() && is_same(&ty, &left.ty);
        unified.push(unchanged, || Field::unnamed(ty));
    }
    Ok(unified.finish())
}

fn unify_func(t: &Rc<FuncType>, u: &Rc<FuncType>) -> Result<Rc<FuncType>, String> {
    if t.args.len() != u.args.len() {
        return Err(format!("mismatched argument length: {} != {}", t.args.len(), u.args.len()));
    }
    for (index, (left, right)) in t.args.iter().zip(u.args.iter()).enumerate() {
        if !left.ty.equal(&right.ty) {
            return Err(format!("argument {index} does not match: {} != {}", left.ty, right.ty));
        }
    }
    let result = unify_pair(&t.result, &u.result)?;
    if is_same(&result, &t.result) {
        return Ok(Rc::clone(t));
    }
    Ok(Rc::new(FuncType { args: Rc::clone(&t.args), result }))
}

/// The fields of both, in the order of `u`; `None` if there are none.
fn common_fields(t: &Rc<Vec<Field>>, u: &Rc<Vec<Field>>) -> Result<Option<Rc<Vec<Field>>>, String> {
    let mut finder = Finder::new(t);
    let mut unified = Components::new(t);
    for (index, right) in u.iter().enumerate() {
        let Some(left) = finder.find(right.name()) else { continue };
        let ty = unify_pair(&left.ty, &right.ty)?;
        let unchanged = unified.len() == index && finder.in_order && is_same(&ty, &left.ty);
        unified.push(unchanged, || Field { name: left.name.clone(), ty });
    }
    let fields = unified.finish();
    Ok((!fields.is_empty()).then_some(fields))
}

/// The variants of `t`, then those of `u` that are new.
fn unify_sum(t: &Rc<Vec<Variant>>, u: &Rc<Vec<Variant>>) -> Result<Rc<Vec<Variant>>, String> {
    let mut in_u = Finder::new(u);
    let mut unified = Components::new(t);
    for left in t.iter() {
        let payload = match in_u.find(&left.tag) {
            None => left.payload.clone(),
            Some(right) => match (&left.payload, &right.payload) {
                (None, None) => None,
                (Some(left), Some(right)) => Some(unify_pair(left, right)?),
                _ => return Err(format!("cannot unify {}, as one of variants is typeless", left.tag)),
            },
        };
        let unchanged = match (&payload, &left.payload) {
            (Some(new), Some(old)) => is_same(new, old),
            _ => true,
        };
        unified.push(unchanged, || Variant { tag: Rc::clone(&left.tag), payload });
    }
    let mut in_t = Finder::new(t);
    for right in u.iter().filter(|right| in_t.find(&right.tag).is_none()) {
        unified.push(false, || right.clone());
    }
    Ok(unified.finish())
}

/// Whether `a` and `b` are one and the same type, attributes and all, without looking deeply.
fn is_same(a: &Type, b: &Type) -> bool {
    let same_kind = match (&a.kind, &b.kind) {
        (TypeKind::List(a), TypeKind::List(b)) => Rc::ptr_eq(a, b),
        (TypeKind::Map(a), TypeKind::Map(b)) => Rc::ptr_eq(a, b),
        (TypeKind::Tuple(a), TypeKind::Tuple(b)) | (TypeKind::Struct(a), TypeKind::Struct(b)) => Rc::ptr_eq(a, b),
        (TypeKind::Func(a), TypeKind::Func(b)) => Rc::ptr_eq(a, b),
        (TypeKind::Module(a), TypeKind::Module(b)) => Rc::ptr_eq(a, b),
        (TypeKind::Sum(a), TypeKind::Sum(b)) => Rc::ptr_eq(a, b),
        // What is left are scalars: of one kind if they have one number.
        (TypeKind::Error(_), _) => false,
        _ => a.kind_id() == b.kind_id() && !a.is_composite(),
    };
    same_kind && a.flow == b.flow && a.level == b.level && a.label == b.label
}

/// The components of a unified type: those of the left operand for as long as nothing differs.
struct Components<'a, T> {
    original: &'a Rc<Vec<T>>,
    /// How many leading components of `original` are in the result.
    kept: usize,
    /// The result, once it has left the original.
    changed: Option<Vec<T>>,
}

impl<'a, T: Clone> Components<'a, T> {
    fn new(original: &'a Rc<Vec<T>>) -> Self {
        Self { original, kept: 0, changed: None }
    }

    fn len(&self) -> usize {
        self.changed.as_ref().map_or(self.kept, Vec::len)
    }

    /// Appends a component; `unchanged` says that it is the next one of the original.
    fn push(&mut self, unchanged: bool, component: impl FnOnce() -> T) {
        match &mut self.changed {
            Some(changed) => changed.push(component()),
            None if unchanged => self.kept += 1,
            None => {
                let mut changed = self.original.get(..self.kept).unwrap_or_default().to_vec();
                changed.push(component());
                self.changed = Some(changed);
            }
        }
    }

    fn finish(self) -> Rc<Vec<T>> {
        match self.changed {
            Some(changed) => Rc::new(changed),
            None if self.kept == self.original.len() => Rc::clone(self.original),
            None => Rc::new(self.original.get(..self.kept).unwrap_or_default().to_vec()),
        }
    }
}
