//! Diagnostics as text: drawn for people, or one line each. Only this file knows `ariadne`.
//!
//! The drawing library gets an excerpt of each source, not the source: the lines that labels touch, with
//! characters that would confuse a terminal or the counting of lines replaced one for one, and without the
//! middle of lines that are longer than anybody reads.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
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
    // Of a file that could not be read there is nothing to show.
    labels.retain(|(label, _)| !label.source.text.is_empty());
    labels.sort_by_key(|(label, _)| (excerpts.number(label), label.span.start));
    let place = labels.iter().find(|(_, is_primary)| *is_primary).map_or((0, 0..0), |(label, _)| excerpts.span(label));
    let mut report = Report::build(kind, place)
        .with_config(Config::new().with_color(colour).with_index_type(IndexType::Char).with_tab_width(4))
        .with_code(diagnostic.code)
        .with_message(wrap(&message(diagnostic), width, 17));
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
    let text: String = text.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    match &diagnostic.primary {
        Some(label) => with_place(&text, label, &excerpts),
        None => text,
    }
}

/// The message; if there is no text to show, and so nothing with the name of the file, behind that name.
fn message(diagnostic: &Diagnostic) -> Cow<'_, str> {
    match &diagnostic.primary {
        Some(Label { source, .. }) if source.text.is_empty() && !diagnostic.message.contains(&*source.name) => {
            format!("{}: {}", source.name, diagnostic.message).into()
        }
        _ => Cow::Borrowed(&diagnostic.message),
    }
}

/// Corrects the place above the excerpt, which the library counts in what it was given.
fn with_place(text: &str, label: &Label, excerpts: &Excerpts) -> String {
    let Some(excerpt) = excerpts.0.get(excerpts.number(label)) else { return text.to_owned() };
    let start = label.span.start as usize;
    let (line, column) = label.source.position(label.span.start);
    let shown = excerpt.column(start) + 1 - excerpt.line_start(start);
    let place = |column: usize| format!("[ {}:{line}:{column} ]", label.source.name);
    if shown == column { text.to_owned() } else { text.replacen(&place(shown), &place(column), 1) }
}

/// Breaks a text between words so that no line is longer than `width` less `indent` columns, if words
/// allow.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
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
    /// What is shown of it, in order.
    parts: Vec<Part>,
    text: ariadne::Source,
}

/// A line, or a part of one.
struct Part {
    /// Its bytes in the source, without a line feed.
    bytes: Range<usize>,
    /// How many characters the library has before it: it numbers lines from the first one that it gets, so
    /// that an empty one stands for each line before.
    before: usize,
    /// The number of characters before its line.
    before_line: usize,
}

/// Lines up to so many characters are shown whole.
const LONG: usize = 240;
/// How many characters of a longer line are shown around each end of a label.
const AROUND: usize = 50;

impl Excerpts {
    fn of(diagnostic: &Diagnostic) -> Self {
        let mut places: Vec<(Rc<Source>, Vec<usize>)> = Vec::new();
        let mut known = HashMap::new();
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            let length = label.source.text.len();
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            let number = *known.entry(Rc::as_ptr(&label.source)).or_insert_with(|| {
                places.push((label.source.clone(), Vec::new()));
                places.len() - 1
            });
            places[number].1.extend([start.min(length), end.clamp(start.min(length), length)]);
        }
        Self(places.into_iter().map(|(source, places)| Excerpt::new(source, places)).collect())
    }

    fn number(&self, label: &Label) -> usize {
        self.0.iter().position(|excerpt| Rc::ptr_eq(&excerpt.source, &label.source)).unwrap_or(0)
    }

    /// The place of a label: the number of its source and its characters in the excerpt.
    fn span(&self, label: &Label) -> (usize, Range<usize>) {
        let number = self.number(label);
        let excerpt = &self.0[number];
        let start = excerpt.column(label.span.start as usize);
        // What has no extent is shown as the blank behind the text.
        (number, start..excerpt.column(label.span.end as usize).max(start + 1))
    }
}

impl Excerpt {
    /// The lines between the first and the last of some places, of long ones what is near to a place.
    fn new(source: Rc<Source>, mut places: Vec<usize>) -> Self {
        places.sort_unstable();
        let (start, end) = (places.first().copied().unwrap_or(0), places.last().copied().unwrap_or(0));
        let text = &source.text;
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let last = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
        let mut count = source.position(first as u32).0 - 1;
        let mut shown = "\n".repeat(count);
        let mut parts = Vec::new();
        let mut from = first;
        for line in text[first..last].split('\n') {
            let before_line = count;
            for bytes in parts_of(line, from, &places) {
                if bytes.start > from {
                    shown.push('…');
                    count += 1;
                }
                let part = &text[bytes.clone()];
                shown.extend(part.chars().map(visible));
                parts.push(Part { bytes, before: count, before_line });
                count += part.chars().count();
            }
            from += line.len();
            if parts.last().is_some_and(|part| part.bytes.end < from) {
                shown.push('…');
                count += 1;
            }
            // A blank stands for the line feed, so that it can be pointed at.
            shown.push_str(" \n");
            count += 2;
            from += 1;
        }
        Self { parts, text: ariadne::Source::from(shown), source }
    }

    /// The part that shows a byte of the source, or the nearest one before it.
    fn part(&self, offset: usize) -> Option<&Part> {
        let behind = self.parts.partition_point(|part| part.bytes.start <= offset);
        self.parts.get(behind.saturating_sub(1))
    }

    /// The number of characters that the library has before a byte of the source.
    fn column(&self, offset: usize) -> usize {
        let Some(part) = self.part(offset) else { return 0 };
        let before = self.source.text.get(part.bytes.start..offset.min(part.bytes.end)).unwrap_or("");
        part.before + before.chars().count() + offset.saturating_sub(part.bytes.end).min(1)
    }

    /// The number of characters that the library has before the line of a byte of the source.
    fn line_start(&self, offset: usize) -> usize {
        self.part(offset).map_or(0, |part| part.before_line)
    }
}

/// What is shown of a line that begins at a byte of the source: ranges of bytes in order.
fn parts_of(line: &str, from: usize, places: &[usize]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    if line.len() <= LONG || line.chars().count() <= LONG {
        parts.push(from..from + line.len());
        return parts;
    }
    let within =
        places.partition_point(|place| *place < from)..places.partition_point(|place| *place <= from + line.len());
    for place in &places[within] {
        let place = place - from;
        let start = line[..place].char_indices().nth_back(AROUND - 1).map_or(0, |(at, _)| at);
        let end = line[place..].char_indices().nth(AROUND).map_or(line.len(), |(at, _)| place + at);
        match parts.last_mut() {
            Some(last) if from + start <= last.end => last.end = last.end.max(from + end),
            _ => parts.push(from + start..from + end),
        }
    }
    if parts.is_empty() {
        let end = line.char_indices().nth(AROUND).map_or(line.len(), |(at, _)| at);
        parts.push(from..from + end);
    }
    parts
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
