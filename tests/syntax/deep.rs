//! Texts that nest deeply: there is no depth at which the stack overflows.

use reflow_syntax::diagnostic::Source;
use reflow_syntax::parse;

/// Deeper than the stack of a test thread is, if nothing grew it.
const DEEP: usize = 20_000;
/// Deeper than the stack of a main thread is.
const DEEPEST: usize = 100_000;

/// Parses `open` and `close` around `inner`, then compares, copies and drops what comes out.
fn check(depth: usize, before: &str, open: &str, inner: &str, close: &str, after: &str) {
    let text = format!("{before}{}{inner}{}{after}\n", open.repeat(depth), close.repeat(depth));
    let (module, diagnostics) = parse(&Source::new("t.rf", text));
    assert!(diagnostics.is_empty(), "{open}: {diagnostics:?}");
    assert_eq!(module.decls.len(), 1);
    let copy = module.clone();
    assert!(copy == module);
}

#[test]
fn expressions() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("!", "x", ""),
        ("1 + ", "1", ""),
        ("1 ~> -", "1", ""),
        ("", "x", "[1]"),
        ("", "x", ".y"),
        ("", "f", "(1)"),
        ("[", "1", "]"),
        ("[1, ...", "x", "]"),
        ("[1: ", "1", "]"),
        ("{a: ", "1", "}"),
        ("{ a := 1; ", "a", "}"),
        ("{ a := ", "1", "; a }"),
        ("(1, ", "1", ")"),
        ("#A(", "1", ")"),
        ("int(", "1", ")"),
        ("func(x int) => ", "1", ""),
        ("if a { b } else ", "{ c }", ""),
        ("switch a { case b: ", "1", "}"),
        ("[x | x <- ", "y", "]"),
        ("make(\"m\", a := ", "1", ")"),
    ] {
        check(DEEP, "val x = ", open, inner, close, "");
    }
}

#[test]
fn the_deepest() {
    for (open, inner, close) in [("(", "1", ")"), ("!", "x", ""), ("1 + ", "1", ""), ("", "1", " + 1"), ("[", "1", "]")]
    {
        check(DEEPEST, "val x = ", open, inner, close, "");
    }
    check(DEEPEST, "type T ", "[", "int", "]", "");
}

#[test]
fn types_and_patterns() {
    for (open, inner, close) in [
        ("[", "int", "]"),
        ("[int:", "int", "]"),
        ("{a ", "int", "}"),
        ("(int, ", "int", ")"),
        ("func(int) ", "int", ""),
        ("#A(", "int", ")"),
    ] {
        check(DEEP, "type T ", open, inner, close, "");
    }
    for (open, inner, close) in
        [("(", "x", ")"), ("[", "x", "]"), ("[a, ...", "x", "]"), ("{a: ", "x", "}"), ("#A(", "x", ")")]
    {
        check(DEEP, "val ", open, inner, close, " = y");
    }
}

#[test]
fn broken_texts() {
    for (open, inner, close) in
        [("(", "1", ""), ("[", "", ""), ("{ a := ", "1", ""), ("1 + ", "", ""), ("(", "1", "]"), ("", "1", ")")]
    {
        let text = format!("val x = {}{inner}{}\n", open.repeat(DEEPEST), close.repeat(DEEPEST));
        let (_, diagnostics) = parse(&Source::new("t.rf", text));
        assert!(!diagnostics.is_empty() && diagnostics.len() <= 20, "{open}: {}", diagnostics.len());
        assert!(diagnostics.iter().any(|diagnostic| diagnostic.is_error()));
    }
}
