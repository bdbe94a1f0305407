//! Tests of the `syntax` crate through its public face.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod deep;
mod explain;
mod format;
mod golden;
mod outline;
mod programs;
mod random;
mod session;
mod statements;
mod text;
