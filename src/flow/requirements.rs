//! What room a graph needs (runtime spec §2.9, §4.2).

use base::resources::Resources;

/// Room that is needed, and how many times as much would be of use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirements {
    /// The least room that everything in the graph fits into.
    pub min: Resources,
    /// Room for `1 + width` times the least would be of use.
    pub width: u32,
}
