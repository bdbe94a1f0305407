//! Golden cases: each file of `cases/` has programs with what the parser makes of them.
//!
//! A case begins with `## NAME`, then comes the program, a line `---`, and the diagnostics and the
//! outline of the tree. Words in brackets at the end of a name change how the case is read: `[expr]` is a
//! stand-alone expression, `[at]` shows positions, `[draw]` draws the diagnostics as people see them.
//! `BLESS=1` writes what is there now.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use reflow_syntax::diagnostic::{Diagnostic, Source};

use crate::outline::Outline;

/// A program and what comes of it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) program: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_program = true;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            cases.push(Case { name: name.to_owned(), program: String::new(), expected: String::new() });
            in_program = true;
        } else if line == "---" {
            in_program = false;
        } else if let Some(case) = cases.last_mut() {
            let part = if in_program { &mut case.program } else { &mut case.expected };
            part.push_str(line);
            part.push('\n');
        }
    }
    cases
}

fn write(cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        let _ = write!(text, "## {}\n{}---\n{}\n", case.name, case.program, case.expected.trim_end_matches('\n'));
        text.push('\n');
    }
    text
}

fn run(case: &Case) -> String {
    let source = Source::new("t.rf", case.program.as_str());
    let outline = Outline { source: &source, positions: case.name.contains("[at]") };
    let (tree, diagnostics) = if case.name.contains("[expr]") {
        let (expr, diagnostics) = reflow_syntax::parse_expr(&source);
        (expr.map(|expr| outline.expr(&expr) + "\n").unwrap_or_default(), diagnostics)
    } else {
        crate::statements::agree(&source);
        let (module, diagnostics) = reflow_syntax::parse(&source);
        (outline.module(&module), diagnostics)
    };
    if case.name.contains("[draw]") {
        return reflow_syntax::render::draw(&diagnostics, false, 80);
    }
    diagnostics.iter().map(show).collect::<String>() + &tree
}

fn show(diagnostic: &Diagnostic) -> String {
    let mut text = format!("{} {}\n", diagnostic.code, diagnostic.line());
    for label in &diagnostic.secondary {
        let _ = writeln!(text, "      {}: {}", label.source.place(label.span.start), label.message);
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "      help: {help}");
    }
    text
}

#[test]
fn golden() {
    golden_files("cases", 100, run);
}

/// Compares what `run` makes of the programs of a folder's cases with what is written there. There must be
/// more than `least` cases.
#[expect(clippy::disallowed_methods, reason = "the cases are files, and a variable blesses them")]
pub(crate) fn golden_files(folder: &str, least: usize, run: impl Fn(&Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/syntax").join(folder);
    let bless = std::env::var("BLESS").is_ok();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let mut failures = String::new();
    let mut count = 0;
    for file in files {
        let mut cases = cases(&std::fs::read_to_string(&file).expect("text"));
        for case in &mut cases {
            count += 1;
            let actual = run(case);
            let is_same = actual.trim_end_matches('\n') == case.expected.trim_end_matches('\n');
            if !is_same && !bless {
                let file = file.file_name().expect("name").to_string_lossy();
                let _ = write!(
                    failures,
                    "{file}: {}\n{}--- expected\n{}--- actual\n{actual}\n",
                    case.name, case.program, case.expected
                );
            }
            case.expected = actual;
        }
        if bless {
            std::fs::write(&file, write(&cases)).expect("written");
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(count > least, "only {count} cases were found");
}
