//! Tests of the `store` crate through its public face. Names that begin with `rt_` and a number answer to that
//! line of the runtime specification's checklist.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and one that is skipped says why"
)]

mod child;
mod codec;
mod collect;
mod conformance;
mod file_repository;
mod history;
mod journal;
mod local_conformance;
mod local_store;
mod lock;
mod materials;
mod measure;
mod mount;
mod power_loss;
mod removal;
mod sharing;
mod stat_cache;
mod trouble;
