//! How strings print (language spec §4.1); the rules are those of all quoted text, so they live in
//! `base`.

pub use base::quote::{quote, quote_char};
