//! Golden digests of language spec §10, as data in the folder beside this file (LANG-152).

use std::fs;
use std::rc::Rc;

use base::digest::Digest;
use flow::{Graph, Op};
use reflow_lang::eval::instantiate;
use reflow_lang::parameters;
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use types::ty::TypeKind;
use types::{Type, Value};

fn folder() -> String {
    format!("{}/../../tests/lang/digests", env!("CARGO_MANIFEST_DIR"))
}

fn session() -> Rc<Session> {
    session_of(|text| text)
}

/// A session over the programs of the folder, each changed first.
fn session_of(change: impl Fn(Vec<u8>) -> Vec<u8>) -> Rc<Session> {
    let mut sources = MemorySources::default();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rf") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            sources.0.insert(name, change(fs::read(&path).unwrap()));
        }
    }
    sources.0.insert("/dev/null".to_owned(), Vec::new());
    Session::new(Rc::new(sources) as Rc<dyn Sources>, |_| {})
}

/// What a value is digested as in the vectors: its kind and digest.
fn described(graph: &Graph, value: &Value, ty: &Type) -> (String, Digest) {
    match value {
        Value::Flow(flow) => {
            let id = graph.id_of(flow);
            (format!("flow:{}", graph.op(id).name()), graph.digest(id))
        }
        Value::Function(function) if !matches!(ty.kind, TypeKind::Top) => ("func".to_owned(), function.digest()),
        other => ("value".to_owned(), types::digest::value_digest(other, ty)),
    }
}

#[test]
fn lang_152_expressions() {
    let text = fs::read_to_string(format!("{}/expressions.txt", folder())).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("# ")).collect();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for pair in lines.chunks_exact(2) {
        let (expr, want) = (pair[0], pair[1].trim());
        let session = session();
        let mut graph = Graph::default();
        let (checked_expr, diagnostics) = session.check_expr(expr);
        let Some(checked_expr) = checked_expr else {
            let lines: Vec<_> = diagnostics.iter().map(syntax::diagnostic::Diagnostic::line).collect();
            wrong.push(format!("{expr}\n  does not check: {}", lines.join("\n")));
            continue;
        };
        let ty = checked_expr.ty().clone();
        let got = match session.eval_expr(&mut graph, &checked_expr) {
            Err(error) => format!("error {error}"),
            Ok(value) => {
                let (kind, digest) = match &value {
                    Value::Flow(_) => described(&graph, &value, &ty),
                    value => ("value".to_owned(), types::digest::value_digest(value, &ty)),
                };
                format!("{ty} :: {kind} :: {}", digest.hex())
            }
        };
        if got != want {
            wrong.push(format!("{expr}\n  want {want}\n  got  {got}"));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 90, "only {checked} vectors were found");
}

/// Runs a module as from a command line and compares the digests of its members, as it is written and as it
/// is when it has been formatted.
fn module_vectors(name: &str, args: &[&str]) {
    members(&session(), name, args);
    members(&session_of(formatted), name, args);
}

/// A program formatted, its blanks having been wasted before.
fn formatted(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(text).unwrap().replace(" = ", "   =\n").replace("\n\n", "\n\n\n");
    let formatted = syntax::format::format(&syntax::diagnostic::Source::new("t.rf", text.as_str())).unwrap();
    assert!(formatted != text);
    formatted.into_bytes()
}

