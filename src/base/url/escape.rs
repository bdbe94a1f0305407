//! Percent-escapes: which characters of a URL part stand for themselves, and the way to and fro.

use std::fmt::Write as _;

use crate::quote::quote;

/// A part of a URL with rules of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    User,
    Host,
    /// The zone of an IPv6 address, which follows `%25`.
    Zone,
    Path,
    Fragment,
}

/// Whether `byte` stands for itself when a part is escaped.
fn is_plain(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    let others: &[u8] = match part {
        Part::User => b"$&+,;=",
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::Path => b"$&+,/:;=@",
        Part::Fragment => b"$&+,/:;=@?!()*",
    };
    others.contains(&byte)
}

/// Whether `byte` may stay where a part is kept as it was written.
pub(super) fn is_kept(byte: u8, part: Part) -> bool {
    is_plain(byte, part) || b"!$&'()*+,;=:@[]%".contains(&byte)
}

/// Escapes every byte that does not stand for itself as upper-case `%XX`.
pub(super) fn escape(bytes: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_plain(*byte, part) {
            out.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Resolves the escapes of a part; otherwise says what is wrong with it.
pub(super) fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let in_host = matches!(part, Part::Host | Part::Zone);
        if byte != b'%' {
            if in_host && byte.is_ascii() && !is_plain(byte, part) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let escape = &rest[..rest.len().min(3)];
        let value = match escape {
            [_, high, low] => hex_value(*high).zip(hex_value(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        // A host may hide only bytes beyond ASCII, a zone also a blank and what may stand there anyway.
        let allowed = |value: u8| match part {
            Part::Host => !value.is_ascii() || value == b'%',
            Part::Zone => value == b'%' || value == b' ' || is_plain(value, Part::Host),
            _ => true,
        };
        match value {
            Some(value) if allowed(value) => out.push(value),
            _ => return Err(format!("invalid URL escape {}", quote(escape))),
        }
        rest = &rest[3..];
    }
    Ok(out)
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
