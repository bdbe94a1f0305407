//! What the errors of SQLite mean.

use std::path::Path;

use base::{Error, Kind};
use rusqlite::ErrorCode;

/// Why a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// What was read or is to be written says so.
    Other(Error),
    /// The file cannot be what it says it is, which SQLite does not notice.
    Damaged(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Failure {
    /// Whether another process was in the way.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
        )
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Other(_) | Self::Damaged(_) => None,
        }
    }

    /// The error for people: what is wrong with which file and what can be done.
    pub(crate) fn at(self, path: &Path) -> Error {
        let code = self.code();
        let file = path.display();
        let error = match self {
            Self::Other(error) => return error.during(format!("database {file}")),
            Self::Damaged(what) => return damaged(path, &what),
            // Its own text repeats the whole statement.
            Self::Sqlite(rusqlite::Error::SqlInputError { msg, .. }) => msg,
            Self::Sqlite(error) => error.to_string(),
        };
        let (kind, message) = match code {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return damaged(path, &error),
            Some(ErrorCode::DiskFull) => (
                Kind::ResourcesExhausted,
                format!("no room is left on the disk of the database {file}; nothing that was there is lost"),
            ),
            Some(ErrorCode::SystemIoFailure) => (
                Kind::Other,
                format!(
                    "the disk of the database {file} fails ({error}); the kernel's log (dmesg) says more. What was \
                     committed is not lost: when the disk works again, or the folder is on another one, run \
                     `reflow check-store`, then start again"
                ),
            ),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
                Kind::NotAllowed,
                format!("the database {file} cannot be opened for writing ({error}); its folder must be writable too"),
            ),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => (
                Kind::Unavailable,
                format!("another process keeps the database {file} locked; is one stopped or hung?"),
            ),
            _ => (Kind::Other, format!("database {file}: {error}")),
        };
        Error::new(kind, message)
    }
}

fn damaged(path: &Path, what: &str) -> Error {
    let folder = path.parent().unwrap_or(path).display();
    let message = format!(
        "the database {} is damaged ({what}). `reflow check-store -repair -localdir {folder}` sets it aside and builds a \
         new one from what can be read of it and from the journal of keys. Files are not concerned",
        path.display()
    );
    Error::new(Kind::Integrity, message)
}
