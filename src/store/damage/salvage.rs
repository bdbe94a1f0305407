//! Reading what can be read of a damaged database.
//!
//! SQLite stops at the first bad page that it meets. So each table is read in ranges of its key, and a range that
//! cannot be read to its end is halved, until the bad pages are alone.

use std::path::Path;

use base::Error;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::database::{Database, Failure};

/// By what a table is read in ranges.
#[derive(Clone, Copy)]
enum Order {
    /// An integer column.
    Number(&'static str),
    /// A column of digests.
    Digest(&'static str),
}

/// What is kept of rows that refer to others by number, run after all tables were read. A number whose own row is
/// lost is given to somebody else sooner or later, who must not take over what belonged to the first.
const TIDY: [&str; 6] = [
    "DELETE FROM materials WHERE recipe NOT IN (SELECT id FROM recipes)",
    "DELETE FROM material_inputs WHERE material NOT IN (SELECT id FROM materials)",
    // A material that lacks inputs would explain an exec wrongly.
    "DELETE FROM materials WHERE EXISTS (
         SELECT 1 FROM recipes, json_each(recipes.arguments) AS argument
         WHERE recipes.id = materials.recipe AND json_extract(argument.value, '$.input') IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM material_inputs
                           WHERE material = materials.id AND number = json_extract(argument.value, '$.input')))",
    "DELETE FROM material_inputs WHERE material NOT IN (SELECT id FROM materials)",
    "DELETE FROM steps WHERE run NOT IN (SELECT id FROM names) OR ident NOT IN (SELECT id FROM names)
         OR position NOT IN (SELECT id FROM names)",
    "DELETE FROM imports WHERE run NOT IN (SELECT id FROM names) OR source NOT IN (SELECT id FROM names)",
];

/// Every table but the memory of files outside, which is learnt anew by itself.
const TABLES: [(&str, Order); 12] = [
    ("filesets", Order::Number("rowid")),
    ("assoc", Order::Digest("key")),
    ("runs", Order::Number("rowid")),
    ("tasks", Order::Number("rowid")),
    ("names", Order::Number("id")),
    ("recipes", Order::Number("id")),
    ("materials", Order::Number("id")),
    ("material_inputs", Order::Number("material")),
    ("steps", Order::Number("run")),
    ("imports", Order::Number("run")),
    ("roots", Order::Number("rowid")),
    ("root_keys", Order::Digest("key")),
];

/// Ranges of one table that are tried in all. Bounds the time on a file that is bad throughout.
const TRIES: u32 = 4096;
/// Rows written in one transaction.
const ROWS: usize = 4096;

/// Rows by table, and the tables of which a part is lost.
type Copied = (Vec<(&'static str, u64)>, Vec<&'static str>);

/// Copies all rows that can be read.
pub(super) fn copy(damaged: &Path, to: &Database) -> Result<Copied, Error> {
    let (mut rows, mut lost) = (Vec::new(), Vec::new());
    // Writable, as SQLite brings in what the log beside the file has.
    let from = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_WRITE);
    for (table, order) in TABLES {
        let mut reader =
            Reader { table, order, columns: Vec::new(), tries: 0, lost: false, page: Vec::new(), count: 0 };
        match &from {
            Ok(from) => reader.read(from, to)?,
            Err(_) => reader.lost = true,
        }
        rows.push((table, reader.count));
        if reader.lost {
            lost.push(table);
        }
    }
    to.write(|transaction| {
        for statement in TIDY {
            transaction.execute(statement, ())?;
        }
        Ok(())
    })?;
    Ok((rows, lost))
}

struct Reader {
    table: &'static str,
    order: Order,
    columns: Vec<String>,
    tries: u32,
    /// Whether a part could not be read.
    lost: bool,
    page: Vec<Vec<Value>>,
    count: u64,
}

