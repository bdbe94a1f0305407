//! The protobuf stream of runtime spec §1.9, assoc kind 1.
//!
//! A stream is a header and parts: assertion keys, groups of them, files, and mappings from a path to a
//! file. The writer emits paths in order, so that equal filesets have equal bytes; the reader takes any
//! order in which a part precedes its use, and trusts no length.

mod reader;
mod writer;

use base::{Error, Fileset};

const MAGIC: &[u8; 4] = b"v201";
/// The only namespace of assertions that the stream can tell.
const NAMESPACE: &str = "blob";
/// The properties of a blob that it can tell, in the order of their field numbers from 1.
const PROPERTIES: [&str; 3] = ["etag", "last-modified", "size"];

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

/// Encodes a fileset.
///
/// `NotSupported` if the format cannot hold it: lists inside lists, assertions of another namespace than
/// `blob` or with other properties than it knows. `Invalid` for an unresolved file when reference fields
/// are not written, since nothing would be left of it.
pub fn encode(fileset: &Fileset, options: Options) -> Result<Vec<u8>, Error> {
    writer::write(fileset, options).map_err(|error| error.during("encode fileset stream"))
}

/// Decodes a fileset; `Invalid` for anything that is not one.
pub fn decode(bytes: &[u8]) -> Result<Fileset, Error> {
    reader::read(bytes).map_err(|error| error.during("decode fileset stream"))
}

/// The longest list that is believed of a stream of this many bytes: elements without files take none,
/// but nobody means a list of billions of them.
fn list_limit(length: usize) -> u64 {
    (1 << 20) + length as u64
}
