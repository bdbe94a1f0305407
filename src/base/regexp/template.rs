//! Replacement templates: `$1`, `$name`, `${name}` and `$$` among literal text.

use std::sync::LazyLock;

use super::Span;

/// A piece of a parsed template.
pub(super) enum Piece<'t> {
    Literal(&'t [u8]),
    /// The groups that a name stands for, in order: the first that took part in the match is meant.
    Groups(Vec<usize>),
}

/// Takes a template apart; `names` are the names of the groups, the whole match first.
///
/// A name is the longest run of letters, digits and `_`. What does not name a group expands to
/// nothing; a `$` without a name after it is literal.
pub(super) fn parse<'t>(template: &'t [u8], names: &[Option<String>]) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
        pieces.push(Piece::Literal(&rest[..dollar]));
        let after = &rest[dollar + 1..];
        if let Some(behind) = after.strip_prefix(b"$") {
            pieces.push(Piece::Literal(b"$"));
            rest = behind;
        } else if let Some((name, behind)) = name(after) {
            pieces.push(Piece::Groups(groups(name, names)));
            rest = behind;
        } else {
            pieces.push(Piece::Literal(b"$"));
            rest = after;
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// The name at the start of `text`, with or without braces, and what follows it.
fn name(text: &[u8]) -> Option<(&str, &[u8])> {
    let (braced, text) = match text.strip_prefix(b"{") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let length = text.utf8_chunks().next().map_or(0, |chunk| word_length(chunk.valid()));
    let (name, rest) = text.split_at(length);
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    if braced { Some((name, rest.strip_prefix(b"}")?)) } else { Some((name, rest)) }
}

/// The length in bytes of the letters, decimal digits and `_` that `text` begins with.
fn word_length(text: &str) -> usize {
    let ascii = text.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
    if text[ascii..].starts_with(|c: char| !c.is_ascii()) {
        static WORD: LazyLock<Option<regex::Regex>> = LazyLock::new(|| regex::Regex::new(r"^[\pL\p{Nd}_]*").ok());
        return WORD.as_ref().and_then(|word| word.find(text)).map_or(ascii, |found| found.end());
    }
    ascii
}

/// The groups that `name` stands for: one by its number, or those of that name.
fn groups(name: &str, names: &[Option<String>]) -> Vec<usize> {
    let is_number = name.bytes().all(|c| c.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    // More than nine digits are a name, which no group can have.
    if is_number && name.len() <= 9 {
        return name.parse().ok().filter(|group| *group < names.len()).into_iter().collect();
    }
    (0..names.len()).filter(|group| names[*group].as_deref() == Some(name)).collect()
}

/// Appends the template with the groups of one match filled in.
pub(super) fn expand(template: &[Piece<'_>], text: &[u8], spans: &[Span], out: &mut Vec<u8>) {
    for piece in template {
        match piece {
            Piece::Literal(literal) => out.extend_from_slice(literal),
            Piece::Groups(groups) => {
                let first = groups.iter().find_map(|group| spans.get(*group)?.clone());
                out.extend_from_slice(first.map_or(&[], |span| &text[span]));
            }
        }
    }
}
