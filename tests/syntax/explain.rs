//! The catalogue of codes against what the parser says.

use std::collections::BTreeSet;

use reflow_syntax::diagnostic::{Code, Source};
use reflow_syntax::explain::{all, explain};
use reflow_syntax::parse;

#[test]
fn wrong_examples_get_the_message_and_right_ones_none() {
    for explanation in all() {
        let (_, wrong) = parse(&Source::new("wrong.rf", explanation.wrong));
        assert!(
            explanation.wrong.is_empty() || wrong.iter().any(|diagnostic| diagnostic.code == explanation.code),
            "{}: {wrong:?}",
            explanation.code
        );
        let (_, right) = parse(&Source::new("right.rf", explanation.right));
        assert!(right.is_empty(), "{}: {right:?}", explanation.code);
    }
}

#[test]
fn messages_begin_with_their_title() {
    for explanation in all().filter(|explanation| !explanation.wrong.is_empty()) {
        let (_, diagnostics) = parse(&Source::new("wrong.rf", explanation.wrong));
        let message =
            &diagnostics.iter().find(|diagnostic| diagnostic.code == explanation.code).expect("found").message;
        let start = explanation.title.split(':').next().unwrap_or_default();
        assert!(message.starts_with(start), "{}: {message}", explanation.code);
    }
}

#[test]
fn codes_are_distinct_and_found() {
    let codes: Vec<Code> = all().map(|explanation| explanation.code).collect();
    assert_eq!(codes, codes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    assert!(explain(Code(20)).is_some_and(|explanation| explanation.title == "syntax error"));
    assert!(explain(Code(999)).is_none());
    assert!(explain(Code(3)).is_some_and(|explanation| explanation.to_string().contains("    val Main = 08\n")));
}
