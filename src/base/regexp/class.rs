//! Character classes: sets of characters by range, by the names that the dialect knows, and as text
//! that means the same to the `regex` crate.
//!
//! Everything is spelled out as ranges. The two dialects disagree on what `\d`, `\w`, `[:word:]` or
//! case folding cover, but not on `[\x{30}-\x{39}]`.

use std::fmt::Write as _;

use regex_syntax::hir::{self, ClassUnicode, ClassUnicodeRange, HirKind};

/// The general categories, as the dialect writes them.
const CATEGORIES: &str = "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So \
    Z Zl Zp Zs";

/// The scripts, as the dialect writes them; `regex` would also take abbreviations and other case.
const SCRIPTS: &str = "\
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali \
    Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma \
    Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari \
    Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic \
    Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo \
    Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese \
    Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai \
    Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic \
    Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive \
    Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari \
    New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic \
    Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage \
    Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan \
    Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar \
    Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana \
    Thai Tibetan Tifinagh Tirhuta Todhri Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi \
    Yi Zanabazar_Square";

/// A set of characters.
#[derive(Clone)]
pub(super) struct Class(ClassUnicode);

impl Class {
    pub(super) fn empty() -> Self {
        Self(ClassUnicode::empty())
    }

    /// The characters of these ranges, first and last included.
    fn of(ranges: &[(char, char)]) -> Self {
        Self(ClassUnicode::new(ranges.iter().map(|(first, last)| ClassUnicodeRange::new(*first, *last))))
    }

    pub(super) fn single(c: char) -> Self {
        Self::of(&[(c, c)])
    }

    /// Any character, with or without the newline.
    pub(super) fn any(newline: bool) -> Self {
        let mut any = Self::of(&[('\0', char::MAX)]);
        if !newline {
            any.0.difference(&Self::single('\n').0);
        }
        any
    }

    /// The code points from `first` to `last`. Surrogates may be named but match nothing.
    pub(super) fn range(first: u32, last: u32) -> Self {
        let first_char = char::from_u32(first).or_else(|| char::from_u32(0xE000));
        let last_char = char::from_u32(last).or_else(|| char::from_u32(0xD7FF));
        match (first_char, last_char) {
            (Some(first), Some(last)) if first <= last => Self::of(&[(first, last)]),
            _ => Self::empty(),
        }
    }

    /// `\d`, `\s`, `\w` by their letter; a capital letter gives the opposite.
    pub(super) fn perl(letter: u8, fold: bool) -> Option<Self> {
        let class = match letter.to_ascii_lowercase() {
            b'd' => Self::of(&[('0', '9')]),
            b's' => Self::of(&[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')]),
            b'w' => Self::of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
            _ => return None,
        };
        Some(class.folded(fold).negated(letter.is_ascii_uppercase()))
    }

    /// `[:alpha:]` and its like by name; `^` in front gives the opposite.
    pub(super) fn posix(name: &[u8], fold: bool) -> Option<Self> {
        let (name, negated) = name.strip_prefix(b"^").map_or((name, false), |name| (name, true));
        let class = match name {
            b"alnum" => Self::of(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
            b"alpha" => Self::of(&[('A', 'Z'), ('a', 'z')]),
            b"ascii" => Self::of(&[('\0', '\x7F')]),
            b"blank" => Self::of(&[('\t', '\t'), (' ', ' ')]),
            b"cntrl" => Self::of(&[('\0', '\x1F'), ('\x7F', '\x7F')]),
            b"digit" => Self::of(&[('0', '9')]),
            b"graph" => Self::of(&[('!', '~')]),
            b"lower" => Self::of(&[('a', 'z')]),
            b"print" => Self::of(&[(' ', '~')]),
            b"punct" => Self::of(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
            b"space" => Self::of(&[('\t', '\r'), (' ', ' ')]),
            b"upper" => Self::of(&[('A', 'Z')]),
            b"word" => Self::of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
            b"xdigit" => Self::of(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
            _ => return None,
        };
        Some(class.folded(fold).negated(negated))
    }

    /// The class of a general category or a script, by its exact name.
    pub(super) fn unicode(name: &str, fold: bool) -> Option<Self> {
        let class = match name {
            "Any" => Self::any(true),
            "Cs" => Self::empty(),
            // Unlike in `regex`, without the code points that are not assigned.
            "C" => {
                let mut class = Self::table("Cc")?;
                class.extend(&Self::table("Cf")?);
                class.extend(&Self::table("Co")?);
                class
            }
            _ if CATEGORIES.split_ascii_whitespace().any(|category| category == name) => Self::table(name)?,
            _ if SCRIPTS.split_ascii_whitespace().any(|script| script == name) => Self::table(&format!("sc={name}"))?,
            _ => return None,
        };
        Some(class.folded(fold))
    }

    /// A class that `regex` knows by `property`.
    fn table(property: &str) -> Option<Self> {
        match regex_syntax::parse(&format!(r"\p{{{property}}}")).ok()?.into_kind() {
            HirKind::Class(hir::Class::Unicode(class)) => Some(Self(class)),
            // A class of one character.
            HirKind::Literal(hir::Literal(bytes)) => {
                let text = std::str::from_utf8(&bytes).ok()?;
                Some(Self::single(text.chars().next()?))
            }
            _ => None,
        }
    }

    /// With every character that differs only in case from one of these, if `fold`.
    #[must_use]
    pub(super) fn folded(mut self, fold: bool) -> Self {
        if fold {
            self.0.case_fold_simple();
        }
        self
    }

    /// The opposite, if `negate`.
    #[must_use]
    pub(super) fn negated(mut self, negate: bool) -> Self {
        if negate {
            self.0.negate();
        }
        self
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.0.union(&other.0);
    }

    /// Appends an expression for `regex` that matches one of these characters.
    pub(super) fn write(&self, out: &mut String) {
        if let &[range] = self.0.ranges()
            && range.start() == range.end()
        {
            return write_literal(range.start(), out);
        }
        if self.0.ranges().is_empty() {
            return out.push_str(r"[^\x{0}-\x{10FFFF}]");
        }
        out.push('[');
        for range in self.0.ranges() {
            // Writing to a string does not fail.
            let _ = write!(out, r"\x{{{:X}}}-\x{{{:X}}}", u32::from(range.start()), u32::from(range.end()));
        }
        out.push(']');
    }
}

/// Appends an expression for `regex` that matches `c` alone.
fn write_literal(c: char, out: &mut String) {
    if regex_syntax::is_meta_character(c) {
        out.push('\\');
    }
    out.push(c);
}
