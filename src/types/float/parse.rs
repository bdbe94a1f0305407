//! Reading floats: literals (language spec §1.5), `strings.ToFloat` (§7.7), command-line flags (§8.3).

use num_bigint::BigUint;

use super::{Float, Precision};
use crate::quote::quote_char;

/// Why a text is not a float.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFloatError {
    /// There is no text.
    #[error("EOF")]
    Empty,
    /// The mantissa or an exponent has no digits.
    #[error("number has no digits")]
    NoDigits,
    /// Something follows the number.
    #[error("expected end of string, found {}", quote_char(char::from(*.0)))]
    Trailing(u8),
    /// An underscore stands elsewhere than between digits.
    #[error("'_' must separate successive digits")]
    Separator,
}

/// Exponents are held within this; the numbers end long before.
const GREATEST_EXPONENT: i64 = 1 << 40;

impl Float {
    /// Reads an optional sign, decimal digits with an optional point and an optional exponent of ten
    /// (`e`) or of two (`p`), or an infinity (`Inf`, `inf`), and nothing else. The result has 64 bits.
    ///
    /// # Errors
    ///
    /// If the text is anything else. An exponent out of range is none: it yields infinity or zero.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Float, ParseFloatError> {
        Reader { text: text.as_ref(), relaxed: false, previous: Previous::Other }.number()
    }

    /// Reads as [`Float::parse`] does, and also the prefixes `0x`, `0b` and `0o`, and `_` between digits,
    /// as flags of a program may have them.
    ///
    /// # Errors
    ///
    /// As [`Float::parse`].
    pub fn parse_flag(text: impl AsRef<[u8]>) -> Result<Float, ParseFloatError> {
        Reader { text: text.as_ref(), relaxed: true, previous: Previous::Other }.number()
    }
}

/// A cursor over the text of a number.
struct Reader<'a> {
    /// What has not been read.
    text: &'a [u8],
    /// Whether prefixes and underscores are allowed.
    relaxed: bool,
    previous: Previous,
}

/// What was read last, as far as underscores care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Digit,
    Underscore,
    Other,
}

/// The digits of a mantissa, and how many of them follow the point.
struct Mantissa {
    base: u32,
    digits: Vec<u8>,
    fraction: i64,
}

impl Reader<'_> {
    fn number(mut self) -> Result<Float, ParseFloatError> {
        if self.text.is_empty() {
            return Err(ParseFloatError::Empty);
        }
        let negative = self.sign();
        if matches!(self.text, b"Inf" | b"inf") {
            return Ok(Float::infinity(negative, Precision::Extended));
        }
        let base = self.base();
        let mantissa = self.mantissa(base)?;
        let (mut twos, mut fives) = match base {
            10 => (-mantissa.fraction, -mantissa.fraction),
            _ => (-mantissa.fraction * i64::from(base.ilog2()), 0),
        };
        match self.text.first() {
            Some(b'e' | b'E') => {
                let exponent = self.exponent()?;
                twos += exponent;
                fives += exponent;
            }
            Some(b'p' | b'P') => twos += self.exponent()?,
            _ => {}
        }
        if let Some(byte) = self.text.first() {
            return Err(ParseFloatError::Trailing(*byte));
        }
        let digits = BigUint::from_radix_be(&mantissa.digits, mantissa.base).ok_or(ParseFloatError::NoDigits)?;
        Ok(Float::scaled(negative, &digits, twos, fives, Precision::Extended))
    }

    /// Reads an optional sign; whether it is a minus.
    fn sign(&mut self) -> bool {
        match self.text {
            [b'-', rest @ ..] => {
                self.text = rest;
                true
            }
            [b'+', rest @ ..] => {
                self.text = rest;
                false
            }
            _ => false,
        }
    }

    /// Reads an optional prefix, if those are allowed.
    fn base(&mut self) -> u32 {
        let base = match self.text {
            [b'0', b'x' | b'X', ..] if self.relaxed => 16,
            [b'0', b'b' | b'B', ..] if self.relaxed => 2,
            [b'0', b'o' | b'O', ..] if self.relaxed => 8,
            _ => return 10,
        };
        self.text = &self.text[2..];
        // An underscore may follow a prefix.
        self.previous = Previous::Digit;
        base
    }

    fn mantissa(&mut self, base: u32) -> Result<Mantissa, ParseFloatError> {
        let mut digits = Vec::new();
        let mut point = None;
        while let Some(byte) = self.text.first() {
            if let Some(digit) = char::from(*byte).to_digit(base) {
                // A digit of a base up to 16 fits a byte.
                digits.push(digit as u8);
                self.previous = Previous::Digit;
            } else if *byte == b'.' && point.is_none() {
                self.leave_digits()?;
                point = Some(digits.len());
            } else if !self.separator(*byte)? {
                break;
            }
            self.text = &self.text[1..];
        }
        self.leave_digits()?;
        if digits.is_empty() {
            return Err(ParseFloatError::NoDigits);
        }
        let fraction = point.map_or(0, |point| digits.len() - point) as i64;
        Ok(Mantissa { base, digits, fraction })
    }

    /// Reads the letter of an exponent, which is there, and the exponent.
    fn exponent(&mut self) -> Result<i64, ParseFloatError> {
        self.text = &self.text[1..];
        let negative = self.sign();
        let mut exponent = None;
        while let Some(byte) = self.text.first() {
            if byte.is_ascii_digit() {
                let longer = exponent.unwrap_or(0) * 10 + i64::from(byte - b'0');
                exponent = Some(longer.min(GREATEST_EXPONENT));
                self.previous = Previous::Digit;
            } else if !self.separator(*byte)? {
                break;
            }
            self.text = &self.text[1..];
        }
        self.leave_digits()?;
        let exponent = exponent.ok_or(ParseFloatError::NoDigits)?;
        Ok(if negative { -exponent } else { exponent })
    }

    /// Whether `byte` is an underscore that is allowed here.
    fn separator(&mut self, byte: u8) -> Result<bool, ParseFloatError> {
        if byte != b'_' || !self.relaxed {
            return Ok(false);
        }
        if self.previous != Previous::Digit {
            return Err(ParseFloatError::Separator);
        }
        self.previous = Previous::Underscore;
        Ok(true)
    }

    /// Notes the end of a run of digits, which must not be an underscore.
    fn leave_digits(&mut self) -> Result<(), ParseFloatError> {
        if self.previous == Previous::Underscore {
            return Err(ParseFloatError::Separator);
        }
        self.previous = Previous::Other;
        Ok(())
    }
}
