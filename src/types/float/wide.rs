//! Positive numbers of more precision than a [`Float`] has: powers of five, for the conversions from
//! and to decimal.

use num_bigint::BigUint;

use super::{Float, Precision};

/// `mantissa · 2^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Wide {
    pub(super) mantissa: BigUint,
    pub(super) exponent: i64,
}

/// 5^27, the greatest power of five below 2^64.
const GREATEST: u32 = 27;

impl Wide {
    fn new(mantissa: u64) -> Self {
        Self { mantissa: mantissa.into(), exponent: 0 }
    }

    /// `5^power` in `bits` bits (language spec §5.8): exact up to 5^27, beyond that 5^27 times repeated
    /// squares kept at 64 bits more, each product rounded.
    pub(super) fn power_of_five(power: u64, bits: u64) -> Self {
        if let Some(exact) = small_power_of_five(power) {
            return Self::new(exact);
        }
        let mut product = Self::new(5u64.pow(GREATEST));
        let mut square = Self::new(5);
        let mut rest = power - u64::from(GREATEST);
        while rest > 0 {
            if rest & 1 != 0 {
                product = product.times(&square, bits);
            }
            square = square.times(&square, bits + 64);
            rest >>= 1;
        }
        product
    }

    /// The product in `bits` bits, rounded to nearest, ties to even.
    fn times(&self, other: &Wide, bits: u64) -> Self {
        let product = &self.mantissa * &other.mantissa;
        let exponent = self.exponent + other.exponent;
        let dropped = product.bits().saturating_sub(bits);
        if dropped == 0 {
            return Self { mantissa: product, exponent };
        }
        let mut mantissa = &product >> dropped;
        // The highest bit dropped says "half or more", the others "more than half".
        let is_tie = product.trailing_zeros() == Some(dropped - 1);
        if product.bit(dropped - 1) && (!is_tie || mantissa.bit(0)) {
            mantissa += 1u32;
        }
        Self { mantissa, exponent: exponent.saturating_add_unsigned(dropped) }
    }
}

/// `5^power`, if it has no more than 64 bits.
pub(super) fn small_power_of_five(power: u64) -> Option<u64> {
    5u64.checked_pow(u32::try_from(power).ok()?)
}

impl Float {
    /// [`Float::rounded`] of a magnitude of any size.
    pub(super) fn rounded_big(negative: bool, magnitude: &BigUint, exponent: i64, precision: Precision) -> Float {
        let dropped = magnitude.bits().saturating_sub(128);
        let top = magnitude >> dropped;
        let mut digits = top.iter_u64_digits();
        let (low, high) = (digits.next().unwrap_or(0), digits.next().unwrap_or(0));
        let inexact = magnitude.trailing_zeros().is_some_and(|zeros| zeros < dropped);
        let kept = u128::from(high) << 64 | u128::from(low) | u128::from(inexact);
        Float::rounded(negative, kept, exponent.saturating_add_unsigned(dropped), precision)
    }
}
