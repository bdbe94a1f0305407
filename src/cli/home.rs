//! The state folder: `-localdir`, else `REFLOW_HOME`, else what is configured, else `~/.reflow`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use store::LocalStore;

use crate::configuration;
use crate::exit::Exit;
use crate::{explain, terminal};

/// Where state is kept. The folder need not exist yet. `given` is a flag and its value.
pub(crate) fn folder(given: Option<(&str, &String)>) -> Result<PathBuf, Exit> {
    let absolute = |name: &str, path: &Path| {
        std::path::absolute(path).map_err(|error| Exit::failed(format!("{name} {}: {error}", path.display())))
    };
    if let Some((flag, value)) = given {
        return absolute(flag, Path::new(value));
    }
    if let Some(home) = named("REFLOW_HOME") {
        return absolute("REFLOW_HOME", &home);
    }
    if let Some(folder) = configuration::current().state() {
        return absolute("configured folder", &folder);
    }
    usual().ok_or_else(|| {
        Exit::failed("there is no place for reflow's state: set HOME or REFLOW_HOME, or give -localdir DIR")
    })
}

/// Where state is kept if nothing names another place; the configuration file is there too.
pub(crate) fn usual() -> Option<PathBuf> {
    named("REFLOW_HOME").or_else(|| named("HOME").map(|home| home.join(".reflow")))
}

/// A variable of the environment that names a folder.
fn named(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Opens what is kept in the state folder, which is made if need be.
pub(crate) fn open(home: &Path) -> Result<LocalStore, Exit> {
    let store = LocalStore::open(home).map_err(|error| Exit::failed(unusable(home, &error.to_string())))?;
    if store.restored > 0 {
        terminal::say(&format!(
            "reflow: the database in {} was gone; {} cached values are known from the journal of keys",
            home.display(),
            store.restored
        ));
    }
    Ok(store)
}

/// Why a state folder cannot be used, and what to do about it.
fn unusable(home: &Path, error: &str) -> String {
    let reason = match writable(home) {
        Err(reason) => reason,
        Ok(()) => error.to_owned(),
    };
    format!(
        "the state folder {} cannot be used: {reason}\n\tanother one can be given with -localdir DIR or REFLOW_HOME{}",
        home.display(),
        explain::pointer(&[explain::STATE_FOLDER])
    )
}

/// Tries to write in a folder; the error tells in plain words why that is not possible.
fn writable(home: &Path) -> Result<(), String> {
    let reason = |path: &Path, error: &io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => format!("{} is not a folder", path.display()),
        io::ErrorKind::PermissionDenied => format!("{} may not be written", path.display()),
        io::ErrorKind::ReadOnlyFilesystem => format!("{} is on a read-only file system", path.display()),
        io::ErrorKind::NotFound => format!("no folder can be made in {}", path.display()),
        io::ErrorKind::StorageFull => format!("the file system of {} is full", path.display()),
        _ => format!("{}: {error}", path.display()),
    };
    fs::create_dir_all(home).map_err(|error| reason(obstacle(home), &error))?;
    tempfile::tempfile_in(home).map(drop).map_err(|error| reason(home, &error))
}

/// What stands in the way of making a folder: the deepest part of its path that exists.
fn obstacle(folder: &Path) -> &Path {
    folder.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(folder)
}
