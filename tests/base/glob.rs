use base::glob::{Glob, ParseGlobError};
use proptest::prelude::*;

use crate::golden::{rows, show};

#[test]
fn patterns_match_as_in_go() {
    for [pattern, path, expected] in rows(include_str!("golden/glob.tsv")) {
        let matched = Glob::parse(&pattern).map(|glob| glob.matches(std::str::from_utf8(&path).unwrap()));
        let found = matched.map_or("error", |matched| if matched { "true" } else { "false" });
        assert_eq!(found, show(&expected), "{} on {}", show(&pattern), show(&path));
    }
}

#[test]
fn the_error_has_the_words_of_the_reference() {
    assert_eq!(Glob::parse("a[").unwrap_err().to_string(), "syntax error in pattern");
    assert_eq!(Glob::parse(b"[\xff]"), Err(ParseGlobError));
}

#[test]
fn a_star_never_splits_a_character() {
    assert!(Glob::parse("*?").unwrap().matches("日"));
    assert!(!Glob::parse("*??").unwrap().matches("日"));
}

proptest! {
    #[test]
    fn an_escaped_path_matches_itself_alone(path in "[a-z/*?\\[\\]\\\\é^-]{0,12}", other in "[a-z/*?é]{0,12}") {
        let pattern: String = path.chars().flat_map(|c| ['\\', c]).collect();
        let glob = Glob::parse(&pattern).unwrap();
        prop_assert!(glob.matches(&path));
        prop_assert_eq!(glob.matches(&other), other == path);
    }

    #[test]
    fn a_star_takes_any_run_without_a_slash(head in "[a-zé]{0,5}", run in "[a-zé.*]{0,8}", tail in "[a-zé]{0,5}") {
        let glob = Glob::parse(format!("{head}*{tail}")).unwrap();
        let whole = format!("{head}{run}{tail}");
        let crossed = format!("{head}{run}/{tail}");
        prop_assert!(glob.matches(&whole));
        prop_assert!(!glob.matches(&crossed));
    }
}
