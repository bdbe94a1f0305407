//! When a stored value whose subjects may have changed is still good.

use std::fmt;
use std::str::FromStr;

use super::Assertions;

/// How the assertions of a stored value (the target) are held against what is known now (the source).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// They are not looked at.
    #[default]
    Never,
    /// All that the value asserts must still hold.
    Exact,
}

/// A name that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an assertion policy: want \"never\" or \"exact\"")]
pub struct ParsePolicyError(String);

impl Policy {
    /// The name in flags.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Never => "never",
            Policy::Exact => "exact",
        }
    }

    /// Whether a value that asserts `target` may be used, given `source`.
    ///
    /// Of several source sets that know a key, the first counts.
    pub fn accepts(self, source: &[Assertions], target: &[Assertions]) -> bool {
        match self {
            Policy::Never => true,
            Policy::Exact => target.iter().flat_map(Assertions::iter).all(|(key, asserted)| {
                // Compared value by value: per-key digests do not tell apart where a word ends.
                source.iter().find_map(|set| set.get(key)).is_some_and(|known| known == asserted)
            }),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = ParsePolicyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Policy::Never, Policy::Exact]
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| ParsePolicyError(text.to_owned()))
    }
}
