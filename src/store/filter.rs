//! Filters over labels, as collections take them (CLI spec §14.3).

use base::regexp::Regexp;
use base::{Error, Kind};

/// Blank-separated alternatives, each a comma-separated conjunction of regular expressions, `!` in front of one
/// negating it. The empty filter, which is the default, matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    alternatives: Vec<Vec<Clause>>,
}

#[derive(Clone, Debug)]
struct Clause {
    negated: bool,
    pattern: Regexp,
}

impl Filter {
    /// `Invalid` if one of the expressions is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let clause = |text: &str| {
            let (negated, pattern) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
            let invalid = |error| Error::new(Kind::Invalid, format!("{pattern:?}: {error}"));
            Ok(Clause { negated, pattern: Regexp::parse(pattern).map_err(invalid)? })
        };
        let alternative = |text: &str| text.split(',').map(clause).collect::<Result<Vec<_>, Error>>();
        Ok(Self { alternatives: text.split_whitespace().map(alternative).collect::<Result<_, _>>()? })
    }

    /// Whether the labels of an entry fit: an expression holds if one of them matches it, a negated one if none
    /// does.
    pub fn matches(&self, labels: &[String]) -> bool {
        let holds = |clause: &Clause| labels.iter().any(|label| clause.pattern.is_match(label)) != clause.negated;
        self.alternatives.iter().any(|clauses| clauses.iter().all(holds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_151_alternatives_conjunctions_and_negations() {
        let table: [(&str, &[&str], bool); 12] = [
            ("", &["a=1"], false),
            ("", &[], false),
            ("a=1", &["a=1"], true),
            ("a=1", &["b=2", "xa=12"], true),
            ("^a=1$", &["xa=12"], false),
            ("a=1,b=2", &["a=1"], false),
            ("a=1,b=2", &["b=2", "a=1"], true),
            ("a=1 b=2", &["b=2"], true),
            ("!a=1", &["a=1", "b=2"], false),
            ("!a=1", &[], true),
            ("a=1,!b=2 c=3", &["a=1", "b=2"], false),
            ("a=1,!b=2 c=3", &["a=1", "b=2", "c=3"], true),
        ];
        for (text, labels, expected) in table {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            assert_eq!(Filter::parse(text).unwrap().matches(&labels), expected, "{text:?} {labels:?}");
        }
        assert_eq!(Filter::parse("a=( b").unwrap_err().kind(), Kind::Invalid);
    }
}
