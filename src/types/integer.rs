//! Integers of any size (language spec §5.8).
//!
//! Almost every integer of a program fits 64 bits; those are kept unboxed and computed with machine
//! arithmetic. The rest is shared behind a reference count. An integer that fits is always small, so
//! that equality and hashing need not look across representations.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::rc::Rc;
use std::str::FromStr;

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Euclid, Signed, ToPrimitive};

/// The greatest number of bits that a shift may produce: half a gigabyte.
pub const MAX_SHIFT_BITS: u64 = 1 << 32;

/// An integer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64),
    /// Never in the range of `i64`.
    Big(Rc<BigInt>),
}

/// A shift to the left whose result nobody could keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("shift by {count} bits is too large: results are limited to {MAX_SHIFT_BITS} bits")]
pub struct ShiftTooLarge {
    /// By how many bits the number was to be shifted.
    pub count: u64,
}

/// Text that is not a decimal integer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse integer {}", crate::quote::quote(.0.as_bytes()))]
pub struct ParseIntegerError(pub String);

impl Integer {
    /// Zero.
    pub const ZERO: Integer = Integer(Repr::Small(0));

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0))
    }

    /// Whether this is less than zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(value) => *value < 0,
            Repr::Big(value) => value.is_negative(),
        }
    }

    /// The number of bits of the absolute value; 0 for zero.
    pub fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small(value) => u64::from(64 - value.unsigned_abs().leading_zeros()),
            Repr::Big(value) => value.bits(),
        }
    }

    /// The Euclidean quotient: rounded so that the remainder is never negative. `None` if `divisor`
    /// is zero.
    pub fn div_euclid(&self, divisor: &Integer) -> Option<Integer> {
        if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &divisor.0)
            && let Some(quotient) = a.checked_div_euclid(*b)
        {
            return Some(quotient.into());
        }
        (!divisor.is_zero()).then(|| self.to_big().div_euclid(&divisor.to_big()).into())
    }

    /// The Euclidean remainder, in `0 .. |divisor|`. `None` if `divisor` is zero.
    pub fn rem_euclid(&self, divisor: &Integer) -> Option<Integer> {
        if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &divisor.0)
            && let Some(remainder) = a.checked_rem_euclid(*b)
        {
            return Some(remainder.into());
        }
        (!divisor.is_zero()).then(|| self.to_big().rem_euclid(&divisor.to_big()).into())
    }

    /// `self << count`, where the count is the low 64 bits of the absolute value.
    ///
    /// # Errors
    ///
    /// If the result had more than [`MAX_SHIFT_BITS`] bits.
    pub fn shift_left(&self, count: &Integer) -> Result<Integer, ShiftTooLarge> {
        let count = count.low_magnitude();
        if self.is_zero() {
            return Ok(Self::ZERO);
        }
        if count.saturating_add(self.bits()) > MAX_SHIFT_BITS {
            return Err(ShiftTooLarge { count });
        }
        if let Repr::Small(value) = self.0
            && count + self.bits() < 64
        {
            return Ok((value << count).into());
        }
        Ok((self.to_big() << count).into())
    }

    /// `self >> count`, rounded down, where the count is the low 64 bits of the absolute value.
    #[must_use]
    pub fn shift_right(&self, count: &Integer) -> Integer {
        let count = count.low_magnitude();
        match &self.0 {
            Repr::Small(value) => (value >> count.min(63)).into(),
            Repr::Big(value) if count > value.bits() => (if value.is_negative() { -1i64 } else { 0 }).into(),
            Repr::Big(value) => (value.as_ref() >> count).into(),
        }
    }

    /// The value, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(value) => Some(*value),
            Repr::Big(_) => None,
        }
    }

    /// The value, or the nearest one that fits.
    pub fn to_i64_saturating(&self) -> i64 {
        match &self.0 {
            Repr::Small(value) => *value,
            Repr::Big(value) if value.is_negative() => i64::MIN,
            Repr::Big(_) => i64::MAX,
        }
    }

    /// The low 64 bits of the absolute value.
    pub fn low_magnitude(&self) -> u64 {
        match &self.0 {
            Repr::Small(value) => value.unsigned_abs(),
            Repr::Big(value) => value.iter_u64_digits().next().unwrap_or(0),
        }
    }

    /// The low 64 bits of the absolute value, read as a signed number, under the sign of this one: how
    /// `float(i)`, indexes and resources see an integer.
    pub fn low_i64(&self) -> i64 {
        let magnitude = self.low_magnitude() as i64;
        if self.is_negative() { magnitude.wrapping_neg() } else { magnitude }
    }

    /// The bytes that stand for the integer in digests (language spec §10.2): the absolute value, big
    /// endian, without leading zeros, behind a zero byte if the integer is negative.
    pub fn digest_payload(&self) -> Vec<u8> {
        let mut payload = if self.is_negative() { vec![0] } else { Vec::new() };
        match &self.0 {
            Repr::Small(value) => {
                let bytes = value.unsigned_abs().to_be_bytes();
                payload.extend(bytes.iter().skip_while(|byte| **byte == 0));
            }
            Repr::Big(value) => payload.extend(value.magnitude().to_bytes_be()),
        }
        payload
    }

    fn to_big(&self) -> BigInt {
        match &self.0 {
            Repr::Small(value) => BigInt::from(*value),
            Repr::Big(value) => value.as_ref().clone(),
        }
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Self(Repr::Small(value))
    }
}

