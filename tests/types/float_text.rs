//! Floats as text: printed (language spec §4.1), digested (§10.2), formatted and read (§7.7, §8.3).

use base::digest::DigestWriter;
use proptest::prelude::*;
use types::float::Float;

fn float(text: &str) -> Float {
    Float::parse(text).unwrap()
}

#[test]
fn numbers_print_with_ten_digits() {
    let third = float("1.0").divide(&float("3.0")).unwrap();
    assert_eq!(third.to_string(), "0.3333333333");
    let cases = [
        ("2.0", "2"),
        ("1e10", "1e+10"),
        ("1e9", "1000000000"),
        ("9999999999.4", "9999999999"),
        ("9999999999.5", "1e+10"),
        ("1.5e-5", "1.5e-05"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("0.1", "0.1"),
        ("123456.789", "123456.789"),
        ("-12.50", "-12.5"),
        // Ties go to the even digit: these are exact.
        ("4294967296.5", "4294967296"),
        ("4294967297.5", "4294967298"),
        ("0.0", "0"),
        ("-0.0", "-0"),
        ("Inf", "+Inf"),
        ("-Inf", "-Inf"),
        ("1e-400", "1e-400"),
        ("1e100000000", "1e+100000000"),
        ("-7.5e-600000000", "-7.5e-600000000"),
        ("1e600000000", "1e+600000000"),
        ("1e700000000", "+Inf"),
        ("1e-700000000", "0"),
        ("1e99999999999999999999", "+Inf"),
    ];
    for (text, printed) in cases {
        assert_eq!(float(text).to_string(), printed, "{text}");
    }
}

#[test]
fn formatting_with_a_precision() {
    let cases = [
        ("100.0", 0, "1e+02"),
        ("123.0", 2, "1.2e+02"),
        ("123456789.0", -1, "1.23456789e+08"),
        ("0.1", 30, "0.100000000000000000001355252716"),
        ("123.0", 3, "123"),
        ("123456.0", -1, "123456"),
        ("1234567.0", -1, "1.234567e+06"),
        ("100000.0", 10, "100000"),
        ("2.5", 1, "2"),
        ("3.5", 1, "4"),
        ("9.99", 2, "10"),
        ("99.9", 1, "1e+02"),
        ("0.00012345", 3, "0.000123"),
        ("0.00001", -1, "1e-05"),
        ("0.1", -1, "0.1"),
        ("0.3", -1, "0.3"),
        ("1e23", -5, "1e+23"),
        ("-1.0", i64::MIN, "-1"),
        ("1.5", i64::MAX, "1.5"),
        ("0.0", 0, "0"),
        ("0.0", -1, "0"),
        ("-0.0", 7, "-0"),
        ("Inf", 3, "+Inf"),
        ("-Inf", -1, "-Inf"),
    ];
    for (text, precision, expected) in cases {
        assert_eq!(float(text).to_text(precision), expected, "{text} with {precision}");
    }
}

/// The digests of language spec §10.8 and §10.9.
#[test]
fn rt_37_golden_digests() {
    let cases = [
        (Float::from_f64(1.2345).unwrap(), "694a41b0b9ad43b3bc07880247f0fb01ff0fc9dadb251a10eacb6950d39c2e4d"),
        (float("1.5"), "41b08bfc18e3cbf14e8abac51421ef957e3535493f771f3ac80f3d2db5f0d244"),
        (float("1e100"), "7812c69003c36d78073809df358bffb0d1cf3b6f2083c989fc8c0153a04309c3"),
        (-float("0.0"), "42424f724a5acbd2275a348bf483baed312ba3cca479ea8146ca59938569db1a"),
        (float("0.1"), "37fa91b1d839863cea4d77f6a32b95ff5525abe48a917d0361810baa788f1a2a"),
    ];
    for (value, digest) in cases {
        let found = DigestWriter::new().bytes([15]).bytes(value.digest_text()).finish();
        assert_eq!(found.hex(), digest, "{value:?}");
    }
    let texts = [
        ("1.2345", "1.2345000000e+00"),
        ("-1.0", "-1.0000000000e+00"),
        ("0.0", "0.0000000000e+00"),
        ("1e100", "1.0000000000e+100"),
        ("99999999999.5", "1.0000000000e+11"),
        ("1e-7", "1.0000000000e-07"),
        ("Inf", "+Inf"),
        ("-Inf", "-Inf"),
    ];
    for (text, digested) in texts {
        assert_eq!(float(text).digest_text(), digested);
    }
}

#[test]
fn numbers_are_read() {
    let cases = [
        (".5", "0.5"),
        ("5.", "5"),
        ("5.e3", "5000"),
        ("1E5", "100000"),
        ("1p3", "8"),
        ("1.5P-1", "0.75"),
        ("+1e+2", "100"),
        ("-1e-2", "-0.01"),
        ("010", "10"),
        ("inf", "+Inf"),
        ("+Inf", "+Inf"),
        ("-inf", "-Inf"),
        ("00.0e5", "0"),
        ("0e99999999999999999999999", "0"),
    ];
    for (text, printed) in cases {
        assert_eq!(float(text).to_string(), printed, "{text}");
        assert_eq!(Float::parse_flag(text).unwrap(), float(text), "{text}");
    }
}

#[test]
fn unreadable_texts_say_why() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "EOF"),
        (b"10-10", "expected end of string, found '-'"),
        (b"1e", "number has no digits"),
        (b"1e+", "number has no digits"),
        (b"1ex", "number has no digits"),
        (b".", "number has no digits"),
        (b".e1", "number has no digits"),
        (b"+", "number has no digits"),
        (b"+-1", "number has no digits"),
        (b"abc", "number has no digits"),
        (b" 1", "number has no digits"),
        (b"Infinity", "number has no digits"),
        (b"1 ", "expected end of string, found ' '"),
        (b"1\n", r"expected end of string, found '\n'"),
        (b"1'", r"expected end of string, found '\''"),
        (b"1\"", "expected end of string, found '\"'"),
        (b"1_000", "expected end of string, found '_'"),
        (b"0x10", "expected end of string, found 'x'"),
        (b"1.5.2", "expected end of string, found '.'"),
        (b"1e5.5", "expected end of string, found '.'"),
        (b"1e5p5", "expected end of string, found 'p'"),
        (b"1\xff", "expected end of string, found 'ÿ'"),
        (b"1\x80", r"expected end of string, found '\u0080'"),
    ];
    for (text, message) in cases {
        assert_eq!(Float::parse(text).unwrap_err().to_string(), *message, "{text:?}");
    }
}

