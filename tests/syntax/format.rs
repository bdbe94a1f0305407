//! The formatter: golden cases, the programs of the repository, and random programs.
//!
//! The cases of `format/` are read as those of `cases/`; what comes out of a program stands below it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use reflow_syntax::diagnostic::{Diagnostic, Source};
use reflow_syntax::format::{Unformatted, format};
use reflow_syntax::{comments, parse, placeless};

use crate::golden::golden_files;
use crate::outline::Outline;
use crate::programs;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn formatted(text: &str) -> Result<String, Unformatted> {
    format(&Source::new("t.rf", text))
}

/// The comments of a text, as far as they can be seen.
fn comment_texts(source: &std::rc::Rc<Source>) -> Vec<String> {
    let spans = comments(source);
    spans.iter().map(|span| source.text[span.start as usize..span.end as usize].trim_end().to_owned()).collect()
}

/// Formats a text and checks what must hold of any: the tree and the comments are the same, and formatting
/// again changes nothing. `None` if it has syntax errors.
pub(crate) fn check(text: &str) -> Option<String> {
    let source = Source::new("t.rf", text);
    let (module, diagnostics) = parse(&source);
    let has_errors = diagnostics.iter().any(Diagnostic::is_error);
    let once = match format(&source) {
        Ok(once) => once,
        Err(Unformatted::Diagnostics(found)) => {
            assert!(has_errors && found.len() == diagnostics.len(), "{text}");
            return None;
        }
        Err(error @ Unformatted::NotText) => panic!("{error}: {text}"),
        Err(Unformatted::Altered) => panic!("altered:\n{text}"),
    };
    assert!(!has_errors, "{text}");
    let new = Source::new("t.rf", once.as_str());
    let (again, diagnostics) = parse(&new);
    assert!(!diagnostics.iter().any(Diagnostic::is_error), "{text}\n--- became\n{once}");
    let outline = |source: &Source, module| Outline { source, positions: false }.module(module);
    assert_eq!(outline(&source, &module), outline(&new, &again), "{text}\n--- became\n{once}");
    assert!(placeless::module(module) == placeless::module(again), "{text}\n--- became\n{once}");
    assert_eq!(comment_texts(&source), comment_texts(&new), "{text}\n--- became\n{once}");
    let twice = formatted(&once).unwrap_or_else(|error| panic!("{error}:\n{once}"));
    assert_eq!(once, twice, "{text}\n--- formatted twice");
    Some(once)
}

#[test]
fn golden() {
    golden_files("format", 30, |case| match check(&case.program) {
        Some(text) => text,
        None => "syntax errors\n".to_owned(),
    });
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn files(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        files_below(&repository().join(folder), &mut found);
    }
    found
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the programs are files")]
fn programs_of_the_repository() {
    let mut count = 0;
    for path in files(&["examples", "stdlib", "tests"]) {
        if path.extension().is_some_and(|extension| extension == "rf") {
            let text = fs::read_to_string(&path).expect("text");
            let once = check(&text).unwrap_or_else(|| panic!("{} has syntax errors", path.display()));
            if !path.starts_with(repository().join("tests")) {
                assert_eq!(once, text, "{} is not formatted", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 14, "only {count} programs were found");
}

/// Texts that could be programs, in files that hold tests: sections, cases, and single expressions.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![text.to_owned()];
    let mut part = String::new();
    for line in text.lines() {
        if line.starts_with("==> ") || line.starts_with("## ") || line == "---" {
            parts.push(std::mem::take(&mut part));
        } else {
            part.extend([line, "\n"]);
        }
        if let Some(expr) = line.strip_prefix("> ").map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest)) {
            parts.push(format!("val x = {expr}"));
        }
        parts.push(format!("val x = {}", line.trim_start_matches("> ")));
    }
    parts.push(part);
    parts
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the cases are files")]
fn programs_of_all_tests() {
    let mut count = 0;
    for path in files(&["tests/syntax", "tests/lang", "tests/cli", "docs/src"]) {
        // Sources of tests hold many lines that are no programs.
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let Some(text) = fs::read_to_string(&path).ok().filter(|_| !is_source) else { continue };
        count += parts(&text).iter().filter(|part| !part.trim().is_empty() && check(part).is_some()).count();
    }
    assert!(count > 1000, "only {count} programs were found");
}

/// White space that nobody sees, before and behind everything.
#[test]
fn line_ends_are_line_feeds() {
    let text = "\u{FEFF}// a \r\nval a = 1\t\r\n\r\n \r\nval b = [\r\n1, // b\r\n]\r\n \r\n";
    assert_eq!(check(text).as_deref(), Some("// a\nval a = 1\n\nval b = [\n\t1, // b\n]\n"));
    // Within literals they are part of the value, or nothing that a formatter should decide on.
    let text = "val a = `x\r\n`\nval b = exec(image := \"i\") (o file) {\"\r\n\"}\n";
    assert_eq!(check(text).as_deref(), Some(text));
}

#[test]
fn deep_programs() {
    /// Deeper than the stack of a test thread is, if nothing grew it.
    const DEEP: usize = 5_000;
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("!", "x", ""),
        ("1 + ", "1", ""),
        ("", "x", "[1]"),
        ("", "f", "(1)"),
        ("[1, ...", "x", "]"),
        ("{ a := ", "1", "; a }"),
        ("func(x int) => ", "1", ""),
        ("if a { b } else ", "{ c }", ""),
        ("[x | x <- ", "y", "]"),
    ] {
        let text = format!("val x = {}{inner}{}\n", open.repeat(DEEP), close.repeat(DEEP));
        let once = formatted(&text).unwrap_or_else(|error| panic!("{open}: {error}"));
        assert_eq!(text.replace(' ', ""), once.replace(' ', ""));
    }
    let text = format!("type T {}int{}\n", "[".repeat(DEEP), "]".repeat(DEEP));
    assert_eq!(formatted(&text).expect("formatted"), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Programs of all forms, with blanks, line feeds and comments wherever the language takes them.
    #[test]
    fn random_programs(text in programs::module()) {
        prop_assume!(check(&text).is_some());
    }

    /// The same without comments, none of which may be refused.
    #[test]
    fn random_plain_programs(text in programs::plain_module()) {
        prop_assert!(check(&text).is_some(), "{}", text);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    // The raw string keeps its byte, for which the formatted text would have no place.
    let source = Source::from_bytes("t.rf", b"val a = `caf\xe9`\n");
    assert!(matches!(format(&source), Err(Unformatted::NotText)));
}
