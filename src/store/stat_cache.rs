//! Digests of files of the user that have not changed since they were hashed.

use std::path::Path;

use base::{Error, File};

use crate::database::Database;

/// Remembers digests by path, device, inode, size and times.
#[derive(Clone, Debug)]
pub struct StatCache {
    database: Database,
}

impl StatCache {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The digest and size of a file, hashed only if it may have changed since the last time. Follows
    /// symbolic links.
    pub fn digest_of(&self, _path: &Path) -> Result<File, Error> {
        Err(self.database.unwritten())
    }

    /// Writes what was learnt into the database. Happens by itself now and then, and on dropping.
    pub fn flush(&self) -> Result<(), Error> {
        Err(self.database.unwritten())
    }
}
