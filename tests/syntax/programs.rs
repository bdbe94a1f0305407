//! Random programs of every form of the language, laid out at random.
//!
//! A program follows from a list of numbers, each of which chooses among the forms that are possible at some
//! place; where the list ends, the first and smallest is chosen. So the shorter list is the simpler program.

use proptest::prelude::*;

/// A program with comments. A few cannot be parsed, since a comment may keep a line feed from ending a
/// statement.
pub(crate) fn module() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(|numbers| text(&numbers, true))
}

/// A program without comments. All can be parsed.
pub(crate) fn plain_module() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(|numbers| text(&numbers, false))
}

fn text(numbers: &[u8], with_comments: bool) -> String {
    let (forms, layout) = numbers.split_at(numbers.len() / 2);
    let mut program = Program { choices: Choices { numbers: forms, next: 0 }, pieces: Vec::new() };
    program.module();
    lay_out(&program.pieces, &mut Choices { numbers: layout, next: 0 }, with_comments)
}

/// Numbers yet to be used.
struct Choices<'n> {
    numbers: &'n [u8],
    next: usize,
}

impl Choices<'_> {
    /// A number below `count`.
    fn choose(&mut self, count: usize) -> usize {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        usize::from(number) % count
    }

    fn is_used_up(&self) -> bool {
        self.next >= self.numbers.len()
    }
}

/// A part of a program.
enum Piece {
    Token(&'static str),
    /// A semicolon or a line feed.
    End,
    /// The same, or nothing.
    OptionalEnd,
    OptionalComma,
}

/// A program being made.
struct Program<'n> {
    choices: Choices<'n>,
    pieces: Vec<Piece>,
}

