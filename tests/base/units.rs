use std::time::Duration;

use base::units::{
    LONG_TIME, data_amount, data_size, duration, exact_duration, number, parse_duration, parse_size, time,
};
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use proptest::prelude::*;

/// CLI-105
#[test]
fn sizes() {
    let cases = [
        (0, "0B"),
        (17, "17B"),
        (1023, "1023B"),
        (1024, "1.0KiB"),
        (1536, "1.5KiB"),
        (1 << 30, "1.0GiB"),
        (1 << 40, "1.0TiB"),
        (528_817_848_320, "492.5GiB"),
        ((1 << 20) - 1, "1024.0KiB"),
        (1 << 50, "1.0PiB"),
        (u64::MAX, "16.0EiB"),
    ];
    for (bytes, text) in cases {
        assert_eq!(data_size(bytes), text, "{bytes}");
    }
}

#[test]
fn amounts_are_cut_and_may_be_negative() {
    let cases = [(0.9, "0B"), (-0.9, "0B"), (1536.7, "1.5KiB"), (-1.0, "-1B"), (-1536.0, "-1.5KiB"), (f64::NAN, "0B")];
    for (bytes, text) in cases {
        assert_eq!(data_amount(bytes), text, "{bytes}");
    }
}

#[test]
fn numbers_are_short() {
    let cases = [
        (0.0, "0"),
        (1.0, "1"),
        (0.25, "0.25"),
        (-2.5, "-2.5"),
        (123_456.0, "123456"),
        (999_999.5, "999999.5"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (1e100, "1e+100"),
        (0.0001, "0.0001"),
        (0.000_012_5, "1.25e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ];
    for (value, text) in cases {
        assert_eq!(number(value), text);
    }
}

/// CLI-106
#[test]
fn whole_seconds() {
    let cases = [(0, "0s"), (42, "42s"), (90, "1m30s"), (3661, "1h1m1s"), (3600, "1h0m0s"), (360_000, "100h0m0s")];
    for (seconds, text) in cases {
        assert_eq!(duration(Duration::from_millis(seconds * 1000 + 999)), text);
    }
}

#[test]
fn exact_durations() {
    let cases = [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (500_000_000, "500ms"),
        (1_000_001, "1.000001ms"),
        (2_000_000_000, "2s"),
        (120_000_000_000, "2m0s"),
        (5_373_908_587_144, "1h29m33.908587144s"),
        (5_373_900_000_000, "1h29m33.9s"),
    ];
    for (nanos, text) in cases {
        assert_eq!(exact_duration(Duration::from_nanos(nanos)), text);
    }
}

#[test]
fn durations_are_read() {
    let cases = [
        ("0", 0),
        ("90s", 90_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("1h1.5s", 3_601_500_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("3us", 3_000),
        ("3µs", 3_000),
        ("3\u{3bc}s", 3_000),
        ("1.9999999999ns", 1),
        ("7ns2ms", 2_000_007),
    ];
    for (text, nanos) in cases {
        assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }
    for text in [
        "",
        "1",
        "s",
        "1 s",
        "1d",
        "-1s",
        "1..5s",
        ".s",
        "1h 30m",
        "1hour",
        "300000000h",
        "99999999999999999999999999999999999999999s",
    ] {
        let error = parse_duration(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{text:?} is not a duration: want ")), "{error}");
    }
}

#[test]
fn sizes_are_read() {
    let cases = [
        ("0", 0),
        ("17", 17),
        ("17B", 17),
        ("1.5KiB", 1536),
        ("500 MiB", 500 << 20),
        ("2g", 2 << 30),
        ("10MB", 10_000_000),
        ("0.5k", 512),
        ("15EiB", 15 << 60),
        ("1.0001B", 1),
    ];
    for (text, bytes) in cases {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
    for text in ["", "B", "-1", "1 000", "1x", "1.2.3k", "1  k", "16EiB", "1e3"] {
        let error = parse_size(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{text:?} is not a size: want ")), "{error}");
    }
}

#[test]
fn times_grow_longer_with_age() {
    let at = |seconds: i64| Zoned::new(Timestamp::from_second(seconds).unwrap(), TimeZone::UTC);
    // Monday.
    let then = at(1_709_547_072);
    let week = Duration::from_secs(7 * 86_400);
    let show = |days: i64| time(&then, &(&then + SignedDuration::from_hours(24 * days)), week, LONG_TIME);
    assert_eq!(show(0), "10:11AM");
    assert_eq!(show(1), "Mon10:11AM");
    assert_eq!(show(6), "Mon10:11AM");
    assert_eq!(show(7), "Mon Mar  4 10:11:12 2024");
    assert_eq!(time(&at(1_709_564_645), &then, week, LONG_TIME), "3:04PM", "a clock that runs ahead");
}

proptest! {
    #[test]
    fn exact_durations_read_back(nanos in 0..i64::MAX as u64) {
        let time = Duration::from_nanos(nanos);
        prop_assert_eq!(parse_duration(&exact_duration(time)), Ok(time));
        prop_assert_eq!(parse_duration(&duration(time)), Ok(Duration::from_secs(time.as_secs())));
    }

    #[test]
    fn printed_sizes_read_back_to_one_decimal(bytes in 0..(1_u64 << 53)) {
        let read = parse_size(&data_size(bytes)).unwrap();
        // Half of the last decimal, and the byte that is cut off.
        prop_assert!(read.abs_diff(bytes) <= bytes / 20 + 1, "{} {}", read, bytes);
        prop_assert_eq!(data_size(read.max(bytes)), data_size(bytes.max(read)));
    }

    #[test]
    fn printed_numbers_read_back(value: f64) {
        prop_assume!(value.is_finite());
        prop_assert_eq!(number(value).parse::<f64>(), Ok(value));
    }
}
