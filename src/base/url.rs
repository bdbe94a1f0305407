//! URLs of interns and externs: parsed and written anew (language spec §7.10).
//!
//! A flow's digest holds the text of its URL as Go's `net/url` writes it, so parsing here means
//! exactly that: what is refused, with which words, and how the rest is escaped are cache keys and
//! program output.

use std::fmt;
use std::ops::Range;

use crate::quote::quote;

mod escape;

use escape::{Part, escape, is_kept, unescape};

/// A parsed URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    text: String,
    scheme: Range<usize>,
    host: String,
    path: Vec<u8>,
}

/// A text that is not a URL; `Display` gives the words that programs see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parse {}: {reason}", quote(url))]
pub struct ParseUrlError {
    url: Vec<u8>,
    reason: String,
}

impl Url {
    /// Parses a URL. It need not have a scheme: `dir/file` is the relative path it looks like.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, ParseUrlError> {
        let text = text.as_ref();
        let (main, fragment) = match text.iter().position(|byte| *byte == b'#') {
            Some(hash) => (&text[..hash], &text[hash + 1..]),
            None => (text, &[][..]),
        };
        let mut url = parse_main(main).map_err(|reason| ParseUrlError { url: main.to_owned(), reason })?;
        if !fragment.is_empty() {
            let written = rewrite(fragment, Part::Fragment);
            let (_, written) = written.map_err(|reason| ParseUrlError { url: text.to_owned(), reason })?;
            url.text.push('#');
            url.text.push_str(&written);
        }
        Ok(url)
    }

    /// The URL as it is written anew; the form that is digested.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme in lower case; empty for a relative URL.
    pub fn scheme(&self) -> &str {
        &self.text[self.scheme.clone()]
    }

    /// Host and port, such as the bucket of an object; empty if there is none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path with its escapes resolved; empty for an opaque URL (`scheme:rest`).
    pub fn path(&self) -> &[u8] {
        &self.path
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Parses what stands before the fragment.
fn parse_main(text: &[u8]) -> Result<Url, String> {
    if text.iter().any(u8::is_ascii_control) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (scheme, rest) = split_scheme(text)?;
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out = String::from_utf8_lossy(scheme).to_ascii_lowercase();
        out.push(':');
    }
    let (rest, query) = match rest.iter().position(|byte| *byte == b'?') {
        Some(mark) => (&rest[..mark], Some(&rest[mark + 1..])),
        None => (rest, None),
    };
    let mut url = Url { scheme: 0..out.len().saturating_sub(1), text: out, host: String::new(), path: Vec::new() };
    if scheme.is_some() && !rest.starts_with(b"/") {
        url.text.push_str(&String::from_utf8_lossy(rest));
    } else {
        write_hierarchy(&mut url, scheme.is_some(), rest)?;
    }
    if let Some(query) = query {
        url.text.push('?');
        url.text.push_str(&String::from_utf8_lossy(query));
    }
    Ok(url)
}

/// The scheme, if the text starts with one and a colon, and what follows.
fn split_scheme(text: &[u8]) -> Result<(Option<&[u8]>, &[u8]), String> {
    let is_scheme = |c: &u8| c.is_ascii_alphanumeric() || b"+-.".contains(c);
    let end = text.iter().position(|c| !is_scheme(c)).unwrap_or(text.len());
    match (text.first(), text.get(end)) {
        (Some(b':'), _) => Err("missing protocol scheme".to_owned()),
        (Some(first), Some(b':')) if first.is_ascii_alphabetic() => Ok((Some(&text[..end]), &text[end + 1..])),
        _ => Ok((None, text)),
    }
}

/// Adds authority and path.
fn write_hierarchy(url: &mut Url, has_scheme: bool, rest: &[u8]) -> Result<(), String> {
    let first_segment = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    if !has_scheme && first_segment.contains(&b':') {
        return Err("first path segment in URL cannot contain colon".to_owned());
    }
    let mut path = rest;
    if let Some(authority) = rest.strip_prefix(b"//")
        && (has_scheme || !rest.starts_with(b"///"))
    {
        let end = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
        let (authority, after) = authority.split_at(end);
        path = after;
        let written = write_authority(url, authority)?;
        // `//` alone says nothing; with a scheme it sets the path apart from it.
        if !written.is_empty() || (has_scheme && !path.is_empty()) {
            url.text.push_str("//");
        }
        url.text.push_str(&written);
    }
    let (decoded, written) = rewrite(path, Part::Path)?;
    url.path = decoded;
    if url.text.is_empty() && written.split('/').next().is_some_and(|segment| segment.contains(':')) {
        // What stands before the colon would read as a scheme.
        url.text.push_str("./");
    }
    url.text.push_str(&written);
    Ok(())
}

/// Notes the host, and gives the authority as it is written.
fn write_authority(url: &mut Url, authority: &[u8]) -> Result<String, String> {
    let at = authority.iter().rposition(|byte| *byte == b'@');
    let host = parse_host(&authority[at.map_or(0, |at| at + 1)..])?;
    let mut out = String::new();
    if let Some(at) = at {
        let user = &authority[..at];
        let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(c);
        if !user.iter().all(allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        for (i, part) in user.splitn(2, |byte| *byte == b':').enumerate() {
            if i > 0 {
                out.push(':');
            }
            out.push_str(&escape(&unescape(part, Part::User)?, Part::User));
        }
        out.push('@');
    }
    out.push_str(&escape(&host, Part::Host));
    url.host = String::from_utf8_lossy(&host).into_owned();
    Ok(out)
}

/// A host with its port, escapes resolved.
fn parse_host(host: &[u8]) -> Result<Vec<u8>, String> {
    let port_of = |colon: usize| {
        let port = &host[colon..];
        let valid = port.is_empty() || (port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit));
        if valid { Ok(()) } else { Err(format!("invalid port {} after host", quote(port))) }
    };
    if !host.starts_with(b"[") {
        if let Some(colon) = host.iter().rposition(|byte| *byte == b':') {
            port_of(colon)?;
        }
        return unescape(host, Part::Host);
    }
    let Some(end) = host.iter().rposition(|byte| *byte == b']') else {
        return Err("missing ']' in host".to_owned());
    };
    port_of(end + 1)?;
    // `%25` starts the zone of an IPv6 address, in which more may be escaped than elsewhere.
    let Some(zone) = host[..end].windows(3).position(|escape| escape == b"%25") else {
        return unescape(host, Part::Host);
    };
    let mut out = unescape(&host[..zone], Part::Host)?;
    out.extend(unescape(&host[zone..end], Part::Zone)?);
    out.extend(unescape(&host[end..], Part::Host)?);
    Ok(out)
}

/// A part without its escapes, and as it is written anew: as it was, if every character may stand
/// there, else with all that must be escaped.
fn rewrite(text: &[u8], part: Part) -> Result<(Vec<u8>, String), String> {
    let decoded = unescape(text, part)?;
    let kept = text.iter().all(|byte| is_kept(*byte, part));
    let written = if kept { String::from_utf8_lossy(text).into_owned() } else { escape(&decoded, part) };
    Ok((decoded, written))
}
