//! `ExecRepeatAndCheck`: runs execs again and compares what they gave (language spec §7.3).
//!
//! What a value depends on is known when it has been computed: continuations may have added execs on the
//! way. Each is then copied, told apart by an extra digest so that no cache and no other copy answers for
//! it, and compared with its copies.

use std::rc::Rc;

use base::digest::Digest;
use base::failure::{Error, Kind};
use base::fileset::Fileset;
use flow::node::{Op, Resumed};
use flow::{FlowId, Graph};
use types::Value;

use crate::session::Session;

/// Repeats the execs below `root`, which has a value, so that each runs `times` times in all; comes to
/// whether all results agree.
pub(super) fn repeat(
    graph: &mut Graph,
    session: &Rc<Session>,
    label: &Rc<str>,
    root: FlowId,
    times: i64,
) -> Result<Resumed, Error> {
    let mut comparisons = Vec::new();
    let mut skipped = 0_usize;
    for id in flow::reach::execs(graph, root) {
        let Op::Exec(exec) = graph.op(id) else { continue };
        if exec.nondeterministic {
            skipped += 1;
            continue;
        }
        session.fuel.spend(times.unsigned_abs())?;
        let name = format!("{}({})", graph.ident(id), graph.digest(id).short());
        let execs = with_copies(graph, id, times);
        let digest = Digest::of("grail.com/reflow/syntax.repeat.repeatAndCompare");
        let compared = graph.continuation(digest, execs, move |_: &mut Graph, results: &[Value]| {
            compare(&name, results).map(Resumed::Value)
        });
        graph.label(compared, label);
        comparisons.push(compared);
    }
    if comparisons.is_empty() {
        if skipped == 0 {
            return Err(Error::new(Kind::Precondition, "no execs to repeat"));
        }
        session.trace(&format!("no repeated execs ({skipped} were skipped)"));
        return Ok(Resumed::Value(Value::Bool(true)));
    }
    let session = session.clone();
    let digest = Digest::of("grail.com/reflow/syntax.repeat.ComparerAggregator");
    let all = graph.continuation(digest, comparisons, move |_: &mut Graph, outcomes: &[Value]| {
        Ok(Resumed::Value(Value::Bool(tell(&session, outcomes, skipped))))
    });
    graph.label(all, label);
    Ok(Resumed::Flow(all))
}

/// An exec and its copies.
fn with_copies(graph: &mut Graph, id: FlowId, times: i64) -> Vec<FlowId> {
    let mut execs = vec![id];
    let deps = graph.deps(id).to_vec();
    let prefix = format!("{}_{}", graph.ident(id), graph.digest(id).short());
    let place = graph.place(id).cloned();
    let Op::Exec(exec) = graph.op(id) else { return execs };
    let exec = exec.clone();
    for number in 1..times {
        let extra = Digest::of(number.to_string());
        let copy = graph.add_extra(Op::Exec(exec.clone()), deps.clone(), Some(extra));
        graph.label(copy, &format!("{prefix}.repeat.{number}").into());
        if let Some(place) = &place {
            graph.set_place(copy, place.clone());
        }
        execs.push(copy);
    }
    execs
}

/// Whether all results agree, and a text that says so or how they differ.
fn compare(name: &str, results: &[Value]) -> Result<Value, Error> {
    let filesets = results.iter().map(fileset).collect::<Result<Vec<_>, _>>()?;
    let (first, repeated) = filesets.split_first().ok_or_else(|| Error::new(Kind::Fatal, "nothing to compare"))?;
    let differences: Vec<String> = (repeated.iter().enumerate())
        .filter_map(|(number, other)| Some((number + 1, first.diff(other)?)))
        .map(|(number, difference)| {
            let lines: Vec<&str> = difference.lines().map(str::trim).collect();
            format!("repeat {number}: {}", lines.join("; "))
        })
        .collect();
    let text = match differences.is_empty() {
        true => format!("repeated exec result {name}: all same"),
        false => format!("repeated exec result {name}: differences: {}", differences.join(" | ")),
    };
    Ok(Value::tuple([Value::Bool(differences.is_empty()), Value::string(text)]))
}

fn fileset(value: &Value) -> Result<&Rc<Fileset>, Error> {
    match value {
        Value::Fileset(fileset) => Ok(fileset),
        other => Err(Error::new(Kind::Fatal, format!("an exec came to a value of kind {}", other.kind_name()))),
    }
}

/// Says what came of the comparisons; whether all agree.
fn tell(session: &Session, outcomes: &[Value], skipped: usize) -> bool {
    let mut all_same = true;
    for outcome in outcomes {
        if let Value::Tuple(parts) = outcome
            && let [Value::Bool(same), Value::String(text)] = parts.as_ref()
        {
            all_same &= same;
            session.trace(&super::text(text));
        }
    }
    if skipped > 0 {
        let plural = if skipped == 1 { "" } else { "s" };
        session.trace(&format!("{skipped} nondeterministic exec{plural} not repeated"));
    }
    all_same
}
