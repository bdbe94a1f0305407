use base::assertion::{
    Accumulator, Assertions, Key, Policy, Properties, blob_properties, properties_digest, unknown_namespace,
};
use base::{Digest, Kind};
use proptest::prelude::*;

use crate::sample::{blob, properties};

fn conflicting() -> (Assertions, Assertions) {
    (
        blob("s3://b/k", &[("etag", "e1"), ("same", "x"), ("size", "3")]),
        blob("s3://b/k", &[("etag", "e2"), ("same", "x"), ("time", "now")]),
    )
}

const CONFLICT: &str = "conflict for {s3://b/k blob}: etag (e1 -> e2), size (3 -> <nil>), time (<nil> -> now)";

#[test]
fn rt_12_conflicts_say_what_differs() {
    let (left, right) = conflicting();
    assert_eq!(Assertions::merge([&left, &right]).unwrap_err().to_string(), CONFLICT);
}

#[test]
fn rt_13_exact_wants_all_that_the_target_asserts() {
    let (a, b) = (blob("s3://b/a", &[("etag", "1")]), blob("s3://b/b", &[("etag", "2")]));
    let both = Assertions::merge([&a, &b]).unwrap();
    let exact = |source: &[&Assertions], target: &[&Assertions]| {
        let owned = |sets: &[&Assertions]| sets.iter().map(|set| (*set).clone()).collect::<Vec<_>>();
        Policy::Exact.accepts(&owned(source), &owned(target))
    };
    let empty = Assertions::default();
    assert!(exact(&[&both], &[&a]), "superset");
    assert!(exact(&[&b, &a], &[&both]), "spread over sets");
    assert!(!exact(&[&a], &[&both]), "subset");
    assert!(exact(&[], &[]) && exact(&[&a], &[&empty]), "empty target");
    assert!(!exact(&[], &[&a]) && !exact(&[&empty], &[&a]), "empty source");
    let changed = blob("s3://b/a", &[("etag", "other")]);
    assert!(!exact(&[&changed], &[&a]) && !exact(&[&changed, &a], &[&a]), "the first set that knows a key counts");
}

#[test]
fn rt_14_never_always_passes() {
    let target = blob("s3://b/a", &[("etag", "1")]);
    assert!(Policy::Never.accepts(&[], std::slice::from_ref(&target)));
    assert!(Policy::default().accepts(&[blob("s3://b/a", &[("etag", "2")])], &[target]));
}

