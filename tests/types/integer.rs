//! Integers of any size (language spec §5.8, §10.2).

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use base::digest::DigestWriter;
use num_bigint::{BigInt, Sign};
use num_traits::Euclid;
use proptest::prelude::*;
use types::integer::{Integer, MAX_SHIFT_BITS, ShiftTooLarge};

fn int(text: &str) -> Integer {
    text.parse().unwrap()
}

fn hash(value: &Integer) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn division_is_euclidean() {
    let cases = [
        ("-7", "2", "-4", "1"),
        ("7", "-2", "-3", "1"),
        ("-7", "-2", "4", "1"),
        ("7", "2", "3", "1"),
        ("-9223372036854775808", "-1", "9223372036854775808", "0"),
        ("-100000000000000000001", "10", "-10000000000000000001", "9"),
        ("100000000000000000001", "-100000000000000000000", "-1", "1"),
    ];
    for (a, b, quotient, remainder) in cases {
        assert_eq!(int(a).div_euclid(&int(b)), Some(int(quotient)), "{a} / {b}");
        assert_eq!(int(a).rem_euclid(&int(b)), Some(int(remainder)), "{a} % {b}");
    }
    assert_eq!(int("1").div_euclid(&Integer::ZERO), None);
    assert_eq!(int("100000000000000000000").rem_euclid(&Integer::ZERO), None);
}

#[test]
fn nothing_overflows() {
    assert_eq!((&int("9223372036854775808") * &int("2")).to_string(), "18446744073709551616");
    assert_eq!((&int("9223372036854775807") + &int("1")).to_string(), "9223372036854775808");
    assert_eq!((&int("-9223372036854775808") - &int("1")).to_string(), "-9223372036854775809");
    assert_eq!((-&int("-9223372036854775808")).to_string(), "9223372036854775808");
}

#[test]
fn shifts_take_the_magnitude_of_the_count() {
    let cases = [("1", "-1", "2"), ("1", "64", "18446744073709551616"), ("-3", "2", "-12"), ("0", "99999999999", "0")];
    for (value, count, shifted) in cases {
        assert_eq!(int(value).shift_left(&int(count)), Ok(int(shifted)), "{value} << {count}");
    }
    let cases = [
        ("-8", "1", "-4"),
        ("-1", "70", "-1"),
        ("-9", "1", "-5"),
        ("9", "-1", "4"),
        ("7", "64", "0"),
        ("36893488147419103232", "65", "1"),
        ("-36893488147419103233", "65", "-2"),
        ("36893488147419103232", "9999999999999", "0"),
        ("-36893488147419103232", "9999999999999", "-1"),
        // Only the low 64 bits of the count matter.
        ("5", "18446744073709551617", "2"),
    ];
    for (value, count, shifted) in cases {
        assert_eq!(int(value).shift_right(&int(count)), int(shifted), "{value} >> {count}");
    }
}

#[test]
fn absurd_shifts_are_refused() {
    let too_large = |count| Err(ShiftTooLarge { count });
    assert_eq!(int("1").shift_left(&Integer::from(MAX_SHIFT_BITS)), too_large(MAX_SHIFT_BITS));
    assert_eq!(int("-1").shift_left(&Integer::from(u64::MAX)), too_large(u64::MAX));
    assert!(int("1").shift_left(&int("100000")).is_ok());
}

#[test]
fn text_is_decimal_with_an_optional_sign() {
    let cases = [("010", "10"), ("+5", "5"), ("-0", "0"), ("-00012345678901234567890", "-12345678901234567890")];
    for (text, value) in cases {
        assert_eq!(int(text).to_string(), value);
    }
    for text in ["", "+", "-", "0x1F", "1_000", " 1", "1 ", "--1", "１", "1.0"] {
        let error = text.parse::<Integer>().unwrap_err();
        assert_eq!(error.to_string(), format!("failed to parse integer \"{text}\""));
    }
}

#[test]
fn narrow_views() {
    let huge = int("99999999999999999999");
    assert_eq!(huge.low_i64(), 7_766_279_631_452_241_919);
    assert_eq!((-&huge).low_i64(), -7_766_279_631_452_241_919);
    assert_eq!(int("9223372036854775808").low_i64(), i64::MIN);
    assert_eq!(int("18446744073709551616").low_i64(), 0);
    assert_eq!(int("-5").low_magnitude(), 5);
    assert_eq!((huge.to_i64(), int("-5").to_i64()), (None, Some(-5)));
    assert_eq!((huge.to_i64_saturating(), (-&huge).to_i64_saturating()), (i64::MAX, i64::MIN));
    assert_eq!([int("0").bits(), int("-8").bits(), huge.bits()], [0, 4, 67]);
}

