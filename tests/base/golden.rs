//! Reads the data under `golden/`: tab-separated rows, `#` in front of comments.

/// The rows of a golden file, every field with its escapes resolved.
pub(crate) fn rows<const FIELDS: usize>(text: &'static str) -> Vec<[Vec<u8>; FIELDS]> {
    let rows: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').map(unescape).collect();
            fields.try_into().unwrap_or_else(|_| panic!("a row of {FIELDS} fields: {line}"))
        })
        .collect();
    assert!(!rows.is_empty());
    rows
}

fn unescape(field: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        out.push(match (byte, if byte == b'\\' { rest.next() } else { None }) {
            (b'\\', Some(b't')) => b'\t',
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b'x')) => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (b'\\', Some(other)) => other,
            (byte, _) => byte,
        });
    }
    out
}

/// Bytes as a failed comparison should show them.
pub(crate) fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
