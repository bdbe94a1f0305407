//! Tests of the `types` crate through its public face.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

extern crate reflow_types as types;

mod coverage;
mod digests;
mod float;
mod float_text;
mod integer;
mod relations;
mod sample;
mod type_text;
mod unification;
