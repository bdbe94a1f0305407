//! Any bytes as the text of a program, up to its syntax tree.

use std::rc::Rc;

use syntax::ast::{Module, Span};
use syntax::diagnostic::{Diagnostic, Source};
use syntax::format::{Unformatted, format};
use syntax::{Irregular, Statements, comments, explain, parse, parse_expr, render};

/// Cuts bytes into tokens: comments come in order and begin as comments do.
pub fn lexer(data: &[u8]) {
    let source = Source::from_bytes("t.rf", data);
    let mut end = 0;
    for span in comments(&source) {
        assert!(end <= span.start && span.start < span.end, "{span:?} behind {end}");
        let text = &source.text[span.start as usize..span.end as usize];
        assert!(text.starts_with("//") || text.starts_with("/*"), "{text:?}");
        end = span.end;
    }
}

/// Parses bytes as a module and as an expression: what is said of them refers to them, and there is a tree
/// unless there is an error.
pub fn parser(data: &[u8]) {
    let source = Source::from_bytes("t.rf", data);
    let (module, diagnostics) = parse(&source);
    check(&diagnostics, &source);
    if is_right(&diagnostics) {
        let texts =
            module.decls.iter().map(|decl| (decl, &source.text[decl.span.start as usize..decl.span.end as usize]));
        for (decl, text) in texts {
            let alone = parse(&Source::new("t.rf", text)).0;
            assert_eq!(alone.decls.len(), 1, "{decl:?} was written {text:?}");
        }
    }
    let pieces: Result<Vec<Module>, Irregular> = Statements::new(&source).and_then(Iterator::collect);
    match pieces {
        Ok(pieces) => {
            assert!(diagnostics.is_empty(), "taken for faultless: {diagnostics:?}");
            let decls: usize = pieces.iter().map(|piece| piece.decls.len()).sum();
            assert_eq!(decls, module.decls.len());
        }
        Err(Irregular) => assert!(!diagnostics.is_empty(), "irregular without a reason"),
    }
    let (expr, diagnostics) = parse_expr(&source);
    check(&diagnostics, &source);
    assert!(expr.is_some() || !is_right(&diagnostics), "{diagnostics:?}");
}

/// Formats what can be parsed: it then says the same, and formatting it again changes nothing.
pub fn formatter(data: &[u8]) {
    let source = Source::from_bytes("t.rf", data);
    match format(&source) {
        Ok(text) => {
            let again = format(&Source::new("t.rf", text.as_str()));
            assert_eq!(again.ok().as_deref(), Some(text.as_str()), "from {:?}", source.text);
        }
        Err(Unformatted::Diagnostics(diagnostics)) => assert!(!is_right(&diagnostics)),
        Err(Unformatted::NotText) => assert!(std::str::from_utf8(data).is_err()),
        Err(Unformatted::Altered) => panic!("formatting alters {:?}", source.text),
    }
}

/// Whether there is no error.
pub(crate) fn is_right(diagnostics: &[Diagnostic]) -> bool {
    !diagnostics.iter().any(Diagnostic::is_error)
}

/// Looks at diagnostics as their readers do.
pub(crate) fn check(diagnostics: &[Diagnostic], source: &Rc<Source>) {
    for diagnostic in diagnostics {
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            let Span { start, end, at } = label.span;
            assert!(start <= end, "{diagnostic:?}");
            assert!(label.source.text.get(start as usize..end as usize).is_some(), "{diagnostic:?}");
            assert!(label.source.text.is_char_boundary(at as usize), "{diagnostic:?}");
        }
        assert!(explain::explain(diagnostic.code).is_some() || !is_of_syntax(diagnostic), "{diagnostic:?}");
    }
    assert_eq!(render::lines(diagnostics).is_empty(), diagnostics.is_empty());
    // Each drawing counts the lines before it.
    if source.text.len() < 65_536 && diagnostics.len() < 50 {
        assert_eq!(render::draw(diagnostics, true, 80).is_empty(), diagnostics.is_empty());
    }
}

fn is_of_syntax(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.0 < 1000
}
