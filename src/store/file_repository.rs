//! Blobs as files of a local folder, named by their digests (runtime spec §7.2).

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Digest, Error, File, Kind};

/// A repository in a local folder. Cheap to clone.
///
/// A blob is *sealed* (read-only) once it and its name are durable. What [`put_bytes`](Self::put_bytes),
/// [`put_reader`](Self::put_reader), [`adopt`](Self::adopt) and [`install`](Self::install) bring in can be
/// read at once and is sealed by the [`Committer`](crate::Committer), or by [`sync`](Self::sync).
#[derive(Clone, Debug)]
pub struct FileRepository(Arc<PathBuf>);

/// What [`FileRepository::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The content has the digest that the name says.
    Intact {
        /// Bytes.
        size: u64,
    },
    /// The content has another digest.
    Corrupt {
        /// Bytes.
        size: u64,
        /// Digest of what is there.
        actual: Digest,
    },
    /// There is no such blob.
    Missing,
}

/// What [`FileRepository::check_all`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Blobs looked at.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Blobs whose content is not what their name says, in order.
    pub corrupt: Vec<Digest>,
    /// Files whose names are not names of blobs, in order.
    pub misnamed: Vec<PathBuf>,
}

impl FileRepository {
    /// Opens the repository in the folder `root`, or makes it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        Ok(Self(Arc::new(root.to_owned())))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Where a blob is or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.0.join(&hex[..2]).join(&hex[2..])
    }

    /// The size of a blob in bytes, `None` if it is absent.
    pub fn stat(&self, _digest: &Digest) -> Result<Option<u64>, Error> {
        Err(unwritten())
    }

    /// Whether the blob of a resolved file is here with the size that the file says.
    pub fn holds(&self, _file: &File) -> Result<bool, Error> {
        Err(unwritten())
    }

    /// Stores bytes.
    pub fn put_bytes(&self, _bytes: &[u8]) -> Result<File, Error> {
        Err(unwritten())
    }

    /// Stores everything that `reader` yields, hashing while copying.
    pub fn put_reader(&self, _reader: &mut dyn Read) -> Result<File, Error> {
        Err(unwritten())
    }

    /// Hashes a file that nobody else uses any more and moves it in (copies across devices). Refuses
    /// symbolic links and what is not a regular file.
    pub fn adopt(&self, _path: &Path) -> Result<File, Error> {
        Err(unwritten())
    }

    /// Hashes a file that stays its owner's and brings in a reflink or copy. Follows symbolic links.
    pub fn install(&self, _path: &Path) -> Result<File, Error> {
        Err(unwritten())
    }

    /// Makes blobs durable and seals them.
    pub fn sync(&self, _blobs: &[Digest]) -> Result<(), Error> {
        Err(unwritten())
    }

    /// Puts a blob at the path `to`, whose parent must exist, replacing what is there: a hard link where
    /// possible, else a reflink or a copy. It may share its bytes with the repository, so it must not be
    /// written to. `NotExist` for an absent blob, `Integrity` for one of another size.
    pub fn materialize(&self, _file: &File, _to: &Path) -> Result<(), Error> {
        Err(unwritten())
    }

    /// Puts a blob at a path below `root` that is not trusted (see [`safe_join`](crate::safe_join)),
    /// making parent folders and never following a symbolic link below `root`.
    pub fn materialize_under(&self, _file: &File, _root: &Path, _relative: &str) -> Result<(), Error> {
        Err(unwritten())
    }

    /// Opens a blob for reading.
    pub fn open_blob(&self, _digest: &Digest) -> Result<std::fs::File, Error> {
        Err(unwritten())
    }

    /// Removes a blob; whether there was one.
    pub fn remove(&self, _digest: &Digest) -> Result<bool, Error> {
        Err(unwritten())
    }

    /// Every blob with its size in bytes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Result<(Digest, u64), Error>> + use<> {
        std::iter::once(Err(unwritten()))
    }

    /// Hashes a blob and compares.
    pub fn verify(&self, _digest: &Digest) -> Result<Verdict, Error> {
        Err(unwritten())
    }

    /// Hashes every blob. `progress` is called after each with its size in bytes.
    pub fn check_all(&self, _progress: &(dyn Fn(u64) + Sync)) -> Result<CheckReport, Error> {
        Err(unwritten())
    }
}

fn unwritten() -> Error {
    Error::new(Kind::NotSupported, "not written yet")
}
