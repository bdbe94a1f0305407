//! The predeclared names: `file`, `dir` and the binary units (language spec §3.9, §7.2).

use std::collections::BTreeMap;
use std::rc::Rc;

use base::digest::Digest;
use base::failure::Error;
use base::url::Url;
use flow::Graph;
use flow::node::{Op, Resumed};
use types::ty::Field;
use types::{Type, Value};

use crate::eval::fault;

use super::{Call, Member, Mode, file_of_fileset, function, text};

/// How much local data a program may take in, in bytes.
const LOCAL_LIMIT: u64 = 200 << 20;

const FILE: Member = Member { name: "file", mode: Mode::Default, flow: true, run: file };
const DIR: Member = Member { name: "dir", mode: Mode::Default, flow: true, run: dir };
const UNITS: [(&str, i64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// The predeclared names with their values, in the order of their numbers.
pub(crate) fn predeclared() -> Vec<(&'static str, Value)> {
    let [file_type, dir_type] = [Type::file(), Type::dir()].map(import_type);
    let mut names = vec![("file", function("", &FILE, file_type)), ("dir", function("", &DIR, dir_type))];
    names.extend(UNITS.map(|(name, size)| (name, Value::int(size))));
    names
}

/// The predeclared names with their types, in the order of their numbers.
pub(crate) fn predeclared_types() -> Vec<(&'static str, Type)> {
    let mut names = vec![("file", import_type(Type::file())), ("dir", import_type(Type::dir()))];
    names.extend(UNITS.map(|(name, _)| (name, Type::int().with_level(types::ty::Level::Const))));
    names
}

fn import_type(result: Type) -> Type {
    Type::func([Field::named("url", Type::string())], result.with_flow(true))
}

fn parse(call: &Call, path: &str) -> Result<Url, Error> {
    Url::parse(path).map_err(|error| call.plain(error))
}

/// `file(url)`
fn file(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(path)] = args else { return Err(call.misuse(args)) };
    let path = text(path);
    let path = path.trim_end_matches('/');
    let url = parse(call, path)?;
    if !url.scheme().is_empty() {
        let url = url.to_string();
        let id = graph.intern(&url, false);
        graph.set_place(id, call.node_place.clone());
        return Ok(file_of_fileset(graph, "file.fs$file", id, &url));
    }
    let open =
        |error: Error| call.failure(format_args!("open {path}: {}", error.message())).explained_by(fault::LOCAL_DATA);
    let size = call.session.sources().size(path).map_err(open)?;
    if size > LOCAL_LIMIT {
        let size = size >> 20;
        let message = format!("file {path} is too large ({size}MB); local files may not exceed 200MB");
        return Err(call.plain(message).explained_by(fault::LOCAL_SIZE));
    }
    let bytes = call.session.sources().read(path).map_err(open)?;
    let id = graph.add(Op::Data(bytes.into()), []);
    graph.note_source(id, path);
    graph.set_place(id, call.node_place.clone());
    Ok(file_of_fileset(graph, "file.fs$file1", id, path))
}

/// `dir(url)`
fn dir(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::String(path)] = args else { return Err(call.misuse(args)) };
    let path = format!("{}/", text(path).trim_end_matches('/'));
    let url = parse(call, &path)?;
    if !url.scheme().is_empty() {
        let url = url.to_string();
        let id = graph.intern(&url, false);
        graph.set_place(id, call.node_place.clone());
        let id = graph.coerce(Digest::of("$dir.fs2dir"), id, super::dirs::dir_of_fileset);
        return Ok(graph.value(id));
    }
    local_dir(graph, call, &path)
}

fn local_dir(graph: &mut Graph, call: &Call, path: &str) -> Result<Value, Error> {
    let names = call.session.sources().walk(path);
    if names.is_empty() {
        return Err(call.plain(format_args!("empty directory {path}")).explained_by(fault::EMPTY_DIR));
    }
    let mut total = 0;
    let mut deps = Vec::with_capacity(names.len());
    for name in &names {
        let full = format!("{path}{name}");
        let open = |error: Error| {
            call.failure(format_args!("open {full}: {}", error.message())).explained_by(fault::LOCAL_DATA)
        };
        total += call.session.sources().size(&full).map_err(open)?;
        if total > LOCAL_LIMIT {
            let message = format!("directory {path} exceeds maximum size of 200MB");
            return Err(call.plain(message).explained_by(fault::LOCAL_SIZE));
        }
        let bytes = call.session.sources().read(&full).map_err(open)?;
        let id = graph.add(Op::Data(bytes.into()), []);
        graph.note_source(id, &full);
        deps.push(call.made(graph, id));
    }
    let code = move |_: &mut Graph, values: &[Value]| {
        let mut files = BTreeMap::new();
        for (name, value) in names.iter().zip(values) {
            if let Value::Fileset(fileset) = value {
                files.insert(name.clone(), fileset.file()?.clone());
            }
        }
        Ok(Resumed::Value(Value::Dir(Rc::new(files))))
    };
    let id = graph.continuation(Digest::of("file.fs$file2"), deps, code);
    call.made(graph, id);
    Ok(graph.value(id))
}

/// Imports a file or directory for a call.
pub(super) fn import(graph: &mut Graph, call: &Call, is_dir: bool, url: Value) -> Result<Value, Error> {
    if is_dir { dir(graph, call, &[url]) } else { file(graph, call, &[url]) }
}
