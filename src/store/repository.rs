//! The interface of every repository: content by digest (runtime spec §7.1).
//!
//! The local [`FileRepository`](crate::FileRepository) offers it beside its blocking methods; stores
//! over the network implement it alone.

use async_trait::async_trait;
use base::{Digest, Error, File, Kind};
use tokio::io::AsyncRead;

/// A stream of a blob's bytes.
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// Content by digest.
///
/// Errors have the kinds that callers branch on: [`Kind::NotExist`] for an absent blob,
/// [`Kind::Integrity`] for one whose content is not what its name says, [`Kind::NotSupported`] for an
/// operation that this repository does not offer.
#[async_trait]
pub trait Repository: Send + Sync {
    /// The blob's description, at least digest and size in bytes; `NotExist` if it is absent.
    async fn stat(&self, digest: &Digest) -> Result<File, Error>;

    /// Descriptions of several blobs in the order asked; `None` for an absent one.
    async fn stat_many(&self, digests: &[Digest]) -> Result<Vec<Option<File>>, Error> {
        let mut found = Vec::with_capacity(digests.len());
        for digest in digests {
            match self.stat(digest).await {
                Ok(file) => found.push(Some(file)),
                Err(error) if error.kind() == Kind::NotExist => found.push(None),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The blob's bytes; `NotExist` if it is absent. The reader of the stream checks the digest.
    async fn get(&self, digest: &Digest) -> Result<Reader, Error>;

    /// Stores all bytes of `reader`; when this returns they are durable.
    async fn put(&self, reader: Reader) -> Result<File, Error>;

    /// Lets the repository at `url` be pushed to directly; `NotSupported` where that is impossible.
    async fn write_to(&self, _digest: &Digest, _url: &str) -> Result<(), Error> {
        Err(Error::new(Kind::NotSupported, "this repository cannot push to another"))
    }

    /// Pulls a blob directly from the repository at `url`; `NotSupported` where that is impossible.
    async fn read_from(&self, _digest: &Digest, _url: &str) -> Result<(), Error> {
        Err(Error::new(Kind::NotSupported, "this repository cannot pull from another"))
    }

    /// Removes a blob; an absent one is fine.
    async fn remove(&self, digest: &Digest) -> Result<(), Error>;

    /// The URL by which other processes may reach this repository, if there is one.
    fn url(&self) -> Option<String>;
}
