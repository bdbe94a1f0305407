//! How a value of one type becomes one of another: the fix for most mismatches.

use std::rc::Rc;

use ::types::Type;
use ::types::ty::TypeKind;

use super::{Operand, Report, listed};
use base::spelling::nearest;

impl Report {
    /// What to write instead of an expression where another type is wanted, if something is near.
    pub(super) fn conversion(&self, have: Operand<'_>, want: &Type) -> Option<String> {
        let text = self.short_text(have.span);
        let name = text.unwrap_or("x");
        Some(match (&have.ty.kind, &want.kind) {
            (TypeKind::Int, TypeKind::Float) => match text {
                Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("a float has a point: `{digits}.0`")
                }
                _ => format!("`float({name})` makes a float of it"),
            },
            (TypeKind::Float, TypeKind::Int) => format!("`int({name})` takes the whole part"),
            (TypeKind::Int, TypeKind::String) => match text {
                Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("a string stands in quotes: `\"{digits}\"`")
                }
                _ => format!("`make(\"$/strings\").FromInt({name})` writes it as a string"),
            },
            (TypeKind::Float, TypeKind::String) => {
                format!("`make(\"$/strings\").FromFloat({name}, -1)` writes it as a string")
            }
            (TypeKind::String, TypeKind::Int | TypeKind::Float) => match text.map(|text| text.trim_matches('"')) {
                Some(digits) if is_number(digits) => format!("a number stands without quotes: `{digits}`"),
                Some(_) if text.is_some_and(|text| text.starts_with(['"', '`'])) => return None,
                _ => match want.kind {
                    TypeKind::Float => format!("`make(\"$/strings\").ToFloat({name})` reads a float"),
                    _ => format!("`int(make(\"$/strings\").ToFloat({name}))` reads an integer"),
                },
            },
            (TypeKind::String, TypeKind::File) => format!("`file({name})` is the file at a path or URL"),
            (TypeKind::String, TypeKind::Dir) => format!("`dir({name})` is the directory at a path or URL"),
            (TypeKind::String, TypeKind::Bool) => match text {
                Some("\"true\"") => "`true` stands without quotes".to_owned(),
                Some("\"false\"") => "`false` stands without quotes".to_owned(),
                _ => format!("compare it: `{name} != \"\"`"),
            },
            (TypeKind::File | TypeKind::Dir, TypeKind::String) => {
                format!("what is in a file is known only to commands, which get its path: `{{{{{name}}}}}`")
            }
            (TypeKind::File | TypeKind::Dir | TypeKind::List(_) | TypeKind::Map(_), TypeKind::Int) => {
                format!("`len({name})` is its size")
            }
            (TypeKind::Int, TypeKind::Bool) => format!("compare it: `{name} != 0`"),
            (TypeKind::Dir, TypeKind::File) => {
                "`make(\"$/dirs\").Pick(d, \"*.txt\")` picks a file out of a directory, \
                                                with its path"
                    .to_owned()
            }
            (TypeKind::Dir, TypeKind::List(_)) => {
                "`make(\"$/dirs\").Files(d)` is the list of a directory's files".to_owned()
            }
            (TypeKind::Dir, TypeKind::Map(_)) => format!("`map({name})` is the map from paths to files"),
            (TypeKind::Map(_), TypeKind::Dir) => {
                format!("`make(\"$/dirs\").Make({name})` makes a directory of a map from paths to files")
            }
            (TypeKind::Map(_), TypeKind::List(_)) => format!("`list({name})` is the list of its pairs"),
            (_, TypeKind::List(element)) if have.ty.is_subtype(element) => {
                format!("a list of one element is written `[{name}]`")
            }
            (TypeKind::List(element), _) if element.is_subtype(want) => {
                format!("`{name}[0]` is one of its elements; a comprehension, `[… | x <- {name}]`, goes through all")
            }
            (TypeKind::Tuple(_), _) => "a pattern takes a tuple apart: `val (a, b) = …`".to_owned(),
            (TypeKind::Func(func), _) if func.result.is_subtype(want) => {
                format!("call it: `{name}({})`", func.args.iter().map(|arg| arg.name()).collect::<Vec<_>>().join(", "))
            }
            (TypeKind::Struct(_) | TypeKind::Module(_), TypeKind::Struct(_) | TypeKind::Module(_)) => {
                return lacking(have.ty, want);
            }
            (TypeKind::Struct(fields), _) => {
                let field = fields.iter().find(|field| field.ty.is_subtype(want))?;
                format!("its field `{}` is of that type", field.name())
            }
            (TypeKind::Sum(_), TypeKind::Sum(_)) => {
                let variants = have.ty.variants().iter();
                let foreign = variants.filter(|variant| want.variant(&variant.tag).is_none());
                let tags: Vec<String> = foreign.map(|variant| format!("#{}", variant.tag)).collect();
                format!("{} is no variant of the type wanted", listed(tags.iter().map(String::as_str))?)
            }
            _ => return None,
        })
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The fields that a struct lacks, or that are of another type.
fn lacking(have: &Type, want: &Type) -> Option<String> {
    let missing: Vec<Rc<str>> = want
        .fields()
        .iter()
        .filter(|field| have.field(field.name()).is_none())
        .filter_map(|field| field.name.clone())
        .collect();
    if !missing.is_empty() {
        let known: Vec<Rc<str>> = have.fields().iter().filter_map(|field| field.name.clone()).collect();
        let near = match missing.as_slice() {
            [only] => nearest(only, known),
            _ => None,
        };
        let words = if missing.len() == 1 { "the field" } else { "the fields" };
        let names = listed(missing.iter().map(|name| &**name))?;
        return Some(match near {
            Some(near) => format!("{words} {names} is missing; there is a field `{near}`"),
            None => format!("{words} {names} {} missing", if missing.len() == 1 { "is" } else { "are" }),
        });
    }
    want.fields().iter().find_map(|wanted| {
        let found = have.field(wanted.name())?;
        let differs = !found.is_subtype(&wanted.ty);
        differs.then(|| format!("the field `{}` is {found}, not {}", wanted.name(), wanted.ty))
    })
}
