//! `$/files`: single files.

use base::config::OutputKind;
use base::failure::Error;
use base::fileset::Fileset;
use flow::Graph;
use flow::node::Op;
use types::Value;

use super::dirs::export;
use super::{Call, Member, Mode, file_of_fileset, text};

/// How much data a program may spell out, in bytes.
const DATA_LIMIT: usize = 10 << 20;

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Copy", mode: Mode::Default, flow: true, run: copy },
    Member { name: "Create", mode: Mode::Default, flow: true, run: create },
    Member { name: "Fileset", mode: Mode::Default, flow: true, run: fileset },
];

fn copy(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::File(file), Value::String(url)] = args else { return Err(call.misuse(args)) };
    let url = text(url);
    export(graph, call, Fileset::of_file(file.as_ref().clone()), url.trim_end_matches('/'), OutputKind::File)
}

fn create(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(data)] = args else { return Err(call.misuse(args)) };
    if data.len() > DATA_LIMIT {
        let size = data.len() >> 20;
        return Err(call.failure(format_args!("data is too large ({size}MB); files.Create data may not exceed 10MB")));
    }
    let id = graph.add(Op::Data(data.clone()), []);
    call.made(graph, id);
    Ok(file_of_fileset(graph, "grail.com/reflow/syntax.coerceFilesetToFile", id, "files.Create"))
}

fn fileset(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    match args {
        [Value::Fileset(fileset)] => fileset.file().cloned().map(Value::file),
        _ => Err(call.misuse(args)),
    }
}
