//! The text that is being written: lines, their indentation, and where comments end them.

/// A text being written.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    /// How many tabs the next line begins with.
    pub(super) indentation: usize,
    is_line_start: bool,
    /// Where, in the text, there are line comments behind something else; the blank before them is not
    /// written yet.
    line_ends: Vec<usize>,
}

impl Page {
    /// Ends the line, with a blank line after it if wanted. A text does not begin with line feeds.
    pub(super) fn line_feed(&mut self, with_blank_line: bool) {
        if self.text.is_empty() || self.is_line_start {
            return;
        }
        self.text.push_str(if with_blank_line { "\n\n" } else { "\n" });
        self.is_line_start = true;
    }

    /// A blank, if there is something before it on the line.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.is_line_start {
            self.text.push(' ');
        }
    }

    /// Writes text as it is.
    pub(super) fn write(&mut self, text: &str) {
        if std::mem::take(&mut self.is_line_start) {
            self.text.extend(std::iter::repeat_n('\t', self.indentation));
        }
        self.text.push_str(text);
    }

    /// Writes a comment that ends its line, behind whatever is on it.
    pub(super) fn write_line_comment(&mut self, text: &str) {
        if !self.text.is_empty() && !self.is_line_start {
            self.line_ends.push(self.text.len());
        }
        self.write(text);
    }

    /// Whether the last thing written is an opening bracket.
    pub(super) fn ends_in_bracket(&self) -> bool {
        self.text.ends_with(['(', '[', '{'])
    }

    /// The text, ending in a line feed unless it is empty, and where line comments stand behind something.
    pub(super) fn finish(mut self) -> (String, Vec<usize>) {
        self.line_feed(false);
        (self.text, self.line_ends)
    }
}
