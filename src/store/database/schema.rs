//! The versions of the tables.

use base::{Error, Kind};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::Failure;

/// Says that a file is ours: "rflw".
const APPLICATION: i64 = 0x7266_6c77;
/// What makes each version out of the one before; the first makes it out of nothing. A step that was released
/// is never changed.
const STEPS: [&str; 2] = [include_str!("../schema/1.sql"), include_str!("../schema/2.sql")];
/// What this program reads and writes.
const VERSION: i64 = STEPS.len() as i64;

/// Makes the tables of a new database, upgrades those of an older version, refuses a newer one.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Failure> {
    // Nearly always there is nothing to do, and then nobody has to wait.
    if version(connection)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&transaction)?;
    upgrade(&transaction, found)?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, Failure> {
    let application = pragma(connection, "application_id")?;
    let version = pragma(connection, "user_version")?;
    let is_new = application == 0 && version == 0 && {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        tables == 0
    };
    if !is_new && application != APPLICATION {
        let message = "this database belongs to another program; choose another folder for the state of reflow";
        return Err(Error::new(Kind::Precondition, message).into());
    }
    if version > VERSION {
        let message = format!(
            "this database has version {version}, written by a newer reflow; this one knows versions up to {VERSION}. \
             Use the newer reflow, or another folder for the state of this one"
        );
        return Err(Error::new(Kind::Precondition, message).into());
    }
    Ok(version)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, Failure> {
    Ok(connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get(0))?)
}

fn upgrade(transaction: &Transaction<'_>, found: i64) -> Result<(), Failure> {
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(step)?;
    }
    transaction.execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"))?;
    Ok(())
}
