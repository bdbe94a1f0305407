//! Files of the user whose digests are known and whose bytes nobody has needed yet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Digest, Error, File};

use crate::located::Located;

/// Where the bytes of contents are. The lock of a place is held while they are brought in.
#[derive(Debug, Default)]
pub(crate) struct Lent(Mutex<HashMap<Digest, Arc<Mutex<PathBuf>>>>);

impl Lent {
    /// Remembers that a file is at `path`; the latest of several places counts.
    pub(crate) fn add(&self, file: &File, path: &Path) -> Result<(), Error> {
        let path = std::path::absolute(path).at("find", path)?;
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(file.digest(), Arc::new(Mutex::new(path)));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Where a content is.
    pub(crate) fn find(&self, digest: &Digest) -> Option<Arc<Mutex<PathBuf>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }
}
