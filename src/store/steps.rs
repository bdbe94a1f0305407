//! What became of each exec of each run, and what each run found outside: the tables `steps` and `imports`.
//!
//! A run may have a million steps, so rows are small and are handed to the [`Committer`](crate::Committer) in
//! batches. Texts that many of them share are kept once, in the table `names`.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{Digest, Error, Fileset};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::database::{Database, Failure};
use crate::materials::EncodedFileset;
use crate::{assoc_table, codec};

/// What became of an exec in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepOutcome {
    /// Its result came out of the cache.
    Cached,
    /// Its command ran to success.
    Executed,
    /// It failed.
    Failed,
    /// It took the result of another step of the same run, which has the same key.
    Shared,
}

impl StepOutcome {
    const ALL: [StepOutcome; 4] = [Self::Cached, Self::Executed, Self::Failed, Self::Shared];

    /// The number that is stored.
    fn number(self) -> i64 {
        match self {
            Self::Cached => 0,
            Self::Executed => 1,
            Self::Failed => 2,
            Self::Shared => 3,
        }
    }
}

/// An exec of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// What became of it.
    pub outcome: StepOutcome,
    /// Label for people, such as `align.Main.sorted`.
    pub ident: String,
    /// Where in the program it is written, such as `align.rf:12:4`.
    pub position: String,
    /// The first 32 bits of the node's logical digest: the eight digits that are shown.
    pub flow: u32,
    /// Why it was executed, in a word; none if it was not.
    pub cause: Option<String>,
    /// Its cache key.
    pub key: Digest,
}

/// What a path or URL held when a run looked at it.
#[derive(Clone, Debug)]
pub struct ImportRecord {
    /// The path or URL, as the program has it.
    pub source: String,
    /// What was there. One with unresolved files is not kept.
    pub fileset: Fileset,
}

/// A part of what happened in a run.
#[derive(Clone, Debug, Default)]
pub struct StepBatch {
    /// Steps in the order of their ends, behind those of earlier batches.
    pub steps: Vec<StepRecord>,
    /// Imports.
    pub imports: Vec<ImportRecord>,
}

