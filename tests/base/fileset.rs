use std::collections::HashMap;

use base::assertion::{Assertions, Key};
use base::digest::Material;
use base::file::{File, Origin};
use base::{Digest, Fileset, Kind};
use proptest::prelude::*;

use crate::golden;
use crate::sample::{blob, file, files, fs1, fs2, list, properties, reference};

fn golden(name: &str) -> Digest {
    let rows = golden::rows::<2>(include_str!("golden/digests.tsv"));
    let [_, digest] = rows.into_iter().find(|[row, _]| row == name.as_bytes()).unwrap();
    Digest::parse(std::str::from_utf8(&digest).unwrap()).unwrap()
}

/// The files of V15: contents `a contents` and so on.
fn contents(names: &[&str]) -> Fileset {
    let file = |name: &&str| ((*name).to_owned(), file(&format!("{name} contents")));
    Fileset::of_map(names.iter().map(file).collect())
}

#[test]
fn rt_05_golden_filesets() {
    assert_eq!(list([fs1(), fs2()]).material_digest(), golden("G2"));
    assert_eq!(fs1().material_digest(), golden("G3"));
    assert_eq!(fs2().material_digest(), golden("G4"));
    let v15 = list([contents(&["a", "b", "c", "d"]), list([contents(&["e"])])]);
    assert_eq!(Digest::of(v15.material_digest().written()), golden("V15"));
}

#[test]
fn golden_files() {
    // The values of the language: the written digest of what has one.
    let v14 = File { size: 54321, ..file("contents") }.with_assertions(&blob("s3://b/k", &[("etag", "x")]));
    assert_eq!(Digest::of(v14.digest().written()), golden("V14"));
    assert_eq!(reference(|_| ()).digest(), golden("G6"));
    let asserted = |origin: &mut Origin| {
        origin.assertions = blob("s3://bucket/key", &[("etag", "e1"), ("size", "3")]);
    };
    assert_eq!(reference(asserted).digest(), golden("G7"));
    // V16 is a directory: the byte 6, then its paths and files.
    let mut material = vec![6];
    for (path, file) in contents(&["a", "b", "c", "d"]).map {
        material.extend(path.into_bytes());
        material.extend(file.digest().written());
    }
    assert_eq!(Digest::of(material), golden("V16"));
}

#[test]
fn rt_06_nesting_does_not_show_in_digests() {
    let nested = list([list([fs1()]), list([list([fs2()])]), list([])]);
    assert_eq!(nested.material_digest(), golden("G2"));
    for empty in [Fileset::new(), list([]), list([Fileset::new(), list([])])] {
        assert_eq!(empty.material_digest(), golden("G1"));
    }
    assert_eq!(Assertions::default().digest(), golden("G1"));
    assert_eq!(list([fs1()]).material_digest(), fs1().material_digest());
    assert_ne!(list([fs1()]), fs1(), "equality looks at the structure");
    let both = Fileset { map: fs2().map, ..list([fs1()]) };
    assert_eq!(both.material_digest(), fs1().material_digest(), "a list hides a map beside it");
}

#[test]
fn rt_07_a_claimed_content_hash_is_the_digest() {
    let hash = Digest::of("content");
    assert_eq!(reference(|origin| origin.content_hash = Some(hash)).digest(), hash);
}

#[test]
fn rt_08_what_the_digest_of_a_reference_depends_on() {
    let plain = reference(|_| ());
    let changed = [
        File { size: 4, ..plain.clone() },
        reference(|origin| origin.source.push('x')),
        reference(|origin| origin.etag.push('x')),
        reference(|origin| origin.assertions = blob("s3://b/k", &[("etag", "e1")])),
    ];
    for other in changed {
        assert_ne!(plain.digest(), other.digest(), "{other}");
    }
    assert_eq!(plain.digest(), reference(|origin| origin.last_modified = Some(5)).digest());
}

#[test]
fn rt_09_references_without_tag_are_never_equal() {
    let bare = reference(|origin| origin.etag.clear());
    assert_ne!(bare, bare.clone());
    assert_eq!(reference(|_| ()), reference(|origin| origin.assertions = blob("s", &[("a", "b")])));
    let hashed = |text: &str| {
        let hash = Digest::of(text);
        reference(move |origin| origin.content_hash = Some(hash))
    };
    assert_eq!(hashed("a"), reference(|_| ()), "a hash on one side only says nothing");
    assert_ne!(hashed("a"), hashed("b"));
}

#[test]
fn rt_10_a_reference_is_no_resolved_file() {
    let (known, unknown) = (Fileset::of_file(file("foo")), Fileset::of_file(reference(|_| ())));
    assert_ne!(known, unknown);
    assert_ne!(unknown, known);
    assert_eq!(unknown, unknown.clone());
}

#[test]
fn rt_11_assertions_digest_in_any_order() {
    let entries = [
        (Key::blob("s3://bucket/hello"), properties(&[("etag", "v1")])),
        (Key { namespace: "docker".into(), subject: "ubuntu".into() }, properties(&[("version", "v2")])),
    ];
    assert_eq!(Assertions::from_iter(entries.clone()).digest(), golden("G5"));
    assert_eq!(Assertions::from_iter(entries.into_iter().rev()).digest(), golden("G5"));
}

