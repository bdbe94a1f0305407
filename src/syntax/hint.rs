//! What to do about a syntax error: the traps of the language, recognised by the tokens around the
//! place (language spec §1.4, §1.6, §1.9, §2).

mod habits;

use crate::bracket::{self, Bracket, Open};
use crate::fault::{End, Stop};
use crate::token::{Lexeme, Token};

/// The hints, the most telling first.
const HINTS: &[fn(&Stop<'_>) -> Option<String>] = &[
    arrow,
    template,
    reserved,
    alternative,
    unfinished_line,
    missing_bracket,
    missing_comma,
    entry_without_end,
    late_operator,
    definition,
    empty,
    trailing_comma,
    comma_between_appends,
    untyped_parameter,
    function_body,
    block_without_value,
    stray_bracket,
    early_end,
    underscore,
    late,
    keyword,
    quotes,
    statement,
];

/// What can be said about the stop, if anything.
pub(crate) fn hint(stop: &Stop<'_>) -> Option<String> {
    habits::HINTS.iter().chain(HINTS).find_map(|hint| hint(stop))
}

/// The bracket that is open at the stop, where leaving it open seems to be the mistake: at the end of the
/// text, at a declaration, at a closing bracket of another kind, on another line.
pub(crate) fn open_bracket(stop: &Stop<'_>) -> Option<Lexeme> {
    let all = open_at(stop);
    let open = all.last()?;
    let at_other = stop
        .after(0)
        .and_then(bracket::partner)
        .is_some_and(|partner| partner != open.token && all.brackets().iter().any(|bracket| bracket.token == partner));
    let closing = match open.token {
        Token::OpenParen => ")",
        Token::OpenBracket => "]",
        _ => "}",
    };
    let at_line = stop.expects(closing)
        && stop.lexemes.get(stop.index).is_some_and(|lexeme| bracket::begins_line(stop.source, *lexeme));
    (stop.is_end() || is_unclosed(stop, open) || at_other || at_line).then(|| stop.lexemes[open.index])
}

/// Whether a declaration begins at the stop, or on the line after it, that cannot stand in `open`.
fn is_unclosed(stop: &Stop<'_>, open: Bracket) -> bool {
    let next = if stop.is_newline(stop.index) { stop.index + 1 } else { stop.index };
    let declares = match stop.lexemes.get(next).map(|lexeme| lexeme.token) {
        None | Some(Token::Define) => true,
        Some(_) => bracket::begins_declaration(stop.lexemes, next),
    };
    declares && !open.takes_declarations()
}

/// The brackets open before the stop, declarations between them notwithstanding.
fn open_at(stop: &Stop<'_>) -> Open {
    let mut open = Open::default();
    for index in 0..stop.index.min(stop.lexemes.len()) {
        if !bracket::begins_declaration(stop.lexemes, index) {
            open.step(stop.source, stop.lexemes, index);
        }
    }
    open
}

fn arrow(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::From).then(|| "`<-` is one token; write a blank between them: `a < -1`".to_owned())
}

fn template(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::Template)
        .then(|| "`{\"` always begins a command template; write a blank after the brace: `{ \"`".to_owned())
}

fn reserved(stop: &Stop<'_>) -> Option<String> {
    match stop.after(0)? {
        Token::Struct => Some("struct types and values are written without a keyword: `{a int}`, `{a: 1}`".to_owned()),
        Token::Reserved => Some(format!("`{}` is reserved; use another name", stop.text(stop.index))),
        _ => None,
    }
}

/// `else` and its surroundings.
fn alternative(stop: &Stop<'_>) -> Option<String> {
    if stop.before(1) == Some(Token::Else) && stop.is_newline(stop.index) {
        return Some("what follows `else` stands on the same line".to_owned());
    }
    if stop.expected == ["else"] {
        return Some(match stop.after(1) {
            Some(Token::Else) if stop.is_newline(stop.index) => "`}` and `else` stand on the same line".to_owned(),
            _ => "every `if` has an `else`".to_owned(),
        });
    }
    None
}