impl Program<'_> {
    fn tokens(&mut self, tokens: &'static str) {
        self.pieces.extend(tokens.split(' ').map(Piece::Token));
    }

    fn choose(&mut self, count: usize) -> usize {
        self.choices.choose(count)
    }

    fn one_of(&mut self, tokens: &[&'static str]) {
        let token = tokens[self.choose(tokens.len())];
        self.pieces.push(Piece::Token(token));
    }

    /// One to three parts with something between them.
    fn several(&mut self, separator: &'static str, part: fn(&mut Self)) {
        part(self);
        for _ in 0..self.choose(3) {
            self.tokens(separator);
            part(self);
        }
    }

    fn module(&mut self) {
        if self.choose(8) == 1 {
            self.tokens("keyspace \"k\"");
            self.pieces.push(Piece::End);
        }
        for _ in 0..self.choose(3) {
            self.param();
            self.pieces.push(Piece::End);
        }
        for _ in 0..1 + self.choose(4) {
            self.decl(true);
            self.pieces.push(Piece::End);
        }
    }

    fn param(&mut self) {
        self.tokens("param");
        if self.choose(2) == 0 {
            return self.param_spec();
        }
        self.tokens("(");
        for _ in 0..self.choose(4) {
            self.param_spec();
            self.pieces.push(Piece::End);
        }
        self.tokens(")");
    }

    fn param_spec(&mut self) {
        self.name();
        match self.choose(4) {
            0 => self.ty(),
            1 => {
                self.tokens(",");
                self.name();
                self.ty();
            }
            2 => {
                self.tokens("=");
                self.expr();
            }
            _ => {
                self.ty();
                self.tokens("=");
                self.expr();
            }
        }
    }

    fn name(&mut self) {
        self.one_of(&["a", "b", "long_name", "Exported", "é2"]);
    }

    fn decl(&mut self, may_be_type: bool) {
        match self.choose(if may_be_type { 7 } else { 6 }) {
            0 => self.assign(),
            1 => {
                self.tokens("val");
                self.pattern();
                self.tokens("=");
                self.expr();
            }
            2 => {
                self.tokens("val");
                self.name();
                self.ty();
                self.tokens("=");
                self.expr();
            }
            3 | 4 => {
                self.tokens("func");
                self.name();
                self.params();
                if self.choose(2) == 1 {
                    self.ty();
                }
                self.tokens("=");
                self.expr();
            }
            5 => {
                self.tokens("@ requires");
                self.decls();
                self.pieces.push(Piece::OptionalEnd);
                self.decl(false);
            }
            _ => {
                self.tokens("type");
                self.name();
                self.ty();
            }
        }
    }

    fn assign(&mut self) {
        self.name();
        self.tokens(":=");
        self.expr();
    }

    /// Declarations as arguments, in parentheses.
    fn decls(&mut self) {
        self.tokens("(");
        self.more_decls();
        self.tokens(")");
    }

    fn more_decls(&mut self) {
        match self.choose(5) {
            0 => return,
            1 => self.tokens(","),
            _ => {}
        }
        self.several(",", |program| match program.choose(4) {
            0 => program.name(),
            3 => program.decl(false),
            _ => program.assign(),
        });
    }

    fn params(&mut self) {
        self.tokens("(");
        self.fields();
        self.tokens(")");
    }

    fn fields(&mut self) {
        self.several(",", |program| {
            program.several(",", Self::name);
            program.ty();
        });
    }

    fn ty(&mut self) {
        if self.choices.is_used_up() {
            return self.tokens("int");
        }
        match self.choose(13) {
            0..4 => self.one_of(&["int", "float", "string", "bool", "file", "dir", "T"]),
            4 => self.tokens("m . T"),
            5 => {
                self.tokens("[");
                self.ty();
                self.tokens("]");
            }
            6 => {
                self.tokens("[ string :");
                self.ty();
                self.tokens("]");
            }
            7 => {
                self.tokens("{");
                self.fields();
                self.tokens("}");
            }
            8 => {
                self.tokens("module {");
                self.fields();
                self.tokens("}");
            }
            9 => {
                self.tokens("(");
                self.several(",", Self::ty);
                self.tokens(")");
            }
            10 => self.params(),
            11 => {
                self.tokens("func");
                self.params();
                self.ty();
            }
            _ => self.several("|", |program| {
                program.tokens("#");
                program.name();
                program.tokens("(");
                program.ty();
                program.tokens(")");
            }),
        }
    }

    fn pattern(&mut self) {
        match self.choose(8) {
            0..3 => self.name(),
            3 => self.tokens("_"),
            4 => {
                self.tokens("(");
                self.several(",", Self::pattern);
                self.tokens(")");
            }
            5 => {
                self.tokens("[");
                self.several(",", Self::pattern);
                match self.choose(3) {
                    0 => {}
                    1 => self.tokens(", ..."),
                    _ => {
                        self.tokens(", ...");
                        self.pattern();
                    }
                }
                self.tokens("]");
            }
            6 => {
                self.tokens("{");
                self.several(",", |program| {
                    program.name();
                    if program.choose(2) == 1 {
                        program.tokens(":");
                        program.pattern();
                    }
                });
                self.tokens("}");
            }
            _ => {
                self.tokens("# Tag (");
                self.pattern();
                self.tokens(")");
            }
        }
    }

    fn expr(&mut self) {
        if self.choices.is_used_up() {
            return self.tokens("1");
        }
        match self.choose(20) {
            0..4 => self.leaf(),
            4..7 => {
                self.expr();
                self.one_of(&["~>", "||", "&&", "<", ">=", "==", "+", "-", "*", "%", "<<"]);
                self.expr();
            }
            7 => {
                self.one_of(&["!", "-"]);
                self.expr();
            }
            8 => {
                self.tokens("(");
                self.expr();
                self.tokens(")");
            }
            9 => {
                self.tokens("f (");
                self.elements();
                self.tokens(")");
            }
            10 => {
                self.one_of(&["x", "1", "2."]);
                self.tokens(". y [");
                self.expr();
                self.tokens("] . z");
            }
            11 => self.conditional(),
            12 => self.switch(),
            13 => self.block(),
            14 => {
                self.tokens("func");
                self.params();
                if self.choose(2) == 1 {
                    self.ty();
                }
                self.tokens("=>");
                self.expr();
            }
            15 => {
                self.tokens("(");
                self.expr();
                self.tokens(",");
                self.elements();
                self.tokens(")");
            }
            16 => self.structure(),
            17 => self.list(),
            18 => self.comprehension(),
            _ => self.rarer(),
        }
    }

    fn rarer(&mut self) {
        match self.choose(5) {
            0 => {
                self.tokens("# Tag (");
                self.expr();
                self.tokens(")");
            }
            1 => {
                self.tokens("int (");
                self.expr();
                self.tokens(")");
            }
            2 => {
                self.tokens("exec");
                self.decls();
                self.tokens("(");
                self.fields();
                self.tokens(")");
                self.one_of(&["{\" a  {{b}} > {{ out }} \"}", "{\"\n\tcat {{x}} \\\n  // no comment\n\"}"]);
            }
            3 => self.tokens("make ( \"$/dirs\" )"),
            _ => {
                self.tokens("make ( \"./m.rf\" ,");
                self.more_decls();
                self.pieces.push(Piece::OptionalComma);
                self.tokens(")");
            }
        }
    }

    fn leaf(&mut self) {
        self.one_of(&[
            "x",
            "1",
            "file",
            "true",
            "2.5",
            "\"s\"",
            "`raw\n\t string`",
            "GiB",
            "08",
            "\"a{b\"",
            "# Tag",
            "[ : ]",
            ".5",
            "1e9",
        ]);
        if let Some(Piece::Token(words @ ("# Tag" | "[ : ]"))) = self.pieces.last() {
            let words = words.split(' ');
            self.pieces.pop();
            self.pieces.extend(words.map(Piece::Token));
        }
    }

    fn elements(&mut self) {
        self.several(",", Self::expr);
        self.pieces.push(Piece::OptionalComma);
    }

    fn conditional(&mut self) {
        self.tokens("if");
        self.expr();
        self.block_of(0);
        self.tokens("else");
        if self.choose(3) == 1 {
            self.conditional();
        } else {
            self.block_of(0);
        }
    }

    fn block(&mut self) {
        self.block_of(1);
    }

    /// A block of that many declarations or a few more.
    fn block_of(&mut self, least: usize) {
        self.tokens("{");
        for _ in 0..least + self.choose(3) {
            self.decl(false);
            self.pieces.push(Piece::End);
        }
        self.expr();
        self.pieces.push(Piece::OptionalEnd);
        self.tokens("}");
    }

    fn switch(&mut self) {
        self.tokens("switch");
        self.expr();
        self.tokens("{");
        for _ in 0..self.choose(4) {
            self.tokens("case");
            self.pattern();
            self.tokens(":");
            for _ in 0..self.choose(4).saturating_sub(1) {
                self.decl(false);
                self.pieces.push(Piece::End);
            }
            self.expr();
            self.pieces.push(Piece::OptionalEnd);
        }
        self.tokens("}");
    }

    fn structure(&mut self) {
        self.tokens("{");
        self.several(",", |program| {
            program.name();
            if program.choose(3) > 0 {
                program.tokens(":");
                program.expr();
            }
        });
        self.pieces.push(Piece::OptionalComma);
        self.tokens("}");
    }

    fn list(&mut self) {
        self.tokens("[");
        let has_elements = match self.choose(5) {
            0 => false,
            1 | 2 => {
                self.several(",", |program| {
                    program.expr();
                    program.tokens(":");
                    program.expr();
                });
                true
            }
            _ => {
                self.several(",", Self::expr);
                true
            }
        };
        let appends = self.choose(4).saturating_sub(1);
        if has_elements {
            self.pieces.push(Piece::OptionalComma);
        }
        for _ in 0..appends {
            self.tokens("...");
            self.expr();
            self.pieces.push(Piece::OptionalEnd);
        }
        self.tokens("]");
    }

    fn comprehension(&mut self) {
        self.tokens("[");
        self.expr();
        self.tokens("|");
        self.several(",", |program| {
            if program.choose(3) == 1 {
                program.tokens("if");
            } else {
                program.pattern();
                program.tokens("<-");
            }
            program.expr();
        });
        self.tokens("]");
    }
}

