//! Inputs of several lines as they stand in the editor: continued lines begin with as many blanks as the
//! prompt is wide, which are shown as a prompt of their own and are no part of the input.

use syntax::diagnostic::Source;
use syntax::session::{Extent, open_brackets};

/// The prompt of an input.
pub(super) const PROMPT: &str = "reflow> ";
/// What is shown for the blanks before a continued line; as wide as the prompt.
pub(super) const CONTINUED: &str = "   ...> ";
const MARGIN: &str = "        ";
const STEP: usize = 4;

/// Whether continued lines have the margin. In a text that was pasted they may not.
pub(super) fn has_margin(text: &str) -> bool {
    text.split('\n').skip(1).all(|line| line.starts_with(MARGIN) || line.trim().is_empty())
}

/// The input that a text in the editor stands for.
pub(super) fn input(text: &str) -> String {
    if !has_margin(text) {
        return text.to_owned();
    }
    let mut lines = text.split('\n');
    let mut input = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        input.push('\n');
        input.push_str(line.strip_prefix(MARGIN).unwrap_or_else(|| line.trim_start_matches(' ')));
    }
    input
}

/// Whether a text in the editor is an input that wants another line.
pub(super) fn wants_more(text: &str) -> bool {
    let input = input(text);
    !input.trim_start().starts_with(':') && syntax::parse_input(&Source::new("", input)).extent == Extent::Unfinished
}

/// What begins a new line behind this text: the margin, and a step for each open bracket.
pub(super) fn new_line(before: &str) -> String {
    let depth = open_brackets(&Source::new("", input(before)));
    let margin = if has_margin(before) { MARGIN } else { "" };
    format!("\n{margin}{}", " ".repeat(depth * STEP))
}

/// The line before the cursor one step further out, if it is blank and there is a step to take.
pub(super) fn dedented(before: &str) -> Option<String> {
    let (above, line) = blank_line(before)?;
    let margin = if has_margin(above) && line.len() >= MARGIN.len() { MARGIN.len() } else { 0 };
    let depth = (line.len() - margin).checked_sub(1)? / STEP;
    Some(" ".repeat(margin + depth * STEP))
}

/// Whether nothing but the margin is in the line before the cursor.
pub(super) fn is_at_margin(before: &str) -> bool {
    blank_line(before).is_some_and(|(above, line)| line == MARGIN && has_margin(above))
}

/// A continued line of nothing but blanks before the cursor, and what stands above it.
fn blank_line(before: &str) -> Option<(&str, &str)> {
    before.rsplit_once('\n').filter(|(_, line)| line.bytes().all(|byte| byte == b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_no_part_of_the_input() {
        assert_eq!(PROMPT.len(), MARGIN.len());
        assert_eq!(CONTINUED.len(), MARGIN.len());
        for (text, wanted) in [
            ("1", "1"),
            ("f(\n            1\n        )", "f(\n    1\n)"),
            ("f(\n1\n)", "f(\n1\n)"),
            ("f(\n\n        )", "f(\n\n)"),
            ("f(\n   \n        )", "f(\n\n)"),
            ("f(\n        1\n)", "f(\n        1\n)"),
        ] {
            assert_eq!(input(text), wanted);
        }
    }

    #[test]
    fn new_lines_are_indented_by_open_brackets() {
        assert_eq!(new_line("func f(x int) int = {"), "\n            ");
        assert_eq!(new_line("1 +"), "\n        ");
        assert_eq!(new_line("f([\n        a, {"), "\n                    ");
        assert_eq!(new_line("f(\na,"), "\n    ");
    }

    #[test]
    fn blank_lines_go_out_by_steps() {
        for (before, wanted) in [
            ("f(\n            ", Some("        ")),
            ("f(\n                ", Some("            ")),
            ("f(\n          ", Some("        ")),
            ("f(\n        ", None),
            ("f(\n        a", None),
            ("    ", None),
            ("f(\na\n    ", Some("")),
            ("f(\na\n", None),
        ] {
            assert_eq!(dedented(before).as_deref(), wanted, "{before:?}");
        }
        assert!(is_at_margin("f(\n        "));
        assert!(!is_at_margin("f(\n            ") && !is_at_margin("f(\na\n        "));
    }

    #[test]
    fn commands_are_one_line() {
        assert!(!wants_more(":type ("));
        assert!(wants_more("f(") && wants_more("f(\n            1,") && !wants_more("f(1)"));
    }
}
