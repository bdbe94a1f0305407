//! Rows G1 to G34: what things digest to.
//!
//! Row G31 is about continuations with access to the evaluation's context, which this graph does not
//! have: the language makes none.

use std::collections::BTreeMap;

use base::assertion::{Assertions, Key};
use base::digest::{Digest, Material};
use base::file::{File, Origin};
use base::fileset::Fileset;
use flow::graph::{Config, FlowId, Graph};
use flow::node::{ArgRef, Op, Resumed};
use types::Value;

use crate::sample::{IN_OUT, abc_bar, cat, command, foo_bar, graph, graph_v1, intern, pipeline, single_foo};

fn check(rows: &[(&str, Digest, &str)]) {
    for (row, digest, expected) in rows {
        assert_eq!(digest.hex(), *expected, "row {row}");
    }
}

/// Subject, namespace, properties.
type Entry<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn asserted(entries: &[Entry<'_>]) -> Assertions {
    let entry = |(subject, namespace, properties): &Entry<'_>| {
        let key = Key { namespace: (*namespace).to_owned(), subject: (*subject).to_owned() };
        let properties: BTreeMap<_, _> =
            properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        (key, properties)
    };
    entries.iter().map(entry).collect()
}

#[test]
fn rt_36_filesets_files_and_assertions() {
    let both = Fileset::of_list(vec![foo_bar(), abc_bar()]);
    let known =
        asserted(&[("ubuntu", "docker", &[("version", "v2")]), ("s3://bucket/hello", "blob", &[("etag", "v1")])]);
    let reference = |assertions| {
        let source = "s3://bucket/key".to_owned();
        File::reference(3, Origin { source, etag: "e1".to_owned(), assertions, ..Origin::default() })
    };
    let with_assertions = reference(asserted(&[("s3://bucket/key", "blob", &[("etag", "e1"), ("size", "3")])]));
    check(&[
        ("G1", Fileset::new().material_digest(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "G1, assertions",
            Assertions::default().material_digest(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        ("G2", both.material_digest(), "d60e67ce9e89548b502a5ad7968e99caed0d388f0a991b906f41a7ba65adb31f"),
        ("G3", foo_bar().material_digest(), "c66f7cb9b8446e5365941d541f0ef0f933090b7347aea8ff0a96a7350c33e264"),
        ("G4", abc_bar().material_digest(), "8e22ba59c8e3b42a6e0ace2f9e2aeecae9fedfb946a7993af2278c47fff049ea"),
        ("G5", known.material_digest(), "91ff89b8a50fc7e2d35311f6a1bb1e2d9be9d2aab4c62795588dc951b33321e8"),
        (
            "G6",
            reference(Assertions::default()).digest(),
            "79cff6b8ea331e96876220a307020065c9bebf3180dc826b774ccc4abf0a82ab",
        ),
        ("G7", with_assertions.digest(), "aed58a7219be7bc13a3c14a545260dd1dd0b59ff791899c7f281ed8b4b4d5ed8"),
    ]);
}

#[test]
fn rt_35_the_pipeline_in_both_hash_generations() {
    let mut second = graph();
    let [collect, groupby, map, export] = pipeline(&mut second);
    let mut first = graph_v1();
    let [.., export_v1] = pipeline(&mut first);
    let intern = second.intern("internurl", false);
    check(&[
        ("G8", second.digest(export), "02751e46c573a31747a30b05c2b73b2eb556fb45fb4c0aaf88d170f4b5e6d4e7"),
        ("G9", first.digest(export_v1), "5a3a916fe9a11b67f9a0dbd67f6fac0f986dd67803267e79f25f866ca9781e2f"),
        ("G10", second.digest(intern), "1130f3ba1d627bd9d2fce296b2152ebba5acb50b26c62ce82cc541daa94672e9"),
        ("G11", second.digest(collect), "ed1ea878ef445f3f90e438488d7a8af7e4c77c5234f6b6926d72bbd7b9c17240"),
        ("G12", second.digest(groupby), "4954b6a1685cd25b65418cb8b5f6227495f47e4cfa5441cdaba98089d9305fd1"),
        ("G13", second.digest(map), "331afd250fd111c06b9da1edb3c96fe0825002614524e5a54170af1f6cc6e864"),
    ]);
}

#[test]
fn rt_36_execs() {
    let mut graph = graph();
    let more: &[ArgRef] = &[ArgRef::Input(0), ArgRef::Input(0), ArgRef::Output(1)];
    let plain = cat(&mut graph, None, None);
    let with_args = cat(&mut graph, Some(IN_OUT), None);
    let repeated = cat(&mut graph, Some(IN_OUT), Some(Digest::of("0")));
    let with_more = cat(&mut graph, Some(more), None);
    let mut first = graph_v1();
    let with_args_v1 = cat(&mut first, Some(IN_OUT), None);
    let echo = command("ubuntu", "\n\t\techo hello world >>%s\n\t", Some(&[ArgRef::Output(0)]));
    let echo = graph.exec(echo, vec![]);
    let foo = graph.fileset(single_foo());
    let split: &[ArgRef] = &[ArgRef::Input(0), ArgRef::Output(0), ArgRef::Output(1)];
    let split = graph.exec(command("ubuntu", "split %s %s %s", Some(split)), vec![foo]);
    check(&[
        ("G15", graph.digest(plain), "117fba92851a8fc970ac37044326a89d21dd3a73321349af6b48414861fad59e"),
        ("G16", graph.digest(with_args), "9df82bbaae661f551ccec6e808639cf501859e8ec2c93e35735fa3b105ed8aab"),
        ("G17", graph.digest(repeated), "9df69b64b4672e8d77b9e1b48aed51943db2675ec33b536f57874d2783c9b68f"),
        ("G18", graph.digest(with_more), "75859b46fdfc8f09e8c7df7d0ff8e2878643b98e36ba006ca4ccc0d2836a0fdc"),
        ("G19", first.digest(with_args_v1), "c6785338fa3e89caaf87cf9f1ca727a3ba5e8a36c528574923fab8ab335bd11d"),
        ("G33a", graph.digest(echo), "08cf31b6507f9576c8894cc394e66ffd9e51bdff29e3a7d8a5eba3041fdef46f"),
        ("G33d", graph.digest(foo), "74a295b6f542ae714c6180306a185cc214845bd10e9d2bc4caa28fa7d3270c31"),
        ("G33e", graph.digest(split), "36e4a985d38df0a5a528b9fdb37ccc011bf835efa106e21f2103e366ec2da5c6"),
    ]);
}

#[test]
fn rt_36_the_other_operations() {
    let mut graph = graph();
    let i = intern(&mut graph);
    let k1 = Digest::of("k1");
    let export = graph.r#extern("s3://out/", i);
    let merge = graph.add(Op::Merge, [i, i]);
    let pullup = graph.add(Op::Pullup, [i]);
    let collect = graph.add(Op::Collect { pattern: "^(.*)$".into(), replacement: "x/$1".into() }, [i]);
    let val = graph.fileset(foo_bar());
    let data = graph.add(Op::Data((*b"hello").into()), []);
    let continuation = graph.continuation(k1, vec![i], |_: &mut Graph, _: &[Value]| Ok(Resumed::Value(Value::Unit)));
    let coerce = graph.coerce(k1, i, |value: &Value| Ok(value.clone()));
    let mut universe = Graph::new(Config { universe: "u".to_owned(), ..Config::default() });
    let i_there = intern(&mut universe);
    check(&[
        ("G14", graph.digest(i), "102c7f0c5b5b450d9e98b48b7ca8eccc93f4b66f75aecdbdb8d9f778fe683917"),
        ("G23", graph.digest(export), "62c2c21f3e72dc63dc5cf65f38a65aff792d551ea14f01582c91cbc42f381f9a"),
        ("G24", graph.digest(merge), "714e3e73f27d1481157018c471cd62715f289b3024a78137ef4b84a49aac112a"),
        ("G25", graph.digest(pullup), "9b16e94ab1b38abd3e949fb4888b2ad37460ee0752fd40bcdb0a760db73cbb3d"),
        ("G26", graph.digest(collect), "87f569f27b8eb9bce0c822776661be81f65bb79b234bbb66bdad001a2ee04fae"),
        ("G27", graph.digest(val), "9740f830951153384dea176928083630297188baf81413fef15ac4489d75eb21"),
        ("G28", graph.digest(data), "acc827676727adea9a1d393aa27f526fda834fc0afc9638ef6ea7f5ca81d7664"),
        ("G29", graph.digest(continuation), "7e9f9e76f4adedc3d55c5ee3ace6033e65efd3ee9058eab8c5cbe6d50afb0aa2"),
        ("G30", graph.digest(coerce), "72e23a95a26696cff86ceb75cb30b06173a7daf438954415f53dcc3a771c8fce"),
        ("G32", universe.digest(i_there), "5b5433f069ff3a1dd3c560a109e0b15db42e1d8be38e5eaec87429022a821200"),
        (
            "G33",
            Digest::of("internMustInternDigest"),
            "4821d5a8b7c917663ea638645024796c703e4d7cb90d61ad023e5cef444ee8f2",
        ),
        (
            "G34",
            Digest::of(["testimage", "testcmd"].concat()),
            "bfc35fa41b55e036e8303eeaff9824b8880629114303d1c86e2137694f08b8b5",
        ),
    ]);
}

/// The golden pipeline maps an exec; here the sample is written out by hand.
#[test]
fn rt_40_a_map_digests_its_function_inline() {
    let mut graph = graph();
    let exec = |graph: &mut Graph, element: FlowId| graph.exec(command("i", "c", None), vec![element]);
    let dep = intern(&mut graph);
    let map = graph.map(dep, exec);
    let mut out = base::digest::DigestWriter::new();
    let empty = graph.fileset(Fileset::new());
    out.digest(&graph.digest(dep)).bytes("OpMap");
    out.digest(&graph.digest(empty)).bytes("OpExec").bytes("i").bytes("c");
    assert_eq!(graph.digest(map), out.finish());
    assert_eq!(graph.digest(empty), Digest::of("OpVal"));
}
