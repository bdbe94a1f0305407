//! Input and output errors that say what was being done, and to which path.

use std::io;
use std::path::Path;

use base::Error;

/// Turns the error of the operating system into ours.
pub(crate) trait Located<T> {
    /// Says that this happened on doing `op` to `path`.
    fn at(self, op: &str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Located<T> for Result<T, E> {
    fn at(self, op: &str, path: &Path) -> Result<T, Error> {
        self.map_err(|error| Error::from(error.into()).during(format!("{op} {}", path.display())))
    }
}
