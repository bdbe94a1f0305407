use std::time::Duration;

use base::retry::Policy;
use proptest::prelude::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn waits_grow_to_the_maximum() {
    let policy = Policy::growing(seconds(1), 1.5, seconds(10), 8);
    let waits: Vec<_> = policy.waits(|| 0.7).map(|wait| wait.as_millis()).collect();
    assert_eq!(waits, [1000, 1500, 2250, 3375, 5062, 7593, 10_000, 10_000]);
    assert_eq!(policy.wait(8, 0.0), None);
    let constant = Policy::constant(Duration::from_millis(2), 3);
    assert_eq!(constant.waits(|| 0.0).collect::<Vec<_>>(), [Duration::from_millis(2); 3]);
    assert_eq!(Policy::constant(seconds(1), 0).waits(|| 0.0).count(), 0);
}

#[test]
fn jitter_takes_off_a_part() {
    let policy = Policy::growing(seconds(10), 2.0, seconds(60), 3).with_jitter(0.25);
    assert_eq!(policy.wait(0, 0.0), Some(seconds(10)));
    assert_eq!(policy.wait(0, 1.0), Some(Duration::from_millis(7500)));
    assert_eq!(policy.with_jitter(1.0).wait(1, 1.0), Some(Duration::ZERO));
}

#[test]
fn a_wait_that_ends_too_late_is_none() {
    let policy = Policy::constant(seconds(5), 3);
    assert_eq!(policy.wait_within(seconds(6), 0, 0.0), Some(seconds(5)));
    assert_eq!(policy.wait_within(seconds(5), 0, 0.0), None);
}

proptest! {
    #[test]
    fn waits_stay_within_bounds(
        first in 0..100_000_u64, factor in 0.0..1e9, max in 0..100_000_u64, jitter in 0.0..=1.0, random in 0.0..1.0, retry: u32,
    ) {
        let policy = Policy::growing(Duration::from_millis(first), factor, Duration::from_millis(max), u32::MAX).with_jitter(jitter);
        if let Some(wait) = policy.wait(retry, random) {
            prop_assert!(wait <= policy.max);
            prop_assert!(wait >= policy.wait(retry, 1.0).unwrap());
        } else {
            prop_assert_eq!(retry, u32::MAX);
        }
    }
}
