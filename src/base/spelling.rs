//! Names that are spelled alike: what "did you mean" offers.

/// The candidate that is spelled most like `name`, if one is near enough to be a slip: one letter in three
/// put in, taken out, replaced or exchanged with its neighbour, or another case. `name` itself is none.
/// Of several equally near ones the first in byte order.
pub fn nearest<N: AsRef<str> + Ord>(name: &str, candidates: impl IntoIterator<Item = N>) -> Option<N> {
    let letters = name.chars().count();
    let limit = (letters / 3).max(1);
    let scored = candidates.into_iter().filter_map(|candidate| {
        let other = candidate.as_ref();
        let found =
            if other != name && other.to_lowercase() == name.to_lowercase() { 0 } else { distance(name, other) };
        let is_slip = other != name && found <= limit && found < letters.max(other.chars().count());
        is_slip.then_some((found, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// Edit distance, exchanged neighbours counting one; far more than any limit if the lengths differ much.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > (left.len() / 3).max(1) {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for (j, r) in right.iter().enumerate() {
            let mut best = (row[j] + usize::from(l != r)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        for (name, near) in [
            ("alhpa", Some("alpha")),
            ("alpah", Some("alpha")),
            ("alph", Some("alpha")),
            ("ALPHA", Some("alpha")),
            ("betas", Some("beta")),
            ("x", Some("X")),
            ("z", None),
            ("gamma", None),
            ("alpha", None),
            ("", None),
            ("ünd", Some("und")),
        ] {
            assert_eq!(nearest(name, ["alpha", "beta", "X", "y", "und"]), near, "{name}");
        }
    }

    #[test]
    fn the_nearest_wins_and_then_the_first() {
        assert_eq!(nearest("abcdef", ["abcxyf", "abcdex", "abcdey"]), Some("abcdex"));
    }
}
