//! Names of what there is while programs run (CLI spec §8): `HOST/ALLOC` and `HOST/ALLOC/EXEC`.
//!
//! On one machine, an alloc is the room that one run holds: it is called after the first 16 digits of the run's
//! id. An exec is called after the key of its result, all 64 digits, as its folder and its logs are.

use base::Digest;

/// This machine.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Digits of a run's id that name its alloc.
const ALLOC_DIGITS: usize = 16;

/// The name of the room that a run on `host` holds.
pub(crate) fn alloc(host: &str, run: &Digest) -> String {
    format!("{host}/{}", &run.hex()[..ALLOC_DIGITS])
}
