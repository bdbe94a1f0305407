//! The properties of objects in stores, the one kind of subject that assertions are made of today.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Key, Properties};
use crate::failure::{Error, Kind};

/// The namespace whose subjects are object URLs.
pub const BLOB: &str = "blob";

impl Key {
    /// The key of the object at `url`.
    pub fn blob(url: impl Into<String>) -> Self {
        Self { namespace: BLOB.to_owned(), subject: url.into() }
    }
}

/// What is asserted of an object: of its entity tag, its modification time (nanoseconds since the Unix
/// epoch) and its size in bytes, those that are known. An empty tag and a size of 0 are not.
pub fn blob_properties(etag: &str, last_modified: Option<i128>, size: u64) -> Properties {
    let time = last_modified.and_then(|nanos| Timestamp::from_nanosecond(nanos).ok()).map(time_text);
    let known = [
        ("etag", (!etag.is_empty()).then(|| etag.to_owned())),
        ("last-modified", time),
        ("size", (size > 0).then(|| size.to_string())),
    ];
    known.into_iter().filter_map(|(property, value)| Some((property.to_owned(), value?))).collect()
}

/// Go's default text of a time in UTC, `2019-01-02 03:04:05.5 +0000 UTC`: it is part of digests.
fn time_text(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()
}

/// The failure of looking at a subject whose namespace nothing knows.
pub fn unknown_namespace(namespace: &str) -> Error {
    Error::new(Kind::NotSupported, format!("no assertion generator for namespace {namespace}"))
}
