//! Diagnostics as text: drawn for people, or one line each. Only this file knows `ariadne`.
//!
//! The drawing library gets an excerpt of each source, not the source: the lines that labels touch, with
//! characters that would confuse a terminal or the counting of lines replaced one for one.

use std::collections::HashMap;
use std::rc::Rc;

use ariadne::{Cache, Color, Config, IndexType, Report, ReportKind};

use crate::diagnostic::{Diagnostic, Label, Severity, Source};

/// Draws diagnostics with their places, codes and help, one after the other with a blank line between.
/// Messages are wrapped to `width` columns; lines of the program are not.
pub fn draw(diagnostics: &[Diagnostic], colour: bool, width: usize) -> String {
    let drawn: Vec<String> = diagnostics.iter().map(|diagnostic| draw_one(diagnostic, colour, width)).collect();
    drawn.join("\n")
}

/// One `FILE:LINE:COL: MESSAGE` line for each diagnostic.
pub fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.line() + "\n").collect()
}

fn draw_one(diagnostic: &Diagnostic, colour: bool, width: usize) -> String {
    let mut excerpts = Excerpts::of(diagnostic);
    let (kind, accent) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    };
    // Labels are drawn in the order given, and a step back in the text would begin a second excerpt.
    let mut labels: Vec<(&Label, bool)> = diagnostic.primary.iter().map(|label| (label, true)).collect();
    labels.extend(diagnostic.secondary.iter().map(|label| (label, false)));
    labels.sort_by_key(|(label, _)| (excerpts.number(label), label.span.start));
    let place = labels.iter().find(|(_, is_primary)| *is_primary).map_or((0, 0..0), |(label, _)| excerpts.span(label));
    let mut report = Report::build(kind, place)
        .with_config(Config::new().with_color(colour).with_index_type(IndexType::Char).with_tab_width(4))
        .with_code(diagnostic.code)
        .with_message(wrap(&diagnostic.message, width, 17));
    for (order, (label, is_primary)) in labels.into_iter().enumerate() {
        let mut drawn = ariadne::Label::new(excerpts.span(label)).with_order(i32::try_from(order).unwrap_or(i32::MAX));
        if colour {
            drawn = drawn.with_color(if is_primary { accent } else { Color::Cyan });
        }
        // Without a message nothing would be underlined.
        drawn = drawn.with_message(if label.message.is_empty() { "here" } else { &label.message });
        report = report.with_label(drawn);
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(wrap(help, width, 12));
    }
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = report.finish().write(&mut excerpts, &mut out);
    let text = String::from_utf8_lossy(&out);
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Breaks a text between words so that no line is longer than `width` less `indent` columns, if words
/// allow.
fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut out = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let mut column = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > room {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}

/// The excerpts that a drawing shows, by the number of their source.
struct Excerpts(Vec<Excerpt>);

/// A run of lines of a source.
struct Excerpt {
    source: Rc<Source>,
    /// Offset of its first byte in the source.
    start: usize,
    /// How many empty lines stand before it: the library numbers lines from the first one that it gets.
    skipped: usize,
    text: ariadne::Source,
}

impl Excerpts {
    fn of(diagnostic: &Diagnostic) -> Self {
        let mut ranges: Vec<(Rc<Source>, usize, usize)> = Vec::new();
        let mut known = HashMap::new();
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            let length = label.source.text.len();
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            let (start, end) = (start.min(length), end.clamp(start.min(length), length));
            let number = *known.entry(Rc::as_ptr(&label.source)).or_insert_with(|| {
                ranges.push((label.source.clone(), start, end));
                ranges.len() - 1
            });
            ranges[number].1 = ranges[number].1.min(start);
            ranges[number].2 = ranges[number].2.max(end);
        }
        Self(ranges.into_iter().map(|(source, start, end)| Excerpt::new(source, start, end)).collect())
    }

    fn number(&self, label: &Label) -> usize {
        self.0.iter().position(|excerpt| Rc::ptr_eq(&excerpt.source, &label.source)).unwrap_or(0)
    }

    /// The place of a label: the number of its source and its characters in the excerpt.
    fn span(&self, label: &Label) -> (usize, std::ops::Range<usize>) {
        let number = self.number(label);
        let excerpt = &self.0[number];
        let start = excerpt.column(label.span.start as usize);
        // What has no extent is shown as the blank behind the text.
        (number, start..excerpt.column(label.span.end as usize).max(start + 1))
    }
}

impl Excerpt {
    /// The lines that the bytes from `start` to `end` touch.
    fn new(source: Rc<Source>, start: usize, end: usize) -> Self {
        let text = &source.text;
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let last = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        let skipped = source.position(first as u32).0 - 1;
        let mut shown = "\n".repeat(skipped);
        for line in text[first..last].split('\n') {
            shown.extend(line.chars().map(visible));
            // A blank stands for the line feed, so that it can be pointed at.
            shown.push_str(" \n");
        }
        Self { start: first, skipped, text: ariadne::Source::from(shown), source }
    }

    /// The number of characters that the library has before a byte of the source.
    fn column(&self, offset: usize) -> usize {
        let before = self.source.text.get(self.start..offset).unwrap_or("");
        self.skipped + before.chars().count() + before.matches('\n').count()
    }
}

/// What is shown for a character: itself, unless it moves the cursor or ends a line.
fn visible(character: char) -> char {
    match character {
        '\t' => '\t',
        '\u{FEFF}' => ' ',
        '\r' | '\u{2028}' | '\u{2029}' => ' ',
        control if control.is_control() => '\u{FFFD}',
        other => other,
    }
}

impl Cache<usize> for Excerpts {
    type Storage = String;

    fn fetch(&mut self, number: &usize) -> Result<&ariadne::Source, impl std::fmt::Debug> {
        self.0.get(*number).map(|excerpt| &excerpt.text).ok_or("no such source")
    }

    fn display<'a>(&self, number: &'a usize) -> Option<impl std::fmt::Display + 'a> {
        self.0.get(*number).map(|excerpt| excerpt.source.name.to_string())
    }
}
