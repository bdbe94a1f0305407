//! Tests of the `cli` crate through its public face.
