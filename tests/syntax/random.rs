//! Random texts: whatever the input, the parser returns, and what it says refers to the text.

use proptest::prelude::*;
use reflow_syntax::ast::Span;
use reflow_syntax::diagnostic::{Diagnostic, Source};
use reflow_syntax::{parse, parse_expr, render};

use crate::format;

const WORDS: &[&str] = &[
    "val",
    "file",
    "dir",
    "struct",
    "module",
    "exec",
    "func",
    "int",
    "float",
    "string",
    "bool",
    "keyspace",
    "param",
    "if",
    "else",
    "switch",
    "case",
    "make",
    "requires",
    "type",
    "force",
    "true",
    "false",
    "x",
    "y",
    "é",
    "_",
    "1",
    "08",
    "0x1",
    "1.5",
    "1e",
    "\"s\"",
    "\"\\q\"",
    "`r`",
    "'c'",
    "{\"",
    "\"}",
    "{{",
    "}}",
    "=>",
    "==",
    ":=",
    "||",
    "&&",
    "<-",
    "<=",
    "<<",
    ">=",
    ">>",
    "!=",
    "~>",
    "...",
    "..",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "!",
    "<",
    ">",
    "=",
    ".",
    ",",
    ";",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    "@",
    "\n",
    "\n\n",
    "\t",
    "// c\n",
    "/* c */",
    "/*",
    "$",
    "\"",
    "`",
    "~",
    "\0",
    "\u{FEFF}",
    "@requires(",
    "exec(image := x) (out file) {\" {{",
    "func f(x int) = ",
    "x := ",
    "val (x, y) = ",
    "case _: ",
];

fn check(diagnostics: &[Diagnostic], source: &Source) {
    for diagnostic in diagnostics {
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            let Span { start, end, at } = label.span;
            assert!(start <= end && at >= start, "{diagnostic:?}");
            assert!(source.text.get(start as usize..end as usize).is_some(), "{diagnostic:?}");
            assert!(source.text.is_char_boundary(at as usize), "{diagnostic:?}");
        }
        assert!(reflow_syntax::explain::explain(diagnostic.code).is_some(), "{diagnostic:?}");
    }
    let drawn = render::draw(diagnostics, true, 80);
    assert_eq!(drawn.is_empty(), diagnostics.is_empty());
}

fn run(text: &str) {
    let source = Source::new("t.rf", text);
    let (module, diagnostics) = parse(&source);
    check(&diagnostics, &source);
    crate::statements::agree(&source);
    if !diagnostics.iter().any(Diagnostic::is_error) {
        // What was parsed whole is parsed the same declaration by declaration.
        let mut texts = module.decls.iter().map(|decl| &text[decl.span.start as usize..decl.span.end as usize]);
        assert!(texts.all(|text| parse(&Source::new("t.rf", text)).0.decls.len() == 1));
    }
    format::check(text);
    let (expr, diagnostics) = parse_expr(&source);
    check(&diagnostics, &source);
    assert!(expr.is_some() || diagnostics.iter().any(Diagnostic::is_error));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words(words in prop::collection::vec((prop::sample::select(WORDS), prop::bool::ANY), 0..60)) {
        let text: String = words.iter().flat_map(|(word, blank)| [*word, if *blank { " " } else { "" }]).collect();
        run(&text);
    }

    #[test]
    fn characters(text in "\\PC{0,80}") {
        run(&text);
    }

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let source = Source::from_bytes("t.rf", &bytes);
        let (_, diagnostics) = parse(&source);
        check(&diagnostics, &source);
    }
}
