//! Legacy scripts: their digests, and that no text of one does harm (language spec §10.5, §11).

use std::rc::Rc;

use base::digest::Digest;
use flow::Graph;
use flow::graph::Config;
use proptest::prelude::*;
use reflow_lang::legacy::{Script, ScriptArguments};
use reflow_lang::module::Importable;
use reflow_lang::session::Session;
use reflow_lang::sources::MemorySources;
use types::Value;

/// The script of a text, or what is wrong with it.
fn script(text: &str) -> Result<Rc<Script>, Vec<String>> {
    let sources = MemorySources::new([("x.reflow", text)]);
    match Session::new(Rc::new(sources), |_| {}).load_any("x.reflow") {
        (Some(Importable::Legacy(script)), _) => Ok(script),
        (_, diagnostics) => Err(diagnostics.iter().map(|diagnostic| diagnostic.line()).collect()),
    }
}

/// The digest of a script's result.
fn digest(text: &str) -> Digest {
    let script = script(text).unwrap();
    let mut graph = Graph::new(Config { universe: String::new(), hash_v1: script.hash_v1() });
    match script.run(&mut graph, &ScriptArguments::default()).unwrap() {
        Value::Flow(flow) => flow.digest,
        other => panic!("a {} is no flow", other.kind_name()),
    }
}

#[test]
fn digests_are_of_the_first_generation_unless_the_script_says_otherwise() {
    let text = "extern(collect(intern(\"s3://b/k\"), \"a\", \"c\"), \"s3://b/out\")";
    let imported = "OpInterns3://b/k";
    let first = format!("{imported}OpCollectacOpExterns3://b/outOpMerge");
    assert_eq!(digest(text), Digest::of(first));
    assert_eq!(digest(&format!("hash(\"v1\")\n{text}")), digest(text));
    let after = |dep: Digest, rest: &str| Digest::of([&dep.written()[..], rest.as_bytes()].concat());
    let second = after(after(after(Digest::of(imported), "OpCollectac"), "OpExterns3://b/out"), "OpMerge");
    assert_eq!(digest(&format!("hash(\"v2\")\n{text}")), second);
}

#[test]
fn scripts_are_bounded() {
    let nested = format!("x = {}\"a\"{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(script(&nested).err().unwrap(), ["x.reflow:1:205: expressions are nested more than 200 deep"]);
    let long = "x = \"a\" ".repeat(5001);
    let message = script(&long).err().unwrap().remove(0);
    assert!(message.ends_with("a legacy script may have at most 5000 statements"), "{message}");
}

proptest! {
    #[test]
    fn any_text_is_a_script_or_is_refused(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "x", "y", " = ", "(", ")", "[", "]", "{", "}", "{{", "}}", "\"a\"", "\"", "`", "\\", ",", ";", "\n", "#",
                "/*", "*/", "//", "let ", " in ", "func", "=>", "param", "args", "concat", "image", "intern", "groupby",
                "map", "collect", "pullup", "extern", "include", "hash", "\"cpu=1\"", "é", "%", "1",
            ]),
            0..40,
        ),
    ) {
        let text = parts.concat();
        match script(&text) {
            Ok(script) => drop(script.run(&mut Graph::default(), &ScriptArguments::default())),
            Err(lines) => prop_assert!(!lines.is_empty()),
        }
    }
}
