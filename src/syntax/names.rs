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

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(word.try_into().map_or(0, u64::from_le_bytes));
        }
        // A shorter rest is put together by shifts, as a copy of so few bytes costs more.
        let rest = words.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        self.mix(rest ^ (bytes.len() as u64) << 56);
    }

    /// What ends a string says nothing, as its length is part of the hash.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        // The table takes its index from the low bits and its tags from the high ones.
        self.0 ^ (self.0 >> 32)
    }
}
