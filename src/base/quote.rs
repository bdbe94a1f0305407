//! Quoting of byte strings, as values and messages print them (language spec §4.1).

use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};

/// `bytes` as a double-quoted string with Go's escapes.
///
/// Printable Unicode stands for itself, everything else is escaped; bytes that are not valid UTF-8
/// become `\xNN` one by one, so that the text is valid UTF-8 and reads back to the same bytes.
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_escaped(&mut out, character, '"');
        }
        for byte in chunk.invalid() {
            push_hex(&mut out, u32::from(*byte));
        }
    }
    out.push('"');
    out
}

/// `character` as a single-quoted literal with Go's escapes.
pub fn quote_char(character: char) -> String {
    let mut out = String::from("'");
    push_escaped(&mut out, character, '\'');
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, character: char, delimiter: char) {
    match character {
        _ if character == delimiter => out.extend(['\\', delimiter]),
        '\\' => out.push_str("\\\\"),
        ' '..='~' => out.push(character),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..' ' | '\x7f' => push_hex(out, u32::from(character)),
        _ if is_printable(character) => out.push(character),
        // Writing to a string cannot fail.
        '\u{80}'..='\u{ffff}' => _ = write!(out, "\\u{:04x}", u32::from(character)),
        _ => _ = write!(out, "\\U{:08x}", u32::from(character)),
    }
}

fn push_hex(out: &mut String, value: u32) {
    // Writing to a string cannot fail.
    _ = write!(out, "\\x{value:02x}");
}

/// Whether a character beyond ASCII prints as itself: a letter, mark, number, punctuation or symbol.
fn is_printable(character: char) -> bool {
    use GeneralCategory as C;
    !matches!(
        get_general_category(character),
        C::Control
            | C::Format
            | C::Surrogate
            | C::PrivateUse
            | C::Unassigned
            | C::SpaceSeparator
            | C::LineSeparator
            | C::ParagraphSeparator
    )
}

#[cfg(test)]
mod tests {
    use super::{quote, quote_char};

    #[test]
    fn printable_text_stays() {
        assert_eq!(quote("hello, wörld ≠ 日本 😀 \u{301}".as_bytes()), "\"hello, wörld ≠ 日本 😀 \u{301}\"");
        assert_eq!(quote(b""), r#""""#);
        assert_eq!(quote(b"it's `raw`"), "\"it's `raw`\"");
    }

    #[test]
    fn escapes_have_names() {
        assert_eq!(quote(b"\x07\x08\x0c\n\r\t\x0b\\\""), r#""\a\b\f\n\r\t\v\\\"""#);
    }

    #[test]
    fn controls_are_hexadecimal() {
        assert_eq!(quote(b"\0\x1f\x7f"), r#""\x00\x1f\x7f""#);
    }

    #[test]
    fn unprintable_code_points_are_escaped() {
        assert_eq!(quote("\u{80}\u{a0}\u{200b}\u{feff}".as_bytes()), r#""\u0080\u00a0\u200b\ufeff""#);
        assert_eq!(quote("\u{2028}\u{3000}\u{e000}\u{fffd}".as_bytes()), "\"\\u2028\\u3000\\ue000\u{fffd}\"");
        assert_eq!(quote("\u{10ffff}\u{e0001}".as_bytes()), r#""\U0010ffff\U000e0001""#);
    }

    #[test]
    fn characters_have_single_quotes() {
        assert_eq!(quote_char('-'), "'-'");
        assert_eq!(quote_char('\''), r"'\''");
        assert_eq!(quote_char('"'), "'\"'");
        assert_eq!(quote_char('\u{80}'), r"'\u0080'");
    }

    #[test]
    fn malformed_bytes_are_hexadecimal() {
        assert_eq!(quote(b"\x80"), r#""\x80""#);
        assert_eq!(quote(b"a\xff\xc3b"), r#""a\xff\xc3b""#);
        // An encoded surrogate is three malformed bytes.
        assert_eq!(quote(b"\xed\xa0\x80"), r#""\xed\xa0\x80""#);
    }
}
