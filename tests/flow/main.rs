//! Tests of the `flow` crate through its public face.
