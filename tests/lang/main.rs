//! Tests of the `lang` crate through its public face.

mod digests;
