//! Tests of the `syntax` crate through its public face.
