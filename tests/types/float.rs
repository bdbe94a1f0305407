//! Arithmetic of floats, with the machine's as oracle for 53 bits (language spec §5.8). The exact oracle
//! for 64 bits stands beside the implementation, since it looks inside.

use std::cmp::Ordering;

use proptest::prelude::*;
use types::float::{Float, Precision};
use types::integer::Integer;

fn float(text: &str) -> Float {
    Float::parse(text).unwrap()
}

fn double(value: f64) -> Float {
    Float::from_f64(value).unwrap()
}

#[test]
fn infinities_and_zeros() {
    let (zero, minus_zero, one) = (float("0.0"), -float("0.0"), float("1.0"));
    let (infinity, minus_infinity) = (float("Inf"), float("-Inf"));
    assert_eq!(one.divide(&zero).unwrap().to_string(), "+Inf");
    assert_eq!(one.divide(&minus_zero).unwrap().to_string(), "-Inf");
    assert_eq!(one.divide(&minus_infinity).unwrap().to_string(), "-0");
    assert_eq!(zero.multiply(&-one).unwrap().to_string(), "-0");
    assert_eq!(zero.add(&minus_zero).unwrap().to_string(), "0");
    assert_eq!(minus_zero.add(&minus_zero).unwrap().to_string(), "-0");
    assert_eq!(minus_zero.subtract(&zero).unwrap().to_string(), "-0");
    assert_eq!(one.subtract(&one).unwrap().to_string(), "0");
    assert_eq!(infinity.add(&one).unwrap(), infinity);
    assert_eq!(infinity.multiply(&minus_infinity).unwrap(), minus_infinity);
    assert_eq!(infinity.divide(&zero).unwrap(), infinity);
    assert_eq!(infinity.subtract(&minus_infinity).unwrap(), infinity);
    assert_eq!(zero, minus_zero);
}

