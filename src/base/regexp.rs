//! Regular expressions as the language has them: Go's RE2 dialect over byte strings (language spec
//! §7.8), on top of the `regex` crate.
//!
//! A pattern takes one way: `parser` checks it by Go's rules and writes it anew in the dialect of
//! `regex`, with every class spelled out (`class`), so that none of the differences between the two
//! dialects is left to chance. A text takes another: `haystack` turns bytes that are not UTF-8 into
//! U+FFFD, as Go sees them, and maps the matches back. `template` expands replacements.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

mod class;
mod haystack;
mod parser;
mod template;

use haystack::Haystack;

/// How much memory a compiled expression may take, in bytes. A class repeated a thousand times, the
/// most that the dialect allows, stays below it.
const SIZE_LIMIT: usize = 256 << 20;

/// A compiled regular expression. Cheap to clone.
#[derive(Clone)]
pub struct Regexp {
    text: String,
    compiled: regex::Regex,
    /// One for each group, the whole match included; `None` for groups without a name.
    names: Vec<Option<String>>,
}

/// A group's place in the text, in bytes; `None` if it took no part in the match.
type Span = Option<Range<usize>>;

impl Regexp {
    /// Compiles an expression.
    pub fn parse(pattern: impl AsRef<[u8]>) -> Result<Self, ParseRegexpError> {
        let pattern = pattern.as_ref();
        let parser::Parsed { translation, names } = parser::parse(pattern)?;
        let whole = || String::from_utf8_lossy(pattern).into_owned();
        let compiled = regex::RegexBuilder::new(&translation)
            .size_limit(SIZE_LIMIT)
            .nest_limit(u32::MAX)
            .build()
            .map_err(|_| ParseRegexpError { code: Code::TooLarge, fragment: whole() })?;
        Ok(Self { text: whole(), compiled, names })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of groups, without the whole match.
    pub fn group_count(&self) -> usize {
        self.names.len() - 1
    }

    /// Whether the expression matches anywhere in `text`.
    pub fn is_match(&self, text: impl AsRef<[u8]>) -> bool {
        self.compiled.is_match(Haystack::new(text.as_ref()).as_str())
    }

    /// The groups 1… of the leftmost match, empty where a group took no part; `None` without a match.
    pub fn groups<'t>(&self, text: &'t (impl AsRef<[u8]> + ?Sized)) -> Option<Vec<&'t [u8]>> {
        let text = text.as_ref();
        let spans = self.spans_at(&Haystack::new(text), 0)?;
        Some(spans.into_iter().skip(1).map(|span| span.map_or(&text[..0], |span| &text[span])).collect())
    }

    /// The text with every match replaced by the expansion of `template`; matches do not overlap, and
    /// an empty one directly after another is left alone.
    ///
    /// In the template, `$1`, `$name` and `${name}` stand for groups, `$$` for a dollar sign.
    pub fn replace_all(&self, text: impl AsRef<[u8]>, template: impl AsRef<[u8]>) -> Vec<u8> {
        let text = text.as_ref();
        let haystack = Haystack::new(text);
        let template = template::parse(template.as_ref(), &self.names);
        let mut out = Vec::with_capacity(text.len());
        let (mut search, mut copied) = (0, 0);
        while search <= text.len()
            && let Some(spans) = self.spans_at(&haystack, search)
            && let Some(Some(found)) = spans.first().cloned()
        {
            out.extend_from_slice(&text[copied..found.start]);
            if found.end > copied || found.start == 0 {
                template::expand(&template, text, &spans, &mut out);
            }
            copied = found.end;
            // At least one character on, or the search would find the same empty match for ever.
            search = found.end.max(haystack.next_char(search));
        }
        out.extend_from_slice(&text[copied..]);
        out
    }

    /// Where the leftmost match at or after the byte `start` and its groups lie.
    fn spans_at(&self, haystack: &Haystack<'_>, start: usize) -> Option<Vec<Span>> {
        let captures = self.compiled.captures_at(haystack.as_str(), haystack.inner(start))?;
        let span = |group| captures.get(group).map(|found: regex::Match<'_>| haystack.outer(found.range()));
        Some((0..self.names.len()).map(span).collect())
    }
}

impl fmt::Display for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regexp({:?})", self.text)
    }
}

impl FromStr for Regexp {
    type Err = ParseRegexpError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// What is wrong with an expression, in the words of the language specification, and the piece that
/// is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {code}: `{fragment}`")]
pub struct ParseRegexpError {
    code: Code,
    fragment: String,
}

impl ParseRegexpError {
    fn new(code: Code, fragment: &[u8]) -> Self {
        Self { code, fragment: String::from_utf8_lossy(fragment).into_owned() }
    }
}

/// The classes of mistakes; their texts are what programs see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Code {
    #[error("invalid character class range")]
    ClassRange,
    #[error("invalid escape sequence")]
    Escape,
    #[error("invalid named capture")]
    NamedCapture,
    #[error("invalid or unsupported Perl syntax")]
    PerlSyntax,
    #[error("invalid nested repetition operator")]
    NestedRepetition,
    #[error("invalid repeat count")]
    RepeatCount,
    #[error("invalid UTF-8")]
    Utf8,
    #[error("missing closing ]")]
    MissingBracket,
    #[error("missing closing )")]
    MissingParenthesis,
    #[error("missing argument to repetition operator")]
    MissingArgument,
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    #[error("unexpected )")]
    UnexpectedParenthesis,
    #[error("expression nests too deeply")]
    NestsTooDeeply,
    #[error("expression too large")]
    TooLarge,
}
