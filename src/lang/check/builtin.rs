//! Calls of builtins (language spec §6).

use syntax::ast::{self, Span};
use types::Type;
use types::ty::{Field, Level, TypeKind};

use super::{Checker, any_flow};
use crate::diagnostics::{Operand, within};
use crate::tree::{Builtin, ExprKind, Node};

/// The type of a call, or what is wrong with it.
type Typed = Result<Type, Wrong>;

/// What is wrong with a call.
struct Wrong {
    message: String,
    /// The argument that it is about; `None` if there are too few.
    argument: Option<usize>,
    /// What is wanted there.
    wants: String,
    help: Option<String>,
}

/// An argument that is not what the builtin wants.
fn wrong(argument: usize, wants: impl Into<String>, message: String) -> Wrong {
    Wrong { message, argument: Some(argument), wants: wants.into(), help: None }
}

/// The wrong number of arguments.
fn count(message: String) -> Wrong {
    Wrong { message, argument: None, wants: String::new(), help: None }
}

impl Wrong {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

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
            Err(wrong) => return self.wrong_call(builtin, &args, wrong, span),
        };
        let flow = match builtin {
            Builtin::Zip | Builtin::Unzip | Builtin::Panic | Builtin::Error => false,
            Builtin::Delay => true,
            Builtin::Trace => args[0].ty.flow,
            _ => any_flow(types),
        };
        self.node(ExprKind::Builtin(builtin, args), ty.with_flow(flow).with_level(Level::NotConst), span)
    }

    fn wrong_call(&mut self, builtin: Builtin, args: &[Node], wrong: Wrong, span: Span) -> Node {
        let argument = wrong.argument.and_then(|number| args.get(number));
        let diagnostic = match (argument, args) {
            (Some(arg), _) => {
                let arg = Operand::of(arg);
                self.report.builtin_argument(span, builtin, &wrong.message, arg, &wrong.wants, wrong.help)
            }
            (None, [first, ..]) => {
                let drawn = Span {
                    start: first.span.start,
                    end: args.last().map_or(first.span.end, |last| last.span.end),
                    at: span.at,
                };
                self.report.builtin_count(span, drawn, &wrong.message, form(builtin))
            }
            (None, []) => self.report.builtin_count(span, within(span, span), &wrong.message, form(builtin)),
        };
        self.fail(diagnostic, span)
    }
}

