//! The two formats of cache values: vectors, round trips, hostile input.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::assertion::{Assertions, Key};
use base::file::Origin;
use base::{Digest, File, Fileset, Kind};
use proptest::prelude::*;
use reflow_store::AssocKind;
use reflow_store::codec::{self, fileset_v2, stored_json};

use fileset_v2::Options;

fn foo() -> File {
    File::resolved(Digest::of("foo"), 3)
}

fn asserting(subject: &str, properties: &[(&str, &str)]) -> File {
    let key = Key { namespace: "blob".to_owned(), subject: subject.to_owned() };
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let origin = Origin { assertions: Assertions::from_iter([(key, properties)]), ..Origin::default() };
    File { origin: Some(Arc::new(origin)), ..foo() }
}

/// All there is to a fileset; equality of files looks at digests alone.
fn whole(fileset: &Fileset) -> String {
    format!("{fileset:?}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const PLAIN: Options = Options { reference_fields: false, assertions: false };

#[test]
fn rt_27_a_single_file_encodes_as_the_vector() {
    let bytes = fileset_v2::encode(&Fileset::of_file(foo()), PLAIN).unwrap();
    let id = hex(b"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    assert_eq!(
        hex(&bytes),
        format!(
            "763230310000000000000000{}{}{id}{}{}",
            "5100000000000000", "0a4f0801124b0a47", "1003", "1200000000000000121010ffffffffffffffffff011a012e2001"
        )
    );
    assert_eq!(Digest::of(&bytes).hex(), "c740cc14187db975b76db8cb517ea1be9583fb26ff0ac586dcb8e9327a31f84d");
    assert_eq!(fileset_v2::decode(&bytes).unwrap(), Fileset::of_file(foo()));
}

#[test]
fn rt_27_assertions_and_lists_encode_as_the_vectors() {
    let fileset = Fileset::of_file(asserting("s3://b/k", &[("etag", "e1"), ("size", "3")]));
    let bytes = fileset_v2::encode(&fileset, Options::CACHE).unwrap();
    assert_eq!(Digest::of(&bytes).hex(), "0f9ac980837975a4417df30d47c7b8f1d6dcac52dd9a61e6d63061bde03329c2");
    assert_eq!(whole(&fileset_v2::decode(&bytes).unwrap()), whole(&fileset));
    let list = Fileset::of_list(vec![Fileset::of_file(foo()); 2]);
    let bytes = fileset_v2::encode(&list, Options::CACHE).unwrap();
    assert_eq!(Digest::of(&bytes).hex(), "aae598dcacaafc024c4825ecc8e095383da60c9213b0b491015e329fbf3e685f");
}

#[test]
fn stored_json_is_the_vector() {
    let bytes = stored_json::encode(&Fileset::of_file(foo()), true).unwrap();
    assert_eq!(
        String::from_utf8(bytes.clone()).unwrap(),
        r#"{"Fileset":{".":{"ID":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","Size":3,"LastModified":"0001-01-01T00:00:00Z","ContentHash":"\u003czero\u003e"}}}"#
    );
    assert_eq!(Digest::of(&bytes).hex(), "d65397590f4835db8c9978d3c1ca5adda48e73a04cc8f2247d89edf87e2b94da");
}

#[test]
fn rt_25_stored_json_keeps_everything_and_escapes() {
    let origin = Origin {
        source: "s3://b/<k>&\u{2028}".to_owned(),
        etag: "\"e\\1\"".to_owned(),
        last_modified: Some(1_546_398_245_500_000_000),
        content_hash: Some(Digest::of("bar")),
        assertions: asserting("s3://b/k", &[("etag", "\"e\""), ("size", "3")]).assertions(),
    };
    let reference = File::reference(7, origin.clone());
    let both = File { origin: Some(Arc::new(origin)), ..foo() };
    let map = BTreeMap::from([("a \"quoted\"\n\u{1}\\ <path>".to_owned(), reference), ("b".to_owned(), both)]);
    let fileset = Fileset { list: vec![Fileset::new(), Fileset::of_list(vec![Fileset::of_map(map.clone())])], map };
    let bytes = stored_json::encode(&fileset, true).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(r#""a \"quoted\"\n\u0001\\ <path>":{"ID":"\u003czero\u003e","Size":7,"#), "{text}");
    assert!(text.contains(r#""Source":"s3://b/\u003ck\u003e\u0026\u2028","ETag":"\"e\\1\"","#), "{text}");
    let assertions = concat!(
        r#""Assertions":[{"Key":{"Namespace":"blob","Subject":"s3://b/k","Object":"etag"},"Value":"\"e\""}"#,
        "\n",
        r#",{"Key":{"Namespace":"blob","Subject":"s3://b/k","Object":"size"},"Value":"3"}"#,
        "\n]}"
    );
    assert!(text.contains(assertions), "{text}");
    assert_eq!(whole(&stored_json::decode(&bytes).unwrap()), whole(&fileset));
}

#[test]
fn rt_26_stored_json_reads_little_and_refuses_what_it_does_not_know() {
    let id = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    let old = format!(r#" {{ "Fileset" : {{ "." : {{ "ID":"{id}", "Size":3 }} }} }} "#);
    assert_eq!(whole(&stored_json::decode(old.as_bytes()).unwrap()), whole(&Fileset::of_file(foo())));
    for zero in ["<zero>", "\\u003czero\\u003e", ""] {
        let text = format!(r#"{{"Fileset":{{".":{{"ID":"{id}","Size":3,"ContentHash":"{zero}"}}}}}}"#);
        assert_eq!(whole(&stored_json::decode(text.as_bytes()).unwrap()), whole(&Fileset::of_file(foo())));
    }
    assert_eq!(whole(&stored_json::decode(b"{}").unwrap()), whole(&Fileset::new()));
    let conflict = r#"{"Fileset":{".":{"ID":"","Size":3,"Assertions":[
        {"Key":{"Namespace":"blob","Subject":"s","Object":"etag"},"Value":"1"},
        {"Key":{"Namespace":"blob","Subject":"s","Object":"etag"},"Value":"2"}]}}}"#;
    for (text, kind) in [
        (r#"{"Other":{}}"#, Kind::Precondition),
        (r#"{"List":[{"Other":1}]}"#, Kind::Precondition),
        (r#"{"List":[],"List":[]}"#, Kind::Precondition),
        (r#"{"Fileset":{".":{"ID":"","Size":1,"Colour":"red"}}}"#, Kind::Precondition),
        (r#"{"Fileset":{".":{"ID":"md5:00","Size":1}}}"#, Kind::Precondition),
        (r#"{"Fileset":{".":{"ID":"","Size":-1}}}"#, Kind::Precondition),
        (r#"{"Fileset":{".":{"ID":"","Size":1,"LastModified":"soon"}}}"#, Kind::Precondition),
        (r#"{"Fileset":{".":{},".":{}}}"#, Kind::Precondition),
        (conflict, Kind::Precondition),
        (r#"[]"#, Kind::Precondition),
        (r#"{"Fileset":{"#, Kind::Invalid),
        (r#"{} {}"#, Kind::Invalid),
        ("", Kind::Invalid),
    ] {
        assert_eq!(stored_json::decode(text.as_bytes()).unwrap_err().kind(), kind, "{text}");
    }
}

fn nested(depth: usize) -> Fileset {
    (0..depth).fold(Fileset::of_file(foo()), |inner, _| Fileset::of_list(vec![inner]))
}

#[test]
fn rt_30_what_the_stream_cannot_hold_is_stored_as_json() {
    let other = Key { namespace: "other".to_owned(), subject: "s".to_owned() };
    let origin = Origin {
        assertions: Assertions::from_iter([(other, BTreeMap::from([("p".to_owned(), "v".to_owned())]))]),
        ..Origin::default()
    };
    for fileset in [
        nested(2),
        nested(60),
        Fileset::of_file(File { origin: Some(Arc::new(origin)), ..foo() }),
        Fileset::of_file(asserting("s", &[("colour", "red")])),
        Fileset::of_file(asserting("s", &[("etag", "")])),
        Fileset::of_map(BTreeMap::from([
            ("a".to_owned(), asserting("s", &[("etag", "1")])),
            ("b".to_owned(), asserting("s", &[("etag", "2")])),
        ])),
    ] {
        assert_eq!(fileset_v2::encode(&fileset, Options::CACHE).unwrap_err().kind(), Kind::NotSupported);
        let (kind, bytes) = codec::encode(&fileset).unwrap();
        assert_eq!(kind, AssocKind::Fileset);
        assert_eq!(whole(&codec::decode(kind, &bytes).unwrap()), whole(&fileset));
    }
    assert_eq!(codec::encode(&nested(1)).unwrap().0, AssocKind::FilesetV2);
    assert_eq!(codec::encode(&nested(61)).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn hostile_nesting_does_not_exhaust_the_stack() {
    let text = "{\"List\":[".repeat(100_000);
    assert!(stored_json::decode(text.as_bytes()).is_err());
}

#[test]
fn rt_32_cache_values_carry_no_source_and_no_unresolved_file() {
    let origin = Origin { source: "s3://b/k".to_owned(), etag: "e".to_owned(), ..Origin::default() };
    let reference = Fileset::of_file(File::reference(3, origin.clone()));
    assert_eq!(codec::encode(&reference).unwrap_err().kind(), Kind::Invalid);
    assert_eq!(codec::encode(&Fileset::of_list(vec![nested(2), reference])).unwrap_err().kind(), Kind::Invalid);
    let resolved = Fileset::of_file(File { origin: Some(Arc::new(origin)), ..foo() });
    for fileset in [resolved.clone(), Fileset::of_list(vec![Fileset::of_list(vec![resolved])])] {
        let (kind, bytes) = codec::encode(&fileset).unwrap();
        let decoded = codec::decode(kind, &bytes).unwrap();
        assert!(decoded.entries().all(|(_, file)| file.source().is_empty() && file.etag().is_empty()));
    }
}

#[test]
fn a_reference_and_a_resolved_file_of_one_digest_stay_apart() {
    let origin = Origin { content_hash: Some(foo().digest()), ..Origin::default() };
    let reference = File::reference(3, origin.clone());
    let resolved = File { origin: Some(Arc::new(origin)), ..foo() };
    let fileset = Fileset::of_map(BTreeMap::from([("a".to_owned(), reference), ("b".to_owned(), resolved)]));
    let bytes = fileset_v2::encode(&fileset, Options::MESSAGE).unwrap();
    assert_eq!(whole(&fileset_v2::decode(&bytes).unwrap()), whole(&fileset));
}

#[test]
fn rt_29_the_length_of_a_list_survives_empty_elements() {
    let list = Fileset::of_list(vec![Fileset::new(), Fileset::of_file(foo()), Fileset::new(), Fileset::new()]);
    let bytes = fileset_v2::encode(&list, Options::CACHE).unwrap();
    assert_eq!(fileset_v2::decode(&bytes).unwrap(), list);
    let empty = Fileset::of_list(vec![Fileset::new(); 1_000_000]);
    let bytes = fileset_v2::encode(&empty, Options::CACHE).unwrap();
    assert_eq!(fileset_v2::decode(&bytes).unwrap().list.len(), 1_000_000);
}

/// One part with its length in front.
fn part(bytes: &[u8]) -> Vec<u8> {
    let mut part = (bytes.len() as u64).to_le_bytes().to_vec();
    part.extend_from_slice(bytes);
    part
}

fn stream(list: u64, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"v201".to_vec();
    bytes.extend_from_slice(&list.to_le_bytes());
    for bytes_of_part in parts {
        bytes.extend(part(bytes_of_part));
    }
    bytes
}

/// A part that says what is numbered `id`: a file of these bytes, with a group of assertions.
fn file_part(id: u8, content: &str, group: u8) -> Vec<u8> {
    let mut file = vec![0x0a, 71];
    file.extend_from_slice(Digest::of(content).to_string().as_bytes());
    file.extend_from_slice(&[0x10, content.len() as u8]);
    let mut part = vec![0x08, id, 0x12, file.len() as u8];
    part.extend_from_slice(&file);
    part.extend_from_slice(&[0x18, group]);
    [vec![0x0a, part.len() as u8], part].concat()
}

/// A part that puts a file at a path of an element of the list.
fn mapping_part(index: u8, path: u8, file: u8) -> Vec<u8> {
    vec![0x12, 0x09, 0x08, 1, 0x10, index, 0x1a, 1, path, 0x20, file]
}

#[test]
fn rt_28_parts_come_in_any_order_that_names_nothing_unknown() {
    let key: &[u8] = &[0x1a, 9, 0x08, 1, 0x12, 1, b's', 0x1a, 2, 0x0a, 0];
    let group: &[u8] = &[0x22, 5, 0x08, 7, 0x12, 1, 1];
    let (one, two) = (file_part(9, "one", 7), file_part(2, "two", 0));
    let mappings =
        [mapping_part(1, b'z', 9), mapping_part(0, b'b', 2), mapping_part(1, b'a', 2), mapping_part(0, b'a', 9)];
    let [z, b, a, first] = mappings.each_ref().map(Vec::as_slice);
    let decoded: Vec<Fileset> = [
        // What is used before what uses it, numbers and paths in no order.
        stream(2, &[key, group, &one, &two, z, b, a, first]),
        stream(2, &[&two, b, a, key, group, &one, first, z]),
        stream(2, &[key, &two, group, a, &one, z, first, b]),
    ]
    .iter()
    .map(|bytes| fileset_v2::decode(bytes).unwrap())
    .collect();
    let paths: Vec<Vec<&str>> =
        decoded[0].list.iter().map(|one| one.map.keys().map(String::as_str).collect()).collect();
    assert_eq!(paths, [["a", "b"], ["a", "z"]]);
    assert_eq!(decoded[0].list[1].map["z"].id, Some(Digest::of("one")));
    assert!(decoded.iter().all(|one| whole(one) == whole(&decoded[0])));
    // A file before the group that it names is not consistent.
    assert_eq!(fileset_v2::decode(&stream(2, &[key, &one, group, z])).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn rt_28_a_mapping_beyond_the_list_lengthens_it() {
    // Depth 1, index 5, path "x", file 0: the file of which nothing is known.
    let bytes = stream(1, &[&[0x12, 0x07, 0x08, 1, 0x10, 5, 0x1a, 1, b'x']]);
    let fileset = fileset_v2::decode(&bytes).unwrap();
    assert_eq!(fileset.list.len(), 6);
    assert!(fileset.list[5].map["x"].is_reference());
}

#[test]
fn rt_31_malformed_streams_are_invalid() {
    let huge_index: &[u8] = &[0x12, 0x0b, 0x08, 1, 0x10, 0xff, 0xff, 0xff, 0xff, 0x07, 0x1a, 1, b'x'];
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("another version", b"v202\0\0\0\0\0\0\0\0".to_vec()),
        ("JSON", stored_json::encode(&Fileset::of_file(foo()), false).unwrap()),
        ("no list length", b"v201\0\0\0".to_vec()),
        ("a list of 2^60", stream(1 << 60, &[])),
        ("a part of 2^63 bytes", [stream(0, &[]), (1_u64 << 63).to_le_bytes().to_vec()].concat()),
        ("an empty part", stream(0, &[&[]])),
        ("a part of no known kind", stream(0, &[&[0x2a, 0]])),
        ("an unknown file", stream(0, &[&[0x12, 2, 0x20, 9]])),
        ("an unknown group", stream(0, &[&[0x0a, 4, 0x08, 1, 0x18, 9]])),
        ("an unknown assertion", stream(0, &[&[0x22, 5, 0x08, 1, 0x12, 1, 9]])),
        ("depth 2", stream(0, &[&[0x12, 2, 0x08, 2]])),
        ("a negative depth", stream(0, &[&[0x12, 11, 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]])),
        ("a negative index", stream(0, &[&[0x12, 13, 0x08, 1, 0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]])),
        ("a huge index", stream(0, &[huge_index])),
        ("a path that is not UTF-8", stream(0, &[&[0x12, 3, 0x1a, 1, 0xff]])),
        ("a file id that is no digest", stream(0, &[&[0x0a, 7, 0x08, 1, 0x12, 3, 0x0a, 1, b'x']])),
    ] {
        assert_eq!(fileset_v2::decode(&bytes).map_err(|error| error.kind()), Err(Kind::Invalid), "{what}");
    }
}

#[test]
fn unknown_fields_are_skipped() {
    let mut inner = vec![0x08, 1, 0x12, 75, 0x0a, 71];
    inner.extend_from_slice(foo().digest().to_string().as_bytes());
    inner.extend_from_slice(&[0x10, 3]);
    // Field 15 as varint, as 8 bytes, as bytes and as 4 bytes.
    inner.extend_from_slice(&[0x78, 1, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x7a, 1, b'x', 0x7d, 0, 0, 0, 0]);
    let mut file = vec![0x0a, inner.len() as u8];
    file.extend_from_slice(&inner);
    let bytes = stream(0, &[&file, &[0x12, 5, 0x1a, 1, b'.', 0x20, 1]]);
    assert_eq!(whole(&fileset_v2::decode(&bytes).unwrap()), whole(&Fileset::of_file(foo())));
}

#[test]
fn one_large_assertion_in_many_groups_is_refused() {
    let subject = "s".repeat(1 << 20);
    let mut key = vec![0x08, 1, 0x12, 0x80, 0x80, 0x40];
    key.extend_from_slice(subject.as_bytes());
    let mut message = vec![0x1a];
    let mut length = key.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(&key);
    let group: &[u8] = &[0x22, 5, 0x08, 1, 0x12, 1, 1];
    let mut parts = vec![message.as_slice()];
    parts.extend(vec![group; 3]);
    assert!(fileset_v2::decode(&stream(0, &parts)).is_ok());
    parts.extend(vec![group; 5000]);
    assert_eq!(fileset_v2::decode(&stream(0, &parts)).unwrap_err().kind(), Kind::Invalid);
}

/// Some assertions; what they say of a subject follows from the subject, so that files do not contradict
/// each other.
fn any_assertions() -> impl Strategy<Value = Assertions> {
    prop::collection::btree_set("[a-d]{1,3}", 0..4).prop_map(|subjects| {
        let assertion = |subject: String| {
            let properties = [("etag", 'a'), ("last-modified", 'b'), ("size", 'c')]
                .into_iter()
                .filter(|(_, sign)| subject.contains(*sign))
                .map(|(name, _)| (name.to_owned(), format!("{name} of {subject}")))
                .collect();
            (Key { namespace: "blob".to_owned(), subject }, properties)
        };
        subjects.into_iter().map(assertion).collect()
    })
}

prop_compose! {
    fn any_file(reference_fields: bool)(
        content in "[a-d]{0,2}",
        resolved in any::<bool>(),
        source in "(s3://[a-z]/k)?",
        etag in "(\"e\")?",
        modified in prop::option::of(-100_i128..4_000_000_000_000_000_000),
        hashed in any::<bool>(),
        assertions in any_assertions(),
    ) -> File {
        let digest = Digest::of(&content);
        let origin = match reference_fields {
            true => Origin {
                source, etag, last_modified: modified, content_hash: hashed.then_some(digest), ..Origin::default()
            },
            false => Origin { assertions, ..Origin::default() },
        };
        let size = content.len() as u64;
        match resolved || !reference_fields {
            true if origin == Origin::default() => File::resolved(digest, size),
            true => File { origin: Some(Arc::new(origin)), ..File::resolved(digest, size) },
            false => File::reference(size, origin),
        }
    }
}

fn any_map(reference_fields: bool) -> impl Strategy<Value = BTreeMap<String, File>> {
    prop::collection::btree_map(any::<String>(), any_file(reference_fields), 0..4)
}

fn any_flat(reference_fields: bool) -> impl Strategy<Value = Fileset> {
    let elements = prop::collection::vec(any_map(reference_fields).prop_map(Fileset::of_map), 0..5);
    (elements, any_map(reference_fields)).prop_map(|(list, map)| Fileset { list, map })
}

fn any_deep() -> impl Strategy<Value = Fileset> {
    any_flat(true).prop_recursive(4, 12, 3, |inner| {
        (prop::collection::vec(inner, 0..3), any_map(true)).prop_map(|(list, map)| Fileset { list, map })
    })
}

proptest! {
    // A failing case becomes a test of its own above.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_round_trip_with_assertions(fileset in any_flat(false)) {
        let bytes = fileset_v2::encode(&fileset, Options::CACHE).unwrap();
        prop_assert_eq!(whole(&fileset_v2::decode(&bytes).unwrap()), whole(&fileset));
    }

    #[test]
    fn streams_round_trip_with_reference_fields(fileset in any_flat(true)) {
        let bytes = fileset_v2::encode(&fileset, Options::MESSAGE).unwrap();
        prop_assert_eq!(whole(&fileset_v2::decode(&bytes).unwrap()), whole(&fileset));
    }

    #[test]
    fn stored_json_round_trips(fileset in any_deep()) {
        let bytes = stored_json::encode(&fileset, true).unwrap();
        prop_assert_eq!(whole(&stored_json::decode(&bytes).unwrap()), whole(&fileset));
    }

    #[test]
    fn truncated_streams_are_invalid_or_end_between_parts(fileset in any_flat(false), cut in any::<prop::sample::Index>()) {
        let bytes = fileset_v2::encode(&fileset, Options::CACHE).unwrap();
        let cut = cut.index(bytes.len());
        let mut ends = vec![12];
        while let Some(length) = ends.last().and_then(|end| bytes.get(*end..*end + 8)) {
            ends.push(ends.last().unwrap() + 8 + u64::from_le_bytes(length.try_into().unwrap()) as usize);
        }
        let decoded = fileset_v2::decode(&bytes[..cut]);
        match ends.contains(&cut) {
            true => prop_assert!(decoded.is_ok()),
            false => prop_assert_eq!(decoded.unwrap_err().kind(), Kind::Invalid),
        }
    }

    #[test]
    fn garbled_streams_do_no_harm(fileset in any_flat(false), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = fileset_v2::encode(&fileset, Options::CACHE).unwrap();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Err(error) = fileset_v2::decode(&bytes) {
            prop_assert_eq!(error.kind(), Kind::Invalid);
        }
    }

    #[test]
    fn noise_is_invalid(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&b"v201\0\0\0\0\0\0\0\0"[..], &noise].concat();
        if let Err(error) = fileset_v2::decode(&bytes) {
            prop_assert_eq!(error.kind(), Kind::Invalid);
        }
        prop_assert!(stored_json::decode(&bytes).is_err());
    }
}
