//! The conformance suite of executors.
fn main() {}
