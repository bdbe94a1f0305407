//! Tests of the `base` crate through its public face.
//!
//! Names that begin with `rt_` and a number answer to that line of the runtime specification's
//! checklist. Files under `golden/` are data that never change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

extern crate reflow_base as base;

mod golden;

mod sample;

mod assertion;
mod config;
mod digest;
mod failure;
mod fileset;
mod glob;
mod image;
mod profile;
mod regexp;
mod requirements;
mod resources;
mod retry;
mod table;
mod units;
mod url;
