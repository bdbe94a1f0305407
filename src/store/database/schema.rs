//! The versions of the tables.

use base::{Error, Kind};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::Failure;

/// Says that a file is ours: "rflw".
const APPLICATION: i64 = 0x7266_6c77;
/// What makes each version out of the one before; the first makes it out of nothing. A step that was released
/// is never changed.
const STEPS: [&str; 3] =
    [include_str!("../schema/1.sql"), include_str!("../schema/2.sql"), include_str!("../schema/3.sql")];
/// What this program reads and writes.
const VERSION: i64 = STEPS.len() as i64;

/// Makes the tables of a new database, upgrades those of an older version, refuses a newer one.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Failure> {
    // Nearly always there is nothing to do, and then nobody has to wait. In a transaction, as another process may make
    // the tables at this moment.
    let look = connection.transaction()?;
    let found = version(&look)?;
    look.finish()?;
    if found == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&transaction)?;
    if found != VERSION {
        upgrade(&transaction, found)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The version that the tables have. The number in the file's head is believed only as far as the tables agree with
/// it: a flipped bit there must not be taken for a newer program, nor make an upgrade run on tables that have it.
fn version(connection: &Connection) -> Result<i64, Failure> {
    let application = pragma(connection, "application_id")?;
    let version = pragma(connection, "user_version")?;
    if (application, version) == (APPLICATION, VERSION) {
        return Ok(version);
    }
    let tables = tables(connection)?;
    if (application, version) == (0, 0) && tables.is_empty() {
        return Ok(0);
    }
    let is_ours = ["assoc", "filesets", "runs"].into_iter().all(|ours| tables.iter().any(|table| table == ours));
    let damaged = |what: &str| Err(Failure::Damaged(what.to_owned()));
    if application != APPLICATION {
        if is_ours {
            return damaged("its head says that it belongs to another program, its tables are those of reflow");
        }
        let message = "this database belongs to another program; choose another folder for the state of reflow";
        return Err(Error::new(Kind::Precondition, message).into());
    }
    let recorded = match tables.iter().any(|table| table == "versions") {
        true => connection.query_row("SELECT max(version) FROM versions", (), |row| row.get(0))?,
        // The first version does not record itself.
        false => is_ours.then_some(1),
    };
    if recorded != Some(version) {
        return damaged(&format!("its head says version {version}, which its tables do not have"));
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

fn tables(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    Ok(statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, Failure> {
    Ok(connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get(0))?)
}

fn upgrade(transaction: &Transaction<'_>, found: i64) -> Result<(), Failure> {
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(step)?;
    }
    transaction.execute("INSERT INTO versions (version) VALUES (?)", [VERSION])?;
    transaction.execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"))?;
    Ok(())
}
