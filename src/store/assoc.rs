//! The interface of every association: cache key and kind to the digest of a fileset object (runtime
//! spec §7.4).
//!
//! The local one is a table ([`AssocTable`](crate::assoc_table::AssocTable)); others are over the network.

use std::time::SystemTime;

use async_trait::async_trait;
use base::digest::PartialDigest;
use base::{Digest, Error};

/// What an association's value is an object of. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssocKind {
    /// Stored JSON (runtime spec §1.8), kind 0.
    Fileset,
    /// A protobuf stream (runtime spec §1.9), kind 1.
    FilesetV2,
}

impl AssocKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [AssocKind; 2] = [AssocKind::Fileset, AssocKind::FilesetV2];

    /// The number that is stored.
    pub fn number(self) -> i64 {
        match self {
            AssocKind::Fileset => 0,
            AssocKind::FilesetV2 => 1,
        }
    }

    /// The kind of a stored number, if it is known.
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// One key of an association with all that is kept for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The cache key.
    pub key: Digest,
    /// Value by kind, in the order of the kinds.
    pub values: Vec<(AssocKind, Digest)>,
    /// When the key was last written or found.
    pub last_access: SystemTime,
    /// `key=value` labels of the runs that wrote it, sorted.
    pub labels: Vec<String>,
}

/// Cache keys and what they stand for.
#[async_trait]
pub trait Assoc: Send + Sync {
    /// The whole key and its value; `NotExist` if there is none, `Invalid` if several keys begin with
    /// an abbreviated one.
    async fn get(&self, kind: AssocKind, key: &PartialDigest) -> Result<(Digest, Digest), Error>;

    /// The values of many keys in the order asked; `None` where there is none.
    async fn get_many(&self, wanted: &[(AssocKind, Digest)]) -> Result<Vec<Option<Digest>>, Error>;

    /// Sets the value of a key for one kind and adds `labels` to those of the key; `None` removes the
    /// value of that kind.
    async fn store(
        &self,
        kind: AssocKind,
        key: &Digest,
        value: Option<&Digest>,
        labels: &[String],
    ) -> Result<(), Error>;

    /// Removes a key with the values of all kinds; `NotExist` if it is absent.
    async fn delete(&self, key: &Digest) -> Result<(), Error>;

    /// Calls `visit` for every key that has a value of one of `kinds`, until it fails.
    async fn scan(
        &self,
        kinds: &[AssocKind],
        visit: &mut (dyn FnMut(Entry) -> Result<(), Error> + Send),
    ) -> Result<(), Error>;

    /// About how many keys there are.
    async fn count(&self) -> Result<u64, Error>;
}
