use base::Resources;
use proptest::prelude::*;

const GIB: f64 = (1_u64 << 30) as f64;

fn of(mem: f64, cpu: f64, disk: f64) -> Resources {
    Resources::of(cpu, mem, disk)
}

#[test]
fn the_examples_of_the_spec() {
    let (big, small) = (of(10.0, 5.0, 1.0), of(5.0, 2.0, 3.0));
    assert_eq!(&big - &small, of(5.0, 3.0, -2.0));
    assert_eq!(&big + &small, of(15.0, 7.0, 4.0));
    assert_eq!(big.min(&small), of(5.0, 2.0, 1.0));
    assert_eq!(big.max(&small), of(10.0, 5.0, 3.0));
    let part = Resources::from_iter([("mem", 32.0), ("cpu", 8.0)]);
    let whole = Resources::from_iter([("mem", 128.0), ("cpu", 16.0)]);
    assert_eq!(part.ratios(&whole), Resources::from_iter([("mem", 0.25), ("cpu", 0.5)]));
    assert_eq!((part.max_ratio(&whole), whole.max_ratio(&part)), (0.5, 4.0));
    assert_eq!(of(16.0 * GIB, 4.0, 0.0).magnitude(), 6.0);
}

/// CLI-107
#[test]
fn rt_87_text_omits_what_is_zero_and_sorts_features() {
    assert_eq!(Resources::new().to_string(), "{}");
    assert_eq!(of(0.0, 0.0, 0.0).to_string(), "{}");
    assert_eq!(of(GIB, 1.0, 0.0).to_string(), "{mem:1.0GiB cpu:1 disk:0B}");
    let mut resources = of(492.5 * GIB, 0.5, 1.5e12);
    for feature in ["intel_avx512", "intel_avx", "zero"] {
        resources.set(feature, if feature == "zero" { 0.0 } else { 2.0 });
    }
    assert_eq!(resources.to_string(), "{mem:492.5GiB cpu:0.5 disk:1.4TiB intel_avx:2 intel_avx512:2}");
    assert_eq!((&of(0.0, 1.0, 0.0) - &of(2048.0, 0.0, 0.0)).to_string(), "{mem:-2.0KiB cpu:1 disk:0B}");
}

#[test]
fn rt_88_distance_counts_cores_and_8_gib() {
    assert_eq!(of(8.0 * GIB, 1.0, 1e12).scaled_distance(&Resources::new()), 2.0);
    assert_eq!(of(8.0 * GIB, 1.0, 0.0).scaled_distance(&of(0.0, 3.0, 0.0)), 3.0);
}

#[test]
fn missing_labels_are_zero() {
    assert_eq!(Resources::new(), of(0.0, 0.0, 0.0));
    let feature = Resources::from_iter([("intel_avx", 1.0)]);
    assert!(!of(1.0, 1.0, 1.0).covers(&feature));
    assert!(feature.covers(&of(0.0, 0.0, 0.0)));
    assert_eq!(Resources::new().min(&feature), Resources::new(), "a missing label is lower than any amount");
    assert_eq!(feature.min(&Resources::new()), feature, "only the labels of the limit are looked at");
    assert_eq!(feature.max_ratio(&of(1.0, 1.0, 1.0)), 0.0);
}

#[test]
fn json_is_a_plain_object() {
    let json = serde_json::to_string(&of(1024.0, 0.5, 0.0)).unwrap();
    assert_eq!(json, r#"{"cpu":0.5,"disk":0.0,"mem":1024.0}"#);
    assert_eq!(serde_json::from_str::<Resources>(r#"{"mem":1024,"cpu":0.5}"#).unwrap(), of(1024.0, 0.5, 0.0));
}

fn amounts() -> impl Strategy<Value = Resources> {
    // Whole numbers, so that sums are exact.
    prop::collection::btree_map("mem|cpu|disk|intel_avx", (0..1_000_000_u32).prop_map(f64::from), 0..5)
        .prop_map(|amounts| amounts.into_iter().collect())
}

proptest! {
    #[test]
    fn addition_is_a_group(a in amounts(), b in amounts(), c in amounts()) {
        prop_assert_eq!(&a + &b, &b + &a);
        prop_assert_eq!(&(&a + &b) + &c, &a + &(&b + &c));
        prop_assert_eq!(&(&a + &b) - &b, a.clone());
        prop_assert_eq!(&a - &a, Resources::new());
    }

    #[test]
    fn covering_is_an_order(a in amounts(), b in amounts()) {
        prop_assert!(a.covers(&a) && a.max(&b).covers(&a) && a.max(&b).covers(&b));
        prop_assert!((&a + &b).covers(&a));
        prop_assert_eq!(a.covers(&b) && b.covers(&a), a == b);
        prop_assert!(a.covers(&a.min(&b)));
    }

    #[test]
    fn larger_and_smaller_add_up(a in amounts(), b in amounts()) {
        prop_assert_eq!(a.max(&b), b.max(&a));
        let labels: Vec<_> = b.iter().map(|(label, _)| label.to_owned()).collect();
        for label in labels {
            prop_assert_eq!(a.max(&b).get(&label) + a.min(&b).get(&label), a.get(&label) + b.get(&label));
        }
    }

    #[test]
    fn distance_is_symmetric(a in amounts(), b in amounts()) {
        prop_assert_eq!(a.scaled_distance(&b), b.scaled_distance(&a));
        prop_assert_eq!(a.scaled_distance(&a), 0.0);
    }

    #[test]
    fn json_reads_back(a in amounts()) {
        prop_assert_eq!(serde_json::from_str::<Resources>(&serde_json::to_string(&a).unwrap()).unwrap(), a);
    }
}
