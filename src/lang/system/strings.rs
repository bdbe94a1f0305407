//! `$/strings`: strings of bytes, usually UTF-8.

use std::rc::Rc;

use base::failure::Error;
use flow::Graph;
use types::Value;
use types::float::Float;

use super::{Call, Member, Mode, text};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Split", mode: Mode::Default, flow: false, run: split },
    Member { name: "Chunk", mode: Mode::Default, flow: false, run: chunk },
    Member { name: "Join", mode: Mode::Forced, flow: false, run: join },
    Member { name: "HasPrefix", mode: Mode::Default, flow: false, run: has_prefix },
    Member { name: "HasSuffix", mode: Mode::Default, flow: false, run: has_suffix },
    Member { name: "Sort", mode: Mode::Forced, flow: false, run: sort },
    Member { name: "FromInt", mode: Mode::Forced, flow: false, run: from_int },
    Member { name: "FromFloat", mode: Mode::Forced, flow: false, run: from_float },
    Member { name: "ToFloat", mode: Mode::Forced, flow: false, run: to_float },
];

fn strings<'a>(call: &Call, list: &'a [Value]) -> Result<Vec<&'a Rc<[u8]>>, Error> {
    list.iter()
        .map(|value| match value {
            Value::String(bytes) => Ok(bytes),
            other => Err(call.misuse(std::slice::from_ref(other))),
        })
        .collect()
}

fn split(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::String(separator)] = args else { return Err(call.misuse(args)) };
    if separator.is_empty() {
        return Ok(Value::list(characters(subject).map(Value::string).collect()));
    }
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at + separator.len() <= subject.len() {
        if subject[at..].starts_with(separator) {
            pieces.push(Value::string(&subject[start..at]));
            at += separator.len();
            start = at;
        } else {
            at += 1;
        }
    }
    pieces.push(Value::string(&subject[start..]));
    Ok(Value::list(pieces))
}

/// The characters of a string; each malformed byte is one.
fn characters(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid();
        let whole = valid.char_indices().map(move |(at, c)| &valid.as_bytes()[at..at + c.len_utf8()]);
        whole.chain(chunk.invalid().chunks(1))
    })
}

fn chunk(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::Int(limit)] = args else { return Err(call.misuse(args)) };
    let limit = limit.to_i64_saturating();
    if limit < 4 {
        return Err(call.plain(format_args!("strings.Chunks: maxLen {limit} must be >= 4")));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if subject.len() <= limit {
        return Ok(Value::list(vec![args[0].clone()]));
    }
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for character in text(subject).chars() {
        if piece.len() + character.len_utf8() > limit {
            pieces.push(Value::string(std::mem::take(&mut piece)));
        }
        piece.push(character);
    }
    if !piece.is_empty() {
        pieces.push(Value::string(piece));
    }
    Ok(Value::list(pieces))
}

fn join(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(list), Value::String(separator)] = args else { return Err(call.misuse(args)) };
    let parts: Vec<&[u8]> = strings(call, list)?.into_iter().map(AsRef::as_ref).collect();
    call.session.fuel.spend_on_bytes(parts.len().saturating_mul(separator.len()))?;
    Ok(Value::string(parts.join(separator.as_ref())))
}

fn has_prefix(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::String(prefix)] = args else { return Err(call.misuse(args)) };
    Ok(Value::Bool(subject.starts_with(prefix)))
}

fn has_suffix(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::String(suffix)] = args else { return Err(call.misuse(args)) };
    Ok(Value::Bool(subject.ends_with(suffix)))
}

fn sort(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(list)] = args else { return Err(call.misuse(args)) };
    let mut sorted = strings(call, list)?;
    sorted.sort();
    Ok(Value::list(sorted.into_iter().cloned().map(Value::String).collect()))
}

fn from_int(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Int(number)] = args else { return Err(call.misuse(args)) };
    Ok(Value::string(number.to_string()))
}

fn from_float(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Float(number), Value::Int(precision)] = args else { return Err(call.misuse(args)) };
    // More digits than any float has would only ask for memory.
    let precision = precision.to_i64_saturating().min(1 << 20);
    Ok(Value::string(number.to_text(precision)))
}

fn to_float(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(number)] = args else { return Err(call.misuse(args)) };
    Float::parse(number).map(Value::Float).map_err(|error| call.plain(error))
}
