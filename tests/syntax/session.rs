//! Inputs of a session: whether they are complete, and the words of texts.

use std::rc::Rc;

use proptest::prelude::*;
use reflow_syntax::diagnostic::Source;
use reflow_syntax::parse_input;
use reflow_syntax::session::{Extent, open_brackets};
use reflow_syntax::words::{Class, words};

fn source(text: &str) -> Rc<Source> {
    Source::new("<repl:1>", text)
}

fn extent(text: &str) -> Extent {
    let input = parse_input(&source(text));
    let is_wrong = input.diagnostics.iter().any(|found| found.is_error());
    // A remark alone may be the documentation of what follows, but nothing must.
    assert_eq!(input.extent == Extent::Complete, !is_wrong && !text.starts_with("// documents"), "{text:?}");
    input.extent
}

fn messages(text: &str) -> Vec<String> {
    parse_input(&source(text)).diagnostics.iter().map(|found| found.line()).collect()
}

#[test]
fn complete_inputs_have_all_their_statements() {
    for (text, count) in [
        ("1 + 1", 1),
        ("val x = 1", 1),
        ("x := 1\ny := 2\nx + y", 3),
        ("type T {a int}", 1),
        ("func f(x int) int = {\n\tval y = x\n\ty + 1\n}", 1),
        ("@requires(mem := 1*GiB)\nval x = 1", 1),
        ("exec(image := \"i\") (out file) {\"\n\techo {{x}} > {{out}}\n\"}", 1),
        ("// a remark\n1", 1),
        ("1 // a remark", 1),
        ("1; 2", 2),
        ("", 0),
        (" \n\n", 0),
        ("// only a remark\n", 0),
        // Line feeds without a place in the grammar mean nothing.
        ("f(\n\t1\n)", 1),
        ("[\n1,\n2\n]", 1),
        ("{a: 1,\n b: 2\n}", 1),
        ("if true { 1 }\nelse { 2 }", 1),
        ("func f(x int) int\n= x", 1),
    ] {
        assert_eq!(extent(text), Extent::Complete, "{text:?}: {:?}", messages(text));
        assert_eq!(parse_input(&source(text)).statements.len(), count, "{text:?}");
    }
}

#[test]
fn unfinished_inputs_want_more() {
    for text in [
        "1 +",
        "val x =",
        "val x = [1, 2",
        "val x = [1,\n2\n",
        "f(",
        "func f(x int) int = {",
        "func f(x int) int = {\n\tval y = x\n",
        "{a: 1,",
        "if true { 1 }",
        "switch x {\n\tcase #A: 2",
        "exec(image := \"i\") (out file)",
        "exec(image := \"i\") (out file) {\" echo",
        "exec(image := \"i\") (out file) {\" echo {{x",
        "exec(image := \"i\") (out file) {\" echo {{x}} \"",
        "val x = `a\nb",
        "val x = 1 /* a remark",
        "/* a remark",
        "@requires(mem := 1*GiB)",
        "// documents what follows",
        "type T",
        "(((",
        "!",
        "a.",
    ] {
        assert_eq!(extent(text), Extent::Unfinished, "{text:?}: {:?}", messages(text));
    }
}

#[test]
fn wrong_inputs_are_told_at_once() {
    for (text, is_open) in [
        ("1 1", false),
        (")", false),
        ("val = 1", false),
        ("val x = \"a", false),
        ("f(\"a", true),
        ("val x = = {", true),
        ("func f(x int) int = {\n\tval y = = x\n", true),
        ("[1, 2 3", true),
        ("param x = 1", false),
        ("val x = ] + `a", true),
        ("1 1 /* a", true),
        ("f(1))", false),
    ] {
        assert_eq!(extent(text), Extent::Wrong { is_open }, "{text:?}: {:?}", messages(text));
    }
}

