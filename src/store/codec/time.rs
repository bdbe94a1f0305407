//! Modification times as the fileset formats write them.
//!
//! In memory a time is nanoseconds since the Unix epoch and an unknown one is `None`; in both formats an
//! unknown time is the first instant of the year 1.

use base::{Error, Kind};

/// Seconds from the Unix epoch to the first instant of the year 1.
const ZERO_SECONDS: i64 = -62_135_596_800;
const NANOS: i128 = 1_000_000_000;

/// Seconds and nanoseconds since the Unix epoch.
pub(super) fn split(time: Option<i128>) -> (i64, i64) {
    match time {
        None => (ZERO_SECONDS, 0),
        Some(time) => (time.div_euclid(NANOS) as i64, time.rem_euclid(NANOS) as i64),
    }
}

/// The inverse of [`split`].
pub(super) fn join(seconds: i64, nanos: i64) -> Option<i128> {
    (seconds != ZERO_SECONDS || nanos != 0).then(|| i128::from(seconds) * NANOS + i128::from(nanos))
}

/// RFC 3339 in UTC, with as many digits of a second as are needed.
pub(super) fn format(time: Option<i128>) -> Result<String, Error> {
    let (seconds, nanos) = split(time);
    jiff::Timestamp::new(seconds, nanos as i32).map(|timestamp| timestamp.to_string()).map_err(|_| {
        Error::new(Kind::Invalid, format!("the modification time {seconds} s cannot be written as a date"))
    })
}

/// The inverse of [`format`]; other offsets from UTC are read too.
pub(super) fn parse(text: &str) -> Option<Option<i128>> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    Some(join(timestamp.as_second(), timestamp.subsec_nanosecond().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        for (time, text) in [
            (None, "0001-01-01T00:00:00Z"),
            (Some(0), "1970-01-01T00:00:00Z"),
            (Some(1_546_398_245_500_000_000), "2019-01-02T03:04:05.5Z"),
            (Some(-1), "1969-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(format(time).as_deref(), Ok(text));
            assert_eq!(parse(text), Some(time));
        }
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(Some(0)));
        assert_eq!(parse("yesterday"), None);
    }
}
