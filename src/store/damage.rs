//! A damaged database: set aside, and built anew from what can still be read of it, from the journal of keys and from
//! the files of runs.
//!
//! Blobs are no part of this: they lie in the repository as they were. What the rows said of a result that cannot
//! be read any more, and that the journal lacks, is learnt again when its step runs.

mod salvage;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base::{Digest, Error, Kind};
use rusqlite::params;

use crate::columns;
use crate::database::Database;
use crate::file_repository::{FileRepository, sync_folder};
use crate::journal;
use crate::local_store::JOURNAL;
use crate::located::Located;

/// What became of a damaged database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the damaged file is now.
    pub aside: PathBuf,
    /// Rows by table that could be read, in the order of the tables.
    pub rows: Vec<(&'static str, u64)>,
    /// Tables of which a part could not be read.
    pub damaged: Vec<&'static str>,
    /// Values of cache keys that are known from the journal alone.
    pub keys_from_journal: u64,
    /// Runs that are known from their files alone.
    pub runs_from_files: u64,
}

/// Sets the database of the state under `home` aside and builds a new one. `Unavailable` while another process
/// uses the state.
pub fn rebuild(home: &Path) -> Result<Rebuilt, Error> {
    let home = std::path::absolute(home).at("find", home)?;
    let repository = FileRepository::open(&home.join("repository"))?;
    let Some(_alone) = repository.alone()? else {
        let message = format!("other processes use the state in {}; end them first", home.display());
        return Err(Error::new(Kind::Unavailable, message));
    };
    let path = home.join("reflow.db");
    let aside = set_aside(&home, &path)?;
    let database = Database::open(&path)?;
    let (rows, damaged) = salvage::copy(&aside, &database)?;
    let keys_from_journal = journal::restore(&home.join(JOURNAL), &database)?;
    let runs_from_files = runs_from_files(&home.join("runs"), &database)?;
    Ok(Rebuilt { aside, rows, damaged, keys_from_journal, runs_from_files })
}

/// Moves the file and those that belong to it to a name that is free.
fn set_aside(home: &Path, path: &Path) -> Result<PathBuf, Error> {
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut number = 1;
    let aside = loop {
        let aside = with(path, &format!(".damaged{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with(path, suffix), with(&aside, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.at("move", &from)?,
        }
    }
    sync_folder(home)?;
    Ok(aside)
}

/// What the files of runs tell.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RunFile {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    program: String,
    #[serde(default)]
    params: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    phase: u8,
    #[serde(default)]
    result: String,
    #[serde(default)]
    attempt_number: u32,
    created: jiff::Timestamp,
    #[serde(default)]
    completion: Option<jiff::Timestamp>,
}

/// Adds the runs whose rows could not be read but whose files can.
fn runs_from_files(folder: &Path, database: &Database) -> Result<u64, Error> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(0) };
    let mut count = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        // Files that cannot be understood tell nothing.
        let Some(run) = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<RunFile>(&bytes).ok()) else {
            continue;
        };
        let Ok(id) = Digest::parse(&run.id) else { continue };
        let log = path.with_extension("runlog").to_string_lossy().into_owned();
        let phase = ["init", "eval", "retry", "done"].get(usize::from(run.phase)).unwrap_or(&"done");
        count += database.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR IGNORE INTO runs (id, program, parameters, arguments, user, labels, start_time, end_time,
                                             phase, attempt, result, log, version, host, process)
                 VALUES (?1, ?2, ?3, ?4, '', '[]', ?5, ?6, ?7, ?8, nullif(?9, ''), ?10, '', '', 0)",
            )?;
            Ok(insert.execute(params![
                id.hex(),
                run.program,
                columns::json(&run.params)?,
                columns::json(&run.args)?,
                columns::time(run.created.into()),
                run.completion.map(|end| columns::time(end.into())),
                phase,
                run.attempt_number,
                run.result,
                log,
            ])?)
        })? as u64;
    }
    Ok(count)
}
