//! Binary floating-point numbers with an explicit precision (language spec §5.8).
//!
//! A number has a sign, a mantissa of 53 or 64 bits and an exponent of 32 bits. There are signed zeros
//! and infinities, but nothing that is not a number: an operation without a result is an error. What a
//! program prints and what enters its cache keys depends on every bit, so that all operations, and all
//! conversions from and to decimal text, are done here with integers and never with the machine's
//! floating point.

mod arithmetic;
mod decimal;
mod digits;
mod format;
#[cfg(test)]
mod oracle;
mod parse;
mod wide;

use std::cmp::Ordering;
use std::fmt;

use crate::integer::Integer;

pub use arithmetic::UndefinedResult;
pub use parse::ParseFloatError;

/// A floating-point number. Equality and order are numeric: the precision does not count, and the two
/// zeros are equal.
#[derive(Clone, Copy)]
pub struct Float {
    form: Form,
    negative: bool,
    precision: Precision,
    /// Of a finite number: `mantissa · 2^(exponent - 64)`, the mantissa's highest bit set and its bits
    /// beyond the precision clear. Otherwise both are zero.
    mantissa: u64,
    exponent: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Zero,
    Finite,
    Infinite,
}

/// How many bits a mantissa keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// 53 bits: what `float(i)` yields.
    Double,
    /// 64 bits: literals and parsed text.
    Extended,
}

impl Precision {
    /// The number of bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Double => 53,
            Self::Extended => 64,
        }
    }
}

impl Float {
    /// A zero.
    pub const fn zero(negative: bool, precision: Precision) -> Self {
        Self { form: Form::Zero, negative, precision, mantissa: 0, exponent: 0 }
    }

    /// An infinity.
    pub const fn infinity(negative: bool, precision: Precision) -> Self {
        Self { form: Form::Infinite, negative, precision, mantissa: 0, exponent: 0 }
    }

    /// `magnitude · 2^exponent`, rounded to nearest, ties to even; infinite or zero if the exponent
    /// leaves the 32-bit range.
    ///
    /// A magnitude of at least 66 bits may stand for a slightly greater one if its lowest bit is set.
    fn rounded(negative: bool, magnitude: u128, exponent: i64, precision: Precision) -> Self {
        if magnitude == 0 {
            return Self::zero(negative, precision);
        }
        let shift = magnitude.leading_zeros();
        let normal = magnitude << shift;
        let exponent = exponent + 128 - i64::from(shift);

        let dropped = 128 - precision.bits();
        let half = 1u128 << (dropped - 1);
        let rest = normal & ((half << 1) - 1);
        let mut kept = normal >> dropped;
        if rest > half || rest == half && kept & 1 == 1 {
            kept += 1;
        }
        // Rounding up may carry into one more bit.
        let carried = kept >> precision.bits() != 0;
        let (kept, exponent) = if carried { (kept >> 1, exponent + 1) } else { (kept, exponent) };
        let mantissa = (kept as u64) << (64 - precision.bits());
        match i32::try_from(exponent) {
            Ok(exponent) => Self { form: Form::Finite, negative, precision, mantissa, exponent },
            Err(_) if exponent < 0 => Self::zero(negative, precision),
            Err(_) => Self::infinity(negative, precision),
        }
    }

    /// What the builtin `float` makes of an integer: the low 64 bits of its absolute value as a signed
    /// number, rounded to 53 bits.
    pub fn from_integer(value: &Integer) -> Self {
        let value = value.low_i64();
        Self::rounded(value < 0, u128::from(value.unsigned_abs()), 0, Precision::Double)
    }

    /// The same number with 53 bits; `None` for a NaN.
    pub fn from_f64(value: f64) -> Option<Self> {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Self::infinity(negative, Precision::Double));
        }
        let bits = value.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let biased = (bits >> 52 & 0x7ff) as i64;
        let (magnitude, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        Some(Self::rounded(negative, u128::from(magnitude), exponent, Precision::Double))
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        let sign = u64::from(self.negative) << 63;
        let magnitude = match self.form {
            Form::Zero => 0,
            Form::Infinite => f64::INFINITY.to_bits(),
            Form::Finite => self.to_f64_magnitude(),
        };
        f64::from_bits(sign | magnitude)
    }

    /// The bits of the nearest `f64` to the absolute value of a finite number.
    fn to_f64_magnitude(self) -> u64 {
        // The least exponent of a normal `f64`, in the notation of this type; below it, bits are lost.
        const LEAST: i32 = -1021;
        let lost = u32::try_from(LEAST.saturating_sub(self.exponent)).unwrap_or(0);
        let dropped = 11 + lost;
        if dropped > 64 {
            return 0;
        }
        let wide = u128::from(self.mantissa);
        let half = 1u128 << (dropped - 1);
        let rest = wide & ((half << 1) - 1);
        let mut kept = (wide >> dropped) as u64;
        if rest > half || rest == half && kept & 1 == 1 {
            kept += 1;
        }
        // The hidden bit is added to the exponent field, and so is a carry out of the fraction.
        let biased = u64::try_from(i64::from(self.exponent) - i64::from(LEAST)).unwrap_or(0);
        if biased > 2045 {
            return f64::INFINITY.to_bits();
        }
        kept + (biased << 52)
    }

    /// What the builtin `int` makes of the number: truncated toward zero, and held within 64 bits.
    pub fn to_i64_saturating(&self) -> i64 {
        let limit = if self.negative { i64::MIN } else { i64::MAX };
        let magnitude = match (self.form, self.exponent) {
            (Form::Zero, _) | (Form::Finite, ..=0) => return 0,
            (Form::Finite, exponent @ 1..=63) => self.mantissa >> (64 - exponent),
            _ => return limit,
        };
        // The greatest magnitude of 63 bits fits either sign.
        let value = magnitude as i64;
        if self.negative { -value } else { value }
    }

    /// [`Float::to_i64_saturating`] as an integer of the language.
    pub fn to_integer(&self) -> Integer {
        self.to_i64_saturating().into()
    }

    /// Whether this is one of the two zeros.
    pub fn is_zero(&self) -> bool {
        self.form == Form::Zero
    }

    /// Whether this is one of the two infinities.
    pub fn is_infinite(&self) -> bool {
        self.form == Form::Infinite
    }

    /// Whether the sign is negative, be it that of a zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// How many bits the mantissa keeps.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Compares the exact numbers.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| {
            let magnitudes = (self.exponent, self.mantissa).cmp(&(other.exponent, other.mantissa));
            if self.negative { magnitudes.reverse() } else { magnitudes }
        })
    }

    /// −2 … 2 for negative infinity, negative, zero, positive, positive infinity.
    fn rank(&self) -> i8 {
        let rank = match self.form {
            Form::Zero => 0,
            Form::Finite => 1,
            Form::Infinite => 2,
        };
        if self.negative { -rank } else { rank }
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl Eq for Float {}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bits)", self.to_text(-1), self.precision.bits())
    }
}
