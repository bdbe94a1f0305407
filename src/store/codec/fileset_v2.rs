//! The protobuf stream of runtime spec §1.9, assoc kind 1.

use base::{Error, Fileset, Kind};

/// What is written besides digests and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Source, entity tag, modification time and content hash of files.
    pub reference_fields: bool,
    /// Assertions.
    pub assertions: bool,
}

impl Options {
    /// Values of the cache.
    pub const CACHE: Options = Options { reference_fields: false, assertions: true };
    /// Bodies of messages between a run and its workers.
    pub const MESSAGE: Options = Options { reference_fields: true, assertions: false };
}

/// Encodes a fileset; `NotSupported` if the format cannot hold it (nested lists).
pub fn encode(_fileset: &Fileset, _options: Options) -> Result<Vec<u8>, Error> {
    Err(Error::new(Kind::NotSupported, "not written yet"))
}

/// Decodes a fileset; `Invalid` for anything that is not one.
pub fn decode(_bytes: &[u8]) -> Result<Fileset, Error> {
    Err(Error::new(Kind::NotSupported, "not written yet"))
}
