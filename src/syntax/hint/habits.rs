//! What other languages write: habits that programs are begun with, and how it is said here.

use crate::bracket;
use crate::fault::Stop;
use crate::token::Token;

/// The hints, the most telling first.
pub(super) const HINTS: &[fn(&Stop<'_>) -> Option<String>] = &[
    word_before,
    word_here,
    colon_before_type,
    named_argument,
    comma_in_block,
    semicolon_in_list,
    literal_pattern,
    thin_arrow,
    fat_arrow,
    question,
    hash,
    numbered_component,
    bare_parameter,
];

fn said(words: &str) -> Option<String> {
    Some(words.to_owned())
}

/// The identifier before the stop is a keyword elsewhere.
fn word_before(stop: &Stop<'_>) -> Option<String> {
    if stop.before(1)? != Token::Identifier {
        return None;
    }
    let next = stop.after(0)?;
    let begins_value = next.is_word()
        || matches!(next, Token::IntLiteral | Token::FloatLiteral | Token::StringLiteral | Token::RawLiteral);
    match stop.text(stop.index - 1) {
        _ if !begins_value => None,
        "let" | "var" | "const" | "set" | "local" => {
            let name = if stop.after(0)? == Token::Identifier { stop.text(stop.index) } else { "x" };
            Some(format!("write `val {name} = …` or `{name} := …`"))
        }
        "def" | "fn" | "fun" | "function" => said("a function is declared with `func f(x int) int = …`"),
        "return" => said("a block ends in its value, without a word before it"),
        "not" => said("write `!x`"),
        "for" | "while" | "foreach" | "loop" => {
            said("there are no loops: a comprehension, `[f(x) | x <- xs]`, goes through a list")
        }
        "from" | "use" | "using" | "require" => said("a module is made known with `val m = make(\"./m.rf\")`"),
        "lambda" => said("a function is written `func(x int) => x + 1`"),
        _ => None,
    }
}

/// The word at the stop is a keyword elsewhere.
fn word_here(stop: &Stop<'_>) -> Option<String> {
    let token = stop.after(0)?;
    if !matches!(token, Token::Identifier | Token::Reserved) {
        return None;
    }
    match stop.text(stop.index) {
        "then" if stop.expects("{") => said("the branches of an `if` stand in braces: `if c { a } else { b }`"),
        "and" => said("write `&&`"),
        "or" => said("write `||`"),
        "for" if bracket_is(stop, Token::OpenBracket) => said("a comprehension is written `[f(x) | x <- xs, if c]`"),
        "in" => said("a comprehension goes through a list with `<-`: `[f(x) | x <- xs]`"),
        "import" | "include" if stop.after(1) == Some(Token::StringLiteral) => {
            said("a module is made known with `val m = make(\"./m.rf\")`")
        }
        "as" => said("a type is given in a declaration: `val x T = …`; `int(f)` and `float(i)` convert numbers"),
        _ => None,
    }
}

/// `x: int`, `func f(): int`
fn colon_before_type(stop: &Stop<'_>) -> Option<String> {
    let is_type_next = stop.after(0)? == Token::Colon && stop.expects("int") && stop.expects("string");
    if !is_type_next {
        return None;
    }
    said("a type stands behind its name without a colon: `x int`, `func f(x int) int = …`")
}

/// `f(x: 1)`
fn named_argument(stop: &Stop<'_>) -> Option<String> {
    let is_name = stop.before(1)? == Token::Identifier && matches!(stop.before(2)?, Token::OpenParen | Token::Comma);
    if stop.after(0)? != Token::Colon || !is_name || !bracket_is(stop, Token::OpenParen) {
        return None;
    }
    said("arguments of functions have no names: `f(1, 2)`; options of `exec` and `make` are declared: `mem := GiB`")
}

/// `{a := 1, b := 2}`
fn comma_in_block(stop: &Stop<'_>) -> Option<String> {
    if stop.after(0)? != Token::Comma || !bracket_is(stop, Token::OpenBrace) || !stop.expects(";") {
        return None;
    }
    said("declarations in a block end in a line feed or `;`; a struct is written `{a: 1, b: 2}`")
}

/// `[1; 2]`
fn semicolon_in_list(stop: &Stop<'_>) -> Option<String> {
    let is_list = bracket_is(stop, Token::OpenBracket) || bracket_is(stop, Token::OpenParen);
    if stop.after(0)? != Token::Semicolon || stop.text(stop.index) != ";" || !is_list {
        return None;
    }
    said("elements are parted by commas")
}

/// `case 1:`
fn literal_pattern(stop: &Stop<'_>) -> Option<String> {
    let is_literal = matches!(
        stop.after(0)?,
        Token::IntLiteral | Token::FloatLiteral | Token::StringLiteral | Token::RawLiteral | Token::True | Token::False
    );
    if !is_literal || !stop.expects("_") || !stop.expects("#") {
        return None;
    }
    said("patterns hold no literals: compare with `if`, or make a variant of it")
}

/// `x -> x`
fn thin_arrow(stop: &Stop<'_>) -> Option<String> {
    let (first, second) = (stop.lexemes.get(stop.index.checked_sub(1)?)?, stop.lexemes.get(stop.index)?);
    if first.token != Token::Minus || second.token != Token::Greater || first.end != second.start {
        return None;
    }
    said("a function is written `func(x int) => x + 1`")
}

/// `["a" => 1]`, `x => x`
fn fat_arrow(stop: &Stop<'_>) -> Option<String> {
    match stop.after(0)? {
        Token::Arrow if bracket_is(stop, Token::OpenBracket) => {
            said("entries of a map are written `[\"a\": 1, \"b\": 2]`")
        }
        Token::Arrow if !stop.expects("=") => said("a function is written `func(x int) => x + 1`"),
        _ => None,
    }
}

/// `c ? a : b`
fn question(stop: &Stop<'_>) -> Option<String> {
    (stop.after(0)? == Token::Unknown && stop.text(stop.index).starts_with('?'))
        .then(|| "a choice is written `if c { a } else { b }`".to_owned())
}

/// `# remark`
fn hash(stop: &Stop<'_>) -> Option<String> {
    let begins_line = bracket::begins_line(stop.source, *stop.lexemes.get(stop.index)?);
    (stop.after(0)? == Token::Hash && begins_line).then(|| "comments begin with `//`".to_owned())
}

/// `pair.0`
fn numbered_component(stop: &Stop<'_>) -> Option<String> {
    let follows = stop.lexemes.get(stop.index.checked_sub(1)?)?.end == stop.lexemes.get(stop.index)?.start;
    (stop.after(0)? == Token::FloatLiteral && follows && stop.text(stop.index).starts_with('.'))
        .then(|| "a pattern takes a tuple apart: `val (a, b) = pair`".to_owned())
}

/// `param x`
fn bare_parameter(stop: &Stop<'_>) -> Option<String> {
    (stop.is_newline(stop.index) && stop.expects("=") && stop.expects("int") && stop.before(1)? == Token::Identifier)
        .then(|| "a parameter has a type or a default: `param x int`, `param x = 1`".to_owned())
}

/// Whether the innermost open bracket is of this kind.
fn bracket_is(stop: &Stop<'_>, token: Token) -> bool {
    super::open_at(stop).last().is_some_and(|open| open.token == token)
}
