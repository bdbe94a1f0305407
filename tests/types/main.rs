//! Tests of the `types` crate through its public face.
