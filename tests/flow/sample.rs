//! The filesets and nodes that the golden tables speak of.

use base::Resources;
use base::digest::Digest;
use base::file::File;
use base::fileset::Fileset;
use flow::graph::{Config, FlowId, Graph};
use flow::node::{ArgRef, Exec, Op};

/// A graph of the second hash generation without universe.
pub(crate) fn graph() -> Graph {
    Graph::default()
}

/// A graph of the first hash generation.
pub(crate) fn graph_v1() -> Graph {
    Graph::new(Config { hash_v1: true, ..Config::default() })
}

/// A fileset of these paths, each file having the digest of its own path.
pub(crate) fn named(paths: &[&str]) -> Fileset {
    let file = |path: &str| File::resolved(Digest::of(path), path.len() as u64);
    Fileset::of_map(paths.iter().map(|path| ((*path).to_owned(), file(path))).collect())
}

/// The fileset of row G3.
pub(crate) fn foo_bar() -> Fileset {
    named(&["foo", "bar"])
}

/// The fileset of row G4.
pub(crate) fn abc_bar() -> Fileset {
    named(&["a/b/c", "bar"])
}

/// The fileset `{".": D("foo")}`.
pub(crate) fn single_foo() -> Fileset {
    Fileset::of_file(File::resolved(Digest::of("foo"), 3))
}

/// Intern of `s3://bucket/key`, the *I* of the table.
pub(crate) fn intern(graph: &mut Graph) -> FlowId {
    graph.intern("s3://bucket/key", false)
}

/// What an exec of this image, command and argument map runs.
pub(crate) fn command(image: &str, command: &str, args: Option<&[ArgRef]>) -> Exec {
    Exec {
        image: image.into(),
        command: command.into(),
        args: args.map(Into::into),
        outputs: None,
        resources: Resources::new(),
        arg_names: Box::default(),
        nondeterministic: false,
    }
}

/// The exec of rows G15 to G19.
pub(crate) fn cat(graph: &mut Graph, args: Option<&[ArgRef]>, extra: Option<Digest>) -> FlowId {
    let dep = intern(graph);
    let op = Op::Exec(Box::new(command("ubuntu", "cat %s > %s", args)));
    graph.add_extra(op, [dep], extra)
}

/// The arguments of rows G16, G17 and G19: input 0, output 0.
pub(crate) const IN_OUT: &[ArgRef] = &[ArgRef::Input(0), ArgRef::Output(0)];

/// The graph of rows G8 and G9, with the nodes of rows G11 to G13 on the way: collect, groupby, map,
/// extern.
pub(crate) fn pipeline(graph: &mut Graph) -> [FlowId; 4] {
    let intern = graph.intern("internurl", false);
    let collect = graph.add(Op::Collect { pattern: ".*".into(), replacement: "$0".into() }, [intern]);
    let groupby = graph.add(Op::Groupby { pattern: "foo-(.*)".into() }, [collect]);
    let map = graph.map(groupby, |graph: &mut Graph, element: FlowId| {
        graph.exec(command("image", "command", None), vec![element])
    });
    [collect, groupby, map, graph.r#extern("externurl", map)]
}
