//! Property tests of the arithmetic and the conversions against exact rational numbers.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{One, Pow, Signed, Zero};
use proptest::prelude::*;

use super::digits::{divide_approximately, divide_exactly};
use super::{Float, Form, Precision};

/// A fraction; the denominator is positive.
#[derive(Clone, Debug)]
struct Rational(BigInt, BigInt);

impl Rational {
    fn of(float: &Float) -> Self {
        let magnitude = if float.form == Form::Zero { 0 } else { float.mantissa };
        let numerator = if float.negative { -BigInt::from(magnitude) } else { BigInt::from(magnitude) };
        let exponent = float.exponent - 64;
        let power = BigInt::one() << exponent.unsigned_abs();
        if exponent < 0 { Self(numerator, power) } else { Self(numerator * power, BigInt::one()) }
    }

    fn decimal(digits: &BigUint, exponent: i32) -> Self {
        let power = BigInt::from(10).pow(exponent.unsigned_abs());
        let digits = BigInt::from(digits.clone());
        if exponent < 0 { Self(digits, power) } else { Self(digits * power, BigInt::one()) }
    }

    fn sum(&self, other: &Self) -> Self {
        Self(&self.0 * &other.1 + &other.0 * &self.1, &self.1 * &other.1)
    }

    fn product(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0, &self.1 * &other.1)
    }

    fn inverse(&self) -> Self {
        if self.0.is_negative() { Self(-&self.1, -&self.0) } else { Self(self.1.clone(), self.0.clone()) }
    }

    /// The nearest number of `bits` bits, ties to even, as mantissa and exponent of two; found by trying
    /// exponents, quite unlike the implementation.
    fn nearest(&self, bits: u32) -> (BigInt, i64) {
        let magnitude = self.0.magnitude();
        let denominator = self.1.magnitude();
        let mut exponent = magnitude.bits() as i64 - denominator.bits() as i64 - i64::from(bits) - 1;
        loop {
            let shift = exponent.unsigned_abs();
            let (dividend, divisor) = if exponent < 0 {
                (magnitude << shift, denominator.clone())
            } else {
                (magnitude.clone(), denominator << shift)
            };
            let (twice, odd) = (&dividend * 2u32 + &divisor, &divisor * 2u32);
            let mut mantissa = &twice / &odd;
            if &mantissa * &odd == twice && mantissa.bit(0) {
                mantissa -= 1u32;
            }
            if mantissa <= BigUint::one() << bits {
                return (BigInt::from_biguint(self.0.sign(), mantissa), exponent);
            }
            exponent += 1;
        }
    }

    /// Whether `float` is this number, rounded to nearest.
    fn rounds_to(&self, float: &Float) -> bool {
        if self.0.is_zero() {
            return float.form == Form::Zero;
        }
        let (mantissa, exponent) = self.nearest(float.precision.bits());
        let found = Rational::of(float);
        let power = BigInt::one() << exponent.unsigned_abs();
        let nearest = if exponent < 0 { Self(mantissa, power) } else { Self(mantissa * power, BigInt::one()) };
        &found.0 * &nearest.1 == &nearest.0 * &found.1
    }
}

fn precisions() -> impl Strategy<Value = Precision> {
    prop_oneof![Just(Precision::Double), Just(Precision::Extended)]
}

/// Numbers with full and with sparse mantissas: the latter meet ties and exact results.
fn floats() -> impl Strategy<Value = Float> {
    let mantissa = prop_oneof![
        any::<u64>(),
        (0u32..64, any::<u8>()).prop_map(|(shift, bits)| u64::from(bits) << shift),
        (0u32..64).prop_map(|shift| u64::MAX << shift),
    ];
    (any::<bool>(), mantissa, -100i64..100, precisions()).prop_map(|(negative, mantissa, exponent, precision)| {
        Float::rounded(negative, u128::from(mantissa), exponent, precision)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn operations_round_the_exact_result(a in floats(), b in floats()) {
        let (x, y) = (Rational::of(&a), Rational::of(&b));
        let precision = a.precision.max(b.precision);
        let sum = a.add(&b).unwrap();
        prop_assert!(x.sum(&y).rounds_to(&sum), "{a:?} + {b:?} = {sum:?}");
        let difference = a.subtract(&b).unwrap();
        prop_assert!(x.sum(&Rational::of(&-b)).rounds_to(&difference), "{a:?} - {b:?} = {difference:?}");
        let product = a.multiply(&b).unwrap();
        prop_assert!(x.product(&y).rounds_to(&product), "{a:?} * {b:?} = {product:?}");
        if !b.is_zero() {
            let quotient = a.divide(&b).unwrap();
            prop_assert!(x.product(&y.inverse()).rounds_to(&quotient), "{a:?} / {b:?} = {quotient:?}");
            prop_assert_eq!(quotient.precision, precision);
        }
        prop_assert!([sum, difference, product].iter().all(|result| result.precision == precision));
        // Bits beyond the precision are clear, the highest one is set.
        if sum.form == Form::Finite {
            prop_assert!(sum.mantissa >> 63 == 1 && sum.mantissa.trailing_zeros() >= 64 - precision.bits());
        }
    }

    #[test]
    fn decimals_are_read_to_the_nearest(
        digits in "[0-9]{1,60}",
        exponent in prop_oneof![-60i32..60, -400i32..400],
        precision in precisions(),
    ) {
        let number = BigUint::parse_bytes(digits.as_bytes(), 10).unwrap();
        let float = Float::scaled(false, &number, exponent.into(), exponent.into(), precision);
        prop_assert!(Rational::decimal(&number, exponent).rounds_to(&float), "{digits}e{exponent} is not {float:?}");
        if precision == Precision::Extended {
            prop_assert_eq!(Float::parse(format!("{digits}e{exponent}")).unwrap(), float);
        }
    }

    #[test]
    fn digits_are_the_nearest_decimal(float in floats(), count in 1u64..80) {
        prop_assume!(float.form == Form::Finite);
        let digits = float.digits(count);
        prop_assert!(digits.digits.len() as u64 <= count && digits.digits.first() != Some(&b'0'));
        let number = BigUint::parse_bytes(&digits.digits, 10).unwrap();
        let last = digits.exponent as i32 + 1 - digits.digits.len() as i32;
        let (found, exact) = (Rational::decimal(&number, last), Rational::of(&float));
        let exact = Rational(BigInt::from_biguint(Sign::Plus, exact.0.magnitude().clone()), exact.1);
        let error = found.sum(&Rational(-exact.0, exact.1));
        // At most half a unit of the last place asked for.
        let unit = Rational::decimal(&BigUint::one(), digits.exponent as i32 + 1 - count as i32);
        let (left, right) = (error.0.magnitude() * 2u32 * unit.1.magnitude(), unit.0.magnitude() * error.1.magnitude());
        prop_assert!(left <= right, "{float:?} in {count} digits is not {digits:?}");
    }

    #[test]
    fn approximations_agree_with_exact_digits(
        mantissa in (1u64..).prop_map(|mantissa| mantissa | 1),
        twos in prop_oneof![-3000i64..-600, 600i64..3000],
        count in 1u64..40,
        offset in -1i64..=1,
    ) {
        let magnitude = (mantissa as f64).log10() + twos as f64 * std::f64::consts::LOG10_2;
        let tens = magnitude as i64 + offset - count as i64;
        let approximate = divide_approximately(mantissa, twos, tens, count).rounded();
        prop_assert_eq!(approximate, divide_exactly(mantissa, twos, tens).rounded());
    }
}
