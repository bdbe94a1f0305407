//! The association in the local database, with the encoded filesets beside it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base::digest::PartialDigest;
use base::{Digest, Error, Kind};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::assoc::{Assoc, AssocKind, Entry};
use crate::columns;
use crate::database::{Database, Failure};

/// The time of the last access is written anew when it is older than this. Writing it at every access
/// would make every lookup a write; daily runs still count as accesses.
const ACCESS_GRAIN: Duration = Duration::from_secs(20 * 3600);

/// The table of associations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AssocTable {
    database: Database,
}

impl AssocTable {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The cache key that begins so; `Invalid` if there are several.
    pub fn key(&self, begin: &PartialDigest) -> Result<Option<Digest>, Error> {
        let mut keys = Vec::new();
        for kind in AssocKind::ALL {
            keys.extend(
                self.database.read(|connection| expand(connection, kind, begin))?.into_iter().map(|(key, _)| key),
            );
        }
        keys.dedup();
        match keys.is_empty() {
            true => Ok(None),
            false => columns::only("cache key", begin, keys).map(Some),
        }
    }

    /// The cache keys whose value is this encoded fileset.
    pub fn keys_of(&self, value: &Digest) -> Result<Vec<Digest>, Error> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT key FROM assoc WHERE value = ?")?;
            let keys = statement.query_map(params![value.as_bytes()], |row| digest(row, 0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = self.database.clone();
        match tokio::task::spawn_blocking(move || work(&database)).await {
            Ok(result) => result,
            Err(error) => Err(Error::new(Kind::Fatal, format!("a thread of the database ended: {error}"))),
        }
    }
}

#[async_trait]
impl Assoc for AssocTable {
    async fn get(&self, kind: AssocKind, key: &PartialDigest) -> Result<(Digest, Digest), Error> {
        let key = *key;
        self.blocking(move |database| {
            let found = database.read(|connection| expand(connection, kind, &key))?;
            columns::only("cache key", &key, found)
        })
        .await
    }

    async fn get_many(&self, wanted: &[(AssocKind, Digest)]) -> Result<Vec<Option<Digest>>, Error> {
        let wanted = wanted.to_vec();
        self.blocking(move |database| {
            database.read(|connection| wanted.iter().map(|(kind, key)| value(connection, *kind, key)).collect())
        })
        .await
    }

    async fn store(
        &self,
        kind: AssocKind,
        key: &Digest,
        value: Option<&Digest>,
        labels: &[String],
    ) -> Result<(), Error> {
        let (key, value, labels) = (*key, value.copied(), labels.to_vec());
        self.blocking(move |database| {
            database.write(|transaction| match &value {
                Some(value) => set(transaction, kind, &key, value, &labels),
                None => remove(transaction, kind, &key),
            })
        })
        .await
    }

    async fn delete(&self, key: &Digest) -> Result<(), Error> {
        let key = *key;
        self.blocking(move |database| {
            let count = database.write(|transaction| {
                Ok(transaction.prepare_cached("DELETE FROM assoc WHERE key = ?")?.execute(params![key.as_bytes()])?)
            })?;
            match count {
                0 => Err(Error::new(Kind::NotExist, format!("nothing is stored for the cache key {key}"))),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn scan(
        &self,
        kinds: &[AssocKind],
        visit: &mut (dyn FnMut(Entry) -> Result<(), Error> + Send),
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page =
                self.blocking(move |database| database.read(|connection| page(connection, after.as_ref()))).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key);
            for entry in page {
                if entry.values.iter().any(|(kind, _)| kinds.contains(kind)) {
                    visit(entry)?;
                }
            }
        }
    }

    async fn count(&self) -> Result<u64, Error> {
        self.blocking(|database| {
            database.read(|connection| {
                let count: i64 = connection.query_row("SELECT count(DISTINCT key) FROM assoc", (), |row| row.get(0))?;
                Ok(count.max(0).cast_unsigned())
            })
        })
        .await
    }
}

/// One value of a key with the bytes of the encoded fileset.
pub(crate) struct Found {
    pub(crate) kind: AssocKind,
    pub(crate) value: Digest,
    /// The encoded fileset, unless it is kept elsewhere.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Whether the time of the last access should be written anew.
    pub(crate) is_stale: bool,
}

/// All values of a key, the newest kind first.
pub(crate) fn find(connection: &Connection, key: &Digest, now: SystemTime) -> Result<Vec<Found>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, value, bytes, last_access FROM assoc LEFT JOIN filesets ON digest = value
         WHERE key = ? ORDER BY kind DESC",
    )?;
    let limit = seconds(now.checked_sub(ACCESS_GRAIN).unwrap_or(UNIX_EPOCH));
    let mut rows = statement.query(params![key.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        // A kind of a later version is none of ours.
        let Some(kind) = AssocKind::of_number(row.get(0)?) else { continue };
        let is_stale = row.get::<_, i64>(3)? < limit;
        found.push(Found { kind, value: digest(row, 1)?, bytes: row.get(2)?, is_stale });
    }
    Ok(found)
}

/// Keeps the bytes of an encoded fileset.
pub(crate) fn keep(connection: &Connection, digest: &Digest, bytes: &[u8]) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO filesets VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET bytes = ?2 WHERE bytes <> ?2",
        )?
        .execute(params![digest.as_bytes(), bytes])?;
    Ok(())
}

