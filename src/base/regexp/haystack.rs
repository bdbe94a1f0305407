//! The text that an expression is matched against: bytes, seen as Go sees them.
//!
//! Go reads a byte that is not part of valid UTF-8 as the character U+FFFD of width one. Here such
//! bytes become the three bytes of that character before the search, and the places of the matches
//! are mapped back. Text that is valid, which nearly all is, is searched as it stands.

use std::borrow::Cow;
use std::ops::Range;

/// The bytes that U+FFFD has more than the byte that it stands for.
const GROWTH: usize = char::REPLACEMENT_CHARACTER.len_utf8() - 1;

pub(super) struct Haystack<'t> {
    text: Cow<'t, str>,
    /// For every malformed byte, in order, its offset in the original.
    malformed: Vec<usize>,
}

impl<'t> Haystack<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { text: Cow::Borrowed(text), malformed: Vec::new() };
        }
        let mut text = String::with_capacity(bytes.len() + 64);
        let mut malformed = Vec::new();
        let mut offset = 0;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            offset += chunk.valid().len();
            for _ in chunk.invalid() {
                text.push(char::REPLACEMENT_CHARACTER);
                malformed.push(offset);
                offset += 1;
            }
        }
        Self { text: Cow::Owned(text), malformed }
    }

    /// The text to search.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The offset in the searched text of an offset in the original.
    pub(super) fn inner(&self, outer: usize) -> usize {
        outer + GROWTH * self.malformed.partition_point(|at| *at < outer)
    }

    /// The range in the original of a range in the searched text.
    pub(super) fn outer(&self, inner: Range<usize>) -> Range<usize> {
        self.outer_offset(inner.start)..self.outer_offset(inner.end)
    }

    fn outer_offset(&self, inner: usize) -> usize {
        // Before the i-th malformed byte, i characters have grown.
        let (mut low, mut high) = (0, self.malformed.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.malformed[middle] + GROWTH * middle < inner {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        inner - GROWTH * low
    }

    /// The offset in the original just after the character at `outer`; at the end, one past it.
    pub(super) fn next_char(&self, outer: usize) -> usize {
        if self.malformed.binary_search(&outer).is_ok() {
            return outer + 1;
        }
        let next = self.text[self.inner(outer)..].chars().next();
        outer + next.map_or(1, char::len_utf8)
    }
}