/// What may stand where a statement ends.
const ENDS: &[&str] = &["\n", "; ", ";\n", "\n\n\n", " ;\n\n"];
const COMMENTED_ENDS: &[&str] = &[
    " // c\n",
    " /* c */\n",
    "\n// d\n",
    "\n\n// d\n// e\n",
    "\n// d\n\n// e\n\n",
    " // c\n\n// d\n",
    " // c\n// d\n",
    "; /* d */ ",
    "; // c\n",
    "; // c\n// d\n",
    ";\n// d\n",
    "\n/* d */ ",
    " /* c */; ",
    " /* c */; /* d */ ",
    " /* c */;\n// d\n",
    "\n\n/* two\n   lines */\n",
    " // c\n/* d */ ",
];
/// What may stand between two tokens of a line.
const BLANKS: &[&str] = &[" ", " ", " ", "", "\t "];
const COMMENTED_BLANKS: &[&str] = &[" /* c */ ", "/* c *//* d */", " /* c */\n/* d */ "];
/// What may stand behind a token that ends no statement.
const FEEDS: &[&str] = &["\n", "\n\n", " \n\t\n\n"];
const COMMENTED_FEEDS: &[&str] = &[
    " // c\n",
    "\n// d\n",
    " // c\n\n// d\n",
    "\n/* d */ ",
    " /* c */\n",
    "\n\n/* c */\n\n// d\n\n\n/* e */ /* f */ ",
];