impl From<i32> for Integer {
    fn from(value: i32) -> Self {
        i64::from(value).into()
    }
}

impl From<u64> for Integer {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(small) => small.into(),
            Err(_) => Self(Repr::Big(Rc::new(value.into()))),
        }
    }
}

impl From<usize> for Integer {
    fn from(value: usize) -> Self {
        (value as u64).into()
    }
}

impl From<BigInt> for Integer {
    fn from(value: BigInt) -> Self {
        match value.to_i64() {
            Some(small) => small.into(),
            None => Self(Repr::Big(Rc::new(value))),
        }
    }
}

impl From<BigUint> for Integer {
    fn from(value: BigUint) -> Self {
        BigInt::from(value).into()
    }
}

/// Decimal digits with an optional sign, and nothing else.
impl FromStr for Integer {
    type Err = ParseIntegerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || ParseIntegerError(text.to_owned());
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(bad());
        }
        if let Ok(small) = text.parse::<i64>() {
            return Ok(small.into());
        }
        let magnitude = BigUint::parse_bytes(digits, 10).ok_or_else(bad)?;
        let sign = if text.starts_with('-') { Sign::Minus } else { Sign::Plus };
        Ok(BigInt::from_biguint(sign, magnitude).into())
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(value) => value.fmt(f),
            Repr::Big(value) => value.fmt(f),
        }
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Big(a), Repr::Big(b)) => a.cmp(b),
            // A big number is beyond all small ones, on its side.
            (Repr::Small(_), Repr::Big(b)) if b.is_negative() => Ordering::Greater,
            (Repr::Small(_), Repr::Big(_)) => Ordering::Less,
            (Repr::Big(_), Repr::Small(_)) => other.cmp(self).reverse(),
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Implements an operator on references: machine arithmetic where it does not overflow.
macro_rules! operator {
    ($trait:ident, $method:ident, $checked:ident) => {
        impl $trait for &Integer {
            type Output = Integer;

            fn $method(self, other: &Integer) -> Integer {
                if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &other.0)
                    && let Some(small) = a.$checked(*b)
                {
                    return small.into();
                }
                match (&self.0, &other.0) {
                    (Repr::Big(a), Repr::Big(b)) => a.as_ref().$method(b.as_ref()),
                    (Repr::Big(a), Repr::Small(b)) => a.as_ref().$method(*b),
                    (Repr::Small(a), Repr::Big(b)) => (*a).$method(b.as_ref()),
                    (Repr::Small(a), Repr::Small(b)) => BigInt::from(*a).$method(*b),
                }
                .into()
            }
        }
    };
}

operator!(Add, add, checked_add);
operator!(Sub, sub, checked_sub);
operator!(Mul, mul, checked_mul);

impl Neg for &Integer {
    type Output = Integer;

    fn neg(self) -> Integer {
        match &self.0 {
            Repr::Small(value) => match value.checked_neg() {
                Some(small) => small.into(),
                None => (-BigInt::from(*value)).into(),
            },
            Repr::Big(value) => (-value.as_ref()).into(),
        }
    }
}