fn members(session: &Rc<Session>, name: &str, args: &[&str]) {
    let (module, diagnostics) = session.load(&format!("{name}.rf"));
    let lines: Vec<_> = diagnostics.iter().map(syntax::diagnostic::Diagnostic::line).collect();
    let module = module.unwrap_or_else(|| panic!("{}", lines.join("\n")));
    let mut graph = Graph::default();
    let flags = parameters::flags(&mut graph, session, &module).unwrap();
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let settings = parameters::parse(&flags, &args).unwrap();
    let arguments = parameters::arguments(&mut graph, session, &flags, &settings).unwrap();
    let value = instantiate(&mut graph, session, &module, &arguments).unwrap();
    let Value::Module(record) = &value else { panic!("not a module") };
    let vectors = fs::read_to_string(format!("{}/{name}.digests", folder())).unwrap();
    let mut wrong = Vec::new();
    for line in vectors.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [member, kind, digest] = words.as_slice() else { panic!("bad vector {line:?}") };
        let got = described(&graph, record.get(member).unwrap(), module.ty.field(member).unwrap());
        if (got.0.as_str(), got.1.hex().as_str()) != (*kind, *digest) {
            wrong.push(format!("{member}: want {kind} {digest}, got {} {}", got.0, got.1.hex()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lang_152_module_members() {
    module_vectors("vec1", &["-q", "zed"]);
}

#[test]
fn lang_152_closures() {
    module_vectors("vec3", &[]);
}

#[test]
fn lang_152_flows() {
    module_vectors("vec4", &[]);
}

/// The flows of execs in language spec §10.8, before and after their inputs are known.
#[test]
fn lang_152_execs() {
    let execs = [
        (
            r#"exec(image := "ubuntu") (out file) {" cp {{file("s3://blah")}} {{out}} "}"#,
            "8452af59a381c85ee9f0e46d54f90ace40068b034a69d732967a1eb9cd7ed3b5",
        ),
        (
            r#"exec(image := "ubuntu") (out file) {" cp {{    file("s3://blah")  }} {{  out}} "}"#,
            "217db429e085cd6cda825b6ef848491e26d28cc149fb1d522a6efc0f9039b701",
        ),
        (
            r#"exec(image := "ubuntu") (x file) {" cp {{file("s3://blah")}} {{x}} "}"#,
            "983af1e08bc0f1f84afa8660440c15361009d6cc1b3f1dc2e2872f5a7a47474a",
        ),
        (
            r#"exec(image := "ubuntu", mem := 32*GiB) (x file) {" cp {{file("s3://blah")}} {{x}} "}"#,
            "531ff51daa9804678e04b76e03bfc86d45a3028302574324e17e485144b5718a",
        ),
    ];
    let file = Value::file(base::File::resolved(Digest::of("test"), 4));
    for (expr, waiting) in execs {
        let known = resumed(expr, waiting, file.clone());
        assert_eq!(known.hex(), "d8e460ec44666ed75cc4d41a46b961646e9c669266a2698cdb54f0323ebf7be4", "{expr}");
    }
    for (image, known) in [
        ("ubuntu:18.04", "763d67e774c9bbe58550654181c0e9611db1845c2831faef2c620a24b21412bb"),
        ("ubuntu20.04", "e3d88a2b57074a78215f5395ee3ddf9c46563228560d070147dcd80175238e2c"),
    ] {
        let expr = format!(
            "{{ str := delay(\"str\"); exec(image := \"{image}\", mem := 32*GiB, cpu := 32) (out file) {{\"\n\t\t\techo {{{{str}}}} > {{{{out}}}}\n\t\t\t\"}} }}"
        );
        assert_eq!(resumed(&expr, "", Value::string("str")).hex(), known);
    }
}

/// Checks the digest of the continuation that an expression evaluates to, and gives that of the node
/// which it becomes once its only input has `input` as its value.
fn resumed(expr: &str, waiting: &str, input: Value) -> Digest {
    let session = session();
    let mut graph = Graph::default();
    let (checked, diagnostics) = session.check_expr(expr);
    let checked = checked.unwrap_or_else(|| panic!("{expr}: {}", diagnostics[0].line()));
    let value = session.eval_expr(&mut graph, &checked).unwrap();
    let id = graph.id_of(value.as_flow().unwrap());
    if !waiting.is_empty() {
        assert_eq!(graph.digest(id).hex(), waiting, "{expr}");
    }
    let Op::Continue { code, .. } = graph.op(id) else { panic!("{expr} is no continuation") };
    let code = code.clone();
    match code.resume(&mut graph, &[input]).unwrap() {
        flow::node::Resumed::Flow(id) => graph.digest(id),
        flow::node::Resumed::Value(_) => panic!("{expr} is no flow"),
    }
}
