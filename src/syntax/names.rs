//! Tables by name: every name of a program is looked up several times on its way to a typed tree.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::ast::Name;

/// A table by name.
pub type NameMap<T> = HashMap<Name, T, NameHash>;

/// How tables by name hash.
pub type NameHash = BuildHasherDefault<NameHasher>;

/// Hashes names: they are short and come from one program, so mixing by multiplication is enough.
#[derive(Default)]
pub struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
        }
    }

    fn finish(&self) -> u64 {
        // The table takes its index from the low bits and its tags from the high ones.
        self.0 ^ (self.0 >> 32)
    }
}
