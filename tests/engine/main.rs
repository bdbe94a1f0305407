//! Tests of the `engine` crate through its public face.