/// The digests of language spec §10.8 and §10.9.
#[test]
fn rt_37_golden_digests() {
    let cases = [
        ("12345", "499fb000867f99f88d5539466aa2489fbc5847f70b6b7171024583a3cfff454b"),
        ("0", "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986"),
        ("1", "25dfd29c09617dcc9852281c030e5b3037a338a4712a42a21c907f259c6412a0"),
        ("-1", "9463926d4640a53a0cf1ac00657361f5a6d64fbc554df30721cdacf503aebc2b"),
        ("255", "9d1c30a2a7e68aa057473e50d789160535797a9a133042c9c54eec2da5595dad"),
        ("256", "27c481628200c5ed2467af54a9a4128daede2cd8afe1acc2670a104645381067"),
        ("-256", "7dc4096fa4ca962ffe7ba24f3cb48480065a7714e6a4a27588185d3d86a8dde8"),
    ];
    for (value, digest) in cases {
        let found = DigestWriter::new().bytes([2]).bytes(int(value).digest_payload()).finish();
        assert_eq!(found.hex(), digest, "{value}");
    }
    assert_eq!(int("-18446744073709551616").digest_payload(), [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
}

/// Integers near the ends of 64 bits, and any others of up to 20 bytes.
fn any_big() -> impl Strategy<Value = BigInt> {
    let near = |center: i64| (-3i64..=3).prop_map(move |offset| BigInt::from(center) + offset);
    let bytes = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..20))
        .prop_map(|(negative, bytes)| BigInt::from_bytes_be(if negative { Sign::Minus } else { Sign::Plus }, &bytes));
    prop_oneof![near(0), near(i64::MAX), near(i64::MIN), any::<i64>().prop_map(BigInt::from), bytes]
}

proptest! {
    #[test]
    fn arithmetic_agrees_with_big_integers(a in any_big(), b in any_big(), count in 0u32..200) {
        let (x, y) = (Integer::from(a.clone()), Integer::from(b.clone()));
        prop_assert_eq!(&x + &y, Integer::from(&a + &b));
        prop_assert_eq!(&x - &y, Integer::from(&a - &b));
        prop_assert_eq!(&x * &y, Integer::from(&a * &b));
        prop_assert_eq!(-&x, Integer::from(-&a));
        if b != BigInt::ZERO {
            prop_assert_eq!(x.div_euclid(&y), Some(Integer::from(a.div_euclid(&b))));
            prop_assert_eq!(x.rem_euclid(&y), Some(Integer::from(a.rem_euclid(&b))));
        }
        let shift = Integer::from(i64::from(count));
        prop_assert_eq!(x.shift_left(&shift), Ok(Integer::from(&a << count)));
        prop_assert_eq!(x.shift_right(&shift), Integer::from(&a >> count));
    }

    #[test]
    fn order_hash_and_text_agree_with_big_integers(a in any_big(), b in any_big()) {
        let (x, y) = (Integer::from(a.clone()), Integer::from(b.clone()));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!(x.to_string(), a.to_string());
        prop_assert_eq!(x.to_string().parse::<Integer>(), Ok(x.clone()));
        prop_assert_eq!((x.bits(), x.is_negative(), x.is_zero()), (a.bits(), a.sign() == Sign::Minus, a.sign() == Sign::NoSign));
        // The same number by another way has the same representation.
        prop_assert_eq!(hash(&(&(&x + &y) - &y)), hash(&x));
    }

    #[test]
    fn digest_payloads_are_distinct_and_minimal(a in any_big(), b in any_big()) {
        let (x, y) = (Integer::from(a.clone()), Integer::from(b.clone()));
        prop_assert_eq!(x.digest_payload() == y.digest_payload(), a == b);
        let (sign, magnitude) = a.to_bytes_be();
        let expected = match sign {
            Sign::NoSign => vec![],
            Sign::Plus => magnitude,
            Sign::Minus => [vec![0], magnitude].concat(),
        };
        prop_assert_eq!(x.digest_payload(), expected);
    }
}
