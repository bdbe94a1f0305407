//! The SQLite file that every table lives in.

use std::path::Path;
use std::sync::Arc;

use base::{Error, Kind};

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database(Arc<std::path::PathBuf>);

impl Database {
    /// Opens the database file at `path`, or makes it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self(Arc::new(path.to_owned())))
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn unwritten(&self) -> Error {
        Error::new(Kind::NotSupported, "not written yet")
    }
}
