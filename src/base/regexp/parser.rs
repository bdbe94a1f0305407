//! Reads an expression by the rules of Go's RE2 dialect and writes it in the dialect of `regex`.
//!
//! One pass, no tree: every open group keeps the translation of what it holds so far and where its
//! last operand starts, which is all that a repetition operator needs. Mistakes are reported as Go
//! reports them, code and fragment, which includes the order in which it looks for them.

use super::class::Class;
use super::{Code, ParseRegexpError};

/// The largest repetition count, and the largest product of nested ones.
const MAX_REPEAT: u32 = 1000;

/// How many operators may stand inside each other.
const MAX_HEIGHT: u32 = 1000;

/// A checked expression.
pub(super) struct Parsed {
    /// The same in the dialect of `regex`, with its default flags.
    pub(super) translation: String,
    /// The names of the groups, the whole match included.
    pub(super) names: Vec<Option<String>>,
}

pub(super) fn parse(pattern: &[u8]) -> Result<Parsed, ParseRegexpError> {
    let mut parser = Parser {
        whole: pattern,
        rest: pattern,
        flags: Flags::default(),
        group: Group::new("", Flags::default()),
        outer: Vec::new(),
        names: vec![None],
        last_repeat: None,
    };
    while !parser.rest.is_empty() {
        parser.step()?;
    }
    if !parser.outer.is_empty() {
        return Err(ParseRegexpError::new(Code::MissingParenthesis, pattern));
    }
    parser.group.settle(false);
    parser.check_height(parser.group.height_with_branches())?;
    Ok(Parsed { translation: parser.group.text, names: parser.names })
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`: letters match either case.
    fold: bool,
    /// `m`: `^` and `$` match at lines.
    multi_line: bool,
    /// `s`: `.` matches a newline.
    dot_newline: bool,
    /// `U`: `x*` and `x*?` swap their meaning.
    swap_greed: bool,
}

/// The last operand: what a repetition operator would apply to.
#[derive(Clone, Copy)]
struct Operand {
    /// Where its translation starts in that of the group; it runs to the end.
    start: usize,
    height: u32,
    /// The product of the repetition counts inside.
    copies: u32,
}

/// An open group, or the whole expression.
struct Group {
    /// How it opens in the translation.
    opening: &'static str,
    /// The flags outside, which hold again after it.
    outer_flags: Flags,
    /// What it holds so far.
    text: String,
    last: Option<Operand>,
    /// Operands in the current alternative.
    operands: u32,
    alternatives: u32,
    /// The largest height and number of copies of any operand but the last.
    height: u32,
    copies: u32,
}

impl Group {
    fn new(opening: &'static str, outer_flags: Flags) -> Self {
        let text = String::new();
        Self { opening, outer_flags, text, last: None, operands: 0, alternatives: 1, height: 0, copies: 1 }
    }

    /// Adds an operand whose translation `write` appends.
    fn operand(&mut self, height: u32, copies: u32, write: impl FnOnce(&mut String)) {
        self.settle(true);
        let start = self.text.len();
        write(&mut self.text);
        self.operands += 1;
        self.last = Some(Operand { start, height, copies });
    }

    /// Ends the current alternative.
    fn alternative(&mut self) {
        self.settle(false);
        self.text.push('|');
        self.alternatives += 1;
        self.operands = 0;
    }

    /// Counts the last operand, to which nothing can be applied from now on.
    fn settle(&mut self, another_follows: bool) {
        if let Some(operand) = self.last.take() {
            let sequence = u32::from(another_follows || self.operands > 1);
            self.height = self.height.max(operand.height + sequence);
            self.copies = self.copies.max(operand.copies);
        }
    }

    /// How many operators stand inside each other in what was settled.
    fn height_with_branches(&self) -> u32 {
        self.height.max(1) + u32::from(self.alternatives > 1)
    }
}

struct Parser<'p> {
    whole: &'p [u8],
    /// What is still to be read.
    rest: &'p [u8],
    flags: Flags,
    group: Group,
    /// The groups around [`Parser::group`], innermost last.
    outer: Vec<Group>,
    names: Vec<Option<String>>,
    /// The rest at the start of the repetition operator that was read last, if nothing followed it.
    last_repeat: Option<&'p [u8]>,
}

type Step = Result<(), ParseRegexpError>;

impl<'p> Parser<'p> {
    /// Reads one operator or operand.
    fn step(&mut self) -> Step {
        let stacked = self.last_repeat.take();
        match self.rest[0] {
            b'(' if self.rest.starts_with(b"(?") => self.perl_group(),
            b'(' => {
                self.skip(1);
                self.names.push(None);
                self.open("(");
                Ok(())
            }
            b')' => self.close(),
            b'|' => {
                self.skip(1);
                self.group.alternative();
                Ok(())
            }
            b'^' => self.assertion(1, if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
            b'$' => self.assertion(1, if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
            b'.' => {
                self.skip(1);
                self.class(&Class::any(self.flags.dot_newline));
                Ok(())
            }
            b'[' => self.bracketed_class(),
            b'*' => self.repeat(1, (0, None), stacked),
            b'+' => self.repeat(1, (1, None), stacked),
            b'?' => self.repeat(1, (0, Some(1)), stacked),
            b'{' => match counts(self.rest) {
                Some((length, min, max))
                    if min.max(max.unwrap_or(0)) <= MAX_REPEAT && max.is_none_or(|max| min <= max) =>
                {
                    self.repeat(length, (min, max), stacked)
                }
                Some((length, ..)) => Err(ParseRegexpError::new(Code::RepeatCount, &self.rest[..length])),
                None => self.literal(),
            },
            b'\\' => self.backslash(),
            _ => self.literal(),
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// What was read since the rest was `start`.
    fn since(&self, start: &'p [u8]) -> &'p [u8] {
        &start[..start.len() - self.rest.len()]
    }

    fn fail<T>(&self, code: Code, start: &'p [u8]) -> Result<T, ParseRegexpError> {
        Err(ParseRegexpError::new(code, self.since(start)))
    }

    /// Takes the next character; `None` at the end.
    fn next(&mut self) -> Result<Option<char>, ParseRegexpError> {
        let head = &self.rest[..self.rest.len().min(4)];
        let Some(chunk) = head.utf8_chunks().next() else { return Ok(None) };
        match chunk.valid().chars().next() {
            None => Err(ParseRegexpError::new(Code::Utf8, self.rest)),
            Some(c) => {
                self.skip(c.len_utf8());
                Ok(Some(c))
            }
        }
    }

    fn literal(&mut self) -> Step {
        if let Some(c) = self.next()? {
            self.class(&Class::single(c).folded(self.flags.fold));
        }
        Ok(())
    }

    fn class(&mut self, class: &Class) {
        self.group.operand(1, 1, |text| class.write(text));
    }

    fn assertion(&mut self, length: usize, translation: &str) -> Step {
        self.skip(length);
        self.group.operand(1, 1, |text| text.push_str(translation));
        Ok(())
    }

    /// Opens a group; its flags are the current ones.
    fn open(&mut self, opening: &'static str) {
        let inner = Group::new(opening, self.flags);
        self.outer.push(std::mem::replace(&mut self.group, inner));
    }

    fn close(&mut self) -> Step {
        let Some(outer) = self.outer.pop() else {
            return Err(ParseRegexpError::new(Code::UnexpectedParenthesis, self.whole));
        };
        self.skip(1);
        let mut inner = std::mem::replace(&mut self.group, outer);
        inner.settle(false);
        self.flags = inner.outer_flags;
        let height = inner.height_with_branches() + u32::from(inner.opening == "(");
        self.check_height(height)?;
        self.group.operand(height, inner.copies, |text| {
            text.push_str(inner.opening);
            text.push_str(&inner.text);
            text.push(')');
        });
        Ok(())
    }

    fn check_height(&self, height: u32) -> Step {
        if height > MAX_HEIGHT {
            return Err(ParseRegexpError::new(Code::NestsTooDeeply, self.whole));
        }
        Ok(())
    }

    /// Applies a repetition operator of `length` bytes, and the `?` after it, to the last operand.
    fn repeat(&mut self, length: usize, (min, max): (u32, Option<u32>), stacked: Option<&'p [u8]>) -> Step {
        let start = self.rest;
        self.skip(length);
        let lazy = self.rest.starts_with(b"?");
        self.skip(usize::from(lazy));
        // `a**` is refused rather than read in one of the ways that other dialects have.
        if let Some(stacked) = stacked {
            return self.fail(Code::NestedRepetition, stacked);
        }
        let Some(operand) = self.group.last else { return self.fail(Code::MissingArgument, start) };
        let height = operand.height + 1;
        self.check_height(height)?;
        // `*`, `+`, `?` and `{0}` do not multiply.
        let count = if start[0] == b'{' { max.unwrap_or(min).max(1) } else { 1 };
        let copies = if max == Some(0) { 1 } else { operand.copies.saturating_mul(count) };
        if copies > MAX_REPEAT && count > 1 {
            return self.fail(Code::RepeatCount, start);
        }
        let text = &mut self.group.text;
        text.insert_str(operand.start, "(?:");
        text.push(')');
        match max {
            Some(max) => text.push_str(&format!("{{{min},{max}}}")),
            None => text.push_str(&format!("{{{min},}}")),
        }
        if lazy != self.flags.swap_greed {
            text.push('?');
        }
        self.group.last = Some(Operand { height, copies, ..operand });
        self.last_repeat = Some(start);
        Ok(())
    }

    /// Reads what starts with `(?`: a named group, a group with flags, or flags for the rest.
    fn perl_group(&mut self) -> Step {
        let start = self.rest;
        if start.starts_with(b"(?P<") && start.len() > 4 {
            return self.named_group();
        }
        self.skip(2);
        let mut flags = self.flags;
        let (mut value, mut any) = (true, false);
        while let Some(c) = self.next()? {
            match c {
                'i' => flags.fold = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.swap_greed = value,
                '-' if value => {
                    (value, any) = (false, false);
                    continue;
                }
                ':' | ')' if value || any => {
                    if c == ':' {
                        self.open("(?:");
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            any = true;
        }
        self.fail(Code::PerlSyntax, start)
    }

    fn named_group(&mut self) -> Step {
        let start = self.rest;
        let Some(end) = start.iter().position(|byte| *byte == b'>') else {
            check_utf8(start)?;
            return Err(ParseRegexpError::new(Code::NamedCapture, start));
        };
        let name = &start[4..end];
        check_utf8(name)?;
        self.skip(end + 1);
        let is_name = !name.is_empty() && name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_');
        if !is_name {
            return self.fail(Code::NamedCapture, start);
        }
        // A name may come again; a template then means the first group of that name that matched.
        self.names.push(Some(String::from_utf8_lossy(name).into_owned()));
        self.open("(");
        Ok(())
    }

    /// Reads what starts with a backslash outside of brackets.
    fn backslash(&mut self) -> Step {
        match self.rest.get(1) {
            Some(b'A') => return self.assertion(2, r"\A"),
            Some(b'z') => return self.assertion(2, r"\z"),
            Some(b'b') => return self.assertion(2, r"(?-u:\b)"),
            Some(b'B') => return self.assertion(2, r"(?-u:\B)"),
            Some(b'C') => return Err(ParseRegexpError::new(Code::Escape, &self.rest[..2])),
            Some(b'Q') => return self.quoted(),
            _ => {}
        }
        let class = match self.named_class()? {
            Some(class) => class,
            None => {
                let c = self.escape()?;
                Class::range(c, c).folded(self.flags.fold)
            }
        };
        self.class(&class);
        Ok(())
    }

    /// Reads `\Q…\E`, or to the end if there is no `\E`: every character is literal.
    fn quoted(&mut self) -> Step {
        self.skip(2);
        let end = self.rest.windows(2).position(|pair| pair == br"\E");
        let (text, behind) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 2..]),
            None => (self.rest, &[][..]),
        };
        self.rest = text;
        while !self.rest.is_empty() {
            self.literal()?;
        }
        self.rest = behind;
        Ok(())
    }

    /// Reads `\d` and its like or `\p{…}`, if that is what comes.
    fn named_class(&mut self) -> Result<Option<Class>, ParseRegexpError> {
        let &[b'\\', letter, ..] = self.rest else { return Ok(None) };
        if letter.eq_ignore_ascii_case(&b'p') {
            return self.unicode_class().map(Some);
        }
        let class = Class::perl(letter, self.flags.fold);
        if class.is_some() {
            self.skip(2);
        }
        Ok(class)
    }

    /// Reads `\pL`, `\p{Greek}`, `\P{…}` or `\p{^…}`.
    fn unicode_class(&mut self) -> Result<Class, ParseRegexpError> {
        let start = self.rest;
        let mut negated = start[1] == b'P';
        self.skip(2);
        let name = match self.next()? {
            Some('{') => {
                let Some(end) = self.rest.iter().position(|byte| *byte == b'}') else {
                    check_utf8(start)?;
                    return Err(ParseRegexpError::new(Code::ClassRange, start));
                };
                let name = &self.rest[..end];
                self.skip(end + 1);
                check_utf8(name)?;
                name
            }
            _ => &self.since(start)[2..],
        };
        let mut name = String::from_utf8_lossy(name).into_owned();
        if name.starts_with('^') {
            name.remove(0);
            negated = !negated;
        }
        match Class::unicode(&name, self.flags.fold) {
            Some(class) => Ok(class.negated(negated)),
            None => self.fail(Code::ClassRange, start),
        }
    }

    /// Reads a class in brackets.
    fn bracketed_class(&mut self) -> Step {
        let start = self.rest;
        self.skip(1);
        let negated = self.rest.starts_with(b"^");
        self.skip(usize::from(negated));
        let mut class = Class::empty();
        // A closing bracket in front is an ordinary character.
        let mut first = true;
        while first || !self.rest.starts_with(b"]") {
            first = false;
            class.extend(&self.class_item(start)?);
        }
        self.skip(1);
        self.class(&class.negated(negated));
        Ok(())
    }

    /// Reads a named class, a character or a range between brackets.
    fn class_item(&mut self, bracket: &'p [u8]) -> Result<Class, ParseRegexpError> {
        if let Some(behind) = self.rest.strip_prefix(b"[:")
            && let Some(length) = behind.windows(2).position(|pair| pair == b":]")
        {
            let start = self.rest;
            self.skip(length + 4);
            return match Class::posix(&behind[..length], self.flags.fold) {
                Some(class) => Ok(class),
                None => self.fail(Code::ClassRange, start),
            };
        }
        if let Some(class) = self.named_class()? {
            return Ok(class);
        }
        let start = self.rest;
        let low = self.class_char(bracket)?;
        let mut high = low;
        // A hyphen before the closing bracket is an ordinary character.
        if self.rest.len() >= 2 && self.rest[0] == b'-' && self.rest[1] != b']' {
            self.skip(1);
            high = self.class_char(bracket)?;
            if high < low {
                return self.fail(Code::ClassRange, start);
            }
        }
        Ok(Class::range(low, high).folded(self.flags.fold))
    }

    fn class_char(&mut self, bracket: &'p [u8]) -> Result<u32, ParseRegexpError> {
        if self.rest.starts_with(b"\\") {
            return self.escape();
        }
        match self.next()? {
            Some(c) => Ok(u32::from(c)),
            None => Err(ParseRegexpError::new(Code::MissingBracket, bracket)),
        }
    }

    /// Reads a backslash and what stands for one code point after it.
    fn escape(&mut self) -> Result<u32, ParseRegexpError> {
        let start = self.rest;
        self.skip(1);
        let Some(c) = self.next()? else {
            return Err(ParseRegexpError::new(Code::TrailingBackslash, b""));
        };
        let value = match c {
            '0' => Some(self.octal(0)),
            // A single digit would be a reference to a group, which the dialect does not have.
            '1'..='7' if matches!(self.rest.first(), Some(b'0'..=b'7')) => {
                Some(self.octal(u32::from(c) - u32::from('0')))
            }
            'x' => self.hexadecimal()?,
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        match value {
            Some(value) => Ok(value),
            None => self.fail(Code::Escape, start),
        }
    }

    /// Up to two more octal digits.
    fn octal(&mut self, mut value: u32) -> u32 {
        for _ in 0..2 {
            let Some(digit @ b'0'..=b'7') = self.rest.first() else { break };
            value = value * 8 + u32::from(digit - b'0');
            self.skip(1);
        }
        value
    }

    /// Two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Result<Option<u32>, ParseRegexpError> {
        let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
        let Some(first) = self.next()? else { return Ok(None) };
        if first != '{' {
            let second = self.next()?;
            return Ok(digit(Some(first)).zip(digit(second)).map(|(high, low)| high * 16 + low));
        }
        let (mut value, mut digits) = (0, 0);
        loop {
            let c = self.next()?;
            if c == Some('}') {
                return Ok((digits > 0).then_some(value));
            }
            let Some(digit) = digit(c) else { return Ok(None) };
            value = value * 16 + digit;
            digits += 1;
            if value > u32::from(char::MAX) {
                return Ok(None);
            }
        }
    }
}

fn check_utf8(text: &[u8]) -> Step {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(ParseRegexpError::new(Code::Utf8, &text[error.valid_up_to()..])),
    }
}

/// Reads repetition counts in braces, `{n}`, `{n,}` or `{n,m}`, at the start of `text`: their length in
/// bytes, the minimum and the maximum. `None` if this is something else, and the brace therefore
/// literal.
fn counts(text: &[u8]) -> Option<(usize, u32, Option<u32>)> {
    let body = text.strip_prefix(b"{")?;
    let length = body.iter().position(|byte| *byte == b'}')?;
    let body = std::str::from_utf8(&body[..length]).ok()?;
    let (min, max) = match body.split_once(',') {
        None => (count(body)?, Some(count(body)?)),
        Some((min, "")) => (count(min)?, None),
        Some((min, max)) => (count(min)?, Some(count(max)?)),
    };
    Some((length + 2, min, max))
}

/// A count without leading zeros; one that is too large as the largest number.
fn count(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    if !is_number || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
