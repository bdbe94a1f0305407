//! The JSON form with assertions of runtime spec §1.8, assoc kind 0.
//!
//! The writer is by hand because the bytes, and so the object's digest, are given: member order, the
//! escapes of Go's encoder, a newline after each assertion. Unlike the reference it escapes paths.

mod reader;

use std::fmt::Write as _;

use base::{Digest, Error, File, Fileset, Kind};

use super::time;

/// Deeper lists are neither written nor read, so that hostile input cannot exhaust the stack.
const MAX_DEPTH: usize = 60;

/// Encodes a fileset. Without `reference_fields`, source, entity tag, modification time and content hash
/// are left empty, as cache values want it; then an unresolved file is `Invalid`, as are lists nested more
/// than 60 deep.
pub fn encode(fileset: &Fileset, reference_fields: bool) -> Result<Vec<u8>, Error> {
    let mut out = String::new();
    write_fileset(&mut out, fileset, reference_fields, 0).map_err(|error| error.during("encode stored fileset"))?;
    Ok(out.into_bytes())
}

/// Decodes a fileset; `Invalid` for what is not JSON, `Precondition` for members that do not belong and
/// values of the wrong kind.
pub fn decode(bytes: &[u8]) -> Result<Fileset, Error> {
    reader::read(bytes).map_err(|error| error.during("decode stored fileset"))
}

fn write_fileset(out: &mut String, fileset: &Fileset, reference_fields: bool, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(Kind::Invalid, format!("lists are nested more than {MAX_DEPTH} deep")));
    }
    out.push('{');
    if !fileset.list.is_empty() {
        out.push_str("\"List\":");
        for (i, element) in fileset.list.iter().enumerate() {
            out.push(if i == 0 { '[' } else { ',' });
            write_fileset(out, element, reference_fields, depth + 1)?;
        }
        out.push(']');
    }
    if !fileset.map.is_empty() {
        out.push_str(if fileset.list.is_empty() { "\"Fileset\":" } else { ",\"Fileset\":" });
        for (i, (path, file)) in fileset.map.iter().enumerate() {
            out.push(if i == 0 { '{' } else { ',' });
            write_string(out, path, false);
            out.push(':');
            write_file(out, file, reference_fields)?;
        }
        out.push('}');
    }
    out.push('}');
    Ok(())
}

fn write_file(out: &mut String, file: &File, reference_fields: bool) -> Result<(), Error> {
    if file.is_reference() && !reference_fields {
        let message = format!("file {:?} is not resolved, only a resolved one can be stored", file.source());
        return Err(Error::new(Kind::Invalid, message));
    }
    out.push_str("{\"ID\":");
    write_digest(out, file.id);
    let _ = write!(out, ",\"Size\":{}", file.size);
    let origin = file.origin.as_deref().filter(|_| reference_fields);
    for (name, text) in [
        (",\"Source\":", origin.map_or("", |origin| &origin.source)),
        (",\"ETag\":", origin.map_or("", |origin| &origin.etag)),
    ] {
        if !text.is_empty() {
            out.push_str(name);
            write_string(out, text, true);
        }
    }
    let _ = write!(out, ",\"LastModified\":\"{}\"", time::format(origin.and_then(|origin| origin.last_modified))?);
    out.push_str(",\"ContentHash\":");
    write_digest(out, origin.and_then(|origin| origin.content_hash));
    write_assertions(out, file);
    out.push('}');
    Ok(())
}

fn write_assertions(out: &mut String, file: &File) {
    let assertions = file.assertions();
    let mut entries = assertions
        .iter()
        .flat_map(|(key, properties)| properties.iter().map(move |(property, value)| (key, property, value)))
        .peekable();
    if entries.peek().is_none() {
        return;
    }
    out.push_str(",\"Assertions\":");
    let mut separator = '[';
    for (key, property, value) in entries {
        out.push(separator);
        separator = ',';
        out.push_str("{\"Key\":");
        write_members(out, &[("Namespace", &key.namespace), ("Subject", &key.subject), ("Object", property)]);
        if !value.is_empty() {
            out.push_str(",\"Value\":");
            write_string(out, value, true);
        }
        out.push_str("}\n");
    }
    out.push(']');
}

/// Writes an object of texts; empty ones are left out.
fn write_members(out: &mut String, members: &[(&str, &str)]) {
    let mut separator = '{';
    for (name, text) in members.iter().filter(|(_, text)| !text.is_empty()) {
        out.push(separator);
        separator = ',';
        let _ = write!(out, "\"{name}\":");
        write_string(out, text, true);
    }
    out.push_str(if separator == '{' { "{}" } else { "}" });
}

fn write_digest(out: &mut String, digest: Option<Digest>) {
    match digest {
        Some(digest) => {
            let _ = write!(out, "\"{digest}\"");
        }
        None => out.push_str("\"\\u003czero\\u003e\""),
    }
}

/// Writes a JSON string; with `html`, the characters that Go's encoder escapes are escaped too.
fn write_string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || (html && matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
