//! What a module of tests says that its commands give: its value `Canned`.
//!
//! ```text
//! val Canned = [
//!     {match: "Counts$", out: "3 the\n1 cat\n"},
//!     {match: "Total$", out: "4 the\n"},
//! ]
//! ```
//!
//! The types say which forms there are, so that a mistake is met before anything is evaluated.

use base::regexp::Regexp;
use exec::{CannedOutput, CannedResult};
use types::ty::TypeKind;
use types::{Type, Value};

use super::workshop::Workshop;
use crate::exit::Exit;

/// The name of the value.
pub(super) const NAME: &str = "Canned";

/// What is wrong with the type of the value.
pub(super) fn check(ty: &Type) -> Result<(), String> {
    let TypeKind::List(element) = &ty.kind else { return Err(unfit(ty)) };
    if matches!(element.kind, TypeKind::Bottom) {
        return Ok(());
    }
    let text = element.field("match").is_some_and(|ty| matches!(ty.kind, TypeKind::String));
    let out = element.field("out").is_some_and(is_outputs);
    match matches!(element.kind, TypeKind::Struct(_)) && text && out {
        true => Ok(()),
        false => Err(unfit(ty)),
    }
}

fn unfit(ty: &Type) -> String {
    format!(
        "{NAME} must be a list of structs {{match string, out T}}, where T is string, file, dir, \
         #Text(string) | #File(file) | #Dir(dir), or a list of one of these for several outputs; \
         here it is of type {ty}"
    )
}

fn is_outputs(ty: &Type) -> bool {
    match &ty.kind {
        TypeKind::List(element) => matches!(element.kind, TypeKind::Bottom) || is_output(element),
        _ => is_output(ty),
    }
}

fn is_output(ty: &Type) -> bool {
    match &ty.kind {
        TypeKind::String | TypeKind::File | TypeKind::Dir => true,
        TypeKind::Sum(variants) => variants.iter().all(|variant| {
            let payload = variant.payload.as_ref().map(|payload| &payload.kind);
            matches!(
                (&*variant.tag, payload),
                ("Text", Some(TypeKind::String)) | ("File", Some(TypeKind::File)) | ("Dir", Some(TypeKind::Dir))
            )
        }),
        _ => false,
    }
}

/// Takes the results from the value, whose type is right; the inner error is the module's.
pub(super) fn take(value: &Value, ty: &Type, workshop: &Workshop) -> Result<Result<Vec<CannedResult>, String>, Exit> {
    let Value::List(elements) = value else { return Ok(Err(unfit(ty))) };
    let mut results = Vec::with_capacity(elements.len());
    for (number, element) in elements.iter().enumerate() {
        let Value::Struct(record) = element else { return Ok(Err(unfit(ty))) };
        let (Some(Value::String(pattern)), Some(out)) = (record.get("match"), record.get("out")) else {
            return Ok(Err(unfit(ty)));
        };
        let pattern = match Regexp::parse(pattern.as_ref()) {
            Ok(pattern) => pattern,
            Err(error) => return Ok(Err(format!("{NAME}[{number}].match: {error}"))),
        };
        let outputs = match out {
            Value::List(outputs) => outputs.iter().map(|out| output(out, workshop)).collect::<Result<Vec<_>, _>>(),
            out => output(out, workshop).map(|output| vec![output]),
        };
        match outputs?.into_iter().collect::<Option<Vec<_>>>() {
            Some(outputs) => results.push(CannedResult::new(pattern, outputs)),
            None => {
                return Ok(Err(format!("{NAME}[{number}].out: the file is only a reference; its content is not here")));
            }
        }
    }
    Ok(Ok(results))
}

/// An output; nothing for one whose content is not known.
fn output(value: &Value, workshop: &Workshop) -> Result<Option<CannedOutput>, Exit> {
    Ok(match value {
        Value::String(text) => Some(CannedOutput::File(workshop.put(text)?)),
        Value::File(file) => file.id.is_some().then(|| CannedOutput::File(file.as_ref().clone())),
        Value::Dir(files) => {
            let known = files.values().all(|file| file.id.is_some());
            known.then(|| CannedOutput::Dir(files.as_ref().clone()))
        }
        Value::Variant(variant) => match &variant.payload {
            Some(payload) => output(payload, workshop)?,
            None => None,
        },
        _ => None,
    })
}