/// A declaration on a new line while the line before is not complete.
fn unfinished_line(stop: &Stop<'_>) -> Option<String> {
    // Of `func f` the second word has no place, of `x :=` the operator.
    let first = [stop.index, stop.index.wrapping_sub(1)].into_iter().find(|index| {
        stop.lexemes.get(*index).is_some_and(|lexeme| {
            bracket::begins_declaration(stop.lexemes, *index) && bracket::begins_line(stop.source, *lexeme)
        })
    })?;
    let before = stop.lexemes.get(first.checked_sub(1)?)?;
    let goes_on = !before.token.ends_statement()
        && !matches!(before.token, Token::Semicolon | Token::ModuleStart | Token::Underscore | Token::Ellipsis);
    (goes_on && !before.token.opens())
        .then(|| format!("the line before ends in `{}`, so it goes on here", stop.text(first - 1)))
}

/// A line that ends within a bracket, and the next one begins a declaration.
fn missing_bracket(stop: &Stop<'_>) -> Option<String> {
    let open = open_at(stop).last()?;
    let closing = match open.token {
        Token::OpenParen => ")",
        Token::OpenBracket => "]",
        _ => return None,
    };
    (stop.is_newline(stop.index) && stop.expects(closing) && is_unclosed(stop, open))
        .then(|| format!("`{closing}` is missing at the end of the line"))
}

/// A line that ends within brackets.
fn missing_comma(stop: &Stop<'_>) -> Option<String> {
    if !stop.is_newline(stop.index) || !stop.expects(",") {
        return None;
    }
    let open = open_at(stop).last()?;
    Some(match stop.after(1) {
        Some(Token::CloseParen) if matches!(open.owner, Some(Token::Exec | Token::Requires)) => {
            "`)` stands on the line of the last option, and no comma before it".to_owned()
        }
        Some(token) if token.closes() => format!(
            "write a comma at the end of the line, or `{}` on this line: a line feed after a value ends the statement",
            stop.text(stop.index + 1)
        ),
        _ => "write a comma at the end of the line".to_owned(),
    })
}

/// `param (a int)`
fn entry_without_end(stop: &Stop<'_>) -> Option<String> {
    let open = open_at(stop).last()?;
    (stop.after(0)? == Token::CloseParen && open.owner == Some(Token::Param) && stop.expects(";"))
        .then(|| "in a group each parameter ends in `;` or a line feed; write `)` on a line of its own".to_owned())
}

/// An operator at the beginning of a line.
fn late_operator(stop: &Stop<'_>) -> Option<String> {
    let is_operator = matches!(
        stop.after(0)?,
        Token::Sequence
            | Token::OrOr
            | Token::AndAnd
            | Token::Less
            | Token::Greater
            | Token::LessEqual
            | Token::GreaterEqual
            | Token::Equal
            | Token::NotEqual
            | Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Slash
            | Token::Percent
            | Token::And
            | Token::ShiftLeft
            | Token::ShiftRight
            | Token::Dot
    );
    (is_operator && stop.is_newline(stop.index.checked_sub(1)?)).then(|| {
        format!("a line never begins with `{}`: write it at the end of the line before", stop.text(stop.index))
    })
}

/// `=` where `:=` belongs, and the other way round.
fn definition(stop: &Stop<'_>) -> Option<String> {
    match stop.after(0)? {
        Token::Assign if stop.expects(":=") => {
            let name = stop.text(stop.index - 1);
            Some(format!("write `{name} := …` or `val {name} = …`"))
        }
        Token::Define if stop.expects("=") => {
            Some("after `val`, `func` and `param` write `=`; `:=` stands alone: `x := …`".to_owned())
        }
        _ => None,
    }
}

