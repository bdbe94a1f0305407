//! Glob patterns over the paths of a directory value (language spec §7.9).
//!
//! `*` is any run without `/`, `?` one character except `/`, `[a-z]` and `[^a-z]` are classes, `\c`
//! is `c`, anything else is itself; the whole path must match.

/// A checked pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// What the stars set apart: the first run stands at the start, before each of the others may
    /// stand anything without a slash.
    runs: Vec<Vec<Item>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// A byte of a character that stands for itself.
    Literal(u8),
    /// Any character but a slash.
    One,
    /// A character in, or not in, one of the ranges.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A malformed pattern: an unclosed or empty class, or a backslash at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct ParseGlobError;

impl Glob {
    /// Checks a pattern and takes it apart.
    pub fn parse(pattern: impl AsRef<[u8]>) -> Result<Self, ParseGlobError> {
        let mut rest = pattern.as_ref();
        let (mut runs, mut run) = (Vec::new(), Vec::new());
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'*' => runs.push(std::mem::take(&mut run)),
                b'?' => run.push(Item::One),
                b'[' => {
                    let (class, behind) = parse_class(after)?;
                    run.push(class);
                    rest = behind;
                }
                b'\\' => {
                    let (&literal, behind) = after.split_first().ok_or(ParseGlobError)?;
                    run.push(Item::Literal(literal));
                    rest = behind;
                }
                _ => run.push(Item::Literal(byte)),
            }
        }
        runs.push(run);
        Ok(Self { runs })
    }

    /// Whether the whole of `path` matches.
    pub fn matches(&self, path: &str) -> bool {
        let Some((first, others)) = self.runs.split_first() else { return false };
        let Some(mut rest) = after_run(first, path.as_bytes()) else { return false };
        for (i, run) in others.iter().enumerate() {
            let last = i + 1 == others.len();
            // The earliest place is taken for good, as in Go: what it leaves out, the next star can take.
            let found = starred(rest).find_map(|tail| after_run(run, tail).filter(|after| !last || after.is_empty()));
            match found {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

/// What may follow a star: `text` and every tail of it down to the first slash.
fn starred(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(text), |tail| {
        let (c, after) = first_char(tail)?;
        (c != '/').then_some(after)
    })
}

/// What follows the items at the start of `text`, if they match.
fn after_run<'t>(run: &[Item], text: &'t [u8]) -> Option<&'t [u8]> {
    run.iter().try_fold(text, |rest, item| match item {
        Item::Literal(byte) => rest.strip_prefix(&[*byte]),
        Item::One => first_char(rest).filter(|(c, _)| *c != '/').map(|(_, after)| after),
        Item::Class { negated, ranges } => {
            let (c, after) = first_char(rest)?;
            let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
            (inside != *negated).then_some(after)
        }
    })
}

/// The class after an opening bracket, and what follows it.
fn parse_class(text: &[u8]) -> Result<(Item, &[u8]), ParseGlobError> {
    let (negated, mut rest) = text.strip_prefix(b"^").map_or((false, text), |rest| (true, rest));
    let mut ranges = Vec::new();
    loop {
        if let Some(behind) = rest.strip_prefix(b"]")
            && !ranges.is_empty()
        {
            return Ok((Item::Class { negated, ranges }, behind));
        }
        let (low, behind) = parse_class_char(rest)?;
        let (high, behind) = match behind.strip_prefix(b"-") {
            Some(behind) => parse_class_char(behind)?,
            None => (low, behind),
        };
        ranges.push((low, high));
        rest = behind;
    }
}

fn parse_class_char(text: &[u8]) -> Result<(char, &[u8]), ParseGlobError> {
    let text = match text.first() {
        None | Some(b'-' | b']') => return Err(ParseGlobError),
        Some(b'\\') => &text[1..],
        Some(_) => text,
    };
    first_char(text).ok_or(ParseGlobError)
}

/// The character at the start of `text` and what follows; `None` at the end and for malformed bytes.
fn first_char(text: &[u8]) -> Option<(char, &[u8])> {
    let chunk = text[..text.len().min(4)].utf8_chunks().next()?;
    let c = chunk.valid().chars().next()?;
    Some((c, &text[c.len_utf8()..]))
}
