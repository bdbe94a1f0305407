//! `$/regexp`: regular expressions in Go's dialect of RE2.

use base::failure::Error;
use base::regexp::Regexp;
use flow::Graph;
use types::Value;

use super::{Call, Member, Mode, text};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Groups", mode: Mode::Default, flow: false, run: groups },
    Member { name: "Match", mode: Mode::Default, flow: false, run: is_match },
    Member { name: "Replace", mode: Mode::Default, flow: false, run: replace },
];

fn parse(call: &Call, pattern: &[u8]) -> Result<Regexp, Error> {
    Regexp::parse(pattern).map_err(|error| call.plain(error))
}

fn groups(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::String(pattern)] = args else { return Err(call.misuse(args)) };
    match parse(call, pattern)?.groups(subject.as_ref()) {
        Some(groups) => Ok(Value::list(groups.into_iter().map(Value::string).collect())),
        None => Err(call.plain(format_args!("regexp {} does not match string {}", text(pattern), text(subject)))),
    }
}

fn is_match(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(subject), Value::String(pattern)] = args else { return Err(call.misuse(args)) };
    Ok(Value::Bool(parse(call, pattern)?.is_match(subject.as_ref())))
}

fn replace(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(source), Value::String(pattern), Value::String(template)] = args else {
        return Err(call.misuse(args));
    };
    call.session.fuel.spend_on_bytes(source.len().saturating_mul(template.len()))?;
    Ok(Value::string(parse(call, pattern)?.replace_all(source.as_ref(), template.as_ref())))
}
