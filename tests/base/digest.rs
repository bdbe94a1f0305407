use base::Digest;
use base::digest::{DigestWriter, NO_DIGEST, PartialDigest, optional_text};
use proptest::prelude::*;

#[test]
fn rt_01_written_digest() {
    let digest = Digest::of("foo");
    let written = digest.written();
    assert_eq!((written.len(), &written[..2], &written[2..]), (34, &[0, 5][..], &digest.as_bytes()[..]));
    assert_eq!(DigestWriter::new().digest(&digest).finish(), Digest::of(written));
}

#[test]
fn rt_02_a_missing_digest_is_zero() {
    assert_eq!(optional_text(None), "<zero>");
    assert_eq!(Digest::parse_optional(""), Ok(None));
    assert_eq!(Digest::parse_optional(NO_DIGEST), Ok(None));
    let digest = Digest::of("foo");
    assert_eq!(Digest::parse_optional(&optional_text(Some(&digest))), Ok(Some(digest)));
    assert!(Digest::parse_optional("<none>").is_err());
}

#[test]
fn rt_03_eight_digits_are_short_and_abbreviated() {
    let digest = Digest::of("foo");
    let partial = PartialDigest::parse(&digest.short()).unwrap();
    assert!(partial.is_short() && partial.is_abbreviated() && partial.full().is_none());
    assert!(partial.expands_to(&digest) && !partial.expands_to(&Digest::of("bar")));
    assert_eq!(partial.to_string(), format!("sha256:2c26b46b{}", "0".repeat(56)));
    let half = PartialDigest::parse(&digest.short_string(16)).unwrap();
    assert!(half.is_abbreviated() && !half.is_short());
    assert!(!PartialDigest::parse(&digest.short_string(17)).unwrap().is_abbreviated());
    assert_eq!(digest.short_string(4), "sha256:2c26b46b");
}

#[test]
fn rt_04_json_spells_zero_in_two_ways() {
    for json in [r#""<zero>""#, r#""\u003czero\u003e""#, r#""""#] {
        let text: String = serde_json::from_str(json).unwrap();
        assert_eq!(Digest::parse_optional(&text), Ok(None), "{json}");
    }
    let digest = Digest::of("foo");
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(json, format!("\"{digest}\""));
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
}

#[test]
fn other_texts_are_not_digests() {
    let long = "0".repeat(66);
    for text in ["", "sha256:", "2c2", "2C", "zz", "sha512:2c26", " 2c", "2c ", "é", &long] {
        assert!(PartialDigest::parse(text).is_err(), "{text}");
    }
    assert!(Digest::parse("2c26b46b").unwrap_err().to_string().starts_with("\"2c26b46b\" is not a digest: want "));
}

proptest! {
    #[test]
    fn digests_read_back(bytes: [u8; 32]) {
        let digest = Digest::from_bytes(bytes);
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        prop_assert_eq!(digest.hex().parse(), Ok(digest));
        prop_assert_eq!(PartialDigest::parse(&digest.hex()).unwrap().full(), Some(digest));
    }

    #[test]
    fn abbreviations_expand_to_what_they_abbreviate(bytes: [u8; 32], other: [u8; 32], n in 1..=32_usize) {
        let digest = Digest::from_bytes(bytes);
        let partial = PartialDigest::parse(&digest.short_string(n)).unwrap();
        prop_assert!(partial.expands_to(&digest));
        prop_assert_eq!(partial.hex(), digest.hex_n(n));
        prop_assert_eq!(partial.expands_to(&Digest::from_bytes(other)), bytes[..n] == other[..n]);
    }

    #[test]
    fn mixing_twice_undoes_it(left: [u8; 32], right: [u8; 32]) {
        let (left, right) = (Digest::from_bytes(left), Digest::from_bytes(right));
        prop_assert_eq!(left.mix(&right).mix(&right), left);
        prop_assert_eq!(left.mix(&right), right.mix(&left));
        prop_assert_eq!(left.cmp(&right), left.hex().cmp(&right.hex()));
    }
}
