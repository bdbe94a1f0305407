//! Tests of the `syntax` crate through its public face.

mod deep;
mod explain;
mod golden;
mod outline;
mod random;
mod speed;
mod text;