/// Makes `value` the only value of a key: an older one of another kind would be preferred, or come back.
pub(crate) fn replace(
    connection: &Connection,
    kind: AssocKind,
    key: &Digest,
    value: &Digest,
    labels: &[String],
) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM assoc WHERE key = ? AND kind <> ?")?
        .execute(params![key.as_bytes(), kind.number()])?;
    set(connection, kind, key, value, labels)
}

/// Writes the time of access of keys anew.
pub(crate) fn touch(connection: &Connection, keys: &[Digest], now: SystemTime) -> Result<(), Failure> {
    let mut statement =
        connection.prepare_cached("UPDATE assoc SET last_access = ?1 WHERE key = ?2 AND last_access < ?1")?;
    for key in keys {
        statement.execute(params![seconds(now), key.as_bytes()])?;
    }
    Ok(())
}

/// Removes a value of a key.
pub(crate) fn remove(connection: &Connection, kind: AssocKind, key: &Digest) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM assoc WHERE key = ? AND kind = ?")?
        .execute(params![key.as_bytes(), kind.number()])?;
    Ok(())
}

/// Adds a value to those of a key.
pub(crate) fn set(
    connection: &Connection,
    kind: AssocKind,
    key: &Digest,
    value: &Digest,
    labels: &[String],
) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO assoc (key, kind, value, last_access, labels) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key, kind) DO UPDATE SET value = ?3, last_access = ?4, labels = CASE
             WHEN ?5 = '[]' OR ?5 = labels THEN labels
             ELSE (SELECT json_group_array(value) FROM
                   (SELECT value FROM json_each(labels) UNION SELECT value FROM json_each(?5) ORDER BY 1))
         END",
    )?;
    let mut labels: Vec<&String> = labels.iter().collect();
    labels.sort_unstable();
    labels.dedup();
    let now = seconds(SystemTime::now());
    statement.execute(params![key.as_bytes(), kind.number(), value.as_bytes(), now, columns::json(&labels)?])?;
    Ok(())
}

fn value(connection: &Connection, kind: AssocKind, key: &Digest) -> Result<Option<Digest>, Failure> {
    let mut statement = connection.prepare_cached("SELECT value FROM assoc WHERE key = ? AND kind = ?")?;
    let found = statement.query_row(params![key.as_bytes(), kind.number()], |row| digest(row, 0));
    Ok(found.optional()?)
}

/// Up to two keys that begin so, with their values.
fn expand(connection: &Connection, kind: AssocKind, key: &PartialDigest) -> Result<Vec<(Digest, Digest)>, Failure> {
    let hex = key.hex();
    let bound = |fill: &str| {
        Digest::parse(&format!("{hex}{}", fill.repeat(64_usize.saturating_sub(hex.len()))))
            .map_err(|error| Failure::from(Error::new(Kind::Invalid, error.to_string())))
    };
    let mut statement =
        connection.prepare_cached("SELECT key, value FROM assoc WHERE key BETWEEN ? AND ? AND kind = ? LIMIT 2")?;
    let rows = statement.query_map(params![bound("0")?.as_bytes(), bound("f")?.as_bytes(), kind.number()], |row| {
        Ok((digest(row, 0)?, digest(row, 1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Some hundred keys after the given one, in order.
pub(crate) fn keys_after(connection: &Connection, after: Option<&Digest>) -> Result<Vec<Digest>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT key FROM assoc WHERE key > ? ORDER BY key LIMIT 512")?;
    let after = after.map_or(&[][..], |key| &key.as_bytes()[..]);
    let keys = statement.query_map(params![after], |row| digest(row, 0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Some hundred keys after the given one, in order, with all their values.
pub(crate) fn page(connection: &Connection, after: Option<&Digest>) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT key, kind, value, last_access, labels FROM assoc
         WHERE key IN (SELECT DISTINCT key FROM assoc WHERE key > ? ORDER BY key LIMIT 512) ORDER BY key, kind",
    )?;
    let after = after.map_or(&[][..], |key| &key.as_bytes()[..]);
    let mut rows = statement.query(params![after])?;
    let mut entries = BTreeMap::<Digest, Entry>::new();
    while let Some(row) = rows.next()? {
        let key = digest(row, 0)?;
        let last_access = UNIX_EPOCH + Duration::from_secs(row.get::<_, i64>(3)?.max(0).cast_unsigned());
        let entry =
            entries.entry(key).or_insert_with(|| Entry { key, values: Vec::new(), last_access, labels: Vec::new() });
        if let Some(kind) = AssocKind::of_number(row.get(1)?) {
            entry.values.push((kind, digest(row, 2)?));
        }
        entry.last_access = entry.last_access.max(last_access);
        let labels: Vec<String> = serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or_default();
        entry.labels.extend(labels);
        entry.labels.sort_unstable();
        entry.labels.dedup();
    }
    Ok(entries.into_values().collect())
}

fn digest(row: &Row<'_>, column: usize) -> Result<Digest, rusqlite::Error> {
    row.get(column).map(Digest::from_bytes)
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
