//! Programs of any depth: every walk over a tree or a chain of values looks at the stack and grows it
//! where it must, and so does dropping them.

/// Stack that the code between two looks at it may use, in bytes: enough to print, digest or unify what
/// is as deep as types may be, which takes 0.8 MB at 1000 levels, and four times that without
/// optimisation.
const SPARE: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };
/// Size of each new piece of stack, in bytes. Only what is used of it takes memory.
const PIECE: usize = 4 * SPARE;

/// How deeply patterns may nest, as deep as types may.
pub(crate) const MAX_PATTERN_DEPTH: usize = types::ty::MAX_DEPTH as usize;

/// Runs `work` on a stack with room to spare.
pub(crate) fn with_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(SPARE, PIECE, work)
}

/// Drops what can hold a long chain of its like. For implementations of `Drop`, which take it out of
/// themselves only if `is_short_of_stack`: with enough stack the parts go the ordinary way.
pub(crate) fn drop_on_new_stack<T>(parts: T) {
    stacker::grow(PIECE, || drop(parts));
}

/// Whether what is left of the stack is too little for another level.
pub(crate) fn is_short_of_stack() -> bool {
    stacker::remaining_stack().is_none_or(|left| left < SPARE)
}