#[test]
fn what_is_missing_is_said_of_an_input_that_ends() {
    assert_eq!(
        messages("val x = (1 +"),
        ["<repl:1>:1:13: syntax error: unexpected end of input, expecting expression"]
    );
    assert_eq!(
        messages("1 /* a").last().unwrap(),
        "<repl:1>:1:7: syntax error: unexpected end of input, expecting \"*/\""
    );
    assert_eq!(messages("val x = `a"), ["<repl:1>:1:10: literal not terminated"]);
}

#[test]
fn brackets_at_the_end_are_counted() {
    for (text, count) in [
        ("", 0),
        ("f(x)", 0),
        ("func f(x int) int = {", 1),
        ("func f(x int) int = {\n\tg([", 3),
        ("exec(image := \"i\") (out file) {\" echo (", 1),
        ("exec(image := \"i\") (out file) {\" echo \"}", 0),
    ] {
        assert_eq!(open_brackets(&source(text)), count, "{text:?}");
    }
}

fn classified(text: &str) -> Vec<(Class, &str)> {
    words(&source(text)).into_iter().map(|word| (word.class, &text[word.start..word.end])).collect()
}

#[test]
fn words_have_classes() {
    use Class::*;
    assert_eq!(
        classified("val x = make(`./a`).b + 1 // end"),
        [
            (Keyword, "val"),
            (Name, "x"),
            (Mark, "="),
            (Keyword, "make"),
            (Bracket, "("),
            (String, "`./a`"),
            (Bracket, ")"),
            (Dot, "."),
            (Name, "b"),
            (Mark, "+"),
            (Constant, "1"),
            (Comment, "// end"),
        ]
    );
    assert_eq!(
        classified("{\" a {{ f(\"x\") }}b{{y}}\"} true"),
        [
            (Template, "{\" a "),
            (Interpolation, "{{"),
            (Name, "f"),
            (Bracket, "("),
            (String, "\"x\""),
            (Bracket, ")"),
            (Interpolation, "}}"),
            (Template, "b"),
            (Interpolation, "{{"),
            (Name, "y"),
            (Interpolation, "}}"),
            (Template, "\"}"),
            (Constant, "true"),
        ]
    );
    assert_eq!(classified("{\" a {{ x"), [(Template, "{\" a "), (Interpolation, "{{"), (Name, "x")]);
    assert_eq!(classified("{\""), [(Template, "{\"")]);
}

proptest! {
    /// Whatever the text: words come in order, none is empty, and what they leave out is white space.
    #[test]
    fn words_leave_out_nothing_but_blanks(text in r#"([a-z0-9.,;:=+(){}\[\]"` \n/*$é~]|\{"|"\}|\{\{|\}\}){0,60}"#) {
        let mut end = 0;
        for word in words(&source(&text)) {
            prop_assert!(word.start >= end && word.end > word.start);
            prop_assert!(text[end..word.start].trim().is_empty(), "{:?} in {:?}", &text[end..word.start], text);
            end = word.end;
        }
        prop_assert!(text[end..].trim().is_empty());
    }

    /// Whatever the text: a complete input stays complete with a line feed behind it, and one that is wrong
    /// stays wrong whatever follows on the next line.
    #[test]
    fn completeness_is_stable(text in r#"(val |x|f|\(|\)|\[|\]|\{|\}|,| = |\+|1|"a"|\n|`|/\*|\*/){0,20}"#, more in r"(x|1|\)|\]|\}|\+){0,6}") {
        let first = parse_input(&source(&text)).extent;
        match first {
            Extent::Complete if !text.trim().is_empty() && !text.trim_start().starts_with("//") => {
                prop_assert_eq!(parse_input(&source(&format!("{text}\n"))).extent, Extent::Complete);
            }
            Extent::Wrong { .. } => {
                let longer = parse_input(&source(&format!("{text}\n{more}"))).extent;
                prop_assert_ne!(longer, Extent::Complete, "{:?}", text);
            }
            _ => {}
        }
    }
}
