//! The journal of keys: what the database says of cache keys, once more, in a file beside it.
//!
//! Should the database be lost, everything in the repository could be found again with it (see [`crate::damage`]).
//! Each change of the table `assoc` is one line, in the order of the transactions:
//!
//! ```text
//! CHECK + KIND KEY VALUE BYTES     the key has this value of this kind now
//! CHECK - KIND KEY                 the key has no value of this kind any more
//! ```
//!
//! `CHECK` is the begin of the SHA-256 of the rest of the line, in hex like `KEY` and `VALUE`. `BYTES` is the encoded
//! fileset in base64, or `=` if an earlier line has it. A line that was not written to its end is no line.
//!
//! Lines are not synced, which would double what a commit takes: those of the last seconds before a power loss may be
//! missing from then on, until the file is written anew.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Digest, Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::assoc::AssocKind;
use crate::assoc_table;
use crate::database::{Database, Failure};
use crate::located::Located;
use crate::spares::leads_to;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How the value is encoded.
    pub kind: AssocKind,
    /// The cache key.
    pub key: Digest,
    /// What it has now; `None` if it has no value of the kind any more.
    pub value: Option<Value>,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The digest of the encoded fileset.
    pub digest: Digest,
    /// The encoded fileset, unless it stands elsewhere.
    pub bytes: Option<Vec<u8>>,
}

impl Entry {
    /// The line, with its end.
    pub fn line(&self) -> String {
        let (kind, key) = (self.kind.number(), self.key.hex());
        let text = match &self.value {
            Some(Value { digest, bytes }) => {
                let bytes = bytes.as_ref().map_or(ELSEWHERE.to_owned(), |bytes| STANDARD.encode(bytes));
                format!("+ {kind} {key} {} {bytes}", digest.hex())
            }
            None => format!("- {kind} {key}"),
        };
        format!("{} {text}\n", check(&text))
    }

    /// What a line says; `None` if it is damaged, or of a kind that a later version has.
    pub fn parse(line: &str) -> Option<Self> {
        let (sum, text) = line.split_once(' ')?;
        if sum != check(text) {
            return None;
        }
        let words: Vec<&str> = text.split(' ').collect();
        let (kind, key, value) = match words[..] {
            ["-", kind, key] => (kind, key, None),
            ["+", kind, key, digest, bytes] => (kind, key, Some(Value::parse(digest, bytes)?)),
            _ => return None,
        };
        Some(Self { kind: AssocKind::of_number(kind.parse().ok()?)?, key: Digest::parse(key).ok()?, value })
    }
}

impl Value {
    fn parse(digest: &str, bytes: &str) -> Option<Self> {
        let digest = Digest::parse(digest).ok()?;
        let bytes = match bytes {
            ELSEWHERE => None,
            text => Some(STANDARD.decode(text).ok().filter(|bytes| Digest::of(bytes) == digest)?),
        };
        Some(Self { digest, bytes })
    }
}

/// Stands for bytes that an earlier line has, or the repository.
const ELSEWHERE: &str = "=";

/// The begin of the digest of a line's text.
fn check(text: &str) -> String {
    let mut sum = Digest::of(text).hex();
    sum.truncate(8);
    sum
}

/// A change in the table, as the database tells of it.
struct Change {
    kind: i64,
    key: Digest,
    /// `None` if there is none any more.
    value: Option<Digest>,
}

/// Writes down what one connection changes.
pub(crate) struct Journal {
    path: PathBuf,
    /// What the transaction has changed so far.
    changes: Arc<Mutex<Vec<Change>>>,
    file: Mutex<Option<File>>,
}