/// Whether a line feed behind a token would end a statement.
fn ends_statement(token: &str) -> bool {
    token != "_"
        && token.ends_with(|last: char| last.is_alphanumeric() || "\"`)]}.".contains(last))
        && token != "."
        && token != "..."
}

/// Whether two tokens would become others if nothing stood between them.
fn would_join(left: &str, right: &str) -> bool {
    let is_bracket = |token: &str| ["(", ")", "[", "]", "}", ","].contains(&token);
    !(is_bracket(left) || is_bracket(right))
}

fn lay_out(pieces: &[Piece], choices: &mut Choices<'_>, with_comments: bool) -> String {
    let mut text = String::new();
    let mut previous: Option<&str> = None;
    let pick = |choices: &mut Choices<'_>, plain: &[&'static str], commented: &[&'static str]| {
        let commented = if with_comments { commented } else { &[] };
        let index = choices.choose(plain.len() + commented.len());
        plain.get(index).or_else(|| commented.get(index - plain.len())).copied().unwrap_or("")
    };
    for piece in pieces {
        match piece {
            Piece::End => {
                text.push_str(pick(choices, ENDS, COMMENTED_ENDS));
                previous = None;
            }
            Piece::OptionalEnd => {
                if choices.choose(3) > 0 {
                    text.push_str(pick(choices, ENDS, COMMENTED_ENDS));
                    previous = None;
                }
            }
            Piece::OptionalComma => {
                if choices.choose(2) > 0 {
                    text.push_str(pick(choices, BLANKS, COMMENTED_BLANKS));
                    text.push(',');
                    previous = Some(",");
                }
            }
            Piece::Token(token) => {
                if let Some(previous) = previous {
                    let gap = if !ends_statement(previous) && choices.choose(4) == 1 {
                        pick(choices, FEEDS, COMMENTED_FEEDS)
                    } else {
                        pick(choices, BLANKS, COMMENTED_BLANKS)
                    };
                    text.push_str(if gap.is_empty() && would_join(previous, token) { " " } else { gap });
                }
                text.push_str(token);
                previous = Some(token);
            }
        }
    }
    text
}
