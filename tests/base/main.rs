//! Tests of the `base` crate through its public face.
