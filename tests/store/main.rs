//! Tests of the `store` crate through its public face.
