//! Names that people give to what a collection must keep.

use base::{Digest, Error, Kind};
use rusqlite::params;

use crate::columns;
use crate::database::Database;

/// What a name keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The name.
    pub name: String,
    /// What was named, for people: `run`, `key`, `fileset` or `object`, and its digest.
    pub target: String,
    /// When, in UTC.
    pub created: String,
    /// Cache keys, and blobs by digest.
    pub keys: Vec<Digest>,
}

/// The table of roots.
#[derive(Clone, Debug)]
pub struct Roots {
    database: Database,
}

impl Roots {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Keeps these under a name. `Precondition` if the name is taken.
    pub fn add(&self, name: &str, target: &str, keys: &[Digest]) -> Result<(), Error> {
        let created = columns::time(std::time::SystemTime::now());
        self.database.write(|transaction| {
            if transaction.prepare_cached("SELECT 1 FROM roots WHERE name = ?")?.exists(params![name])? {
                let message = format!("there is a root {name:?} already; remove it first");
                return Err(Error::new(Kind::Precondition, message).into());
            }
            transaction
                .prepare_cached("INSERT INTO roots (name, target, created) VALUES (?, ?, ?)")?
                .execute(params![name, target, created])?;
            let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO root_keys (name, key) VALUES (?, ?)")?;
            for key in keys {
                insert.execute(params![name, key.as_bytes()])?;
            }
            Ok(())
        })
    }

    /// Forgets a name; whether there was one.
    pub fn remove(&self, name: &str) -> Result<bool, Error> {
        self.database.write(|transaction| {
            transaction.execute("DELETE FROM root_keys WHERE name = ?", params![name])?;
            Ok(transaction.execute("DELETE FROM roots WHERE name = ?", params![name])? > 0)
        })
    }

    /// All of them by name.
    pub fn list(&self) -> Result<Vec<Root>, Error> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT name, target, created FROM roots ORDER BY name")?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok(Root { name: row.get(0)?, target: row.get(1)?, created: row.get(2)?, keys: Vec::new() })
            };
            let mut roots = statement.query_map((), read)?.collect::<Result<Vec<Root>, _>>()?;
            let mut keys = connection.prepare_cached("SELECT key FROM root_keys WHERE name = ?")?;
            for root in &mut roots {
                let found = keys.query_map(params![root.name], |row| row.get(0).map(Digest::from_bytes))?;
                root.keys = found.collect::<Result<_, _>>()?;
            }
            Ok(roots)
        })
    }
}
