//! Physical digests and cache keys (runtime spec §2.5).

use base::digest::Digest;
use flow::key::{cache_keys, physical_digests};
use flow::node::{ArgRef, Op};

use crate::sample::{IN_OUT, cat, command, foo_bar, graph, intern, single_foo};

fn hex(digests: &[Digest]) -> Vec<String> {
    digests.iter().map(Digest::hex).collect()
}

#[test]
fn rt_36_golden_physical_digests() {
    let mut graph = graph();
    let (foo_bar, foo) = (foo_bar(), single_foo());
    let plain = cat(&mut graph, None, None);
    let with_args = cat(&mut graph, Some(IN_OUT), None);
    let dep = intern(&mut graph);
    let export = graph.r#extern("s3://out/", dep);
    let echo = command("ubuntu", "\n\t\techo hello world >>%s\n\t", Some(&[ArgRef::Output(0)]));
    let echo = graph.exec(echo, vec![]);
    let split: &[ArgRef] = &[ArgRef::Input(0), ArgRef::Output(0), ArgRef::Output(1)];
    let split = graph.exec(command("ubuntu", "split %s %s %s", Some(split)), vec![dep]);
    let resolved = format!("index.docker.io/library/ubuntu@sha256:{}", "a".repeat(64));
    let g33c = "f1cdea80690dfa82931685487de84f4cdf5852a59d6a53fd7d7760dac9a3d0eb";
    let rows = [
        (
            "G20",
            physical_digests(&graph, plain, &[&foo_bar], None),
            vec!["c0ba8b3f3dcc0c256a49236475e9c4995e2751adfeb8f4a70d3a6879e0d0a7d9"],
        ),
        (
            "G21",
            physical_digests(&graph, with_args, &[&foo_bar], None),
            vec!["31976431636b065257a4cc54fb85f17d9dd82e075c08cf2fe8ebd4fc387bfc4c"],
        ),
        (
            "G22",
            physical_digests(&graph, export, &[&foo_bar], None),
            vec!["aa14bf2b4e97b244570fc3c3caecd9ace81791d26727f0928bd47620d85857cc"],
        ),
        (
            "G33b",
            physical_digests(&graph, echo, &[], Some(&resolved)),
            vec!["23f418a156d6dff578414406bff9836d310345e55dd0007a50cb4be0942060e1", g33c],
        ),
        ("G33c", physical_digests(&graph, echo, &[], None), vec![g33c]),
        (
            "G33f",
            physical_digests(&graph, split, &[&foo], None),
            vec!["93c3acb936a72676e0f76a3f8133e89e940d34f42d5e9d9299590db22ebb5e3e"],
        ),
    ];
    for (row, digests, expected) in rows {
        assert_eq!(hex(&digests), expected, "row {row}");
    }
}

#[test]
fn rt_41_an_image_resolved_to_its_own_text_gives_one_digest_and_another_two() {
    let mut graph = graph();
    let exec = cat(&mut graph, None, None);
    let input = foo_bar();
    let same = physical_digests(&graph, exec, &[&input], Some("ubuntu"));
    let other = physical_digests(&graph, exec, &[&input], Some("ubuntu@sha256:1"));
    assert_eq!(same.len(), 1);
    assert_eq!(other.len(), 2);
    assert_eq!(other[1], same[0]);
    assert_ne!(other[0], other[1]);
}

#[test]
fn rt_42_cache_keys_end_with_the_logical_digest() {
    let mut graph = graph();
    let input = foo_bar();
    let exec = cat(&mut graph, None, None);
    let keys = cache_keys(&graph, exec, &[&input], Some("ubuntu@sha256:1"));
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[2], graph.digest(exec));
    for op in [Op::Intern { url: "u".into(), must_resolve: false }, Op::Intern { url: "u".into(), must_resolve: true }]
    {
        let intern = graph.add(op, []);
        assert_eq!(cache_keys(&graph, intern, &[], None), [graph.digest(intern)]);
    }
}

#[test]
fn a_repeated_exec_has_keys_of_its_own() {
    let mut graph = graph();
    let input = foo_bar();
    let [first, second] = [None, Some(Digest::of("1"))].map(|extra| cat(&mut graph, Some(IN_OUT), extra));
    let (first, second) = (cache_keys(&graph, first, &[&input], None), cache_keys(&graph, second, &[&input], None));
    assert!(first.iter().all(|key| !second.contains(key)));
}
