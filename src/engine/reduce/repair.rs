//! Repair: what was found in the cache, with every key that it can be found by (runtime spec §3.20).

use base::{Digest, Fileset};
use flow::node::Op;

use super::Reducer;
use crate::local;
use crate::state::State;

impl Reducer<'_> {
    /// The filesets of the execs that came out of the cache, with all their keys. To be asked once the reducer
    /// [is over](Reducer::is_over). One whose inputs are not known has no keys that could be told.
    pub fn take_found(&mut self) -> Vec<(Vec<Digest>, Fileset)> {
        let ids: Vec<_> = self.graph.ids().filter(|id| matches!(self.graph.op(*id), Op::Exec(_))).collect();
        let mut found = Vec::new();
        for id in ids {
            let State::Done(stored) = self.states.get(id) else { continue };
            let Ok(fileset) = local::fileset(stored.value()) else { continue };
            let Ok(mut keys) = self.all_keys(id) else { continue };
            keys.extend(self.sealed_key(id));
            found.push((keys, fileset.as_ref().clone()));
        }
        found
    }
}
