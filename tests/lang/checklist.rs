//! Every statement of the language spec's checklist (§12) has a test that carries its number.
//!
//! The numbers stand at the beginning of the names of cases, and in remarks of tests: `Checklist 1`,
//! `checklist 143, 144`, `LANG-152`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many statements there are.
const COUNT: u32 = 157;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The numbers, in a list with commas, that a text begins with.
fn numbers(text: &str) -> impl Iterator<Item = u32> {
    let list = text.split(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | ' ')).next().unwrap_or("");
    list.split(',').map_while(|number| number.trim().parse().ok())
}

#[test]
fn every_statement_has_a_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut found = BTreeSet::new();
    let mut paths = Vec::new();
    files(&tests.join("lang/cases"), &mut paths);
    // The names of cases of the language.
    found.extend(paths.iter().flat_map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = name.split_once('-').filter(|(number, _)| number.len() == 3);
        number.and_then(|(number, _)| number.parse::<u32>().ok())
    }));
    // The names of cases of the parser.
    let parser = fs::read_to_string(tests.join("syntax/cases/checklist.txt")).unwrap();
    found.extend(parser.lines().filter_map(|line| line.strip_prefix("## ")).flat_map(numbers));
    // Remarks. Elsewhere than in tests of the language they say which checklist they mean.
    for (folder, marks) in
        [("syntax", &["Checklist "][..]), ("lang", &["checklist ", "LANG-"]), ("cli", &["language checklist "])]
    {
        let mut paths = Vec::new();
        files(&tests.join(folder), &mut paths);
        for path in paths.iter().filter(|path| !path.ends_with("checklist.rs")) {
            let text = fs::read(path).unwrap();
            let text = String::from_utf8_lossy(&text);
            for mark in marks {
                found.extend(
                    text.match_indices(mark).flat_map(|(at, _)| numbers(&text[at + mark.len()..]).collect::<Vec<_>>()),
                );
            }
        }
    }
    let missing: Vec<u32> = (1..=COUNT).filter(|number| !found.contains(number)).collect();
    assert!(missing.is_empty(), "statements without a test: {missing:?}");
    assert!(found.iter().all(|number| (1..=COUNT).contains(number)), "{found:?}");
}
