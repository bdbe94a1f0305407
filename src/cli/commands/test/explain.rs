//! The two sides of a comparison that is false, so that a person sees what differs.

use similar::{ChangeTag, TextDiff};
use types::print::{print, print_lines};
use types::{Type, Value};

use super::workshop::Workshop;

/// The most characters of a side that stands on a line of its own.
const LINE: usize = 72;
/// Unchanged lines that are shown around a change.
const AROUND: usize = 2;
/// Lines of a difference that are shown.
const MOST_LINES: usize = 60;

/// The sides, one below the other if they are short, else line by line where they differ.
pub(super) fn sides(workshop: &Workshop, left: &Value, right: &Value, ty: &Type) -> String {
    let (short_left, short_right) = (print(left, ty), print(right, ty));
    if short_left == short_right {
        return format!("  both sides are {}", laid_out(left, ty).replace('\n', "\n  "));
    }
    let texts = match (left, right) {
        (Value::String(left), Value::String(right)) if left.contains(&b'\n') || right.contains(&b'\n') => {
            Some((String::from_utf8_lossy(left).into_owned(), String::from_utf8_lossy(right).into_owned()))
        }
        (Value::File(left), Value::File(right)) => workshop.text(left).zip(workshop.text(right)),
        _ => None,
    };
    if let Some((left, right)) = texts {
        return difference(&left, &right);
    }
    if short_left.chars().count() <= LINE && short_right.chars().count() <= LINE {
        return format!("  left   {short_left}\n  right  {short_right}");
    }
    difference(&laid_out(left, ty), &laid_out(right, ty))
}

fn laid_out(value: &Value, ty: &Type) -> String {
    print_lines(value, ty, LINE)
}

/// Lines of the left side alone behind `-`, of the right one alone behind `+`.
fn difference(left: &str, right: &str) -> String {
    let ended =
        |text: &str| if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let (old, new) = (ended(left), ended(right));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = vec!["  - left, + right".to_owned()];
    for (number, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if number > 0 {
            lines.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            lines.push(format!("  {sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    if old == new {
        lines.push("  only the line feed at the end differs".to_owned());
    }
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("  … and {more} lines more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_differences_are_cut() {
        let text = |range: std::ops::Range<u32>| range.map(|number| format!("{number}\n")).collect::<String>();
        let shown = difference(&text(0..10), &text(5..200));
        assert!(shown.contains("\n  - 4\n    5\n"), "{shown}");
        assert!(shown.ends_with("lines more"), "{shown}");
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
        assert!(difference("a", "a\n").ends_with("only the line feed at the end differs"));
    }
}
