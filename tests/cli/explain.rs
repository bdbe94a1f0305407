//! Every code of running has a case that shows it.

use crate::bed::{Bed, repository};

/// Those that no program brings about at will: memory that runs out, a service that does not answer, a file that
/// changes while it is read, and what has no code of its own. Tests beside what shows a failure make them up.
const WITHOUT_CASE: [&str; 4] = ["R4002", "R4010", "R4011", "R4013"];

#[test]
fn codes_of_running_have_cases() {
    let listed = Bed::new().succeed(&["explain"]);
    let codes = listed.lines().filter_map(|line| line.split("  ").next()).filter(|code| code.starts_with("R4"));
    let folders = ["tests/cli/cases/errors", "tests/cli/containers"].map(|folder| repository().join(folder));
    let texts: Vec<(String, String)> = folders
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
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
