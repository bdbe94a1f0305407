//! Golden cases: a folder of text files, each with its input and what must come of it.
//!
//! A case file is a head comment and sections. A line `==> TITLE` begins a section, which runs to the
//! next such line or to the end of the file:
//!
//! ```text
//! What the case shows, for people.
//! ==> main.rf
//! val Main = 1 + 1
//! ==> value
//! 2
//! ```
//!
//! A [`Suite`] knows which titles are outputs; all other sections are input. A new case is a new file.
//! With `REFLOW_BLESS=1` in the environment the output sections are rewritten to what came out, and the
//! difference is there to be read in version control. `REFLOW_CASE=TEXT` runs only the cases whose name
//! contains the text.

mod case;
mod difference;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

pub use case::{Case, Section};
pub use difference::difference;

/// The extension of case files.
const EXTENSION: &str = "case";

/// A folder of cases and the titles of their outputs.
pub struct Suite {
    /// Where the case files are, at any depth.
    pub folder: PathBuf,
    /// The titles of output sections, in the order in which new ones are written.
    pub outputs: &'static [&'static str],
}

/// What came of a case: texts by title. A title that the case does not have counts as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs(Vec<(&'static str, String)>);

impl Outputs {
    /// No outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an output. Unless it is empty it ends in a line feed, as text in a file does.
    pub fn set(&mut self, title: &'static str, text: impl Into<String>) {
        let mut text = text.into();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        match self.0.iter_mut().find(|(known, _)| *known == title) {
            Some(known) => known.1 = text,
            None => self.0.push((title, text)),
        }
    }

    /// The text of an output, empty if it was not set.
    pub fn get(&self, title: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == title).map_or("", |(_, text)| text)
    }
}

/// Cases that failed, each with what is to be said of it.
#[derive(Debug)]
pub struct Failures {
    /// Name and report of each.
    pub cases: Vec<(String, String)>,
    /// How many cases there were.
    pub of: usize,
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, report) in &self.cases {
            writeln!(f, "──── {name}\n{report}")?;
        }
        write!(
            f,
            "{} of {} cases failed; if what came out is right, run again with REFLOW_BLESS=1",
            self.cases.len(),
            self.of
        )
    }
}

impl std::error::Error for Failures {}

/// Whether the environment asks to rewrite expectations.
fn blessing() -> bool {
    std::env::var("REFLOW_BLESS").is_ok_and(|value| !value.is_empty() && value != "0")
}

impl Suite {
    /// A suite of the cases in `folder`.
    pub fn new(folder: impl Into<PathBuf>, outputs: &'static [&'static str]) -> Self {
        Self { folder: folder.into(), outputs }
    }

    /// Runs every case and compares what `run` makes of it.
    ///
    /// # Errors
    ///
    /// The cases that differ or cannot be read; a folder without any case counts as one that failed.
    pub fn run(&self, run: impl Fn(&Case) -> Outputs) -> Result<(), Failures> {
        let wanted = std::env::var("REFLOW_CASE").unwrap_or_default();
        let mut failed = Vec::new();
        let paths = self.paths();
        if paths.is_empty() {
            failed.push((self.folder.display().to_string(), "there are no cases here".to_owned()));
        }
        for path in &paths {
            let name = self.name(path);
            if !name.contains(&wanted) {
                continue;
            }
            if let Err(report) = self.run_one(path, &name, &run) {
                failed.push((name, report));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(Failures { cases: failed, of: paths.len() }) }
    }

    fn run_one(&self, path: &Path, name: &str, run: &impl Fn(&Case) -> Outputs) -> Result<(), String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let case = Case::parse(name, &text, self.outputs)?;
        let outputs = run(&case);
        if blessing() {
            let blessed = case.blessed(&outputs).render();
            if blessed != text {
                fs::write(path, blessed).map_err(|error| error.to_string())?;
            }
            return Ok(());
        }
        let mut report = String::new();
        for title in self.outputs {
            let (want, got) = (case.text(title), outputs.get(title));
            if want != got {
                report.push_str(&format!("==> {title}\n{}", difference(want, got)));
            }
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    }

    /// The name of a case: its path below the folder, without extension.
    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        below.with_extension("").to_string_lossy().into_owned()
    }

    /// All case files, sorted.
    fn paths(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUTS: &[&str] = &["value", "errors"];

    fn suite(folder: &Path) -> Suite {
        Suite::new(folder, OUTPUTS)
    }

    fn upper(case: &Case) -> Outputs {
        let mut outputs = Outputs::new();
        outputs.set("value", case.text("input").to_uppercase());
        outputs
    }

    #[test]
    fn a_case_that_agrees_passes_and_one_that_differs_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.case");
        fs::write(&path, "Head.\n==> input\nx\n==> value\nX\n").unwrap();
        suite(folder.path()).run(upper).unwrap();
        fs::write(&path, "==> input\nx\n==> value\nY\n").unwrap();
        let failures = suite(folder.path()).run(upper).unwrap_err();
        assert_eq!(failures.cases.len(), 1);
        assert_eq!(failures.cases[0].0, "a");
        assert_eq!(failures.cases[0].1, "==> value\n-Y\n+X\n");
    }

    #[test]
    fn an_output_that_nobody_expects_is_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.case"), "==> input\nx\n").unwrap();
        let failures = suite(folder.path()).run(upper).unwrap_err();
        assert_eq!(failures.cases[0].1, "==> value\n+X\n");
    }

    #[test]
    fn an_empty_folder_fails() {
        let folder = tempfile::tempdir().unwrap();
        assert!(suite(folder.path()).run(upper).is_err());
    }
}
