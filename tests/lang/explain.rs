//! The catalogue of codes against what is said of programs, and against the golden cases.

use std::collections::BTreeSet;
use std::rc::Rc;

use reflow_lang::explain;
use reflow_lang::session::Session;
use reflow_lang::sources::MemorySources;
use syntax::diagnostic::{Code, Diagnostic};
use syntax::explain::{Explanation, files};

/// All codes of this crate and of the one that parses.
fn all() -> impl Iterator<Item = &'static Explanation> {
    syntax::explain::all().chain(explain::all())
}

/// What is said of the program `main.rf` of an example.
fn said(program: &str) -> Vec<Diagnostic> {
    let files = files(program);
    let sources = files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let session = Session::new(Rc::new(MemorySources::new(sources)), |_| ());
    session.load("main.rf").1
}

/// Whether a code is said of a program only when it is run.
fn is_of_running(code: Code) -> bool {
    code >= Code(2030)
}

#[test]
fn wrong_examples_get_the_message_and_no_other() {
    for explanation in all().filter(|explanation| !explanation.wrong.is_empty() && !is_of_running(explanation.code)) {
        let said = said(explanation.wrong);
        let codes: BTreeSet<Code> = said.iter().map(|diagnostic| diagnostic.code).collect();
        // Of several syntax errors one may lead to others.
        let fits = if explanation.code < Code(1000) {
            codes.contains(&explanation.code)
        } else {
            codes == BTreeSet::from([explanation.code])
        };
        assert!(fits, "{}: {}", explanation.code, syntax::render::lines(&said));
    }
}

#[test]
fn right_examples_get_no_message() {
    for explanation in explain::all().filter(|explanation| !explanation.right.is_empty()) {
        let said = said(explanation.right);
        assert!(said.is_empty(), "{}: {}", explanation.code, syntax::render::lines(&said));
    }
}

#[test]
fn codes_ascend() {
    let codes: Vec<Code> = all().map(|explanation| explanation.code).collect();
    assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
}

/// It is for texts of 4 GiB and more; a test beside its message draws it.
const WITHOUT_CASE: [u16; 1] = [28];

#[test]
fn every_code_has_a_golden_case_that_shows_the_program_and_the_drawn_message() {
    let folder = format!("{}/../../tests/lang/cases/diagnostics", env!("CARGO_MANIFEST_DIR"));
    let mut shown = BTreeSet::new();
    let entries = [folder.into(), crate::made::folder()].map(|folder| std::fs::read_dir(folder).unwrap());
    for entry in entries.into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let code = name.split(['-', '.']).next().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("[{code}]")), "{name} does not show its code");
        assert!(text.contains("==> drawn\n"), "{name} shows no drawn message");
        shown.insert(code);
    }
    let known: BTreeSet<String> = all().map(|explanation| explanation.code.to_string()).collect();
    assert_eq!(shown.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "codes that nobody explains");
    let without: BTreeSet<String> = WITHOUT_CASE.into_iter().map(|code| Code(code).to_string()).collect();
    let missing: Vec<_> = known.difference(&shown).filter(|code| !without.contains(*code)).collect();
    assert!(missing.is_empty(), "codes without a case: {missing:?}");
}

/// Numbers of four digits in a text that can be codes.
fn numbers(text: &str) -> BTreeSet<u16> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.len() == 4).filter_map(|word| word.parse().ok()).filter(|code| *code > 1000).collect()
}

#[test]
fn every_code_that_is_given_is_explained() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join("diagnostics")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.extend(["eval/fault.rs", "check/pattern.rs", "module.rs", "session.rs"].map(|path| root.join(path)));
    let given: BTreeSet<u16> = paths.iter().flat_map(|path| numbers(&std::fs::read_to_string(path).unwrap())).collect();
    let known: BTreeSet<u16> = explain::all().map(|explanation| explanation.code.0).collect();
    // Those of `@requires` are made of those of `exec`.
    let missing: Vec<_> = given.difference(&known).collect();
    assert!(missing.is_empty(), "codes without an explanation: {missing:?}");
    assert!(given.len() > 80, "only {} codes were found", given.len());
}
