//! Tests of the `lang` crate through its public face.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and tests read files and clocks"
)]

mod digests;

mod bundle;
mod cases;
mod checklist;
mod deep;
mod explain;
mod generator;
mod legacy;
mod made;
mod memory;
mod programs;
mod random;
mod reduce;
mod sessions;
mod world;
