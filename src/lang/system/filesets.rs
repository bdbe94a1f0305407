//! `$/filesets`: files and directories as the values of legacy programs.

use std::rc::Rc;

use base::failure::Error;
use base::fileset::Fileset;
use flow::Graph;
use types::Value;

use super::{Call, Member, Mode};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Dir", mode: Mode::Default, flow: false, run: dir },
    Member { name: "File", mode: Mode::Default, flow: false, run: file },
];

fn dir(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Dir(dir)] = args else { return Err(call.misuse(args)) };
    Ok(Value::Fileset(Rc::new(Fileset::of_map(dir.as_ref().clone()))))
}

fn file(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::File(file)] = args else { return Err(call.misuse(args)) };
    Ok(Value::Fileset(Rc::new(Fileset::of_file(file.as_ref().clone()))))
}