impl StepBatch {
    /// How much there is.
    pub fn len(&self) -> usize {
        self.steps.len() + self.imports.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many steps of an ident came to what.
pub type Tally = BTreeMap<(String, StepOutcome), u64>;

/// The tables of steps and imports.
#[derive(Clone, Debug)]
pub struct Steps {
    database: Database,
}

impl Steps {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Calls `visit` with the steps of a run, with their numbers, in order, until it says that this is enough.
    pub fn visit(&self, run: &Digest, visit: &mut dyn FnMut(u64, StepRecord) -> bool) -> Result<(), Error> {
        const PAGE: i64 = 4096;
        let mut from = 0;
        loop {
            // A page at a time, so that others need not keep old states of the database for us.
            let page = self.database.read(|connection| {
                let Some(run) = known_name(connection, &run.hex())? else { return Ok(Vec::new()) };
                let mut statement = connection.prepare_cached(
                    "SELECT number, outcome, ident.text, position.text, flow, cause, key FROM steps
                     JOIN names AS ident ON ident.id = ident JOIN names AS position ON position.id = position
                     WHERE run = ? AND number >= ? ORDER BY number LIMIT ?",
                )?;
                let rows = statement.query_map(params![run, from, PAGE], read)?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = last + 1;
            for (number, step) in page {
                if !visit(number.max(0).cast_unsigned(), step) {
                    return Ok(());
                }
            }
        }
    }

    /// The first steps of a run that were executed, to success or failure, with their numbers, in order.
    pub fn executed(&self, run: &Digest, limit: usize) -> Result<Vec<(u64, StepRecord)>, Error> {
        self.database.read(|connection| {
            let Some(run) = known_name(connection, &run.hex())? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT number, outcome, ident.text, position.text, flow, cause, key FROM steps
                 JOIN names AS ident ON ident.id = ident JOIN names AS position ON position.id = position
                 WHERE run = ? AND outcome IN (?, ?) ORDER BY number LIMIT ?",
            )?;
            let outcomes = [StepOutcome::Executed, StepOutcome::Failed].map(StepOutcome::number);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![run, outcomes[0], outcomes[1], limit], read)?;
            let rows = rows.map(|row| row.map(|(number, step)| (number.max(0).cast_unsigned(), step)));
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How many steps of each ident of a run came to what.
    pub fn tally(&self, run: &Digest) -> Result<Tally, Error> {
        self.database.read(|connection| {
            let Some(run) = known_name(connection, &run.hex())? else { return Ok(Tally::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT text, outcome, count FROM
                     (SELECT ident, outcome, count(*) AS count FROM steps WHERE run = ? GROUP BY ident, outcome)
                 JOIN names ON id = ident",
            )?;
            let rows = statement.query_map(params![run], |row| {
                Ok(((row.get(0)?, outcome(row.get(1)?)), row.get::<_, i64>(2)?.max(0).cast_unsigned()))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The cache keys of all steps of a run.
    pub fn keys(&self, run: &Digest) -> Result<HashSet<Digest>, Error> {
        self.database.read(|connection| {
            let Some(run) = known_name(connection, &run.hex())? else { return Ok(HashSet::new()) };
            let mut statement = connection.prepare_cached("SELECT key FROM steps WHERE run = ?")?;
            let rows = statement.query_map(params![run], |row| row.get(0).map(Digest::from_bytes))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What a run found outside, by path or URL.
    pub fn imports(&self, run: &Digest) -> Result<BTreeMap<String, Fileset>, Error> {
        self.database.read(|connection| {
            let Some(run) = known_name(connection, &run.hex())? else { return Ok(BTreeMap::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT text, bytes FROM imports JOIN names ON names.id = source
                 JOIN filesets ON filesets.digest = fileset WHERE run = ?",
            )?;
            let mut rows = statement.query(params![run])?;
            let mut found = BTreeMap::new();
            while let Some(row) = rows.next()? {
                found.insert(row.get(0)?, codec::decode_kept(&row.get::<_, Vec<u8>>(1)?)?);
            }
            Ok(found)
        })
    }
}

fn read(row: &Row<'_>) -> Result<(i64, StepRecord), rusqlite::Error> {
    let step = StepRecord {
        outcome: outcome(row.get(1)?),
        ident: row.get(2)?,
        position: row.get(3)?,
        flow: row.get(4)?,
        cause: row.get(5)?,
        key: row.get(6).map(Digest::from_bytes)?,
    };
    Ok((row.get(0)?, step))
}

fn outcome(number: i64) -> StepOutcome {
    StepOutcome::ALL.into_iter().find(|outcome| outcome.number() == number).unwrap_or(StepOutcome::Failed)
}

fn known_name(connection: &Connection, text: &str) -> Result<Option<i64>, Failure> {
    let mut statement = connection.prepare_cached("SELECT id FROM names WHERE text = ?")?;
    Ok(statement.query_row(params![text], |row| row.get(0)).optional()?)
}

/// The texts of one batch with their numbers.
struct Names<'a> {
    connection: &'a Connection,
    known: HashMap<&'a str, i64>,
}

impl<'a> Names<'a> {
    fn number(&mut self, text: &'a str) -> Result<i64, Failure> {
        if let Some(number) = self.known.get(text) {
            return Ok(*number);
        }
        let number = match known_name(self.connection, text)? {
            Some(number) => number,
            None => {
                self.connection.prepare_cached("INSERT INTO names (text) VALUES (?)")?.execute(params![text])?;
                self.connection.last_insert_rowid()
            }
        };
        self.known.insert(text, number);
        Ok(number)
    }
}

/// Writes a batch behind those before it.
pub(crate) fn write(connection: &Connection, run: &Digest, batch: &StepBatch) -> Result<(), Failure> {
    let run = run.hex();
    let mut names = Names { connection, known: HashMap::new() };
    let run = names.number(&run)?;
    let first: i64 = connection
        .prepare_cached("SELECT coalesce(max(number) + 1, 0) FROM steps WHERE run = ?")?
        .query_row(params![run], |row| row.get(0))?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO steps (run, number, outcome, ident, position, flow, cause, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (number, step) in (first..).zip(&batch.steps) {
        let (ident, position) = (names.number(&step.ident)?, names.number(&step.position)?);
        let key = step.key.as_bytes();
        insert.execute(params![run, number, step.outcome.number(), ident, position, step.flow, step.cause, key])?;
    }
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO imports (run, source, fileset) VALUES (?, ?, ?)")?;
    for import in &batch.imports {
        let Ok(fileset) = EncodedFileset::of(&import.fileset) else { continue };
        assoc_table::keep(connection, &fileset.digest, &fileset.bytes)?;
        insert.execute(params![run, names.number(&import.source)?, fileset.digest.as_bytes()])?;
    }
    Ok(())
}
