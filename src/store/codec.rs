//! Filesets as bytes: the two formats of cache values.

pub mod fileset_v2;
pub mod stored_json;
