//! Explanations: why each exec of a run was executed or not, from what the history recorded of it.
//!
//! [`Story::read`] reads what is known of a run, [`Story::explain`] compares each of its execs with the nearest
//! one that earlier runs tried ([`compare()`]), and follows changed inputs to what changed in the first place
//! ([`Story::causes`]). Nothing here runs, prints, or changes anything.

mod compare;
mod nearest;
mod story;

pub use compare::{Difference, FileChange, compare, compare_filesets, named_inputs};
pub use story::{Against, Causes, Explanation, Origin, Past, Story};
