//! The values of literals, from their text (language spec §1.5).

use std::borrow::Cow;
use std::ops::Range;

/// Why a string literal has no value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unquote {
    /// A bad escape, at these bytes of the literal.
    Escape(Range<usize>),
    /// The closing quote is missing; the lexer has said so.
    Open,
}

/// The bytes that an interpreted string literal stands for; `text` includes the quotes.
pub(crate) fn unquote(text: &str) -> Result<Cow<'_, [u8]>, Unquote> {
    let Some(inner) = text.get(1..).and_then(|rest| rest.strip_suffix('"')) else {
        return Err(Unquote::Open);
    };
    let bytes = inner.as_bytes();
    let Some(mut from) = bytes.iter().position(|byte| *byte == b'\\') else {
        return Ok(Cow::Borrowed(bytes));
    };
    let mut value = bytes[..from].to_vec();
    while let Some(byte) = bytes.get(from) {
        if *byte == b'\\' {
            match escape(inner, from, &mut value) {
                Some(length) => from += length,
                // The last byte is a backslash: it took the quote along.
                None if from + 1 == bytes.len() => return Err(Unquote::Open),
                None => return Err(Unquote::Escape(from + 1..1 + bad_escape_end(inner, from))),
            }
        } else {
            value.push(*byte);
            from += 1;
        }
    }
    Ok(Cow::Owned(value))
}

/// Appends the value of the escape that begins at `from`; gives its length.
fn escape(inner: &str, from: usize, value: &mut Vec<u8>) -> Option<usize> {
    let digits = |count: usize, radix: u32| {
        let start = from + if radix == 8 { 1 } else { 2 };
        let digits = inner.get(start..start + count)?;
        // Digits only: `from_str_radix` takes a sign as well.
        digits.bytes().all(|digit| char::from(digit).is_digit(radix)).then_some(())?;
        u32::from_str_radix(digits, radix).ok()
    };
    let simple = |byte: u8, value: &mut Vec<u8>| {
        value.push(byte);
        Some(2)
    };
    match inner.as_bytes().get(from + 1)? {
        b'a' => simple(0x07, value),
        b'b' => simple(0x08, value),
        b'f' => simple(0x0C, value),
        b'n' => simple(b'\n', value),
        b'r' => simple(b'\r', value),
        b't' => simple(b'\t', value),
        b'v' => simple(0x0B, value),
        byte @ (b'\\' | b'"') => simple(*byte, value),
        b'0'..=b'7' => {
            value.push(u8::try_from(digits(3, 8)?).ok()?);
            Some(4)
        }
        b'x' => {
            value.push(u8::try_from(digits(2, 16)?).ok()?);
            Some(4)
        }
        b'u' => {
            push_scalar(digits(4, 16)?, value)?;
            Some(6)
        }
        b'U' => {
            push_scalar(digits(8, 16)?, value)?;
            Some(10)
        }
        _ => None,
    }
}

fn push_scalar(scalar: u32, value: &mut Vec<u8>) -> Option<()> {
    let scalar = char::from_u32(scalar)?;
    value.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

/// Where the escape that begins at `from` seems to end: what a message points at.
fn bad_escape_end(inner: &str, from: usize) -> usize {
    let rest = &inner[from + 1..];
    let kind = rest.chars().next().unwrap_or('\\');
    let (skipped, count, radix) = match kind {
        '0'..='9' => (0, 3, 10),
        'x' => (1, 2, 16),
        'u' => (1, 4, 16),
        'U' => (1, 8, 16),
        other => return from + 1 + other.len_utf8(),
    };
    let digits = rest[skipped..].bytes().take(count).take_while(|digit| char::from(*digit).is_digit(radix)).count();
    from + 1 + skipped + digits
}

/// The bytes that a raw string literal stands for: carriage returns are dropped. `malformed` are the
/// bytes, each with its place in the source, for which the text has U+FFFD; `start` is the literal's place.
pub(crate) fn unquote_raw<'t>(text: &'t str, start: u32, malformed: &[(u32, u8)]) -> Cow<'t, [u8]> {
    let inner = text.get(1..).map_or("", |rest| rest.strip_suffix('`').unwrap_or(rest));
    if malformed.is_empty() && !inner.as_bytes().contains(&b'\r') {
        return Cow::Borrowed(inner.as_bytes());
    }
    let mut value = Vec::with_capacity(inner.len());
    let mut from = 0;
    for (offset, byte) in malformed {
        let place = (*offset - start) as usize - 1;
        value.extend_from_slice(&inner.as_bytes()[from..place]);
        value.push(*byte);
        from = place + char::REPLACEMENT_CHARACTER.len_utf8();
    }
    value.extend_from_slice(&inner.as_bytes()[from..]);
    value.retain(|byte| *byte != b'\r');
    Cow::Owned(value)
}

/// Whether the text of a float token has a value: an exponent needs digits.
pub(crate) fn float_is_valid(text: &str) -> bool {
    text.bytes().last().is_some_and(|last| last.is_ascii_digit() || last == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Vec<u8>, Unquote> {
        unquote(text).map(Cow::into_owned)
    }

    #[test]
    fn escapes_denote_bytes() {
        assert_eq!(value(r#""plain é""#), Ok("plain é".into()));
        assert_eq!(value(r#""\a\b\f\n\r\t\v\\\"""#), Ok(b"\x07\x08\x0c\n\r\t\x0b\\\"".to_vec()));
        assert_eq!(value(r#""a\x80\377\000b""#), Ok(b"a\x80\xff\0b".to_vec()));
        assert_eq!(value(r#""\u00e9\U0001F600""#), Ok("é😀".into()));
    }

    #[test]
    fn bad_escapes_are_located() {
        assert_eq!(value(r#""ab\'c""#), Err(Unquote::Escape(3..5)));
        assert_eq!(value(r#""\400""#), Err(Unquote::Escape(1..5)));
        assert_eq!(value(r#""\08""#), Err(Unquote::Escape(1..4)));
        assert_eq!(value(r#""\x+1""#), Err(Unquote::Escape(1..3)));
        assert_eq!(value(r#""\ud800""#), Err(Unquote::Escape(1..7)));
        assert_eq!(value(r#""\U00110000""#), Err(Unquote::Escape(1..11)));
        assert_eq!(value(r#""\é""#), Err(Unquote::Escape(1..4)));
        assert_eq!(value(r#""\x""#), Err(Unquote::Escape(1..3)));
    }

    #[test]
    fn open_literals_are_told_apart() {
        assert_eq!(value("\""), Err(Unquote::Open));
        assert_eq!(value("\"abc"), Err(Unquote::Open));
        assert_eq!(value("\"abc\\\""), Err(Unquote::Open));
    }

    #[test]
    fn raw_strings_lose_carriage_returns() {
        assert_eq!(unquote_raw("`a\\n\r\nb`", 0, &[]).as_ref(), b"a\\n\nb");
    }

    #[test]
    fn raw_strings_keep_bytes_that_are_no_text() {
        let text = "`a\u{FFFD}\r\u{FFFD}b`";
        assert_eq!(unquote_raw(text, 100, &[(102, 0xFF), (106, 0xFE)]).as_ref(), b"a\xff\xfeb");
    }

    #[test]
    fn exponents_need_digits() {
        for text in [".5", "1.", "5.e3", "1E5", "1e+5"] {
            assert!(float_is_valid(text), "{text}");
        }
        for text in ["1e", "1.5e+", "1E-"] {
            assert!(!float_is_valid(text), "{text}");
        }
    }
}
