//! `$/test`: assertions about values and about execs.

use base::digest::Digest;
use base::failure::{Error, Kind};
use flow::Graph;
use flow::node::Resumed;
use types::Value;

use crate::eval::fault;

use super::{Call, Member, Mode, text};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Assert", mode: Mode::Forced, flow: false, run: assert },
    Member { name: "AssertMap", mode: Mode::Forced, flow: false, run: assert_map },
    Member { name: "All", mode: Mode::Forced, flow: false, run: all },
    Member { name: "ExecRepeatAndCheck", mode: Mode::Direct, flow: true, run: exec_repeat_and_check },
];

fn failed(call: &Call, which: &str) -> Error {
    call.plain(format_args!("{} failed assertion {}[{which}]", call.place, call.ident)).explained_by(fault::ASSERTION)
}

/// The indices of the elements that are false.
fn wrong(list: &[Value]) -> Vec<String> {
    let wrong = list.iter().enumerate().filter(|(_, value)| matches!(value, Value::Bool(false)));
    wrong.map(|(index, _)| index.to_string()).collect()
}

fn assert(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(list)] = args else { return Err(call.misuse(args)) };
    match wrong(list).as_slice() {
        [] => Ok(Value::Unit),
        indices => Err(failed(call, &indices.join(" "))),
    }
}

fn all(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(list)] = args else { return Err(call.misuse(args)) };
    match wrong(list).first() {
        None => Ok(Value::Bool(true)),
        Some(index) => Err(failed(call, index)),
    }
}

fn assert_map(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Map(map)] = args else { return Err(call.misuse(args)) };
    let mut keys: Vec<String> = map
        .iter()
        .filter_map(|entry| match entry {
            (Value::String(key), Value::Bool(false)) => Some(text(key)),
            _ => None,
        })
        .collect();
    keys.sort();
    if keys.is_empty() { Ok(Value::Bool(true)) } else { Err(failed(call, &keys.join(", "))) }
}

/// Repeats the execs below a value and compares their results.
///
/// The continuation has the digest of the format; the repetition itself is not built yet, and says so
/// rather than claim that results agreed which nobody compared.
fn exec_repeat_and_check(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [value, times] = args else { return Err(call.misuse(args)) };
    let Value::Flow(flow) = value else {
        // The class is part of the sentence here (language spec §7.3).
        return Err(call.failure("precondition was not met: no execs to repeat"));
    };
    let once = matches!(times, Value::Int(times) if times.to_i64().is_some_and(|times| times <= 1));
    let error = call.failure("test.ExecRepeatAndCheck is not supported yet").with_kind(Kind::NotSupported);
    let dep = graph.id_of(flow);
    let code = move |_: &mut Graph, _: &[Value]| match once {
        true => Ok(Resumed::Value(Value::Bool(true))),
        false => Err(error.clone()),
    };
    let id = graph.continuation(Digest::of("grail.com/reflow/syntax.repeat.Comparer"), vec![dep], code);
    call.made(graph, id);
    Ok(graph.value(id))
}