/// Brackets with nothing in them.
fn empty(stop: &Stop<'_>) -> Option<String> {
    let words = match (stop.before(1)?, stop.after(0)?) {
        (Token::OpenParen, Token::CloseParen) => match (stop.before(3), stop.before(2)) {
            (_, Some(Token::Func)) | (Some(Token::Func), Some(Token::Identifier)) => {
                "a function has at least one parameter"
            }
            _ if stop.expects("module") => "there is no empty tuple type",
            (_, Some(Token::Identifier | Token::CloseParen | Token::CloseBracket)) => {
                "a call has at least one argument"
            }
            _ => "there is no empty tuple",
        },
        (Token::OpenBrace, Token::CloseBrace) => "there is no empty struct and no empty block",
        (Token::OpenBracket, Token::CloseBracket) => "a list pattern has at least one element",
        (Token::OpenBracket, Token::Ellipsis) if stop.expects("_") => {
            "a list pattern has at least one element before `...`"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

fn trailing_comma(stop: &Stop<'_>) -> Option<String> {
    let closes = stop.after(0)?.closes();
    if !closes || stop.before(1)? != Token::Comma {
        return None;
    }
    let open = open_at(stop).last()?;
    let elements = stop.lexemes[open.index..stop.index].iter().filter(|lexeme| lexeme.token == Token::Comma).count();
    let is_value = stop.expects("true");
    Some(if elements == 1 && is_value && open.token == Token::OpenParen {
        "a tuple has at least two elements; parentheses around one are only grouping".to_owned()
    } else {
        "no comma is allowed before this bracket".to_owned()
    })
}

/// `func(x) => …`
fn untyped_parameter(stop: &Stop<'_>) -> Option<String> {
    let open = open_at(stop).last()?;
    let owner = open.owner;
    let before = stop.lexemes.get(open.index.wrapping_sub(2)).map(|owner| owner.token);
    let is_function = owner == Some(Token::Func) || owner == Some(Token::Identifier) && before == Some(Token::Func);
    (is_function && stop.after(0)? == Token::CloseParen && stop.before(1)? == Token::Identifier)
        .then(|| "every parameter needs a type: `func(x int)`, `func(x, y int)`".to_owned())
}

/// `func f(x int) int { … }`
fn function_body(stop: &Stop<'_>) -> Option<String> {
    (stop.expects("=") && matches!(stop.after(0)?, Token::OpenBrace | Token::Arrow))
        .then(|| "the value of a declared function follows `=`: `func f(x int) int = …`".to_owned())
}

fn comma_between_appends(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::Ellipsis && stop.before(1)? == Token::Comma && stop.expects("]"))
        .then(|| "appends stand side by side without commas: `[1, ...xs ...ys]`".to_owned())
}

fn block_without_value(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::CloseBrace && stop.before(1)? == Token::Semicolon && stop.expects("val"))
        .then(|| "a block ends in an expression, its value".to_owned())
}

/// A closing bracket without its partner.
fn stray_bracket(stop: &Stop<'_>) -> Option<String> {
    let partner = bracket::partner(stop.after(0)?)?;
    let has_partner = open_at(stop).brackets().iter().any(|bracket| bracket.token == partner);
    (!has_partner).then(|| format!("there is no open bracket that `{}` could close", stop.text(stop.index)))
}

/// Braces within an interpolation that end it.
fn early_end(stop: &Stop<'_>) -> Option<String> {
    (stop.end == End::Interpolation && stop.is_end() && open_at(stop).last()?.token == Token::OpenBrace)
        .then(|| "the first `}}` ends an interpolation: write a blank between the braces: `} }`".to_owned())
}

fn underscore(stop: &Stop<'_>) -> Option<String> {
    let index = if stop.after(0)? == Token::Underscore { stop.index } else { stop.index.checked_sub(1)? };
    let (first, second) = (stop.lexemes.get(index)?, stop.lexemes.get(index + 1)?);
    (first.token == Token::Underscore && second.token.is_word() && first.end == second.start)
        .then(|| "a name begins with a letter".to_owned())
}

fn keyword(stop: &Stop<'_>) -> Option<String> {
    let is_name = stop.after(0)?.is_keyword() && stop.expects("identifier");
    let is_declaration = bracket::begins_declaration(stop.lexemes, stop.index)
        && bracket::begins_line(stop.source, *stop.lexemes.get(stop.index)?);
    (is_name && !is_declaration)
        .then(|| format!("`{}` is a keyword and cannot be used as a name", stop.text(stop.index)))
}

fn quotes(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::CharLiteral).then(|| "strings stand in double quotes".to_owned())
}

/// What has its place before all declarations.
fn late(stop: &Stop<'_>) -> Option<String> {
    if !stop.expects("val") || open_at(stop).depth() > 0 {
        return None;
    }
    let words = match stop.after(0)? {
        Token::Param => "all parameters precede all declarations",
        Token::Keyspace => "`keyspace` comes first in a module",
        Token::Semicolon => "after a declaration one `;` or line feed is enough",
        _ => return None,
    };
    Some(words.to_owned())
}

/// Something else than a declaration in a row of declarations.
fn statement(stop: &Stop<'_>) -> Option<String> {
    (stop.expected == [":="])
        .then(|| "a module is a row of declarations: `val x = …`, `x := …`, `func f(a T) = …`, `type A T`".to_owned())
}
