//! SHA-256 digests: the names of blobs, the keys of caches, the identities of flows.
//!
//! All rules by which values become bytes for hashing go through [`DigestWriter`], so that the
//! encodings of runtime spec §1.1 and §2.3 stand in one place.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest of 32 bytes (runtime spec §1.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// Wraps 32 raw digest bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw digest bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The written form `WD`: `00 05` (the code of SHA-256) and the 32 bytes (runtime spec §1.1).
    pub fn written(&self) -> [u8; 34] {
        let mut out = [0; 34];
        out[1] = 5;
        out[2..].copy_from_slice(&self.0);
        out
    }

    /// 64 lower-case hex digits, without the `sha256:` prefix.
    pub fn hex(&self) -> String {
        self.hex_n(32)
    }

    /// The first `n` bytes as lower-case hex.
    pub fn hex_n(&self, n: usize) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = String::with_capacity(2 * n);
        for byte in self.0.iter().take(n) {
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        out
    }

    /// The first 8 hex digits, the form people see.
    pub fn short(&self) -> String {
        self.hex_n(4)
    }

    /// The first `n` bytes in hex behind `sha256:`, which [`PartialDigest::parse`] reads.
    pub fn short_string(&self, n: usize) -> String {
        format!("sha256:{}", self.hex_n(n))
    }

    /// Byte-wise XOR of two digests.
    pub fn mix(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] ^ other.0[i]))
    }

    /// Parses exactly 64 hex digits, with or without the `sha256:` prefix.
    pub fn parse(text: &str) -> Result<Self, ParseDigestError> {
        let partial = PartialDigest::parse(text)?;
        partial.full().ok_or_else(|| ParseDigestError(text.to_owned()))
    }

    /// Parses the text of a digest that may be missing: nothing and [`NO_DIGEST`] stand for none.
    pub fn parse_optional(text: &str) -> Result<Option<Self>, ParseDigestError> {
        if text.is_empty() || text == NO_DIGEST {
            return Ok(None);
        }
        Self::parse(text).map(Some)
    }
}

/// The text that stands for a missing digest in stored data.
pub const NO_DIGEST: &str = "<zero>";

/// The text of a digest that may be missing.
pub fn optional_text(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| NO_DIGEST.to_owned(), Digest::to_string)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The leading bytes of a digest, as a person abbreviates it: an even number of hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartialDigest {
    bytes: [u8; 32],
    length: usize,
}

impl PartialDigest {
    /// Parses 1 to 32 bytes of hex, with or without the `sha256:` prefix.
    pub fn parse(text: &str) -> Result<Self, ParseDigestError> {
        let bad = || ParseDigestError(text.to_owned());
        let hex = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        if hex.is_empty() || !hex.len().is_multiple_of(2) || hex.len() > 64 {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let high = hex_value(pair[0]).ok_or_else(bad)?;
            let low = hex_value(pair[1]).ok_or_else(bad)?;
            *byte = high << 4 | low;
        }
        Ok(Self { bytes, length: hex.len() / 2 })
    }

    /// The whole digest, if nothing was left out.
    pub fn full(&self) -> Option<Digest> {
        (self.length == 32).then_some(Digest(self.bytes))
    }

    /// Whether at most half of the bytes are given: an id of that kind is taken for an abbreviation.
    pub fn is_abbreviated(&self) -> bool {
        self.bytes[16..] == [0; 16]
    }

    /// Whether at most four bytes are given, the length of [`Digest::short`].
    pub fn is_short(&self) -> bool {
        self.bytes[4..] == [0; 28]
    }

    /// Whether `digest` begins with these bytes.
    pub fn expands_to(&self, digest: &Digest) -> bool {
        digest.0[..self.length] == self.bytes[..self.length]
    }

    /// The given hex digits, lower-case, without prefix.
    pub fn hex(&self) -> String {
        Digest(self.bytes).hex_n(self.length)
    }
}

/// As a whole digest, with zeros for what is missing.
impl fmt::Display for PartialDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Digest(self.bytes), f)
    }
}

impl FromStr for PartialDigest {
    type Err = ParseDigestError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a digest: want an even number (64 for a whole one) of lower-case hex digits, with or without \"sha256:\" in front"
)]
pub struct ParseDigestError(String);

/// Collects the bytes of a hash material and turns them into a [`Digest`].
///
/// Nothing is delimited: the formats of the spec concatenate their parts.
#[derive(Clone, Default)]
pub struct DigestWriter(Sha256);

impl DigestWriter {
    /// An empty material.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends raw bytes.
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.update(bytes.as_ref());
        self
    }

    /// Appends an integer as 8 bytes, little endian, two's complement.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.bytes(value.to_le_bytes())
    }

    /// Appends a length as [`DigestWriter::int`] does.
    pub fn length(&mut self, value: usize) -> &mut Self {
        self.bytes((value as u64).to_le_bytes())
    }

    /// Appends the 34 bytes of a digest's written form.
    pub fn digest(&mut self, digest: &Digest) -> &mut Self {
        self.bytes(digest.written())
    }

    /// Appends the material of `value`.
    pub fn material(&mut self, value: &(impl Material + ?Sized)) -> &mut Self {
        value.write_material(self);
        self
    }

    /// The digest of everything written.
    pub fn finish(&self) -> Digest {
        Digest(self.0.clone().finalize().into())
    }
}

/// What has a defined byte form for hashing.
pub trait Material {
    /// Appends the bytes that stand for `self` in a hash.
    fn write_material(&self, out: &mut DigestWriter);

    /// The digest of the material alone.
    fn material_digest(&self) -> Digest {
        let mut out = DigestWriter::new();
        self.write_material(&mut out);
        out.finish()
    }
}
