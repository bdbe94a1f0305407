//! Tests of the engine's loop: jobs are answered by hand or by a made-up world, in any order.
//!
//! Names that begin with `rt_` and a number answer to that line of the runtime specification's checklist;
//! `docs/src/differences.md` says which lines do not apply.

extern crate reflow_engine as engine;

mod admission;
mod assertions;
mod caching;
mod failing;
mod graph;
mod interrupting;
mod order;
mod prediction;
mod remembering;
mod scale;
mod steps;
mod top_down;
mod world;
