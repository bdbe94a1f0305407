use std::time::{Duration, SystemTime};

use base::Profile;
use base::profile::{CPU, MEM};
use proptest::prelude::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

#[test]
fn profiles_are_written_as_text_and_as_json() {
    let mut profile = Profile::default();
    for (second, value) in [2.0, 4.0, 6.0].into_iter().enumerate() {
        profile.add(MEM, value, at(second as u64));
    }
    profile.add(CPU, 0.5, at(7));
    assert_eq!(profile.to_string(), "cpu: mean 0.5 max 0.5 N 1 var 0; mem: mean 4 max 6 N 3 var 2.6666666666666665");
    let json = serde_json::to_string(&profile).unwrap();
    assert!(
        json.starts_with(r#"{"cpu":{"N":1,"Max":0.5,"Mean":0.5,"Var":0.0,"First":"2023-11-14T22:13:27Z""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
    assert_eq!(profile.get(MEM).map(|samples| samples.span()), Some(Duration::from_secs(2)));
}

#[test]
fn a_clock_that_was_set_back_gives_no_negative_time() {
    let mut profile = Profile::default();
    profile.add(CPU, 1.0, at(10));
    profile.add(CPU, 1.0, at(5));
    assert_eq!(profile.get(CPU).map(|samples| samples.span()), Some(Duration::ZERO));
}

proptest! {
    #[test]
    fn mean_and_variance_are_those_of_all_samples(values in prop::collection::vec(0.0f64..1e12, 1..50)) {
        let mut profile = Profile::default();
        for value in &values {
            profile.add(MEM, *value, at(0));
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let samples = profile.get(MEM).unwrap();
        prop_assert_eq!(samples.count, values.len() as u64);
        prop_assert!((samples.mean - mean).abs() <= 1e-9 * mean.abs().max(1.0));
        prop_assert!((samples.variance - variance).abs() <= 1e-6 * variance.max(1.0));
    }
}
