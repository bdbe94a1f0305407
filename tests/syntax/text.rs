//! Source texts that golden files cannot hold: odd line ends, bytes that are no text, long texts.

use reflow_syntax::ast::{DeclKind, ExprKind, Literal, Module};
use reflow_syntax::diagnostic::Source;
use reflow_syntax::{comments, parse, parse_expr};

fn clean(text: &str) -> Module {
    let (module, diagnostics) = parse(&Source::new("t.rf", text));
    assert!(diagnostics.is_empty(), "{text:?}: {diagnostics:?}");
    module
}

fn messages(text: &str) -> Vec<String> {
    parse(&Source::new("t.rf", text)).1.iter().map(|diagnostic| diagnostic.line()).collect()
}

fn string(module: &Module, index: usize) -> Option<&[u8]> {
    let DeclKind::Val { value, .. } = &module.decls.get(index)?.kind else {
        return None;
    };
    match &value.kind {
        ExprKind::Literal(Literal::String(bytes)) => Some(bytes),
        _ => None,
    }
}

/// Checklist 1.
#[test]
fn a_file_need_not_end_in_a_line_feed() {
    for text in
        ["a := 1", "a := 1\n", "a := 1;", "a := 1 // one", "a := 1 /* one */", "a := 1\n\n\t", "a := f(b)\n// end"]
    {
        assert_eq!(clean(text).decls.len(), 1, "{text:?}");
    }
    for text in ["", "\n", " ", "// nothing", "/* nothing */", ";", "\u{FEFF}"] {
        assert_eq!(clean(text), Module::default(), "{text:?}");
    }
}

/// Checklist 2.
#[test]
fn a_byte_order_mark_and_carriage_returns_are_skipped() {
    let module = clean("\u{FEFF}// Doc.\r\nval a = [\r\n\t1,\r\n\t2,\r\n]\r\nb := `x\r\ny`\r\n");
    assert_eq!(module.decls.len(), 2);
    assert_eq!(&*module.decls[0].doc, "Doc.\n");
    assert_eq!(string(&module, 1), Some(b"x\ny".as_slice()));
    assert_eq!(
        messages("a := 1\n\u{FEFF}"),
        ["t.rf:2:2: syntax error: unexpected character \"\u{FEFF}\", expecting declaration"]
    );
}

#[test]
fn form_feeds_and_vertical_tabs_are_no_white_space() {
    assert_eq!(
        messages("a := 1\u{c}\nb := 2"),
        ["t.rf:1:8: syntax error: unexpected character U+000C, expecting newline"]
    );
    assert_eq!(
        messages("\u{b}a := 1"),
        [
            "t.rf:1:2: syntax error: unexpected character U+000B, expecting declaration, newline, \"keyspace\" or \"param\""
        ]
    );
}

#[test]
fn nul_is_remarked_on_and_is_no_token() {
    assert_eq!(
        messages("a := \"x\0y\" // \0\n"),
        ["t.rf:1:9: warning: illegal character NUL", "t.rf:1:16: warning: illegal character NUL",]
    );
    assert_eq!(messages("a := \0"), ["t.rf:1:7: syntax error: unexpected character U+0000, expecting expression"]);
}

#[test]
fn bytes_that_are_no_text_are_kept_in_raw_strings_only() {
    let source = Source::from_bytes("t.rf", b"a := \"\xff\"\nb := `\xff\xc3\r\xa9`\n// \xfe\n");
    let (module, diagnostics) = parse(&source);
    let lines: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.line()).collect();
    assert_eq!(lines.first().map(String::as_str), Some("t.rf:1:8: warning: illegal UTF-8 encoding"));
    assert_eq!(lines.len(), 5);
    assert_eq!(string(&module, 0), Some("\u{FFFD}".as_bytes()));
    assert_eq!(string(&module, 1), Some(b"\xff\xc3\xa9".as_slice()));
}

#[test]
fn a_binary_file_gets_few_remarks() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (_, diagnostics) = parse(&Source::from_bytes("t.rf", &bytes));
    assert!(diagnostics.len() < 400, "{}", diagnostics.len());
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.is_error()));
}

#[test]
fn names_are_shared() {
    let module = clean("first := 1\nsecond := first\n");
    let (DeclKind::Val { pattern, .. }, DeclKind::Val { value, .. }) = (&module.decls[0].kind, &module.decls[1].kind)
    else {
        panic!("two values");
    };
    let (reflow_syntax::ast::PatternKind::Ident(bound), ExprKind::Ident(used)) = (&pattern.kind, &value.kind) else {
        panic!("a name and a reference");
    };
    assert!(std::rc::Rc::ptr_eq(bound, used));
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        messages("\ta := \"é世\" $\n"),
        ["t.rf:1:13: syntax error: unexpected character \"$\", expecting newline"]
    );
}

#[test]
fn expressions_stand_alone() {
    assert!(parse_expr(&Source::new("<input>", "{ a := 1; b := 2;\n a + b }")).0.is_some());
    let (expr, diagnostics) = parse_expr(&Source::new("<input>", "{ a := 1\n a }"));
    assert!(expr.is_none());
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].line(), "<input>:2:3: syntax error: unexpected identifier \"a\", expecting newline");
    assert!(parse_expr(&Source::new("<input>", "a := 1")).0.is_none());
}

#[test]
fn comments_are_found_where_they_are() {
    let text = "// one\na := \"// no\" /* two */ // three\nb := exec(image := \"i\") (out file) {\" // no \"}\n/* four";
    let source = Source::new("t.rf", text);
    let found: Vec<&str> = comments(&source).iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
    assert_eq!(found, ["// one", "/* two */", "// three", "/* four"]);
}
