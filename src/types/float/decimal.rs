//! From decimal to binary (language spec §5.8).

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use super::arithmetic::quotient;
use super::wide::{Wide, small_power_of_five};
use super::{Float, Precision};

impl Float {
    /// `digits · 2^twos · 5^fives`, as written by a program or a user.
    ///
    /// The power of five is computed first, with 64 bits more than the result has, then one correctly
    /// rounded multiplication or division is made. That differs from the nearest number in vanishingly
    /// few cases, but it is the result that programs have always seen.
    pub(super) fn scaled(negative: bool, digits: &BigUint, twos: i64, fives: i64, precision: Precision) -> Float {
        if digits.is_zero() {
            return Float::zero(negative, precision);
        }
        if fives == 0 {
            return Float::rounded_big(negative, digits, twos, precision);
        }
        let power = fives.unsigned_abs();
        if let (Some(digits), Some(power)) = (digits.to_u64(), small_power_of_five(power)) {
            return Float::scaled_small(negative, digits, twos, power, fives < 0, precision);
        }
        let power = Wide::power_of_five(power, u64::from(precision.bits()) + 64);
        if fives > 0 {
            let exponent = twos.saturating_add(power.exponent);
            return Float::rounded_big(negative, &(digits * power.mantissa), exponent, precision);
        }
        // Enough bits that the lowest one of the quotient can stand for the remainder.
        let widened = (power.mantissa.bits() + 70).saturating_sub(digits.bits());
        let dividend = digits << widened;
        let mut quotient = &dividend / &power.mantissa;
        if &quotient * &power.mantissa != dividend {
            quotient.set_bit(0, true);
        }
        let exponent = twos.saturating_sub_unsigned(widened).saturating_sub(power.exponent);
        Float::rounded_big(negative, &quotient, exponent, precision)
    }

    /// [`Float::scaled`] where digits and power are machine numbers, neither of them zero.
    fn scaled_small(negative: bool, digits: u64, twos: i64, power: u64, divide: bool, precision: Precision) -> Float {
        if !divide {
            return Float::rounded(negative, u128::from(digits) * u128::from(power), twos, precision);
        }
        let (left, right) = (digits.leading_zeros(), power.leading_zeros());
        let (quotient, scale) = quotient(digits << left, power << right);
        let exponent = twos.saturating_add(scale - i64::from(left) + i64::from(right));
        Float::rounded(negative, quotient, exponent, precision)
    }
}
