use base::regexp::Regexp;
use proptest::prelude::*;

use crate::golden::{rows, show};

#[test]
fn replacements_are_those_of_go() {
    for [pattern, text, template, expected] in rows(include_str!("golden/regexp_replace.tsv")) {
        let replaced = Regexp::parse(&pattern).unwrap().replace_all(&text, &template);
        let case = format!("{} on {} with {}", show(&pattern), show(&text), show(&template));
        assert_eq!(show(&replaced), show(&expected), "{case}");
    }
}

#[test]
fn errors_are_those_of_go() {
    for [pattern, expected] in rows(include_str!("golden/regexp_errors.tsv")) {
        let error = Regexp::parse(&pattern).unwrap_err().to_string();
        let expected = String::from_utf8(expected).unwrap();
        assert_eq!(error, format!("error parsing regexp: {expected}"), "{}", show(&pattern));
    }
}

#[test]
fn groups_of_the_leftmost_match() {
    let groups = |pattern: &str, text: &'static str| {
        let found = Regexp::parse(pattern).unwrap().groups(text)?;
        Some(found.into_iter().map(|group| String::from_utf8(group.to_vec()).unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(groups("(.)o(.)?", "foo bo"), Some(vec!["f".into(), "o".into()]));
    assert_eq!(groups("(a)|(b)", "b"), Some(vec![String::new(), "b".into()]), "a group without a part is empty");
    assert_eq!(groups("ab", "xabx"), Some(vec![]));
    assert_eq!(groups("(ab)", "ba"), None);
    assert_eq!(groups("(a){0}(b)", "b"), Some(vec![String::new(), "b".into()]));
}

#[test]
fn malformed_bytes_keep_their_places() {
    let text = b"\xff1\xc3(2\xa9)";
    let found = Regexp::parse(r"(\d)(.)\((\d.)\)").unwrap().groups(text).unwrap();
    assert_eq!(found, [&b"1"[..], b"\xc3", b"2\xa9"]);
    assert!(Regexp::parse("^\u{fffd}1").unwrap().is_match(text));
    assert!(!Regexp::parse("é").unwrap().is_match(b"\xc3"));
}

#[test]
fn the_text_and_the_number_of_groups_are_kept() {
    let regexp: Regexp = r"(?i)(a)(?:b)(?P<n>c)\Q(\E".parse().unwrap();
    assert_eq!((regexp.as_str(), regexp.group_count()), (r"(?i)(a)(?:b)(?P<n>c)\Q(\E", 2));
    assert_eq!(regexp.to_string(), regexp.as_str());
}

#[test]
fn depth_is_bounded_before_it_can_hurt() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Regexp::parse(nested(999)).unwrap().is_match("a"));
    let error = Regexp::parse(nested(1000)).unwrap_err().to_string();
    assert!(error.starts_with("error parsing regexp: expression nests too deeply: `(((("), "{error:.80}");
    assert!(Regexp::parse(format!("{}a{}", "(?:".repeat(20_000), ")".repeat(20_000))).is_ok());
    assert!(Regexp::parse("a|".repeat(20_000)).is_ok());
}

#[test]
fn the_largest_counts_compile() {
    assert!(Regexp::parse(r"(\pL{1000}|\pN{0,1000})").is_ok());
}

proptest! {
    #[test]
    fn quoted_text_matches_itself(text in any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())) {
        prop_assume!(!text.contains(r"\E"));
        let regexp = Regexp::parse(format!(r"\A\Q{text}\E\z")).unwrap();
        prop_assert!(regexp.is_match(&text));
    }

    #[test]
    fn no_bytes_make_parsing_or_matching_fail(pattern in r"[-a-c()\[\]{}*+?|^$.\\0-9,:=<>!PQEpidsU\u{fffd}é]{0,24}", text: Vec<u8>) {
        if let Ok(regexp) = Regexp::parse(&pattern) {
            prop_assert_eq!(regexp.is_match(&text), regexp.groups(&text).is_some());
            prop_assert_eq!(regexp.replace_all(&text, "$0"), text);
        }
    }

    #[test]
    fn replacing_nothing_keeps_every_byte(text: Vec<u8>) {
        prop_assert_eq!(Regexp::parse("").unwrap().replace_all(&text, ""), text);
    }
}
