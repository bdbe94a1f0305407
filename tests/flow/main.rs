//! Tests of the flow graph against the golden digests of runtime spec §2.13, which never change: they
//! are the names under which results are stored. Names that begin with `rt_` and a number answer to that line
//! of the runtime specification's checklist.

extern crate reflow_flow as flow;

mod digests;
mod keys;
mod requirements;
mod sample;
mod structure;