#[test]
fn what_is_not_a_number_is_an_error() {
    let (zero, infinity) = (float("0.0"), float("Inf"));
    let errors = [
        (zero.divide(&zero), "0 / 0 is not a number"),
        (infinity.divide(&-infinity), "+Inf / -Inf is not a number"),
        (infinity.subtract(&infinity), "+Inf - +Inf is not a number"),
        (infinity.add(&-infinity), "+Inf + -Inf is not a number"),
        (zero.multiply(&-infinity), "0 * -Inf is not a number"),
        ((-infinity).multiply(&zero), "-Inf * 0 is not a number"),
    ];
    for (result, message) in errors {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
    assert!(Float::from_f64(f64::NAN).is_none());
}

#[test]
fn the_exponent_has_32_bits() {
    let large = float("1p2147483646");
    assert_eq!(large.multiply(&float("2.0")).unwrap(), float("Inf"));
    assert_eq!(large.multiply(&float("-2.0")).unwrap(), float("-Inf"));
    assert!(!large.multiply(&float("1.5")).unwrap().is_infinite());
    let small = float("1p-2147483648");
    assert_eq!(small.multiply(&float("0.25")).unwrap(), float("0.0"));
    assert!((-small).multiply(&float("0.25")).unwrap().is_negative());
}

#[test]
fn precision_is_the_larger_one() {
    let (narrow, wide) = (Float::from_integer(&3.into()), float("1.0"));
    assert_eq!((narrow.precision(), wide.precision()), (Precision::Double, Precision::Extended));
    assert_eq!(narrow.divide(&narrow).unwrap().precision(), Precision::Double);
    assert_eq!(narrow.divide(&wide).unwrap().precision(), Precision::Extended);
    assert_eq!(wide.add(&narrow).unwrap().precision(), Precision::Extended);
    assert_eq!((-narrow).precision(), Precision::Double);
    // One third has more digits in 64 bits than in 53.
    let third = |one: Float| one.divide(&narrow).unwrap();
    assert_ne!(third(wide), third(Float::from_integer(&1.into())));
    assert_eq!(float("1.0"), Float::from_integer(&1.into()));
}

#[test]
fn integers_are_cut_both_ways() {
    let truncated = [
        ("-3.9", -3),
        ("3.9", 3),
        ("0.99999", 0),
        ("1e30", i64::MAX),
        ("-1e30", i64::MIN),
        ("9223372036854775807", i64::MAX),
        ("9223372036854775808", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("-9223372036854775807", i64::MIN + 1),
        ("4611686018427387905.5", 4_611_686_018_427_387_905),
        ("Inf", i64::MAX),
        ("-Inf", i64::MIN),
        ("-0.0", 0),
    ];
    for (text, value) in truncated {
        assert_eq!(float(text).to_integer(), Integer::from(value), "{text}");
    }
    let widened = [
        ("99999999999999999999", "7.766279631e+18"),
        ("-99999999999999999999", "-7.766279631e+18"),
        ("9223372036854775808", "-9.223372037e+18"),
        ("18446744073709551616", "0"),
        ("9007199254740993", "9.007199255e+15"),
        ("0", "0"),
    ];
    for (integer, text) in widened {
        assert_eq!(Float::from_integer(&integer.parse().unwrap()).to_string(), text, "{integer}");
    }
    // 2^53 + 1 is a tie, which goes to the even neighbour.
    assert_eq!(Float::from_integer(&9_007_199_254_740_993i64.into()), float("9007199254740992"));
}

/// Numbers whose products and quotients are normal `f64`s.
fn moderate() -> impl Strategy<Value = f64> {
    (any::<bool>(), -400i32..400, 0u64..1 << 52).prop_map(|(negative, exponent, fraction)| {
        let magnitude = f64::from_bits(((exponent + 1023) as u64) << 52 | fraction);
        if negative { -magnitude } else { magnitude }
    })
}

/// A pair of numbers of which neither vanishes beside the other.
fn close_pair() -> impl Strategy<Value = (f64, f64)> {
    (moderate(), -70i32..70, any::<bool>(), 0u64..1 << 52).prop_map(|(a, distance, negative, fraction)| {
        let exponent = (a.to_bits() >> 52 & 0x7ff) as i32 + distance;
        let b = f64::from_bits((exponent as u64) << 52 | fraction);
        (a, if negative { -b } else { b })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn double_arithmetic_is_that_of_the_machine((a, b) in prop_oneof![close_pair(), (moderate(), moderate())]) {
        let (x, y) = (double(a), double(b));
        let same = |float: Result<Float, _>, value: f64| {
            let float: Float = float.map_err(|_: types::float::UndefinedResult| TestCaseError::fail("undefined"))?;
            prop_assert_eq!(float.precision(), Precision::Double);
            prop_assert_eq!(float.to_f64().to_bits(), value.to_bits(), "{:?} for {}", float, value);
            Ok(())
        };
        same(x.add(&y), a + b)?;
        same(x.subtract(&y), a - b)?;
        same(x.multiply(&y), a * b)?;
        same(x.divide(&y), a / b)?;
        same(Ok(-x), -a)?;
    }

    #[test]
    fn doubles_survive_the_round_trip(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if let Some(float) = Float::from_f64(value) {
            prop_assert_eq!(float.to_f64().to_bits(), bits);
        } else {
            prop_assert!(value.is_nan());
        }
    }

    #[test]
    fn order_is_numeric(a in moderate(), b in moderate(), c in -5i64..5, d in -5i64..5) {
        prop_assert_eq!(Some(double(a).compare(&double(b))), a.partial_cmp(&b));
        let (x, y) = (Float::from_integer(&c.into()), float(&d.to_string()));
        prop_assert_eq!(x.cmp(&y), c.cmp(&d));
        prop_assert_eq!(x == y, c == d);
        prop_assert_eq!(float("Inf").cmp(&x), Ordering::Greater);
        prop_assert_eq!(float("-Inf").cmp(&y), Ordering::Less);
    }

    #[test]
    fn integers_are_those_of_the_machine(value in any::<i64>(), float in moderate()) {
        prop_assert_eq!(Float::from_integer(&value.into()).to_f64(), value as f64);
        prop_assert_eq!(double(float).to_i64_saturating(), float as i64);
    }

    /// The nearest `f64` of a wider number, denormal ones included.
    #[test]
    fn narrowing_rounds_once(mantissa in 1u64.., exponent in -1200i32..1000) {
        let wide = float(&format!("{mantissa}p{exponent}"));
        // Rounded to odd, the number keeps what decides the rounding to 53 bits.
        let shift = mantissa.leading_zeros();
        let normal = mantissa << shift;
        let expected = scale(normal >> 2 | u64::from(normal & 3 != 0), exponent - shift as i32 + 2);
        prop_assert_eq!(wide.to_f64(), expected);
    }
}

/// `mantissa · 2^exponent`, rounded by the machine's division of two exact numbers.
fn scale(mantissa: u64, exponent: i32) -> f64 {
    let text = num_bigint::BigUint::from(mantissa);
    let decimal = if exponent >= 0 {
        (text << exponent.unsigned_abs()).to_string()
    } else {
        // m / 2^k = m · 5^k / 10^k, which the standard library reads correctly rounded.
        let power = num_bigint::BigUint::from(5u32).pow(exponent.unsigned_abs());
        format!("{}e{exponent}", text * power)
    };
    decimal.parse().unwrap()
}
