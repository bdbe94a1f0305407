//! The kinds of tokens and what people call them.
//!
//! A token is its kind and its place; its text stays in the source. The lexer makes them, the layer
//! adds the semicolons, the generated parser consumes them.

use logos::Logos;

/// A kind of token (language spec §1.2–§1.5, §1.9).
///
/// The openers of strings, characters, templates and block comments are what the generated automaton
/// finds; the lexer reads on from there and gives back the finished kind.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r]+")]
pub(crate) enum Token {
    #[token("val")]
    Val,
    #[token("file")]
    File,
    #[token("dir")]
    Dir,
    #[token("struct")]
    Struct,
    #[token("module")]
    Module,
    #[token("exec")]
    Exec,
    #[token("func")]
    Func,
    #[token("int")]
    Int,
    #[token("float")]
    Float,
    #[token("string")]
    String,
    #[token("bool")]
    Bool,
    #[token("keyspace")]
    Keyspace,
    #[token("param")]
    Param,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("switch")]
    Switch,
    #[token("case")]
    Case,
    #[token("make")]
    Make,
    #[token("requires")]
    Requires,
    #[token("type")]
    Type,
    #[token("force")]
    #[token("import")]
    #[token("include")]
    Reserved,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[regex("[a-zA-Z][a-zA-Z0-9_]*", priority = 2)]
    Identifier,

    #[regex("[0-9]+")]
    #[regex("0[xX][0-9a-fA-F]*")]
    IntLiteral,
    #[regex(r"[0-9]+\.[0-9]*([eE][+-]?[0-9]*)?")]
    #[regex(r"[0-9]+[eE][+-]?[0-9]*")]
    #[regex(r"\.[0-9]+([eE][+-]?[0-9]*)?")]
    FloatLiteral,
    #[token("\"")]
    StringLiteral,
    #[token("`")]
    RawLiteral,
    #[token("'")]
    CharLiteral,
    #[token("{\"")]
    Template,

    #[token("=>")]
    Arrow,
    #[token("==")]
    Equal,
    #[token(":=")]
    Define,
    #[token("||")]
    OrOr,
    #[token("&&")]
    AndAnd,
    #[token("<-")]
    From,
    #[token("<=")]
    LessEqual,
    #[token("<<")]
    ShiftLeft,
    #[token(">=")]
    GreaterEqual,
    #[token(">>")]
    ShiftRight,
    #[token("!=")]
    NotEqual,
    #[token("~>")]
    Sequence,
    #[token("...")]
    Ellipsis,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("&")]
    And,
    #[token("|")]
    Bar,
    #[token("^")]
    Caret,
    #[token("!")]
    Not,
    #[token("<")]
    Less,
    #[token(">")]
    Greater,
    #[token("=")]
    Assign,
    #[token(".")]
    Dot,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token("_")]
    Underscore,
    #[token("#")]
    Hash,
    #[token("@")]
    At,

    /// `..`, which is a dot with a remark.
    #[token("..")]
    DotDot,
    #[token("\n")]
    Newline,
    #[regex("//[^\n]*", allow_greedy = true)]
    LineComment,
    #[token("/*")]
    BlockComment,
    /// Any other character.
    #[regex(".", priority = 0)]
    Unknown,

    /// Stands before the tokens of a module: it selects the start rule, so that all start rules share
    /// one set of tables.
    ModuleStart,
    /// Stands before the tokens of a stand-alone expression.
    ExpressionStart,
    /// Stands before the tokens of an input of a session.
    SessionStart,
}

impl Token {
    /// Whether the token reads as a word: identifier, keyword, boolean.
    pub(crate) fn is_word(self) -> bool {
        self == Token::Identifier || self.is_keyword() || matches!(self, Token::True | Token::False)
    }

    /// Whether the token is a keyword or a reserved word.
    pub(crate) fn is_keyword(self) -> bool {
        matches!(
            self,
            Token::Val
                | Token::File
                | Token::Dir
                | Token::Struct
                | Token::Module
                | Token::Exec
                | Token::Func
                | Token::Int
                | Token::Float
                | Token::String
                | Token::Bool
                | Token::Keyspace
                | Token::Param
                | Token::If
                | Token::Else
                | Token::Switch
                | Token::Case
                | Token::Make
                | Token::Requires
                | Token::Type
                | Token::Reserved
        )
    }

    /// Whether a line feed after this token ends the statement (language spec §1.6).
    pub(crate) fn ends_statement(self) -> bool {
        self.is_word()
            || matches!(
                self,
                Token::IntLiteral
                    | Token::FloatLiteral
                    | Token::StringLiteral
                    | Token::RawLiteral
                    | Token::CharLiteral
                    | Token::Template
                    | Token::CloseParen
                    | Token::CloseBrace
                    | Token::CloseBracket
            )
    }

    /// Whether the token is an opening bracket.
    pub(crate) fn opens(self) -> bool {
        matches!(self, Token::OpenParen | Token::OpenBracket | Token::OpenBrace)
    }

    /// Whether the token is a closing bracket.
    pub(crate) fn closes(self) -> bool {
        matches!(self, Token::CloseParen | Token::CloseBracket | Token::CloseBrace)
    }

    /// Whether the token is a comment.
    pub(crate) fn is_comment(self) -> bool {
        matches!(self, Token::LineComment | Token::BlockComment)
    }
}

/// A token in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    /// Its kind.
    pub(crate) token: Token,
    /// First byte in the source.
    pub(crate) start: u32,
    /// One past its last byte.
    pub(crate) end: u32,
}
