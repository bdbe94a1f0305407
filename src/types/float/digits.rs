//! From binary to decimal: correctly rounded digits of a finite number.

use num_bigint::BigUint;
use num_traits::{One, Pow};

use super::wide::Wide;
use super::{Float, Precision};

/// A decimal number `d.ddd… · 10^exponent`, without trailing zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    /// ASCII digits, the first one not `0`.
    pub(super) digits: Vec<u8>,
    /// The power of ten of the first digit.
    pub(super) exponent: i64,
}

/// Numbers within this power of two are converted exactly; the integers that this takes have no more
/// than a few thousand bits. Beyond it, where they might have billions, approximations do.
const EXACT: u64 = 1 << 14;

impl Float {
    /// The first `count` significant digits of a finite number, rounded to nearest, ties to even; fewer
    /// if the others are zeros.
    pub(super) fn digits(&self, count: u64) -> Digits {
        let (mantissa, twos) = self.odd_mantissa();
        // No number has more digits than this.
        let most = 24 + twos.unsigned_abs();
        let count = count.clamp(1, most);
        let mut exponent = self.decimal_exponent();
        loop {
            // So many tens are divided out to leave `count` digits before the point.
            let tens = exponent + 1 - count as i64;
            let scaled = if twos.unsigned_abs() <= EXACT || count + 64 > twos.unsigned_abs() / 4 {
                divide_exactly(mantissa, twos, tens)
            } else {
                divide_approximately(mantissa, twos, tens, count)
            };
            let limit = BigUint::from(10u32).pow(count);
            if scaled.floor >= limit {
                exponent += 1;
            } else if &scaled.floor * 10u32 < limit {
                exponent -= 1;
            } else {
                let rounded = scaled.rounded();
                let carry = rounded == limit;
                let mut digits = rounded.to_string().into_bytes();
                let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
                digits.truncate(kept);
                return Digits { digits, exponent: exponent + i64::from(carry) };
            }
        }
    }

    /// The shortest digits that read back to this finite number at its own precision; of several, those
    /// nearest to it.
    pub(super) fn shortest_digits(&self) -> Digits {
        let enough = match self.precision {
            Precision::Double => 17,
            Precision::Extended => 21,
        };
        for count in 1..enough {
            let nearest = self.digits(count);
            if self.is_read_from(&nearest) {
                return nearest;
            }
            // Above a power of two the numbers lie farther apart than below, so that the next digits may
            // read back when the nearest ones do not.
            if self.mantissa == 1 << 63 {
                let next = nearest.successor(count);
                if self.is_read_from(&next) {
                    return next;
                }
            }
        }
        self.digits(enough)
    }

    /// Whether reading `digits` yields this number.
    fn is_read_from(&self, digits: &Digits) -> bool {
        let Some(number) = BigUint::parse_bytes(&digits.digits, 10) else { return false };
        let tens = digits.exponent + 1 - digits.digits.len() as i64;
        Float::scaled(self.negative, &number, tens, tens, self.precision) == *self
    }

    /// The absolute value as `mantissa · 2^exponent` with an odd mantissa.
    fn odd_mantissa(&self) -> (u64, i64) {
        let zeros = self.mantissa.trailing_zeros();
        (self.mantissa >> zeros, i64::from(self.exponent) - 64 + i64::from(zeros))
    }

    /// The decimal exponent, give or take one.
    fn decimal_exponent(&self) -> i64 {
        // The machine's floating point only makes a guess here, which the caller corrects.
        let mantissa = (self.mantissa as f64).log10();
        let exponent = (f64::from(self.exponent) - 64.0) * std::f64::consts::LOG10_2;
        (mantissa + exponent).floor() as i64
    }
}

impl Digits {
    /// The next greater number of `count` digits.
    fn successor(&self, count: u64) -> Digits {
        let mut digits = self.digits.clone();
        digits.resize(count as usize, b'0');
        for index in (0..digits.len()).rev() {
            if digits[index] != b'9' {
                digits[index] += 1;
                digits.truncate(index + 1);
                return Digits { digits, exponent: self.exponent };
            }
        }
        Digits { digits: vec![b'1'], exponent: self.exponent + 1 }
    }
}

/// A number cut to an integer, and what was cut off.
pub(super) struct Scaled {
    floor: BigUint,
    rest: Rest,
}

/// A fraction, compared with one half.
enum Rest {
    Less,
    Half,
    More,
}

impl Scaled {
    pub(super) fn rounded(self) -> BigUint {
        match self.rest {
            Rest::More => self.floor + 1u32,
            Rest::Half if self.floor.bit(0) => self.floor + 1u32,
            Rest::Half | Rest::Less => self.floor,
        }
    }
}

/// `mantissa · 2^twos / 10^tens`.
pub(super) fn divide_exactly(mantissa: u64, twos: i64, tens: i64) -> Scaled {
    let power = BigUint::from(5u32).pow(tens.unsigned_abs());
    let (mut dividend, mut divisor) = (BigUint::from(mantissa), BigUint::one());
    if tens < 0 {
        dividend *= power
    } else {
        divisor = power
    }
    let shift = twos - tens;
    if shift < 0 {
        divisor <<= shift.unsigned_abs()
    } else {
        dividend <<= shift.unsigned_abs()
    }

    let floor = &dividend / &divisor;
    let rest = dividend - &floor * &divisor;
    let rest = match (rest << 1u32).cmp(&divisor) {
        std::cmp::Ordering::Less => Rest::Less,
        std::cmp::Ordering::Equal => Rest::Half,
        std::cmp::Ordering::Greater => Rest::More,
    };
    Scaled { floor, rest }
}

/// [`divide_exactly`] for numbers so large or small that neither an integer nor a half can come out,
/// when `count` digits are asked for: with ever more bits after the point, until the error of the
/// approximation cannot change the answer.
pub(super) fn divide_approximately(mantissa: u64, twos: i64, tens: i64, count: u64) -> Scaled {
    let mut fraction = 64;
    loop {
        let (floor, low) = approximate(mantissa, twos, tens, count, fraction);
        // The power of five is good to all but some ten of its bits, of which there are 64 more than the
        // result has, so that the approximation is off by less than one unit, and two for cutting off.
        let error = BigUint::from(4u32);
        let one = BigUint::one() << fraction;
        let half = BigUint::one() << (fraction - 1);
        if low > error && &low + &error < half {
            return Scaled { floor, rest: Rest::Less };
        }
        if low > &half + &error && &low + &error < one {
            return Scaled { floor, rest: Rest::More };
        }
        fraction *= 2;
    }
}

/// `mantissa · 2^twos / 10^tens` as an integer and a fraction of `fraction` bits.
fn approximate(mantissa: u64, twos: i64, tens: i64, count: u64, fraction: u64) -> (BigUint, BigUint) {
    let bits = 4 * count + fraction + 64;
    let power = Wide::power_of_five(tens.unsigned_abs(), bits);
    let scale = (twos - tens).saturating_add_unsigned(fraction);
    let mantissa = BigUint::from(mantissa);
    let fixed = if tens < 0 {
        shifted(mantissa * power.mantissa, scale + power.exponent)
    } else {
        let widened = 2 * bits;
        let shift = scale.saturating_sub_unsigned(widened) - power.exponent;
        shifted((mantissa << widened) / power.mantissa, shift)
    };
    let floor = &fixed >> fraction;
    let low = fixed - (&floor << fraction);
    (floor, low)
}

fn shifted(number: BigUint, shift: i64) -> BigUint {
    if shift < 0 { number >> shift.unsigned_abs() } else { number << shift.unsigned_abs() }
}
