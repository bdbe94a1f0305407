//! Every code of running has a case that shows it.

use crate::bed::{Bed, repository};

/// Those that take a Docker engine, a network, or a broken disk.
const WITHOUT_CASE: [&str; 5] = ["R4002", "R4003", "R4010", "R4011", "R4013"];

#[test]
fn codes_of_running_have_cases() {
    let listed = Bed::new().succeed(&["explain"]);
    let codes = listed.lines().filter_map(|line| line.split("  ").next()).filter(|code| code.starts_with("R4"));
    let folder = repository().join("tests/cli/cases/errors");
    let texts: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    let mut count = 0;
    for code in codes {
        count += 1;
        let shows =
            |(name, text): &(String, String)| name.starts_with(code) && text.contains(&format!("explain {code}"));
        assert_eq!(texts.iter().any(shows), !WITHOUT_CASE.contains(&code), "{code}");
    }
    assert!(count > 10, "{count} codes");
}
