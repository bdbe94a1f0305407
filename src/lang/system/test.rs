//! `$/test`: assertions about values and about execs.

mod repeat;

use base::digest::Digest;
use base::failure::Error;
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
fn exec_repeat_and_check(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let (value, times) = match args {
        [value, Value::Int(times)] => (value, times),
        [_, Value::Flow(_)] => return Err(call.failure("times must be known when the program is evaluated")),
        _ => return Err(call.misuse(args)),
    };
    let Value::Flow(flow) = value else {
        // The class is part of the sentence here (language spec §7.3).
        return Err(call.failure("precondition was not met: no execs to repeat"));
    };
    let times = times.to_i64_saturating();
    let dep = graph.id_of(flow);
    let (session, label) = (call.session.clone(), call.ident.clone());
    let code = move |graph: &mut Graph, _: &[Value]| match times {
        ..=1 => Ok(Resumed::Value(Value::Bool(true))),
        _ => repeat::repeat(graph, &session, &label, dep, times),
    };
    let id = graph.continuation(Digest::of("grail.com/reflow/syntax.repeat.Comparer"), vec![dep], code);
    call.made(graph, id);
    Ok(graph.value(id))
}
