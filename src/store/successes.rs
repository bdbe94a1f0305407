//! The execs of the history that came to a result, one for each cache key: what can be run again and compared.

use std::collections::VecDeque;

use base::{Digest, Error};
use rusqlite::{Connection, params};

use crate::columns::Columns;
use crate::database::{Database, Failure};

/// Read at a time, so that others need not keep old states of the database for us, and memory has a bound.
const PAGE: usize = 512;

/// The latest success under a cache key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// The task, [`TaskRecord::id`](crate::TaskRecord::id).
    pub task: Digest,
    /// Its label for people.
    pub ident: String,
    /// The cache key.
    pub key: Digest,
    /// The executor's name, if it is recorded what the exec was made from.
    pub executor: Option<String>,
}

/// The successes that were recorded before this was made, by ident, those of one ident in the order of recording.
/// A clone begins where the original stands. What is removed meanwhile is left out.
#[derive(Clone, Debug)]
pub struct Successes {
    database: Database,
    /// The last row that counts.
    last: i64,
    /// The ident that is read, and the last row of it that was.
    at: (String, i64),
    page: VecDeque<(i64, Success)>,
}

impl Successes {
    pub(crate) fn new(database: Database) -> Result<Self, Error> {
        let last = database.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT coalesce(max(rowid), 0) FROM tasks")?;
            Ok(statement.query_row((), |row| row.get(0))?)
        })?;
        Ok(Self { database, last, at: (String::new(), 0), page: VecDeque::new() })
    }
}

impl Iterator for Successes {
    type Item = Result<Success, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() {
            let read = self.database.read(|connection| {
                let page = read_page(connection, &self.at, self.last)?;
                let next = if page.is_empty() { ident_after(connection, &self.at.0)? } else { None };
                Ok((page, next))
            });
            match read {
                Err(error) => return Some(Err(error)),
                Ok((page, _)) if !page.is_empty() => self.page = page,
                Ok((_, next)) => self.at = (next?, 0),
            }
        }
        let (row, success) = self.page.pop_front()?;
        self.at.1 = row;
        Some(Ok(success))
    }
}

/// What follows a row among those of its ident.
fn read_page(
    connection: &Connection,
    (ident, row): &(String, i64),
    last: i64,
) -> Result<VecDeque<(i64, Success)>, Failure> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT tasks.rowid AS number, tasks.id AS id, ident, cache_key, executor FROM tasks
         LEFT JOIN materials ON materials.key = unhex(cache_key) LEFT JOIN recipes ON recipes.id = recipe
         WHERE ident = ?1 AND tasks.rowid > ?2 AND tasks.rowid <= ?3 AND {}
               AND NOT EXISTS (SELECT 1 FROM tasks AS later WHERE later.cache_key = tasks.cache_key
                               AND later.rowid > tasks.rowid AND later.rowid <= ?3 AND {})
         ORDER BY tasks.rowid LIMIT {PAGE}",
        is_success("tasks"),
        is_success("later")
    ))?;
    let mut rows = statement.query(params![ident, row, last])?;
    let mut page = VecDeque::new();
    while let Some(row) = rows.next()? {
        let columns = Columns { row };
        let success = Success {
            task: columns.digest("id")?,
            ident: columns.get("ident")?,
            key: columns.digest("cache_key")?,
            executor: columns.get("executor")?,
        };
        page.push_back((columns.get("number")?, success));
    }
    Ok(page)
}

fn ident_after(connection: &Connection, ident: &str) -> Result<Option<String>, Failure> {
    let mut statement = connection.prepare_cached("SELECT min(ident) FROM tasks WHERE ident > ?")?;
    Ok(statement.query_row(params![ident], |row| row.get(0))?)
}

/// The condition that a task has run a command to success.
fn is_success(task: &str) -> String {
    format!(
        "{task}.kind = 'exec' AND NOT {task}.cached AND {task}.error IS NULL AND {task}.end_time IS NOT NULL
         AND {task}.cache_key IS NOT NULL"
    )
}
