//! How digests, times and small collections stand in the columns of tables that people read.

use std::time::SystemTime;

use base::digest::PartialDigest;
use base::{Digest, Error, Kind};
use rusqlite::Row;
use rusqlite::types::Value;

use crate::database::Failure;

/// A time in UTC with milliseconds, of constant length, so that texts sort like times. Times beyond the
/// years that can be written are cut to the last of them.
pub(crate) fn time(time: SystemTime) -> String {
    let timestamp = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX);
    format!("{timestamp:.3}")
}

/// A collection of texts or numbers as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Error::new(Kind::Invalid, error.to_string()).into())
}

/// Columns of one row by name, with errors that say which column of which row cannot be understood.
pub(crate) struct Columns<'a> {
    pub(crate) row: &'a Row<'a>,
}

impl Columns<'_> {
    /// A column that SQLite can convert by itself.
    pub(crate) fn get<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, Failure> {
        Ok(self.row.get(name)?)
    }

    pub(crate) fn digest(&self, name: &str) -> Result<Digest, Failure> {
        let text: String = self.get(name)?;
        self.parse(name, &text, Digest::parse(&text).ok())
    }

    pub(crate) fn optional_digest(&self, name: &str) -> Result<Option<Digest>, Failure> {
        match self.get::<Option<String>>(name)? {
            None => Ok(None),
            Some(text) => self.parse(name, &text, Digest::parse(&text).ok()).map(Some),
        }
    }

    pub(crate) fn time(&self, name: &str) -> Result<SystemTime, Failure> {
        let text: String = self.get(name)?;
        self.parse(name, &text, text.parse::<jiff::Timestamp>().ok().map(SystemTime::from))
    }

    pub(crate) fn optional_time(&self, name: &str) -> Result<Option<SystemTime>, Failure> {
        match self.get::<Option<String>>(name)? {
            None => Ok(None),
            Some(_) => self.time(name).map(Some),
        }
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, Failure> {
        let text: String = self.get(name)?;
        self.parse(name, &text, serde_json::from_str(&text).ok())
    }

    /// A count that SQLite keeps as a signed number.
    pub(crate) fn count(&self, name: &str) -> Result<u32, Failure> {
        let number: i64 = self.get(name)?;
        self.parse(name, &number.to_string(), u32::try_from(number).ok())
    }

    pub(crate) fn optional_bytes(&self, name: &str) -> Result<Option<u64>, Failure> {
        Ok(self.get::<Option<i64>>(name)?.map(|number| number.max(0).cast_unsigned()))
    }

    /// The value, or an error that shows the text it should have come from.
    pub(crate) fn parse<T>(&self, name: &str, text: &str, value: Option<T>) -> Result<T, Failure> {
        value.ok_or_else(|| {
            let id: String = self.row.get("id").unwrap_or_default();
            Error::new(Kind::Integrity, format!("row {id}: column {name} has the unexpected value {text:?}")).into()
        })
    }
}

/// The conditions of a query, joined by `AND`, and their values.
#[derive(Default)]
pub(crate) struct Conditions {
    texts: Vec<String>,
    pub(crate) values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition with one `?`.
    pub(crate) fn add(&mut self, text: &str, value: impl Into<Value>) {
        self.texts.push(text.to_owned());
        self.values.push(value.into());
    }

    /// Adds a condition with one `?` for each value.
    pub(crate) fn add_all<const N: usize>(&mut self, text: &str, values: [String; N]) {
        self.texts.push(text.to_owned());
        self.values.extend(values.map(Value::from));
    }

    /// Adds a condition without a value.
    pub(crate) fn require(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    /// Wants a column of hex digits to begin with those of `prefix`. A range, so that an index serves.
    pub(crate) fn begins(&mut self, column: &str, prefix: &PartialDigest) {
        let hex = prefix.hex();
        self.add(&format!("{column} >= ?"), hex.clone());
        self.add(&format!("{column} < ?"), hex + "g");
    }

    /// The rest of a `SELECT`: the conditions, the latest rows first, at most `limit` of them.
    pub(crate) fn clause(&self, limit: Option<usize>) -> String {
        let conditions = match self.texts.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.texts.join(" AND ")),
        };
        let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        format!("{conditions} ORDER BY rowid DESC{limit}")
    }
}

/// The only row that a prefix fits.
pub(crate) fn only<T>(what: &str, prefix: &PartialDigest, mut found: Vec<T>) -> Result<T, Error> {
    let name = prefix.hex();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => {
            Err(Error::new(Kind::Invalid, format!("several {what}s begin with {name}; give more digits")))
        }
        (None, _) => Err(Error::new(Kind::NotExist, format!("no {what} begins with {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_sort_as_texts() {
        let at = |millis| time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(1_769_846_709_250), "2026-01-31T08:05:09.250Z");
        assert_eq!(at(1_769_846_709_000), "2026-01-31T08:05:09.000Z");
        assert!(at(999) < at(1000) && at(1000) < at(1001));
    }
}
