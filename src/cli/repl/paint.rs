//! Colours of programs and remarks.

use std::fmt::Write;

use syntax::diagnostic::Source;
use syntax::words::{Class, words};

/// How a stretch of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The prompt.
    Prompt,
    /// Remarks, comments, hints.
    Dim,
    Keyword,
    Type,
    String,
    Constant,
    /// What marks an interpolation.
    Mark,
    /// What is wrong.
    Wrong,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Prompt => "1;34",
            Self::Dim => "2",
            Self::Keyword => "35",
            Self::Type => "36",
            Self::String => "32",
            Self::Constant => "33",
            Self::Mark => "1;33",
            Self::Wrong => "31",
        }
    }

    /// The text in this style, if there are colours.
    pub(super) fn paint(self, text: &str, colour: bool) -> String {
        if colour { format!("\x1b[{}m{text}\x1b[0m", self.code()) } else { text.to_owned() }
    }

    fn of(class: Class) -> Option<Self> {
        Some(match class {
            Class::Keyword => Self::Keyword,
            Class::Type => Self::Type,
            Class::Constant => Self::Constant,
            Class::String | Class::Template => Self::String,
            Class::Comment => Self::Dim,
            Class::Interpolation => Self::Mark,
            Class::Unknown => Self::Wrong,
            Class::Name | Class::Bracket | Class::Dot | Class::Mark => return None,
        })
    }
}

/// A program in colours; nothing but colours is added.
pub(super) fn program(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut end = 0;
    for word in words(&Source::new("", text)) {
        out.push_str(&text[end..word.start]);
        let piece = &text[word.start..word.end];
        let _ = match Style::of(word.class) {
            // A line feed within colours confuses some terminals.
            Some(style) => {
                let lines: Vec<String> = piece.split('\n').map(|line| style.paint(line, !line.is_empty())).collect();
                write!(out, "{}", lines.join("\n"))
            }
            None => write!(out, "{piece}"),
        };
        end = word.end;
    }
    out.push_str(&text[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_all_that_is_added() {
        let code = plain(&program("val x = `a\nb` + {\" {{f(1)}}\n\"} // é\n~"));
        assert_eq!(code, "val x = `a\nb` + {\" {{f(1)}}\n\"} // é\n~");
        assert_eq!(program("val x"), "\x1b[35mval\x1b[0m x");
    }

    /// The text without its escape sequences.
    fn plain(text: &str) -> String {
        text.split('\x1b')
            .enumerate()
            .map(|(index, part)| match index {
                0 => part,
                _ => part.split_once('m').map_or("", |(_, rest)| rest),
            })
            .collect()
    }
}
