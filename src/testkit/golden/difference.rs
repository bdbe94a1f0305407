//! Differences of texts, line by line, for people.

/// How many unchanged lines are shown around a change.
const AROUND: usize = 2;

/// Beyond this many pairs of lines only the first difference is searched for.
const LIMIT: usize = 1 << 22;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Old,
    New,
}

/// The lines of `old` and `new`: kept ones behind a blank, those only in `old` behind `-`, those only in
/// `new` behind `+`. Long unchanged stretches are left out. Empty if the texts are equal.
pub fn difference(old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = aligned(&old, &new);
    let changed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 != Side::Both).collect();
    let mut out = String::new();
    let mut skipped = false;
    for (at, (side, line)) in lines.iter().enumerate() {
        let next = changed.partition_point(|change| *change < at);
        let near = |change: Option<&usize>| change.is_some_and(|change| change.abs_diff(at) <= AROUND);
        if !near(changed.get(next)) && !near(next.checked_sub(1).and_then(|last| changed.get(last))) {
            if !std::mem::replace(&mut skipped, true) {
                out.push_str(" …\n");
            }
            continue;
        }
        skipped = false;
        out.push(match side {
            Side::Both => ' ',
            Side::Old => '-',
            Side::New => '+',
        });
        out.push_str(line);
        out.push('\n');
    }
    if changed.is_empty() {
        out.push_str("(only line ends differ)\n");
    }
    out
}

/// Both texts' lines in one order, by their longest common subsequence.
fn aligned<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Side, &'t str)> {
    if old.len().saturating_mul(new.len()) > LIMIT {
        let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let kept = old[..same].iter().map(|line| (Side::Both, *line));
        let gone = old[same..].iter().map(|line| (Side::Old, *line));
        return kept.chain(gone).chain(new[same..].iter().map(|line| (Side::New, *line))).collect();
    }
    // longest[i][j]: of old[i..] and new[j..].
    let mut longest = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = match old[i] == new[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
            lines.push((Side::Old, old[i]));
            i += 1;
        } else {
            lines.push((Side::New, new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_marked_and_the_rest_is_left_out() {
        assert_eq!(difference("a\n", "a\n"), "");
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), " a\n-b\n+x\n c\n");
        assert_eq!(difference("", "x\n"), "+x\n");
        let long: String = (0..10).map(|n| format!("{n}\n")).collect();
        assert_eq!(difference(&long, &format!("{long}end\n")), " …\n 8\n 9\n+end\n");
        assert_eq!(difference("a", "a\n"), " a\n(only line ends differ)\n".replacen(" a\n", " …\n", 1));
    }
}