#[test]
fn flags_may_have_prefixes_and_underscores() {
    let cases = [
        ("0x10", "16"),
        ("0X1.8p1", "3"),
        ("0b101", "5"),
        ("0b1.1", "1.5"),
        ("0o17", "15"),
        ("-0x_ff", "-255"),
        ("1_000.000_1", "1000.0001"),
        ("1e1_0", "1e+10"),
        ("0xe", "14"),
    ];
    for (text, printed) in cases {
        assert_eq!(Float::parse_flag(text).unwrap().to_string(), printed, "{text}");
    }
    for text in ["0x", "_1", "1_", "1__0", "1_.0", "1._0", "0x1g", "0b2", "1e_5", "1e5_", "0o8", "--1", ""] {
        assert!(Float::parse_flag(text).is_err(), "{text}");
    }
}

/// A text's digits and exponent, in the form of the standard library: `1.25e-3`.
fn scientific(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let digits = mantissa.replace(['.', '-'], "");
    let digits = digits.trim_end_matches('0');
    (if digits.is_empty() { "0" } else { digits }.to_owned(), exponent.parse().unwrap())
}

/// Any number text, split into what comes before and after the exponent sign, as [`scientific`] has it.
fn normalized(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let leading = (all.len() - digits.len()) as i32;
    let exponent = exponent.parse::<i32>().unwrap() + whole.len() as i32 - 1 - leading;
    (digits.trim_end_matches('0').to_owned(), exponent)
}

/// Finite numbers but zero, round ones among them.
fn finite() -> impl Strategy<Value = f64> {
    let bits = any::<u64>().prop_map(f64::from_bits);
    let short = (any::<i32>(), -30i32..30).prop_map(|(digits, exponent)| f64::from(digits) * 10f64.powi(exponent));
    let powers = (-1074i32..1023).prop_map(|exponent| 2f64.powi(exponent));
    prop_oneof![bits, short, powers].prop_filter("finite", |value| value.is_finite() && *value != 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn digits_are_those_of_the_standard_library(value in finite(), precision in 1usize..25) {
        let float = Float::from_f64(value).unwrap();
        let expected = scientific(&format!("{value:.*e}", precision - 1));
        prop_assert_eq!(normalized(&float.to_text(precision as i64)), expected);
    }

    #[test]
    fn shortest_digits_are_those_of_the_standard_library(value in finite()) {
        prop_assume!(value.is_normal());
        let shortest = normalized(&Float::from_f64(value).unwrap().to_text(-1));
        let expected = scientific(&format!("{value:e}"));
        // Halfway between two shortest texts the standard library takes the greater one, not the even.
        let (exact, _) = scientific(&format!("{value:.100e}"));
        let tie = exact.len() == expected.0.len() + 1 && exact.ends_with('5');
        if tie {
            prop_assert_eq!(shortest.0.len(), expected.0.len());
        } else {
            prop_assert_eq!(shortest, expected);
        }
    }

    #[test]
    fn digest_texts_have_eleven_digits(value in finite()) {
        let text = Float::from_f64(value).unwrap().digest_text();
        let expected = format!("{value:.10e}");
        let (mantissa, exponent) = expected.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        let sign = if exponent < 0 { '-' } else { '+' };
        prop_assert_eq!(text, format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }

    #[test]
    fn shortest_digits_read_back(mantissa in 1u64.., exponent in -3000i32..3000) {
        let float = float(&format!("{mantissa}p{exponent}"));
        let text = float.to_text(-1);
        prop_assert_eq!(Float::parse(&text).unwrap(), float, "{}", text);
        prop_assert!(normalized(&text).0.len() <= 21);
    }

    #[test]
    fn reading_never_fails_otherwise(text in "[-+]?[0-9._e+pxInf]{0,8}") {
        // Every text is a number or has one of the known errors; what is read prints and reads again.
        if let Ok(float) = Float::parse(&text) {
            prop_assert_eq!(Float::parse(float.to_text(-1)).unwrap(), float);
            prop_assert_eq!(Float::parse_flag(&text).unwrap(), float);
        }
    }
}
