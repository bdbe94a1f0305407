//! Calls of builtins (language spec §6).

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Field, Level, TypeKind};

use super::{Checker, any_flow};
use crate::tree::{Builtin, ExprKind, Node};

/// The type of a call, or what is wrong with it.
type Typed = Result<Type, String>;

impl Checker<'_> {
    pub(super) fn convert(&mut self, conversion: ast::Conversion, operand: &ast::Expr, span: Span) -> Node {
        let builtin = match conversion {
            ast::Conversion::Int => Builtin::Int,
            ast::Conversion::Float => Builtin::Float,
        };
        self.builtin(builtin, std::slice::from_ref(operand), span)
    }

    pub(super) fn builtin(&mut self, builtin: Builtin, args: &[ast::Expr], span: Span) -> Node {
        let args = self.exprs(args);
        if args.iter().any(|arg| arg.ty.is_error()) {
            return self.silent(span);
        }
        let types: Vec<&Type> = args.iter().map(|arg| &arg.ty).collect();
        let ty = match call_type(builtin, &types) {
            Ok(ty) => ty,
            Err(message) => {
                let diagnostic = self.report.builtin(span, message);
                return self.fail(diagnostic, span);
            }
        };
        let flow = match builtin {
            Builtin::Zip | Builtin::Unzip | Builtin::Panic | Builtin::Error => false,
            Builtin::Delay => true,
            Builtin::Trace => args[0].ty.flow,
            _ => any_flow(types),
        };
        self.node(ExprKind::Builtin(builtin, args.into()), ty.with_flow(flow).with_level(Level::NotConst), span)
    }
}

fn call_type(builtin: Builtin, args: &[&Type]) -> Typed {
    let name = builtin.name();
    let wanted = match builtin {
        Builtin::Zip | Builtin::Range | Builtin::Error => 2,
        // These two count for themselves.
        Builtin::Reduce | Builtin::Fold => 0,
        _ => 1,
    };
    if args.len() < wanted {
        let plural = if wanted == 1 { "argument" } else { "arguments" };
        return Err(format!("{name} expects {wanted} {plural}, got {}", args.len()));
    }
    match builtin {
        Builtin::Len => match args[0].kind {
            TypeKind::File | TypeKind::Dir | TypeKind::List(_) | TypeKind::Map(_) | TypeKind::String => Ok(Type::int()),
            _ => Err(format!("cannot apply len operator to value of type {}", args[0])),
        },
        Builtin::Int => match args[0].kind {
            TypeKind::Float => Ok(Type::int()),
            _ => Err(format!("cannot convert type {} to int", args[0])),
        },
        Builtin::Float => match args[0].kind {
            TypeKind::Int => Ok(Type::float()),
            _ => Err(format!("cannot convert type {} to float", args[0])),
        },
        Builtin::Zip => {
            let elements =
                args[..2].iter().map(|ty| element(ty).ok_or_else(|| format!("zip expects a list, not {ty}")));
            let fields = elements.map(|element| element.map(Field::unnamed)).collect::<Result<Vec<_>, _>>()?;
            Ok(Type::list(Type::tuple(fields)))
        }
        Builtin::Unzip => unzip_type(args[0]),
        Builtin::Flatten => match element(args[0]) {
            Some(inner) if matches!(inner.kind, TypeKind::List(_) | TypeKind::Bottom) => Ok(match inner.kind {
                TypeKind::Bottom => Type::list(Type::bottom()),
                _ => fresh(inner),
            }),
            _ => Err(format!("flatten expects a list of lists, got {}", args[0])),
        },
        Builtin::Map => map_type(args[0]),
        Builtin::List => match &args[0].kind {
            TypeKind::Map(types) => Ok(Type::list(pair(types.0.clone(), types.1.clone()))),
            TypeKind::Dir => Ok(Type::list(pair(Type::string(), Type::file()))),
            _ => Err(format!("cannot convert type {} to list", args[0])),
        },
        Builtin::Panic => match args[0].kind {
            TypeKind::String => Ok(Type::bottom()),
            _ => Err(format!("panic expects a string, not {}", args[0])),
        },
        Builtin::Error => match (&args[0].kind, &args[1].kind) {
            (TypeKind::Int, TypeKind::String) => Ok(Type::bottom()),
            _ => Err(format!("error expects an int and string, not {} and {} ", args[0], args[1])),
        },
        Builtin::Delay | Builtin::Trace => Ok(args[0].clone()),
        Builtin::Range => match args[..2].iter().find(|ty| !matches!(ty.kind, TypeKind::Int)) {
            None => Ok(Type::list(Type::int())),
            Some(ty) => Err(format!("range expects an integer, not {ty}")),
        },
        Builtin::Reduce => reduce_type(args),
        Builtin::Fold => fold_type(args),
    }
}

