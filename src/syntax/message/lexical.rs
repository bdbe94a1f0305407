//! Messages about tokens and literals (language spec §1.1, §1.5, §1.9).

use std::rc::Rc;

use crate::ast::Span;
use crate::diagnostic::{Code, Diagnostic, Source};

/// A NUL inside a literal, comment or template.
pub(crate) fn illegal_nul(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(1, source, span, "illegal character NUL").labelled("U+0000")
}

/// A byte that is not UTF-8.
pub(crate) fn illegal_encoding(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(2, source, span, "illegal UTF-8 encoding").labelled("read as U+FFFD")
}

/// `08`
pub(crate) fn illegal_octal_number(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(3, source, span, "illegal octal number")
        .labelled("read as a decimal number")
        .help("integers are always decimal; leave the leading zeros out")
}

/// `..`
pub(crate) fn illegal_token(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(4, source, span, "illegal token").labelled("read as `.`")
}

/// The code of comments that do not end.
pub(crate) const COMMENT_NOT_TERMINATED: Code = Code(5);

/// `/*` without `*/`
pub(crate) fn comment_not_terminated(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(5, source, opening(span, 2), "comment not terminated")
        .labelled("everything from here on is comment")
        .help("close it with `*/`; comments do not nest")
}

/// The code of literals that do not end.
pub(crate) const LITERAL_NOT_TERMINATED: Code = Code(6);

/// A string or character without its closing quote.
pub(crate) fn literal_not_terminated(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(6, source, span, "literal not terminated")
        .labelled("no quote closes it on this line")
        .help("a \"string\" ends on its line; write \\n for a line feed, or use a `raw string`, which may span lines")
}

/// A raw string without its closing back quote.
pub(crate) fn raw_literal_not_terminated(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(6, source, opening(span, 1), "literal not terminated")
        .labelled("this raw string runs to the end of the text")
        .help("close it with another back quote")
}

/// The code of templates that do not end.
pub(crate) const TEMPLATE_NOT_TERMINATED: Code = Code(7);

/// `{"` without `"}`
pub(crate) fn template_not_terminated(source: &Rc<Source>, span: Span, empty: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(7, source, opening(span, 2), "template literal not terminated");
    diagnostic.labelled("no `\"}` ends it").help(if empty {
        "a template has at least one character: write the empty one {\" \"}"
    } else {
        "`{\"` always begins a command template, which ends at `\"}`; for a brace before a string write a blank between them: `{ \"`; a map is written `[\"a\": 1]`"
    })
}

/// `{""}`, which does not end there.
pub(crate) fn template_starts_closed(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::warning(8, source, span, "this template does not end here")
        .labelled("goes on behind this")
        .help("a template has at least one character: write the empty one {\" \"}")
}

/// `0x1F`
pub(crate) fn integer_not_parsed(source: &Rc<Source>, span: Span, text: &str) -> Diagnostic {
    Diagnostic::error(10, source, span, format!("failed to parse integer \"{text}\""))
        .labelled("not decimal")
        .help("integers are written in decimal")
}

/// `1e`
pub(crate) fn float_not_parsed(source: &Rc<Source>, span: Span, text: &str) -> Diagnostic {
    Diagnostic::error(11, source, span, format!("failed to parse float \"{text}\": number has no digits"))
        .labelled("no digits behind the `e`")
        .help("the exponent needs at least one digit")
}

/// A bad escape; `span` is the escape's.
pub(crate) fn string_not_unquoted(source: &Rc<Source>, span: Span, text: &str) -> Diagnostic {
    Diagnostic::error(12, source, span, format!("failed to unquote string {text}: invalid syntax"))
        .labelled("not an escape")
        .help("escapes are \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\123 \\x12 \\u1234 \\U00012345; in a `raw string` a backslash is itself")
}

/// The first `length` bytes of `span`: where something begins that does not end.
fn opening(span: Span, length: u32) -> Span {
    Span { end: span.start + length, at: span.start + length, ..span }
}
