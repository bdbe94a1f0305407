//! Bytes of the cache and of messages: what is read can be written, and reads the same again.

use base::{Digest, Error, Fileset, Kind};
use lang::bundle::Bundle;
use store::codec::{fileset_v2, stored_json};
use store::journal::Entry;

use fileset_v2::Options;

/// Filesets in both formats.
pub fn filesets(data: &[u8]) {
    if let Ok(fileset) = stored_json::decode(data) {
        let written = stored_json::encode(&fileset, true).unwrap_or_else(|error| panic!("{fileset:?}: {error}"));
        same(&fileset, stored_json::decode(&written));
        written_as_stream(&fileset);
    }
    if let Ok(fileset) = fileset_v2::decode(data) {
        written_as_stream(&fileset);
    }
}

/// The most bytes that the texts of a bundle may have here.
const BUNDLE_LIMIT: u64 = 1 << 20;

/// Bundles: what is accepted can be written, and is the same again.
pub fn bundle(data: &[u8]) {
    let Ok((bundle, _)) = Bundle::read(data, BUNDLE_LIMIT) else { return };
    let written = bundle.write().unwrap_or_else(|error| panic!("a bundle was read and cannot be written: {error}"));
    let (again, _) = Bundle::read(&written, BUNDLE_LIMIT)
        .unwrap_or_else(|error| panic!("a bundle was written and cannot be read: {error}"));
    assert_eq!((again.entry(), again.folder(), again.args()), (bundle.entry(), bundle.folder(), bundle.args()));
    assert_eq!(again.files(), bundle.files());
}

/// What the stream can hold comes back from it.
fn written_as_stream(fileset: &Fileset) {
    let everything = Options { reference_fields: true, assertions: true };
    match fileset_v2::encode(fileset, everything) {
        Ok(written) => same(fileset, fileset_v2::decode(&written)),
        Err(error) => assert!(matches!(error.kind(), Kind::NotSupported | Kind::Invalid), "{error}"),
    }
}

/// Equality of files looks at digests alone, so what is compared is all that there is to see.
fn same(fileset: &Fileset, again: Result<Fileset, Error>) {
    match again {
        Ok(again) => assert_eq!(format!("{again:?}"), format!("{fileset:?}")),
        Err(error) => panic!("{fileset:?} was written and cannot be read: {error}"),
    }
}

/// Lines of the journal of keys: as they are, and with the sum that makes them count.
pub fn journal(data: &[u8]) {
    for text in String::from_utf8_lossy(data).lines() {
        let sum = Digest::of(text).hex();
        for line in [text.to_owned(), format!("{} {text}", &sum[..8])] {
            if let Some(entry) = Entry::parse(&line) {
                assert_eq!(Entry::parse(entry.line().trim_end()), Some(entry));
            }
        }
    }
}
