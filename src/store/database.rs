//! The SQLite file that every table lives in: opening, sharing between threads and processes, and what
//! its errors mean to people.
//!
//! The tables themselves are described in `schema/`; the modules above each own some of them.

mod failure;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub(crate) use failure::Failure;

use crate::journal::{self, Journal};
use crate::located::Located;

/// How long one statement waits for another process before it is tried anew.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long all tries together may take. Transactions last milliseconds, so only a stopped process or a
/// broken disk can use this up.
const PATIENCE: Duration = Duration::from_secs(180);
/// Connections kept open for reading.
const IDLE_READERS: usize = 8;

/// An open database. Cheap to clone; every thread may use it. Blocks the calling thread.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

struct Writer {
    connection: Connection,
    journal: Option<Journal>,
}

impl Database {
    /// Opens the database file at `path`, or makes it; its folder must exist.
    ///
    /// `Precondition` if a newer version has written it, or if it is the database of something else;
    /// `Integrity` if it is damaged. Several processes may open it at once, also for the first time.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let path = std::path::absolute(path).at("find", path)?;
        let located = |failure: Failure| failure.at(&path);
        let mut connection = connect(&path).map_err(located)?;
        patiently(|| schema::prepare(&mut connection)).map_err(located)?;
        let writer = Mutex::new(Writer { connection, journal: None });
        Ok(Self(Arc::new(Inner { path, writer, readers: Mutex::new(Vec::new()) })))
    }

    /// Has all that is written of cache keys from now on stand in the journal at `path`, too, which is made if it is
    /// missing.
    pub(crate) fn keep_journal(&self, path: &Path) -> Result<(), Error> {
        if !path.exists() {
            // Without one all is well as long as the database is.
            let _ = journal::write_anew(path, self);
        }
        let mut writer = lock(&self.0.writer);
        let journal = Journal::new(&writer.connection, path).map_err(|failure| failure.at(&self.0.path))?;
        writer.journal = Some(journal);
        Ok(())
    }

    /// Takes out of the journal what is not true any more.
    pub(crate) fn renew_journal(&self) {
        let path = lock(&self.0.writer).journal.as_ref().map(|journal| journal.path().to_owned());
        if let Some(path) = path {
            // The old one is as true, and longer.
            let _ = journal::write_anew(&path, self);
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Reads the whole file and checks its structure: what is wrong, nothing if all is well.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            let lines = statement.query_map((), |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }

    /// Reads one consistent state. `work` may be called again if another process is in the way.
    pub(crate) fn read<T>(&self, work: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        let located = |failure: Failure| failure.at(&self.0.path);
        let idle = lock(&self.0.readers).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.0.path).map_err(located)?,
        };
        let result = patiently(|| {
            let transaction = connection.transaction()?;
            let value = work(&transaction)?;
            transaction.finish()?;
            Ok(value)
        });
        let mut idle = lock(&self.0.readers);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        drop(idle);
        result.map_err(located)
    }

    /// Writes in one transaction, which is durable when this returns. `work` may be called again if
    /// another process is in the way.
    pub(crate) fn write<T>(&self, work: impl Fn(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, Error> {
        let mut writer = lock(&self.0.writer);
        let Writer { connection, journal } = &mut *writer;
        patiently(|| {
            // Immediate, so that it waits for its turn at the start, where waiting is possible.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            journal.iter().for_each(Journal::begin);
            let value = work(&transaction)?;
            journal.iter().try_for_each(|journal| journal.record(&transaction))?;
            transaction.commit()?;
            Ok(value)
        })
        .map_err(|failure: Failure| failure.at(&self.0.path))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.0.path).finish()
    }
}

fn connect(path: &Path) -> Result<Connection, Failure> {
    // The connection is never used by two threads at once, so it needs no lock of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise each new value of a parameter may compile the statement anew, to plan it for that value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Several processes at once fail to switch to WAL without being asked to wait.
    patiently(|| {
        // Where WAL is impossible (some network file systems), the answer names the mode that stays,
        // which is slower and as safe.
        Ok(connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?)
    })?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16000;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Tries again while another process is in the way.
fn patiently<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match work() {
            Err(failure) if failure.is_busy() && start.elapsed() < PATIENCE => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// A thread that panics leaves no half-done work behind: its transaction is rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
