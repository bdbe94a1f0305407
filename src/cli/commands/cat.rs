//! `reflow cat`

use std::io::{self, Write};

use base::Kind;
use base::digest::{Digest, PartialDigest};
use store::FileRepository;

use crate::arguments::CatFlags;
use crate::exit::Exit;

pub(super) fn run(flags: &CatFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.existing()?)?;
    let mut blobs = Vec::new();
    // Nothing is written if one is missing.
    for text in &flags.digests {
        let digest = find(&store.repository, text)?;
        blobs.push((text, store.repository.open_blob(&digest)?));
    }
    let mut out = io::stdout().lock();
    for (text, mut blob) in blobs {
        match io::copy(&mut blob, &mut out).and_then(|_| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Exit::failed(format!("{text}: {error}"))),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The blob that a digest, whole or abbreviated, names.
fn find(repository: &FileRepository, text: &str) -> Result<Digest, Exit> {
    let partial = PartialDigest::parse(text).map_err(Exit::failed)?;
    repository.find(&partial).map_err(|error| match error.kind() {
        Kind::NotExist => Exit::failed(format!("no object {text} in {}", repository.root().display())),
        Kind::Invalid => Exit::failed(error.message()),
        _ => error.into(),
    })
}
