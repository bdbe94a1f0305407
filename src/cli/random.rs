//! Random identities.

use std::mem::MaybeUninit;

use base::{Digest, Error, Kind};

/// A random digest, for runs.
pub(crate) fn digest() -> Result<Digest, Error> {
    let mut bytes = [MaybeUninit::uninit(); 32];
    let mut filled = Vec::with_capacity(bytes.len());
    while filled.len() < bytes.len() {
        let (fresh, _) = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Error::new(Kind::Unavailable, format!("the system has no random numbers: {error}")))?;
        filled.extend_from_slice(fresh);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(&filled[..32]);
    Ok(Digest::from_bytes(digest))
}