#[test]
fn rt_17_pullup_takes_the_later_file() {
    let other = Fileset::of_map([("bar".to_owned(), file("other"))].into());
    let pulled = list([fs1(), list([other])]).pullup();
    let names: Vec<_> = pulled.map.keys().map(String::as_str).collect();
    assert_eq!((names, pulled.list.len()), (vec!["bar", "foo"], 0));
    assert_eq!(pulled.map["bar"], file("other"));
    assert_eq!(fs1().pullup(), fs1());
}

#[test]
fn rt_18_flatten_is_shallow() {
    let inner = list([fs2()]);
    assert_eq!(list([fs1(), inner.clone()]).flatten(), [fs1(), inner]);
    assert_eq!(fs1().flatten(), [fs1()]);
}

#[test]
fn rt_19_empty_and_any_empty() {
    let one_empty = list([fs1(), Fileset::new()]);
    assert!(one_empty.any_empty() && !one_empty.is_empty());
    assert!(Fileset::new().any_empty() && Fileset::new().is_empty());
    assert!(list([Fileset::new()]).is_empty());
    assert!(!list([fs1(), fs2()]).any_empty());
}

#[test]
fn rt_20_one_file_at_the_root() {
    assert_eq!(*Fileset::of_file(file("foo")).file().unwrap(), file("foo"));
    for other in [Fileset::new(), fs1(), files(&["foo"]), files(&[".", "foo"]), list([Fileset::of_file(file("foo"))])] {
        assert_eq!(other.file().unwrap_err().kind(), Kind::Precondition, "{other}");
    }
}

#[test]
fn rt_21_subst_reports_unresolved_references() {
    let far = reference(|origin| origin.source.push('2'));
    let tree = list([Fileset::of_file(reference(|_| ())), Fileset::of_file(far.clone()), fs1()]);
    let mut known = HashMap::from([(reference(|_| ()).digest(), file("near"))]);
    let (half, resolved) = tree.subst(&known);
    assert!(!resolved);
    assert_eq!(half, list([Fileset::of_file(file("near")), Fileset::of_file(far.clone()), fs1()]));
    known.insert(far.digest(), file("far"));
    known.insert(file("foo").digest(), file("bar"));
    let (whole, resolved) = tree.subst(&known);
    assert!(resolved);
    assert_eq!(whole.list[2].map["foo"], file("bar"));
}

#[test]
fn rt_22_short_forms() {
    assert_eq!(list([fs1(), fs2()]).short(), "list<val<bar=fcde2b2e, ...6B>, ...14B>");
    assert_eq!(list([fs1()]).short(), "list<val<bar=fcde2b2e, ...6B> 6B>");
    assert_eq!(Fileset::of_file(reference(|_| ())).short(), "val<.=s3://bucket/key 3B>");
    assert_eq!(files(&["foo"]).short(), "val<foo=2c26b46b 3B>");
    assert_eq!(Fileset::new().short(), "val<>");
}

#[test]
fn rt_23_an_empty_map_is_void() {
    assert_eq!(Fileset::new().to_string(), "void");
    let foo = Digest::of("foo");
    assert_eq!(
        list([files(&["foo"]), Fileset::new()]).to_string(),
        format!("list<obj<foo=<id: {foo}, size: 3>>, void>")
    );
}

#[test]
fn rt_24_differences() {
    let cases = [
        (
            list([fs1(), fs2()]),
            fs1(),
            "\"bar\" = void -> fcde2b2e\n\"foo\" = void -> 2c26b46b\n\
             [0]:val<bar=fcde2b2e, ...6B> -> empty\n[1]:val<a/b/c=d76a7b72, ...8B> -> empty",
        ),
        (fs1(), fs2(), "\"a/b/c\" = void -> d76a7b72\n\"foo\" = 2c26b46b -> void"),
        (
            Fileset { map: files(&["foo"]).map, ..list([fs1(), fs2()]) },
            list([fs2(), fs1()]),
            "\"foo\" = 2c26b46b -> void\n\
             \x20 [0]:\"a/b/c\" = void -> d76a7b72\n  [0]:\"foo\" = 2c26b46b -> void\n\
             \x20 [1]:\"a/b/c\" = d76a7b72 -> void\n  [1]:\"foo\" = void -> 2c26b46b",
        ),
        (
            list([list([fs1(), fs1()])]),
            list([list([fs1(), fs2()]), fs1()]),
            "    [1]:\"a/b/c\" = void -> d76a7b72\n    [1]:\"foo\" = 2c26b46b -> void\n\
             [1]:empty -> val<bar=fcde2b2e, ...6B>",
        ),
    ];
    for (left, right, expected) in cases {
        assert_eq!(left.diff(&right).as_deref(), Some(expected));
    }
    assert_eq!(list([fs1(), fs2()]).diff(&list([fs1(), fs2()])), None);
    assert_eq!(list([Fileset::new()]).diff(&Fileset::new()), None, "what is empty does not differ");
}