fn element(ty: &Type) -> Option<Type> {
    match &ty.kind {
        TypeKind::List(element) => Some(element.as_ref().clone()),
        _ => None,
    }
}

fn pair(left: Type, right: Type) -> Type {
    Type::tuple([Field::unnamed(left), Field::unnamed(right)])
}

/// A type without the attributes that came with a value.
fn fresh(ty: Type) -> Type {
    ty.with_flow(false).with_level(Level::CanConst)
}

fn unzip_type(ty: &Type) -> Typed {
    let element = element(ty).ok_or_else(|| format!("unzip expects a list, not {ty}"))?;
    match &element.kind {
        TypeKind::Tuple(fields) => match fields.as_ref() {
            [left, right] => Ok(pair(Type::list(left.ty.clone()), Type::list(right.ty.clone()))),
            _ => Err(format!("unzip expects a list of 2-tuple elements, not a list of {element} elements")),
        },
        _ => Err(format!("unzip expects a list of tuple elements, not a list of {element} elements")),
    }
}

fn map_type(ty: &Type) -> Typed {
    let element = match &ty.kind {
        TypeKind::Dir => return Ok(Type::map(Type::string(), Type::file())),
        TypeKind::List(element) => element,
        _ => return Err(format!("cannot convert type {ty} to map")),
    };
    let TypeKind::Tuple(fields) = &element.kind else {
        return Err(format!("map expects a list of tuples, not {element}"));
    };
    let [key, value] = fields.as_ref() else {
        return Err(format!("map expects a list of 2-tuples, not {element}"));
    };
    match key.ty.kind {
        TypeKind::String | TypeKind::Int => Ok(Type::map(key.ty.clone(), value.ty.clone())),
        _ => Err(format!("type {} is not a valid map index", key.ty)),
    }
}

/// The type `func(A, B) R`.
fn binary_function(left: &Type, right: &Type, result: &Type) -> Type {
    Type::func([Field::unnamed(left.clone()), Field::unnamed(right.clone())], result.clone())
}

fn reduce_type(args: &[&Type]) -> Typed {
    let [function, list] = args else {
        return Err(format!("reduce expects two arguments, got {}", args.len()));
    };
    let TypeKind::Func(func) = &function.kind else {
        return Err(format!("reduce expects a function as its first argument, got {function}"));
    };
    let element = element(list).ok_or_else(|| format!("reduce expects a list as its second argument, got {list}"))?;
    let result = &func.result;
    let mismatch = |want: Type| format!("reduce expects first argument of type {want}, got {function}");
    if !element.is_subtype(result) {
        return Err(mismatch(binary_function(&element, &element, &element)));
    }
    let want = binary_function(result, result, result);
    if function.is_subtype(&want) { Ok(result.clone()) } else { Err(mismatch(want)) }
}

fn fold_type(args: &[&Type]) -> Typed {
    let [function, list, initial] = args else {
        return Err(format!("fold expects three arguments, got {}", args.len()));
    };
    let func = match &function.kind {
        TypeKind::Func(func) if func.args.len() == 2 => func,
        _ => return Err(format!("fold expects a function with two arguments as its first argument, got {function}")),
    };
    let element = element(list).ok_or_else(|| format!("fold expects a list as its second argument, got {list}"))?;
    let accumulator = &func.args[0].ty;
    let mismatch = |want: Type| format!("fold expects first argument of type {want}, got {function}");
    if !initial.is_subtype(accumulator) {
        return Err(mismatch(binary_function(initial, &element, initial)));
    }
    let want = binary_function(accumulator, &element, accumulator);
    if function.is_subtype(&want) { Ok(func.result.clone()) } else { Err(mismatch(want)) }
}
