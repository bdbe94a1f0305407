//! The nouns that every other crate speaks in: digests, files and filesets, assertions, resources,
//! image names, exec configurations, failures and retry policies; and the text forms that programs,
//! caches and people rely on: units, tables, quoting, URLs, globs and regular expressions.
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
pub mod profile;

pub mod retry;

pub mod quote;
pub mod spelling;
pub mod table;
pub mod units;

pub mod glob;
pub mod regexp;
pub mod url;

pub use digest::Digest;
pub use failure::{Error, Kind};
pub use file::File;
pub use fileset::Fileset;
pub use profile::Profile;
pub use resources::Resources;