impl Reader {
    fn read(&mut self, from: &Connection, to: &Database) -> Result<(), Error> {
        let Ok(columns) = columns(from, self.table) else {
            self.lost = true;
            return Ok(());
        };
        // An older file lacks some, and a newer one has more.
        let known = to.read(|connection| columns_of_ours(connection, self.table))?;
        self.columns = columns.into_iter().filter(|column| known.contains(column)).collect();
        if self.columns.is_empty() {
            // The table is not there, or the list of tables cannot be read.
            self.lost = from.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0)).is_err();
            return Ok(());
        }
        let mut ranges = vec![(0, u64::MAX)];
        while let Some((first, last)) = ranges.pop() {
            self.tries += 1;
            let stopped = self.read_range(from, to, first, last)?;
            let Some(next) = stopped else { continue };
            self.lost = true;
            if next >= last || self.tries >= TRIES {
                continue;
            }
            let middle = next + (last - next) / 2;
            ranges.extend([(middle + 1, last), (next, middle)]);
        }
        self.flush(to)
    }

    /// Reads a range; where to go on, if it cannot be read to its end.
    fn read_range(&mut self, from: &Connection, to: &Database, first: u64, last: u64) -> Result<Option<u64>, Error> {
        let (column, bounds) = match self.order {
            Order::Number(column) => {
                let number = |place: u64| Value::Integer(i64::try_from(place).unwrap_or(i64::MAX));
                (column, [number(first), number(last)])
            }
            Order::Digest(column) => {
                let digest =
                    |place: u64, rest: u8| Value::Blob(place.to_be_bytes().into_iter().chain([rest; 24]).collect());
                (column, [digest(first, 0), digest(last, 0xff)])
            }
        };
        let sql = format!(
            "SELECT {column}, {} FROM {} WHERE {column} BETWEEN ? AND ? ORDER BY {column}",
            self.columns.join(", "),
            self.table
        );
        let mut reached = first;
        let Ok(mut statement) = from.prepare(&sql) else { return Ok(Some(last)) };
        let Ok(mut rows) = statement.query(params_from_iter(bounds)) else { return Ok(Some(first)) };
        loop {
            let row = match rows.next() {
                Ok(None) => return Ok(None),
                Ok(Some(row)) => row,
                Err(_) => return Ok(Some(reached.saturating_add(u64::from(reached > first)))),
            };
            let Ok(values) = (0..=self.columns.len()).map(|index| row.get(index)).collect::<Result<Vec<Value>, _>>()
            else {
                return Ok(Some(reached.saturating_add(1)));
            };
            reached = place(&values[0]).unwrap_or(reached);
            self.page.push(values.into_iter().skip(1).collect());
            if self.page.len() >= ROWS {
                self.flush(to)?;
            }
        }
    }

    fn flush(&mut self, to: &Database) -> Result<(), Error> {
        let places = vec!["?"; self.columns.len()].join(", ");
        // A row that no longer fits the rules of its table is as good as lost.
        let sql = format!("INSERT OR IGNORE INTO {} ({}) VALUES ({places})", self.table, self.columns.join(", "));
        let page = std::mem::take(&mut self.page);
        self.count += to.write(|transaction| {
            let mut insert = transaction.prepare_cached(&sql)?;
            let mut count = 0;
            for row in &page {
                count += insert.execute(params_from_iter(row)).unwrap_or(0) as u64;
            }
            Ok(count)
        })?;
        Ok(())
    }
}

/// Where in the order a key stands.
fn place(key: &Value) -> Option<u64> {
    match key {
        Value::Integer(number) => u64::try_from(*number).ok(),
        Value::Blob(bytes) => bytes.first_chunk().map(|begin| u64::from_be_bytes(*begin)),
        _ => None,
    }
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare(&format!("PRAGMA table_info({table})"))?;
    statement.query_map((), |row| row.get(1))?.collect()
}

fn columns_of_ours(connection: &Connection, table: &str) -> Result<Vec<String>, Failure> {
    Ok(columns(connection, table)?)
}
