//! The rows that a collection removes.

use base::{Digest, Error};
use rusqlite::params;

use super::survey::Entry;
use crate::assoc::AssocKind;
use crate::assoc_table;
use crate::codec;
use crate::database::{Database, Failure};

/// Runs forgotten in one transaction.
const RUNS: usize = 50;

/// Removes cache keys in one transaction, but for those that were used since the survey or that a process relies
/// on; these are returned.
pub(super) fn remove(
    database: &Database,
    entries: &[&Entry],
    is_spared: &dyn Fn(&Digest) -> bool,
) -> Result<Vec<Entry>, Error> {
    database.write(|transaction| {
        let mut delete = transaction.prepare_cached("DELETE FROM assoc WHERE key = ? AND last_access <= ?")?;
        let mut exists = transaction.prepare_cached("SELECT 1 FROM assoc WHERE key = ?")?;
        let mut spared = Vec::new();
        for entry in entries {
            let key = entry.key.as_bytes();
            if !is_spared(&entry.key) {
                delete.execute(params![key, entry.last_access])?;
            }
            if exists.exists(params![key])? {
                spared.push((*entry).clone());
            }
        }
        Ok(spared)
    })
}

/// Rewrites the value of a key that is there as stored JSON only as a stream, if that can hold it.
pub(super) fn migrate(database: &Database, key: &Digest) -> Result<bool, Error> {
    database.write(|transaction| {
        let found = assoc_table::find(transaction, key, std::time::SystemTime::now())?;
        let [old] = found.as_slice() else { return Ok(false) };
        let (AssocKind::Fileset, Some(bytes)) = (old.kind, &old.bytes) else { return Ok(false) };
        let Ok((AssocKind::FilesetV2, bytes)) =
            codec::decode(old.kind, bytes).and_then(|fileset| codec::encode(&fileset))
        else {
            return Ok(false);
        };
        let digest = Digest::of(&bytes);
        assoc_table::keep(transaction, &digest, &bytes)?;
        // Not an access, so the time stays.
        transaction.prepare_cached("UPDATE assoc SET kind = ?, value = ? WHERE key = ?")?.execute(params![
            AssocKind::FilesetV2.number(),
            digest.as_bytes(),
            key.as_bytes()
        ])?;
        Ok(true)
    })
}

/// Removes runs with all that belongs to them alone.
pub(super) fn forget_runs(database: &Database, runs: &[Digest]) -> Result<(), Error> {
    for batch in runs.chunks(RUNS) {
        database.write(|transaction| {
            for run in batch {
                let id = run.hex();
                for statement in [
                    "DELETE FROM steps WHERE run = (SELECT id FROM names WHERE text = ?)",
                    "DELETE FROM imports WHERE run = (SELECT id FROM names WHERE text = ?)",
                    "DELETE FROM tasks WHERE run_id = ?",
                    "DELETE FROM runs WHERE id = ?",
                ] {
                    transaction.prepare_cached(statement)?.execute(params![id])?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Removes what nothing refers to any more, one table at a time, from the referring ones to those referred to.
pub(super) fn sweep(database: &Database) -> Result<(), Error> {
    for statement in [
        "DELETE FROM materials WHERE key NOT IN (SELECT key FROM assoc) AND key NOT IN (SELECT key FROM steps)
             AND key NOT IN (SELECT unhex(cache_key) FROM tasks WHERE cache_key IS NOT NULL)",
        "DELETE FROM material_inputs WHERE material NOT IN (SELECT id FROM materials)",
        "DELETE FROM recipes WHERE id NOT IN (SELECT recipe FROM materials)",
        "DELETE FROM names WHERE id NOT IN (SELECT run FROM steps UNION SELECT ident FROM steps
             UNION SELECT position FROM steps UNION SELECT run FROM imports UNION SELECT source FROM imports)",
        "DELETE FROM filesets WHERE digest NOT IN (SELECT value FROM assoc
             UNION SELECT fileset FROM material_inputs UNION SELECT fileset FROM imports)",
    ] {
        database.write(|transaction| Ok(transaction.execute(statement, ()).map(drop)?) as Result<(), Failure>)?;
    }
    Ok(())
}
