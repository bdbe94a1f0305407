//! Where bytes and what is known of them are kept: blobs by digest, associations of cache keys with
//! filesets, the history of runs and tasks, locks between processes.
//!
//! This crate must not know why it is asked: it has no flow, no language, no executor. Everything that
//! is announced as stored is on disk; everything that is read can be checked against its digest.
//!
//! The local state of one user lives under one home folder, opened by [`LocalStore`]:
//! `repository/` (blobs), `reflow.db` (SQLite), `keys.log` (journal), `locks/` and `tmp/`. Several processes share it.

pub mod repository;

pub mod file_repository;
pub mod place;

mod located;

pub mod codec;

pub mod database;

pub mod assoc;
pub mod assoc_table;
mod columns;
pub mod materials;
pub mod runs;
pub mod stat_cache;
pub mod steps;
mod successes;
pub mod tasks;

pub mod journal;
pub mod lock;
pub mod spares;

pub mod commit;
mod lent;
mod local_store;

pub mod collect;
pub mod damage;
pub mod filter;
pub mod roots;

pub use assoc::{Assoc, AssocKind};
pub use assoc_table::AssocTable;
pub use collect::{Collected, Wanted};
pub use commit::{Association, Commit, Committer};
pub use database::Database;
pub use file_repository::FileRepository;
pub use filter::Filter;
pub use local_store::{Hit, KeyReport, KeyState, LocalStore};
pub use lock::{KeyLock, KeyLocks};
pub use materials::{Argument, ArgumentPlace, Material, MaterialRow, Materials, Recipe};
pub use place::safe_join;
pub use repository::Repository;
pub use roots::{Root, Roots};
pub use runs::{RunPhase, RunQuery, RunRecord, Runs};
pub use spares::Spares;
pub use stat_cache::StatCache;
pub use steps::{ImportRecord, StepBatch, StepOutcome, StepRecord, Steps};
pub use successes::{Success, Successes};
pub use tasks::{LogPlace, TaskKind, TaskQuery, TaskRecord, Tasks, Usage};
