//! Nodes in words (runtime spec §2.11): commands as people know them, cut to fit a line.

use flow::node::Exec;

/// Bytes of an abbreviated command.
const COMMAND_WIDTH: usize = 60;
/// Bytes of an abbreviated image.
const IMAGE_WIDTH: usize = 40;
/// Bytes of an abbreviated URL.
pub const URL_WIDTH: usize = 60;

/// The command with the program's names in place of arguments: `sort {{in}} > {{out}}`.
pub fn command(exec: &Exec) -> String {
    named(&exec.command, exec.arg_names.iter().map(|name| &**name))
}

/// A command template with these names in place of arguments.
pub fn named<'a>(template: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.as_bytes().first() {
            Some(b's') => out.push_str(names.next().map_or("%s", |name| name)),
            Some(b'%') => out.push('%'),
            _ => {
                out.push('%');
                rest = after;
                continue;
            }
        }
        rest = &after[1..];
    }
    out.push_str(rest);
    out
}

/// The lines of a command without empty first and last ones and without their common indentation.
pub fn command_lines(command: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = command.lines().collect();
    let blank = |line: &&str| line.trim().is_empty();
    let end = lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1);
    lines.truncate(end);
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(0);
    lines.drain(..start);
    let indentation = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !blank(line)).map(indentation).min().unwrap_or(0);
    lines.into_iter().map(|line| line.get(common..).unwrap_or("").trim_end()).collect()
}

/// An exec in a line: the end of its image and its command with white space collapsed and the middle
/// cut out.
pub fn abbreviated_command(exec: &Exec) -> String {
    let command = command(exec);
    let command = shorten_leading_path(command.trim());
    let command = abbreviate(&collapse_space(&command), COMMAND_WIDTH);
    format!("{} {command}", abbreviate_left(&exec.image, IMAGE_WIDTH))
}

/// An absolute path in front becomes `../` and its last part.
fn shorten_leading_path(command: &str) -> String {
    let end = command.find(char::is_whitespace).unwrap_or(command.len());
    let (path, rest) = command.split_at(end);
    match path.rsplit_once('/') {
        Some((_, name)) if path.starts_with('/') => format!("../{name}{rest}"),
        _ => command.to_owned(),
    }
}

/// Every run of white space becomes one character: a blank if it starts with one, else a dot.
fn collapse_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match (c.is_whitespace(), inside) {
            (true, false) => out.push(if c == ' ' { ' ' } else { '.' }),
            (true, true) => {}
            (false, _) => out.push(c),
        }
        inside = c.is_whitespace();
    }
    out
}

/// Text of more than `width` bytes keeps its ends, with `..` between. Characters stay whole.
pub fn abbreviate(text: &str, width: usize) -> String {
    if text.len() <= width {
        return text.to_owned();
    }
    let keep = (width / 2).saturating_sub(1);
    let head = (0..=keep).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}..{}", &text[..head], last_bytes(text, keep))
}

/// Text of more than `width` bytes keeps its end, with `..` in front. Characters stay whole.
pub fn abbreviate_left(text: &str, width: usize) -> String {
    if text.len() <= width {
        return text.to_owned();
    }
    format!("..{}", last_bytes(text, width.saturating_sub(2)))
}

/// At most the last `count` bytes, from a whole character on.
fn last_bytes(text: &str, count: usize) -> &str {
    let from = text.len().saturating_sub(count);
    (from..text.len()).find_map(|start| text.get(start..)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(image: &str, command: &str, names: &[&str]) -> Exec {
        Exec {
            image: image.into(),
            command: command.into(),
            args: None,
            outputs: None,
            resources: base::Resources::new(),
            arg_names: names.iter().map(|name| (*name).into()).collect(),
            nondeterministic: false,
        }
    }

    #[test]
    fn rt_50_cuts_of_the_spec() {
        assert_eq!(abbreviate("dd if=/dev/zero count= 200", 10), "dd i.. 200");
        assert_eq!(abbreviate("short", 10), "short");
        assert_eq!(abbreviate_left("helloworld", 5), "..rld");
        assert_eq!(abbreviate_left("hello", 5), "hello");
    }

    #[test]
    fn cuts_never_split_characters() {
        let text = "äöüäöüäöü";
        for width in 0..text.len() {
            assert!(abbreviate(text, width).contains(".."), "{width}");
            assert!(abbreviate_left(text, width).starts_with(".."), "{width}");
        }
    }

    #[test]
    fn names_stand_for_arguments() {
        let exec = exec("ubuntu", "\n\twc -w %s > %s; echo 100%%%d %s\n", &["{{in}}", "{{out}}"]);
        assert_eq!(command(&exec), "\n\twc -w {{in}} > {{out}}; echo 100%%d %s\n");
    }

    #[test]
    fn a_command_in_a_line() {
        let plain = exec("ubuntu", "\n\t/usr/bin/sort  -k1 %s\n\t> %s\n", &["{{in}}", "{{out}}"]);
        assert_eq!(abbreviated_command(&plain), "ubuntu ../sort -k1 {{in}}.> {{out}}");
        let image = format!("registry.example/{}/tool:v1", "x".repeat(60));
        let long = exec(&image, &"word ".repeat(40), &[]);
        let line = abbreviated_command(&long);
        assert!(line.starts_with("..xxx") && line.contains("tool:v1 word word"));
        assert_eq!(line.len(), 40 + 1 + 60);
    }

    #[test]
    fn commands_lose_their_frame() {
        let lines = command_lines("\n\n\t\tfoo \\\n\t\t\t-x\n\n\t\tbar\n\t");
        assert_eq!(lines, ["foo \\", "\t-x", "", "bar"]);
        assert!(command_lines(" \n\t\n").is_empty());
    }
}
