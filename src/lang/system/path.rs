//! `$/path`: slash-separated paths, looked at as text.

use base::failure::Error;
use flow::Graph;
use types::Value;

use super::{Call, Member, Mode};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Base", mode: Mode::Default, flow: false, run: base_name },
    Member { name: "Dir", mode: Mode::Default, flow: false, run: dir },
    Member { name: "Ext", mode: Mode::Default, flow: false, run: ext },
    Member { name: "Join", mode: Mode::Forced, flow: false, run: join },
];

fn last_slash(path: &[u8]) -> Option<usize> {
    path.iter().rposition(|byte| *byte == b'/')
}

fn base_name(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(path)] = args else { return Err(call.misuse(args)) };
    if path.is_empty() {
        return Ok(Value::string("."));
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let trimmed = &path[..end];
    if trimmed.is_empty() {
        return Ok(Value::string("/"));
    }
    Ok(Value::string(&trimmed[last_slash(trimmed).map_or(0, |slash| slash + 1)..]))
}

fn dir(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(path)] = args else { return Err(call.misuse(args)) };
    Ok(match last_slash(path) {
        None => Value::string(""),
        Some(0) => Value::string("/"),
        Some(slash) => Value::string(&path[..slash]),
    })
}

fn ext(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(path)] = args else { return Err(call.misuse(args)) };
    let name = &path[last_slash(path).map_or(0, |slash| slash + 1)..];
    let dot = name.iter().rposition(|byte| *byte == b'.');
    Ok(Value::string(dot.map_or(&[] as &[u8], |dot| &name[dot..])))
}

fn join(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(paths)] = args else { return Err(call.misuse(args)) };
    let parts: Vec<&[u8]> = paths
        .iter()
        .filter_map(|path| match path {
            Value::String(path) if !path.is_empty() => Some(path.as_ref()),
            _ => None,
        })
        .collect();
    Ok(Value::string(parts.join(&b'/')))
}
