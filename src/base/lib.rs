//! The nouns that every other crate speaks in: digests, files and filesets, assertions, resources,
//! image names, exec configurations and results, failures, retry policies and units.
//!
//! This is the ground floor. It must not know the language, storage, async, clocks or the
//! environment; everything here is data and arithmetic on data.

pub mod digest;

pub mod assertion;
pub mod file;
pub mod fileset;

pub mod image;
pub mod requirements;
pub mod resources;

pub mod config;
pub mod failure;

pub mod quote;
pub mod retry;
pub mod units;

pub mod glob;
pub mod regexp;
pub mod url;

pub use digest::Digest;
pub use failure::{Error, Kind};
pub use file::File;
pub use fileset::Fileset;
pub use resources::Resources;
