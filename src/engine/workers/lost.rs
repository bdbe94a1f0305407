//! Files that were found in the store and are not there when they are used.

use std::collections::BTreeSet;

use base::{Digest, Error, Fileset, Kind};

use super::Tools;

/// The files of `filesets` that the store does not have, if that may be why something failed with `error`.
pub(super) fn among<'a>(tools: &Tools, filesets: impl IntoIterator<Item = &'a Fileset>, error: &Error) -> Vec<Digest> {
    if error.kind() == Kind::Canceled {
        return Vec::new();
    }
    let entries = filesets.into_iter().flat_map(Fileset::entries);
    let is_lost = |file: &base::File| !tools.store.repository.holds(file).unwrap_or(true);
    let lost = entries.filter(|(_, file)| !file.is_reference() && is_lost(file)).filter_map(|(_, file)| file.id);
    lost.collect::<BTreeSet<Digest>>().into_iter().collect()
}
