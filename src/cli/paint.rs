//! Colours of answers that people read.

/// Paints text if there are colours, else leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// With or without colours.
    pub(crate) fn of(colours: bool) -> Self {
        Self(colours)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What matters most.
    pub(crate) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What may be overlooked.
    pub(crate) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What is well, or new.
    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What is wrong, or gone.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// What is worth a look.
    pub(crate) fn notable(self, text: &str) -> String {
        self.with("33", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_nothing_is_added() {
        let plain = Paint::of(false);
        for painted in [plain.strong("a"), plain.faint("a"), plain.good("a"), plain.bad("a"), plain.notable("a")] {
            assert_eq!(painted, "a");
        }
        assert_eq!(Paint::of(true).bad("a"), "\x1b[31ma\x1b[0m");
        assert_eq!(Paint::of(true).bad(""), "");
    }
}