impl Journal {
    /// Has the connection tell of its changes, for the file at `path`.
    pub(crate) fn new(connection: &Connection, path: &Path) -> Result<Self, Failure> {
        let changes: Arc<Mutex<Vec<Change>>> = Arc::default();
        let told = changes.clone();
        connection.create_scalar_function("note_change", 3, FunctionFlags::SQLITE_UTF8, move |arguments| {
            let value: Option<[u8; 32]> = arguments.get(2)?;
            let change = Change {
                kind: arguments.get(0)?,
                key: Digest::from_bytes(arguments.get(1)?),
                value: value.map(Digest::from_bytes),
            };
            told.lock().unwrap_or_else(PoisonError::into_inner).push(change);
            Ok(0)
        })?;
        connection.execute_batch(
            "CREATE TEMP TRIGGER noted_insert AFTER INSERT ON main.assoc
                 BEGIN SELECT note_change(new.kind, new.key, new.value); END;
             CREATE TEMP TRIGGER noted_delete AFTER DELETE ON main.assoc
                 BEGIN SELECT note_change(old.kind, old.key, NULL); END;
             CREATE TEMP TRIGGER noted_update AFTER UPDATE OF kind, value ON main.assoc
                 WHEN old.kind <> new.kind OR old.value <> new.value
                 BEGIN SELECT note_change(old.kind, old.key, NULL) WHERE old.kind <> new.kind;
                       SELECT note_change(new.kind, new.key, new.value); END;",
        )?;
        Ok(Self { path: path.to_owned(), changes, file: Mutex::default() })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// To be called at the begin of a transaction: an earlier one may have been given up.
    pub(crate) fn begin(&self) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Writes down what the transaction has changed, which is about to be committed. Only one process at a time comes
    /// here. A result whose transaction fails after that stands here nevertheless, and is as true: its files are
    /// stored.
    pub(crate) fn record(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        let changes = std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        if changes.is_empty() {
            return Ok(());
        }
        // What another process has left unfinished ends with the line that it is.
        let mut text = "\n".to_owned();
        let mut told = HashSet::new();
        for Change { kind, key, value } in changes {
            let Some(kind) = AssocKind::of_number(kind) else { continue };
            let value = match value {
                None => None,
                Some(digest) => {
                    let bytes = if told.insert(digest) { bytes(transaction, &digest)? } else { None };
                    Some(Value { digest, bytes })
                }
            };
            text.push_str(&Entry { kind, key, value }.line());
        }
        if self.append(text.as_bytes()).is_err() {
            // Nothing is lost as long as the database is there. One that has gaps would be trusted; one that is
            // missing is written anew.
            let _ = fs::remove_file(&self.path);
        }
        Ok(())
    }

    fn append(&self, text: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if !file.as_ref().is_some_and(|file| leads_to(&self.path, file).unwrap_or(false)) {
            *file = match OpenOptions::new().append(true).open(&self.path) {
                // Whoever opens the state next writes one.
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                opened => Some(opened?),
            };
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(text))
    }
}

/// An encoded fileset that the database has; it may be a blob instead.
fn bytes(connection: &Connection, value: &Digest) -> Result<Option<Vec<u8>>, Failure> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM filesets WHERE digest = ?")?;
    Ok(statement.query_row(params![value.as_bytes()], |row| row.get(0)).optional()?)
}

/// Writes the journal anew from what the database has, without what is not true any more.
pub(crate) fn write_anew(path: &Path, database: &Database) -> Result<(), Error> {
    // Nobody adds to the journal while this transaction goes on.
    database.write(|transaction| write_whole(path, transaction))
}

fn write_whole(path: &Path, connection: &Connection) -> Result<(), Failure> {
    let located = |error: io::Error| Failure::from(Error::from(error).during(format!("write {}", path.display())));
    let folder = path.parent().unwrap_or(Path::new("."));
    // As readable as the database.
    let mode = fs::Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().permissions(mode).tempfile_in(folder).map_err(located)?;
    let mut out = io::BufWriter::new(file);
    let mut after = None;
    loop {
        let page = assoc_table::page(connection, after.as_ref())?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for entry in page {
            for (kind, digest) in entry.values {
                let value = Some(Value { digest, bytes: bytes(connection, &digest)? });
                let line = Entry { kind, key: entry.key, value }.line();
                out.write_all(line.as_bytes()).map_err(located)?;
            }
        }
    }
    let file = out.into_inner().map_err(|error| located(error.into_error()))?;
    if after.is_some() {
        // A power loss must not leave an empty one in its place.
        file.as_file().sync_all().map_err(located)?;
    }
    file.persist(path).map_err(|error| located(error.error))?;
    Ok(())
}

/// Lines brought into the database in one transaction, and bytes of them after which no more are added.
const LINES: usize = 4096;
const BYTES: usize = 16 << 20;

/// Makes what the journal says of cache keys true in a database without one, also that some were removed. The number
/// of values that were not known.
pub(crate) fn restore(path: &Path, database: &Database) -> Result<u64, Error> {
    let count = || -> Result<u64, Error> {
        let count = "SELECT count(*) FROM assoc JOIN filesets ON digest = value";
        let count: i64 = database.read(|connection| Ok(connection.query_one(count, (), |row| row.get(0))?))?;
        Ok(count.max(0).cast_unsigned())
    };
    let before = count()?;
    replay(path, database)?;
    // It may lack what the database of an earlier version had.
    let _ = write_anew(path, database);
    Ok(count()?.saturating_sub(before))
}

/// Brings the database to what the journal says. Keys of which the journal says nothing stay as they are.
fn replay(path: &Path, database: &Database) -> Result<(), Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.at("open", path)?,
    };
    let mut lines = BufReader::new(file).split(b'\n');
    loop {
        let (mut entries, mut size) = (Vec::new(), 0);
        while entries.len() < LINES && size < BYTES {
            let Some(line) = lines.next().transpose().at("read", path)? else { break };
            size += line.len();
            entries.push(Entry::parse(&String::from_utf8_lossy(&line)));
        }
        if entries.is_empty() {
            return Ok(());
        }
        database.write(|transaction| entries.iter().flatten().try_for_each(|entry| apply(transaction, entry)))?;
    }
}

fn apply(transaction: &Transaction<'_>, entry: &Entry) -> Result<(), Failure> {
    let Entry { kind, key, value } = entry;
    let Some(Value { digest, bytes }) = value else { return assoc_table::remove(transaction, *kind, key) };
    if let Some(bytes) = bytes {
        assoc_table::keep(transaction, digest, bytes)?;
    }
    assoc_table::set(transaction, *kind, key, digest, &[])
}
