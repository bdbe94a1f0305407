//! Comments at the ends of lines that follow each other begin in one column.

/// Puts blanks before the line comments at the given offsets, each of which stands behind something on its
/// line. Those on lines next to each other, equally far indented, are aligned.
pub(super) fn align(text: &str, line_ends: &[usize]) -> String {
    let comments: Vec<LineEnd> = line_ends.iter().map(|offset| LineEnd::new(text, *offset)).collect();
    let mut out = String::with_capacity(text.len() + comments.len() * 8);
    let mut from = 0;
    for run in comments.chunk_by(LineEnd::is_above) {
        let width = run.iter().map(|comment| comment.width).max().unwrap_or(0);
        for comment in run {
            out.push_str(&text[from..comment.offset]);
            out.extend(std::iter::repeat_n(' ', width - comment.width + 1));
            from = comment.offset;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// A comment at the end of a line.
struct LineEnd<'t> {
    offset: usize,
    /// The tabs that the line begins with.
    indentation: &'t str,
    /// How many characters there are before the comment, tabs apart.
    width: usize,
    /// Where the line begins and where the next one does.
    start: usize,
    end: usize,
}

impl<'t> LineEnd<'t> {
    fn new(text: &'t str, offset: usize) -> Self {
        let start = text[..offset].rfind('\n').map_or(0, |feed| feed + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |length| offset + length + 1);
        let line = &text[start..offset];
        let content = line.trim_start_matches('\t');
        let indentation = &line[..line.len() - content.len()];
        Self { offset, indentation, width: content.chars().count(), start, end }
    }

    /// Whether another one is on the line below and belongs to this one.
    fn is_above(&self, other: &Self) -> bool {
        self.end == other.start && self.indentation == other.indentation
    }
}
