//! One case as a text with sections.

use super::Outputs;

/// What begins a section.
const MARK: &str = "==> ";

/// A case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its path below the suite's folder, without extension.
    pub name: String,
    /// What stands before the first section.
    pub head: String,
    /// The sections in order.
    pub sections: Vec<Section>,
    outputs: &'static [&'static str],
}

/// A titled part of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What stands behind the mark.
    pub title: String,
    /// The lines below, with their line feeds.
    pub text: String,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    ///
    /// If two sections have one title.
    pub fn parse(name: &str, text: &str, outputs: &'static [&'static str]) -> Result<Self, String> {
        let mut case = Self { name: name.to_owned(), head: String::new(), sections: Vec::new(), outputs };
        for line in text.split_inclusive('\n') {
            if let Some(title) = line.strip_prefix(MARK) {
                let title = title.trim();
                if case.section(title).is_some() {
                    return Err(format!("there are two sections {title:?}"));
                }
                case.sections.push(Section { title: title.to_owned(), text: String::new() });
                continue;
            }
            match case.sections.last_mut() {
                Some(section) => section.text.push_str(line),
                None => case.head.push_str(line),
            }
        }
        Ok(case)
    }

    /// A section by title.
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.title == title)
    }

    /// The text of a section, empty if there is none.
    pub fn text(&self, title: &str) -> &str {
        self.section(title).map_or("", |section| &section.text)
    }

    /// Whether the case has a section of this title: asks for an output that not every case has.
    pub fn wants(&self, title: &str) -> bool {
        self.section(title).is_some()
    }

    /// The sections that are not outputs.
    pub fn inputs(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !self.outputs.contains(&section.title.as_str()))
    }

    /// The case with its output sections replaced. Outputs that it did not have come last, and those
    /// that are now empty are left out.
    pub(super) fn blessed(&self, outputs: &Outputs) -> Self {
        let mut blessed = self.clone();
        for title in self.outputs {
            let text = outputs.get(title);
            match blessed.sections.iter_mut().find(|section| section.title == *title) {
                Some(section) => section.text = text.to_owned(),
                None => blessed.sections.push(Section { title: (*title).to_owned(), text: text.to_owned() }),
            }
        }
        blessed.sections.retain(|section| !section.text.is_empty() || !self.outputs.contains(&section.title.as_str()));
        blessed
    }

    /// The text of the case.
    pub(super) fn render(&self) -> String {
        let mut text = self.head.clone();
        for section in &self.sections {
            text.push_str(&format!("{MARK}{}\n{}", section.title, section.text));
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Shows a thing.\n\n==> main.rf\nval X = 1\n==> value\n1\n==> args\n-x\n";

    #[test]
    fn sections_are_what_stands_between_marks() {
        let case = Case::parse("a", TEXT, &["value"]).unwrap();
        assert_eq!(case.head, "Shows a thing.\n\n");
        assert_eq!(case.text("main.rf"), "val X = 1\n");
        assert_eq!(case.inputs().map(|section| section.title.as_str()).collect::<Vec<_>>(), ["main.rf", "args"]);
        assert!(case.wants("value") && !case.wants("errors"));
        assert_eq!(case.render(), TEXT);
    }

    #[test]
    fn blessing_replaces_adds_and_removes_outputs_and_nothing_else() {
        let case = Case::parse("a", TEXT, &["value", "errors"]).unwrap();
        let mut outputs = Outputs::new();
        outputs.set("errors", "bad");
        let blessed = case.blessed(&outputs).render();
        assert_eq!(blessed, "Shows a thing.\n\n==> main.rf\nval X = 1\n==> args\n-x\n==> errors\nbad\n");
    }

    #[test]
    fn a_title_may_come_only_once() {
        assert!(Case::parse("a", "==> x\n==> x\n", &[]).is_err());
    }
}