#[test]
fn policies_have_names() {
    assert_eq!(("never".parse(), "exact".parse()), (Ok(Policy::Never), Ok(Policy::Exact)));
    let error = "Exact".parse::<Policy>().unwrap_err().to_string();
    assert_eq!(error, r#""Exact" is not an assertion policy: want "never" or "exact""#);
}

#[test]
fn rt_15_unknown_namespaces_are_an_error() {
    let error = unknown_namespace("docker");
    assert_eq!(error.kind(), Kind::NotSupported);
    assert!(error.to_string().contains("no assertion generator for namespace docker"), "{error}");
}

#[test]
fn rt_16_blobs_omit_what_is_not_known() {
    const NANOS: i128 = 1_546_398_245_000_000_000;
    let all = blob_properties("\"e\"", Some(NANOS), 12);
    assert_eq!(
        all,
        properties(&[("etag", "\"e\""), ("last-modified", "2019-01-02 03:04:05 +0000 UTC"), ("size", "12")])
    );
    assert_eq!(blob_properties("", None, 0), Properties::new());
    let fraction = blob_properties("", Some(NANOS + 120_000_000), 0);
    assert_eq!(fraction["last-modified"], "2019-01-02 03:04:05.12 +0000 UTC");
}

#[test]
fn distinct_drops_what_is_empty_or_known() {
    let (a, b) = (blob("s3://b/a", &[("etag", "1")]), blob("s3://b/b", &[("etag", "2")]));
    let again = blob("s3://b/a", &[("etag", "1")]);
    let (sets, keys) = Assertions::distinct([&a, &Assertions::default(), &b, &again, &a]);
    assert_eq!((sets, keys), (vec![a, b], 2));
}

#[test]
fn sets_that_share_a_digest_stay_apart() {
    let (left, right) = (blob("s3://b/a", &[("e", "tag")]), blob("s3://b/a", &[("et", "ag")]));
    assert_eq!(left.digest(), right.digest());
    assert_ne!(left, right);
    assert_eq!(Assertions::distinct([&left, &right]).1, 2);
    assert!(Assertions::merge([&left, &right]).is_err());
    assert!(!Policy::Exact.accepts(&[left], &[right]));
}

#[test]
fn differences_are_told_from_the_right() {
    let left = Assertions::merge([&conflicting().0, &blob("s3://b/only-left", &[("etag", "1")])]).unwrap();
    let extra = blob("s3://b/extra", &[("etag", "1"), ("size", "2")]);
    let right = Assertions::merge([&conflicting().1, &extra]).unwrap();
    let expected = "conflict {s3://b/k blob}: etag (e1 -> e2), size (3 -> <nil>), time (<nil> -> now)\n\
                    extra: {s3://b/extra blob}: etag=1,size=2";
    assert_eq!(Assertions::pretty_diff(&left, &right), expected);
    assert_eq!(Assertions::pretty_diff(&left, &left), "");
    assert_eq!(Assertions::pretty_diff(&left, &Assertions::default()), "");
}

#[test]
fn texts() {
    let set = Assertions::from_iter([
        (Key { namespace: "docker".into(), subject: "ubuntu".into() }, properties(&[("version", "v2")])),
        (Key::blob("s3://b/k"), properties(&[("size", "3"), ("etag", "e1")])),
    ]);
    assert_eq!(set.to_string(), "blob s3://b/k etag=e1, blob s3://b/k size=3, docker ubuntu version=v2");
    assert_eq!((set.short(), set.len()), ("#2".to_owned(), 2));
    assert_eq!((Assertions::default().to_string(), Assertions::default().short()), ("empty".into(), "empty".into()));
    assert_eq!(Assertions::from_iter([]), Assertions::default());
    assert_eq!(properties_digest(&properties(&[("size", "3"), ("etag", "e1")])), Digest::of("etage1size3"));
}

#[test]
fn the_accumulator_keeps_what_it_knew_on_a_conflict() {
    let mut known = Accumulator::new();
    let (left, right) = conflicting();
    let other = blob("s3://b/other", &[("etag", "1")]);
    known.add_from([&left]).unwrap();
    assert_eq!(known.add_from([&other, &right]).unwrap_err().to_string(), CONFLICT);
    assert_eq!(known.len(), 1, "nothing of a set that conflicts, and nothing before it");
    known.add_from([&other, &left, &Assertions::default()]).unwrap();
    let wanted = Assertions::merge([&right, &blob("s3://b/z", &[]), &blob("s3://b/y", &[])]).unwrap();
    let (found, missing) = known.filter(&wanted);
    assert_eq!((found, missing), (left, vec![Key::blob("s3://b/y"), Key::blob("s3://b/z")]));
}

fn sets() -> impl Strategy<Value = Assertions> {
    // Every key has but one possible value, so that sets agree.
    prop::collection::btree_set((prop::sample::select(vec!["blob", "docker"]), "[a-c]{1,2}"), 0..6).prop_map(|keys| {
        keys.into_iter()
            .map(|(namespace, subject)| {
                let value = properties(&[("etag", &subject), ("size", namespace)]);
                (Key { namespace: namespace.to_owned(), subject }, value)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn merging_is_a_union(a in sets(), b in sets(), c in sets()) {
        let merge = |left: &Assertions, right: &Assertions| Assertions::merge([left, right]).unwrap();
        prop_assert_eq!(merge(&a, &b), merge(&b, &a));
        prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
        prop_assert_eq!(merge(&a, &b).digest(), merge(&b, &a).digest());
        prop_assert_eq!(merge(&a, &a), a.clone());
        prop_assert_eq!(merge(&a, &Assertions::default()), a.clone());
        prop_assert_eq!(Assertions::merge([&a, &b, &c]).unwrap(), merge(&merge(&a, &b), &c));
    }

    #[test]
    fn accumulating_is_merging(a in sets(), b in sets()) {
        let mut known = Accumulator::new();
        known.add_from([&a]).unwrap();
        known.add_from([&b]).unwrap();
        let all = Assertions::merge([&a, &b]).unwrap();
        prop_assert_eq!(known.filter(&all), (all, vec![]));
        let (_, missing) = known.filter(&Assertions::from_iter([(Key::blob("zz"), Properties::new())]));
        prop_assert_eq!(missing, vec![Key::blob("zz")]);
    }

    #[test]
    fn exact_accepts_supersets_alone(a in sets(), b in sets()) {
        let all = Assertions::merge([&a, &b]).unwrap();
        prop_assert!(Policy::Exact.accepts(std::slice::from_ref(&all), std::slice::from_ref(&a)));
        let accepted = Policy::Exact.accepts(std::slice::from_ref(&a), std::slice::from_ref(&all));
        prop_assert_eq!(accepted, all == a);
    }
}
