//! Tests of the `syntax` crate through its public face.

mod golden;
mod outline;
mod speed;
