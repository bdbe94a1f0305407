//! Addition, subtraction, multiplication and division, rounded once to the larger precision of the
//! operands (language spec §5.8).

use std::ops::Neg;

use super::{Float, Form};

/// An operation whose result would not be a number, such as `0.0 / 0.0`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{left} {operator} {right} is not a number")]
pub struct UndefinedResult {
    left: Float,
    operator: char,
    right: Float,
}

impl Float {
    /// The sum.
    ///
    /// # Errors
    ///
    /// Infinities of different sign have no sum.
    pub fn add(&self, other: &Float) -> Result<Float, UndefinedResult> {
        self.sum(other).ok_or(UndefinedResult { left: *self, operator: '+', right: *other })
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// Infinities of the same sign have no difference.
    pub fn subtract(&self, other: &Float) -> Result<Float, UndefinedResult> {
        self.sum(&-*other).ok_or(UndefinedResult { left: *self, operator: '-', right: *other })
    }

    /// The product.
    ///
    /// # Errors
    ///
    /// Zero and infinity have no product.
    pub fn multiply(&self, other: &Float) -> Result<Float, UndefinedResult> {
        let precision = self.precision.max(other.precision);
        let negative = self.negative != other.negative;
        match (self.form, other.form) {
            (Form::Finite, Form::Finite) => {
                let product = u128::from(self.mantissa) * u128::from(other.mantissa);
                let exponent = i64::from(self.exponent) + i64::from(other.exponent) - 128;
                Ok(Float::rounded(negative, product, exponent, precision))
            }
            (Form::Zero, Form::Infinite) | (Form::Infinite, Form::Zero) => {
                Err(UndefinedResult { left: *self, operator: '*', right: *other })
            }
            (Form::Zero, _) | (_, Form::Zero) => Ok(Float::zero(negative, precision)),
            (Form::Infinite, _) | (_, Form::Infinite) => Ok(Float::infinity(negative, precision)),
        }
    }

    /// The quotient; infinite if only the divisor is zero.
    ///
    /// # Errors
    ///
    /// Two zeros and two infinities have no quotient.
    pub fn divide(&self, other: &Float) -> Result<Float, UndefinedResult> {
        let precision = self.precision.max(other.precision);
        let negative = self.negative != other.negative;
        match (self.form, other.form) {
            (Form::Finite, Form::Finite) => {
                let exponent = i64::from(self.exponent) - i64::from(other.exponent);
                let (quotient, scale) = quotient(self.mantissa, other.mantissa);
                Ok(Float::rounded(negative, quotient, exponent + scale, precision))
            }
            (Form::Zero, Form::Zero) | (Form::Infinite, Form::Infinite) => {
                Err(UndefinedResult { left: *self, operator: '/', right: *other })
            }
            (Form::Zero, _) | (_, Form::Infinite) => Ok(Float::zero(negative, precision)),
            (_, Form::Zero) | (Form::Infinite, _) => Ok(Float::infinity(negative, precision)),
        }
    }

    /// The sum; `None` for infinities of different sign.
    fn sum(&self, other: &Float) -> Option<Float> {
        let precision = self.precision.max(other.precision);
        Some(match (self.form, other.form) {
            (Form::Infinite, Form::Infinite) if self.negative != other.negative => return None,
            (Form::Infinite, _) => Float { precision, ..*self },
            (_, Form::Infinite) => Float { precision, ..*other },
            (Form::Zero, Form::Zero) => Float::zero(self.negative && other.negative, precision),
            (Form::Finite, Form::Zero) => Float { precision, ..*self },
            (Form::Zero, Form::Finite) => Float { precision, ..*other },
            (Form::Finite, Form::Finite) => self.finite_sum(other),
        })
    }

    fn finite_sum(&self, other: &Float) -> Float {
        let precision = self.precision.max(other.precision);
        let in_order = (self.exponent, self.mantissa) >= (other.exponent, other.mantissa);
        let (large, small) = if in_order { (self, other) } else { (other, self) };

        // One bit above the large mantissa for a carry, 63 below it. What the small one loses beyond
        // them only matters as being there or not; its lowest bit says so, and since that bit of the
        // large one is clear, the result cannot pass for exact or for a tie.
        let distance = large.exponent.abs_diff(small.exponent).min(127);
        let left = u128::from(large.mantissa) << 63;
        let exact = u128::from(small.mantissa) << 63;
        let right = exact >> distance;
        let right = right | u128::from(right << distance != exact);

        let exponent = i64::from(large.exponent) - 127;
        if large.negative == small.negative {
            return Float::rounded(large.negative, left + right, exponent, precision);
        }
        let difference = left - right;
        // Exact cancellation yields the positive zero.
        Float::rounded(large.negative && difference != 0, difference, exponent, precision)
    }
}

/// The quotient of two numbers whose highest bit is set, as `(q, e)` for `q · 2^e`. `q` has 96 or 97
/// bits; its lowest bit also stands for a remainder.
pub(super) fn quotient(dividend: u64, divisor: u64) -> (u128, i64) {
    let (dividend, divisor) = (u128::from(dividend) << 64, u128::from(divisor));
    let (high, rest) = (dividend / divisor, dividend % divisor);
    let rest = rest << 32;
    let (low, rest) = (rest / divisor, rest % divisor);
    (high << 32 | low | u128::from(rest != 0), -96)
}

impl Neg for Float {
    type Output = Float;

    fn neg(self) -> Float {
        Float { negative: !self.negative, ..self }
    }
}
