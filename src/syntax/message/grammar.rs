//! Messages about how tokens are put together (language spec §2).

use std::rc::Rc;

use crate::ast::Span;
use crate::diagnostic::{Code, Diagnostic, Source};

/// A token that the grammar has no place for; both texts are for people.
pub(crate) fn unexpected(source: &Rc<Source>, span: Span, found: &str, expected: &[String]) -> Diagnostic {
    let mut message = format!("syntax error: unexpected {found}");
    if let Some((last, others)) = expected.split_last() {
        message.push_str(", expecting ");
        if !others.is_empty() {
            message.push_str(&others.join(", "));
            message.push_str(" or ");
        }
        message.push_str(last);
    }
    let label = match expected {
        [] => "has no place here".to_owned(),
        [only] => format!("expected {only}"),
        _ => format!("unexpected {found}"),
    };
    Diagnostic::error(20, source, span, message).labelled(label)
}

/// The code of [`unterminated_interpolation`].
pub(crate) const UNTERMINATED_INTERPOLATION: Code = Code(21);

/// `{{` without `}}`.
pub(crate) fn unterminated_interpolation(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(21, source, span, "unterminated interpolation").labelled("no `}}` closes it").help(
        "close it with `}}`; the first `\"}` ends the template, inside an interpolation too: write a blank between them",
    )
}

/// `type` anywhere but at the top of a module.
pub(crate) fn type_not_at_top(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(22, source, span, "type declarations are only allowed at the top level of a module")
        .labelled("not at the top level")
        .help("move it out, above the declaration that uses it")
}

/// `param x, y = 1`
pub(crate) fn declaration_error(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(23, source, span, "declaration error")
        .labelled("a default can be given to one parameter only")
        .help("declare each parameter with its own default")
}

/// `(int, b string)`
pub(crate) fn mixed_arguments(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(24, source, span, "cannot mix named and unnamed arguments")
        .labelled("has no name")
        .help("name all of them, or none")
}

/// `(int string)`
pub(crate) fn expected_identifier(source: &Rc<Source>, span: Span, found: &str) -> Diagnostic {
    Diagnostic::error(25, source, span, format!("expected identifier, found {found}"))
        .labelled("not a name")
        .help("a name stands before its type; a comma stands between two types")
}

/// `(a.b string)`
pub(crate) fn non_simple_argument(source: &Rc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(26, source, span, "non-simple argument name")
        .labelled("has dots")
        .help("a name is a single identifier")
}

/// A text whose places do not fit into 32 bits.
pub(crate) fn too_long(source: &Rc<Source>) -> Diagnostic {
    Diagnostic::error(28, source, Span::default(), "the text is too long: more than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_too_long_are_drawn() {
        let source = Source::new("main.rf", "val Main = 1\n");
        let drawn = crate::render::draw(&[too_long(&source)], false, 80);
        let expected = "\
[R0028] Error: the text is too long: more than 4 GiB
   ╭─[ main.rf:1:1 ]
   │
 1 │ val Main = 1
   │ ┬
   │ ╰── here
───╯
";
        assert_eq!(drawn, expected);
    }
}