/// How a builtin is called.
fn form(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::Len => "len(x)",
        Builtin::Int => "int(x)",
        Builtin::Float => "float(x)",
        Builtin::Zip => "zip(xs, ys)",
        Builtin::Unzip => "unzip(pairs)",
        Builtin::Flatten => "flatten(lists)",
        Builtin::Map => "map(pairs)",
        Builtin::List => "list(map)",
        Builtin::Panic => "panic(message)",
        Builtin::Error => "error(code, message)",
        Builtin::Delay => "delay(x)",
        Builtin::Trace => "trace(x)",
        Builtin::Range => "range(first, end)",
        Builtin::Reduce => "reduce(func(a, b T) => …, xs)",
        Builtin::Fold => "fold(func(a A, x T) => …, xs, initial)",
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
        return Err(count(format!("{name} expects {wanted} {plural}, got {}", args.len())));
    }
    match builtin {
        Builtin::Len => match args[0].kind {
            TypeKind::File | TypeKind::Dir | TypeKind::List(_) | TypeKind::Map(_) | TypeKind::String => Ok(Type::int()),
            _ => {
                let message = format!("cannot apply len operator to value of type {}", args[0]);
                Err(wrong(0, "file, dir, list, map or string", message))
            }
        },
        Builtin::Int => match args[0].kind {
            TypeKind::Float => Ok(Type::int()),
            _ => {
                let wrong = wrong(0, "float", format!("cannot convert type {} to int", args[0]));
                Err(match args[0].kind {
                    TypeKind::Int => wrong.help("it is an int already"),
                    TypeKind::String => wrong.help("`int(make(\"$/strings\").ToFloat(s))` reads an integer"),
                    _ => wrong,
                })
            }
        },
        Builtin::Float => match args[0].kind {
            TypeKind::Int => Ok(Type::float()),
            _ => {
                let wrong = wrong(0, "int", format!("cannot convert type {} to float", args[0]));
                Err(match args[0].kind {
                    TypeKind::Float => wrong.help("it is a float already"),
                    TypeKind::String => wrong.help("`make(\"$/strings\").ToFloat(s)` reads a float"),
                    _ => wrong,
                })
            }
        },
        Builtin::Zip => {
            let element_of = |number: usize| {
                let ty = args[number];
                let element = element(ty).map(Field::unnamed);
                element.ok_or_else(|| wrong(number, "a list", format!("zip expects a list, not {ty}")))
            };
            let fields = [element_of(0)?, element_of(1)?];
            Ok(Type::list(Type::tuple(fields)))
        }
        Builtin::Unzip => unzip_type(args[0]),
        Builtin::Flatten => match element(args[0]) {
            Some(inner) if matches!(inner.kind, TypeKind::List(_) | TypeKind::Bottom) => Ok(match inner.kind {
                TypeKind::Bottom => Type::list(Type::bottom()),
                _ => fresh(inner),
            }),
            _ => Err(wrong(0, "a list of lists", format!("flatten expects a list of lists, got {}", args[0]))),
        },
        Builtin::Map => map_type(args[0]),
        Builtin::List => match &args[0].kind {
            TypeKind::Map(types) => Ok(Type::list(pair(types.0.clone(), types.1.clone()))),
            TypeKind::Dir => Ok(Type::list(pair(Type::string(), Type::file()))),
            _ => {
                let wrong = wrong(0, "a map or dir", format!("cannot convert type {} to list", args[0]));
                Err(match args[0].kind {
                    TypeKind::List(_) => wrong.help("it is a list already"),
                    _ => wrong.help("a list is written with brackets: `[a, b]`"),
                })
            }
        },
        Builtin::Panic => match args[0].kind {
            TypeKind::String => Ok(Type::bottom()),
            _ => Err(wrong(0, "string", format!("panic expects a string, not {}", args[0]))),
        },
        Builtin::Error => match (&args[0].kind, &args[1].kind) {
            (TypeKind::Int, TypeKind::String) => Ok(Type::bottom()),
            _ => {
                let message = format!("error expects an int and string, not {} and {} ", args[0], args[1]);
                Err(match args[0].kind {
                    TypeKind::Int => wrong(1, "string", message),
                    _ => wrong(0, "int", message).help("the code comes first, then the text: `error(2, \"…\")`"),
                })
            }
        },
        Builtin::Delay | Builtin::Trace => Ok(args[0].clone()),
        Builtin::Range => match args[..2].iter().position(|ty| !matches!(ty.kind, TypeKind::Int)) {
            None => Ok(Type::list(Type::int())),
            Some(number) => Err(wrong(number, "int", format!("range expects an integer, not {}", args[number]))),
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
    let element = element(ty).ok_or_else(|| wrong(0, "a list of pairs", format!("unzip expects a list, not {ty}")))?;
    match &element.kind {
        TypeKind::Tuple(fields) => match fields.as_slice() {
            [left, right] => Ok(pair(Type::list(left.ty.clone()), Type::list(right.ty.clone()))),
            _ => {
                let message = format!("unzip expects a list of 2-tuple elements, not a list of {element} elements");
                Err(wrong(0, "a list of pairs", message))
            }
        },
        _ => {
            let message = format!("unzip expects a list of tuple elements, not a list of {element} elements");
            Err(wrong(0, "a list of pairs", message))
        }
    }
}

fn map_type(ty: &Type) -> Typed {
    let element = match &ty.kind {
        TypeKind::Dir => return Ok(Type::map(Type::string(), Type::file())),
        TypeKind::List(element) => element,
        _ => {
            let wrong = wrong(0, "a list of pairs or a dir", format!("cannot convert type {ty} to map"));
            return Err(match ty.kind {
                TypeKind::Map(_) => wrong.help("it is a map already"),
                TypeKind::Func(_) => wrong.help("to apply a function to all of a list write `[f(x) | x <- xs]`"),
                _ => wrong,
            });
        }
    };
    let TypeKind::Tuple(fields) = &element.kind else {
        return Err(wrong(0, "a list of pairs", format!("map expects a list of tuples, not {element}")));
    };
    let [key, value] = fields.as_slice() else {
        return Err(wrong(0, "a list of pairs", format!("map expects a list of 2-tuples, not {element}")));
    };
    match key.ty.kind {
        TypeKind::String | TypeKind::Int => Ok(Type::map(key.ty.clone(), value.ty.clone())),
        _ => {
            let message = format!("type {} is not a valid map index", key.ty);
            Err(wrong(0, "keys of type string or int", message)
                .help("`map` makes maps with keys of type string or int"))
        }
    }
}

/// The type `func(A, B) R`.
fn binary_function(left: &Type, right: &Type, result: &Type) -> Type {
    Type::func([Field::unnamed(left.clone()), Field::unnamed(right.clone())], result.clone())
}

fn reduce_type(args: &[&Type]) -> Typed {
    let [function, list] = args else {
        return Err(count(format!("reduce expects two arguments, got {}", args.len())));
    };
    let TypeKind::Func(func) = &function.kind else {
        return Err(wrong(0, "a function", format!("reduce expects a function as its first argument, got {function}")));
    };
    let element = element(list)
        .ok_or_else(|| wrong(1, "a list", format!("reduce expects a list as its second argument, got {list}")))?;
    let result = &func.result;
    let mismatch = |want: Type| {
        wrong(0, want.to_string(), format!("reduce expects first argument of type {want}, got {function}"))
            .help("the function takes two values of the list's type, or of its own result's, and makes one of them")
    };
    if !element.is_subtype(result) {
        return Err(mismatch(binary_function(&element, &element, &element)));
    }
    let want = binary_function(result, result, result);
    if function.is_subtype(&want) { Ok(result.clone()) } else { Err(mismatch(want)) }
}

fn fold_type(args: &[&Type]) -> Typed {
    let [function, list, initial] = args else {
        return Err(count(format!("fold expects three arguments, got {}", args.len())));
    };
    let func = match &function.kind {
        TypeKind::Func(func) if func.args.len() == 2 => func,
        _ => {
            let message = format!("fold expects a function with two arguments as its first argument, got {function}");
            return Err(wrong(0, "a function of two arguments", message));
        }
    };
    let element = element(list)
        .ok_or_else(|| wrong(1, "a list", format!("fold expects a list as its second argument, got {list}")))?;
    let accumulator = &func.args[0].ty;
    let mismatch = |want: Type| {
        wrong(0, want.to_string(), format!("fold expects first argument of type {want}, got {function}"))
            .help("the function takes what is folded so far and an element, and yields what is folded then")
    };
    if !initial.is_subtype(accumulator) {
        return Err(mismatch(binary_function(initial, &element, initial)));
    }
    let want = binary_function(accumulator, &element, accumulator);
    if function.is_subtype(&want) { Ok(func.result.clone()) } else { Err(mismatch(want)) }
}
