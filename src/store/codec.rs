//! Filesets as bytes: the two formats of cache values, and which of them a value takes.

pub mod fileset_v2;
pub mod stored_json;

mod time;
mod wire;

use base::{Error, Fileset, Kind};

use crate::assoc::AssocKind;

/// Encodes a fileset as a value of the cache: the stream where it can hold the fileset, else stored JSON.
///
/// Neither carries source, entity tag, modification time or content hash (runtime spec §3.8). `Invalid`
/// for a fileset with an unresolved file or lists too deep for both formats.
pub fn encode(fileset: &Fileset) -> Result<(AssocKind, Vec<u8>), Error> {
    match fileset_v2::encode(fileset, fileset_v2::Options::CACHE) {
        Ok(bytes) => Ok((AssocKind::FilesetV2, bytes)),
        Err(error) if error.kind() == Kind::NotSupported => {
            Ok((AssocKind::Fileset, stored_json::encode(fileset, false)?))
        }
        Err(error) => Err(error),
    }
}

/// Decodes a value of the cache.
pub fn decode(kind: AssocKind, bytes: &[u8]) -> Result<Fileset, Error> {
    match kind {
        AssocKind::FilesetV2 => fileset_v2::decode(bytes),
        AssocKind::Fileset => stored_json::decode(bytes),
    }
}

/// Decodes a fileset that was kept without its kind.
pub(crate) fn decode_kept(bytes: &[u8]) -> Result<Fileset, Error> {
    let is_json = bytes.first() == Some(&b'{');
    decode(if is_json { AssocKind::Fileset } else { AssocKind::FilesetV2 }, bytes)
}
