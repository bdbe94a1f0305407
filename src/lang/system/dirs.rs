//! `$/dirs`: directories as maps of files.

use std::rc::Rc;

use base::config::OutputKind;
use base::failure::{Error, Kind};
use base::file::File;
use base::fileset::Fileset;
use base::glob::Glob;
use base::regexp::Regexp;
use base::url::Url;
use flow::Graph;
use types::Value;
use types::value::{Dir, Map};

use super::{Call, Member, Mode, text};

pub(super) const MEMBERS: &[Member] = &[
    Member { name: "Groups", mode: Mode::Default, flow: true, run: groups },
    Member { name: "Make", mode: Mode::Forced, flow: false, run: make },
    Member { name: "FromList", mode: Mode::Forced, flow: false, run: from_list },
    Member { name: "Sum", mode: Mode::Forced, flow: false, run: sum },
    Member { name: "Pick", mode: Mode::Default, flow: false, run: pick },
    Member { name: "Files", mode: Mode::Default, flow: false, run: files },
    Member { name: "Copy", mode: Mode::Default, flow: true, run: copy },
    Member { name: "Fileset", mode: Mode::Default, flow: true, run: fileset },
];

/// The map of a fileset as a directory.
pub(super) fn dir_of_fileset(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Fileset(fileset) if fileset.list.is_empty() => Ok(Value::dir(fileset.map.clone())),
        Value::Fileset(fileset) => Ok(Value::dir(fileset.pullup().map)),
        other => Err(Error::new(Kind::Eval, format!("expected a fileset, got {}", other.kind_name()))),
    }
}

fn groups(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Dir(dir), Value::String(pattern)] = args else { return Err(call.misuse(args)) };
    let pattern = Regexp::parse(pattern).map_err(|error| call.plain(error))?;
    let mut groups: std::collections::BTreeMap<Vec<u8>, Dir> = Default::default();
    for (path, file) in dir.iter() {
        if let Some([group]) = pattern.groups(path.as_str()).as_deref() {
            groups.entry(group.to_vec()).or_default().insert(path.clone(), file.clone());
        }
    }
    let entries = groups.into_iter().map(|(group, files)| (Value::string(group), Value::dir(files)));
    Ok(Value::Map(Rc::new(Map::from_entries(entries))))
}

fn entry(call: &Call, path: &Value, file: &Value) -> Result<(String, File), Error> {
    match (path, file) {
        (Value::String(path), Value::File(file)) => Ok((text(path), file.as_ref().clone())),
        (path, file) => Err(call.misuse(&[path.clone(), file.clone()])),
    }
}

fn make(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Map(map)] = args else { return Err(call.misuse(args)) };
    map.iter().map(|(path, file)| entry(call, path, file)).collect::<Result<Dir, Error>>().map(Value::dir)
}

fn from_list(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(list)] = args else { return Err(call.misuse(args)) };
    let entries = list.iter().map(|pair| match pair {
        Value::Tuple(pair) if pair.len() == 2 => entry(call, &pair[0], &pair[1]),
        other => Err(call.misuse(std::slice::from_ref(other))),
    });
    entries.collect::<Result<Dir, Error>>().map(Value::dir)
}

fn sum(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::List(dirs)] = args else { return Err(call.misuse(args)) };
    let mut all = Dir::new();
    for dir in dirs.iter() {
        let Value::Dir(dir) = dir else { return Err(call.misuse(args)) };
        all.extend(dir.iter().map(|(path, file)| (path.clone(), file.clone())));
    }
    Ok(Value::dir(all))
}

fn pick(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Dir(dir), Value::String(pattern)] = args else { return Err(call.misuse(args)) };
    let pattern = text(pattern);
    let glob = Glob::parse(&pattern).map_err(|error| call.plain(error))?;
    match dir.iter().find(|(path, _)| glob.matches(path)) {
        Some((path, file)) => Ok(Value::tuple([Value::file(file.clone()), Value::string(path)])),
        None => Err(call.plain(format_args!("dirs.Pick: no files matched {pattern}"))),
    }
}

fn files(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Dir(dir)] = args else { return Err(call.misuse(args)) };
    Ok(Value::list(dir.values().cloned().map(Value::file).collect()))
}

fn copy(graph: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    let [Value::Dir(dir), Value::String(url)] = args else { return Err(call.misuse(args)) };
    let url = format!("{}/", text(url).trim_end_matches('/'));
    export(graph, call, Fileset::of_map(dir.as_ref().clone()), &url, OutputKind::Dir)
}

/// Exports a fileset to a URL.
pub(super) fn export(
    graph: &mut Graph,
    call: &Call,
    fileset: Fileset,
    url: &str,
    kind: OutputKind,
) -> Result<Value, Error> {
    let parsed = Url::parse(url).map_err(|error| call.plain(error))?;
    if parsed.scheme().is_empty() {
        let module = if kind == OutputKind::Dir { "dirs" } else { "files" };
        return Err(call.plain(format_args!("{module}.Copy: scheme not provided in destination url {url}")));
    }
    let known = graph.fileset(fileset);
    let id = graph.r#extern(&parsed.to_string(), known);
    call.made(graph, id);
    Ok(graph.value(id))
}

fn fileset(_: &mut Graph, call: &Call, args: &[Value]) -> Result<Value, Error> {
    match args {
        [value @ Value::Fileset(_)] => dir_of_fileset(value),
        _ => Err(call.misuse(args)),
    }
}