#[test]
fn files_come_once_and_in_order() {
    let tree = list([files(&["foo", "bar"]), list([files(&["bar", "baz"])])]);
    let names: Vec<_> = tree.files().iter().map(|file| file.short()).collect();
    assert_eq!(names, [file("bar").short(), file("foo").short(), file("baz").short()]);
    assert_eq!((tree.count(), tree.size()), (4, 12));
}

#[test]
fn assertions_are_added_to_every_file() {
    let (own, added) = (blob("s3://b/own", &[("etag", "1")]), blob("s3://b/added", &[("etag", "2")]));
    let tree = list([Fileset::of_file(reference(|origin| origin.assertions = own.clone())), fs1()]);
    let both = Assertions::merge([&own, &added]).unwrap();
    let result = tree.add_assertions(&added).unwrap();
    assert_eq!(result.list[0].file().unwrap().assertions(), both);
    assert_eq!(result.list[0].file().unwrap().source(), "s3://bucket/key");
    assert!(result.list[1].map.values().all(|file| file.assertions() == added && file.id.is_some()));
    assert_eq!(result.assertions(), Ok(both));
    assert_eq!(tree.assertions(), Ok(own.clone()), "the original is as it was");
    assert_eq!(tree.add_assertions(&Assertions::default()).unwrap().assertions(), Ok(own));
    let conflict = tree.add_assertions(&blob("s3://b/own", &[("etag", "other")])).unwrap_err();
    assert_eq!(conflict.to_string(), "conflict for {s3://b/own blob}: etag (1 -> other)");
}

#[test]
fn conflicts_between_files_are_errors() {
    let with = |etag: &str| Fileset::of_file(file("foo").with_assertions(&blob("s3://b/k", &[("etag", etag)])));
    let conflict = list([with("1"), with("2")]).assertions().unwrap_err();
    assert_eq!(conflict.to_string(), "conflict for {s3://b/k blob}: etag (1 -> 2)");
}

#[test]
fn assertions_are_taken_over_from_equal_files() {
    let known = blob("s3://b/k", &[("etag", "1")]);
    let mapped = fs1().map_assertions_by_file(&[file("foo").with_assertions(&known), file("baz")]);
    assert_eq!((mapped.map["foo"].assertions(), mapped.map["bar"].assertions()), (known, Assertions::default()));
}

#[test]
fn files_say_what_is_known() {
    let hash = Digest::of("foo");
    let full = reference(|origin| {
        origin.content_hash = Some(hash);
        origin.assertions = blob("s3://b/k", &[("etag", "1")]);
    });
    let expected = "size: 3, source: s3://bucket/key, etag: e1, contenthash: 2c26b46b, assertions: <#1>";
    assert_eq!((full.to_string(), full.short()), (expected.to_owned(), "s3://bucket/key".to_owned()));
    assert_eq!((file("foo").to_string(), file("foo").short()), (format!("id: {hash}, size: 3"), "2c26b46b".to_owned()));
}

fn trees() -> impl Strategy<Value = Fileset> {
    let leaf = prop::collection::btree_map("[a-c]{1,2}", "[a-d]{0,2}", 0..4)
        .prop_map(|map| Fileset::of_map(map.into_iter().map(|(path, text)| (path, file(&text))).collect()));
    leaf.prop_recursive(3, 12, 3, |inner| prop::collection::vec(inner, 1..4).prop_map(Fileset::of_list))
}

proptest! {
    #[test]
    fn no_difference_means_the_same_files(left in trees(), right in trees()) {
        prop_assert_eq!(left.diff(&left), None);
        prop_assert_eq!(left.diff(&right).is_none(), right.diff(&left).is_none());
        if left == right {
            prop_assert_eq!(left.material_digest(), right.material_digest());
        }
        if left.diff(&right).is_none() {
            prop_assert_eq!(left.material_digest(), right.material_digest());
        }
    }

    #[test]
    fn flattening_and_pulling_up_keep_the_files(tree in trees()) {
        let mut nested: Vec<_> = tree.flatten().iter().flat_map(Fileset::entries).collect();
        prop_assert_eq!(nested.len(), tree.count());
        nested.retain(|(path, file)| tree.pullup().map.get(*path) == Some(*file));
        let pulled = tree.pullup();
        prop_assert!(pulled.map.keys().all(|path| nested.iter().any(|(other, _)| other == path)));
        prop_assert_eq!(pulled.pullup(), pulled);
    }

    #[test]
    fn substitution_changes_what_it_names(tree in trees()) {
        let files = tree.files();
        let renamed: HashMap<_, _> = files.iter().map(|old| (old.digest(), file(&old.short()))).collect();
        let (out, resolved) = tree.subst(&renamed);
        prop_assert!(resolved);
        prop_assert_eq!(out.count(), tree.count());
        prop_assert!(out.entries().zip(tree.entries()).all(|((_, new), (_, old))| *new == renamed[&old.digest()]));
        prop_assert_eq!(tree.subst(&HashMap::new()).0, tree);
    }
}
