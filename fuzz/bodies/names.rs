//! Small texts with a grammar of their own: URLs, images, digests, numbers, units, patterns.

use base::Digest;
use base::digest::PartialDigest;
use base::glob::Glob;
use base::image::{ImageName, Qualified};
use base::regexp::Regexp;
use base::units;
use base::url::Url;
use types::float::Float;
use types::integer::Integer;

/// Texts that name or count something: what is accepted means the same when it is written anew.
pub fn names(data: &[u8]) {
    if let Ok(url) = Url::parse(data) {
        let again = Url::parse(url.as_str()).unwrap_or_else(|error| panic!("{url} is written anew and wrong: {error}"));
        assert_eq!((again.scheme(), again.host()), (url.scheme(), url.host()), "{url}");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Qualified::parse(text);
    if let Ok(image) = ImageName::parse(text) {
        let written = image.to_string();
        assert_eq!(ImageName::parse(&written).map(|again| again.to_string()), Ok(written));
    }
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
    }
    if let Ok(digest) = PartialDigest::parse(text) {
        // It is written with zeros for what is missing.
        assert!(PartialDigest::parse(&digest.to_string()).is_ok(), "{digest}");
    }
    if let Ok(number) = text.parse::<Integer>() {
        assert_eq!(number.to_string().parse(), Ok(number));
    }
    let _ = Float::parse(text).map(|number| number.to_string());
    if let Ok(duration) = units::parse_duration(text) {
        assert_eq!(units::parse_duration(&units::exact_duration(duration)), Ok(duration));
    }
    let _ = units::parse_size(text).map(units::data_size);
    let _ = base::quote::quote(data);
}

/// A pattern, a text and a template, between zero bytes: what a pattern matches is part of the text.
pub fn patterns(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let pattern = parts.next().unwrap_or_default();
    let text = parts.next().unwrap_or_default();
    let template = parts.next().unwrap_or_default();
    if let Ok(regexp) = Regexp::parse(pattern) {
        let groups = regexp.groups(text);
        assert_eq!(groups.is_some(), regexp.is_match(text));
        if let Some(groups) = groups {
            assert_eq!(groups.len(), regexp.group_count());
        }
        // Each character may be replaced by the whole text.
        if text.len() * template.len() < 1 << 16 {
            let _ = regexp.replace_all(text, template);
        }
    }
    if let (Ok(glob), Ok(text)) = (Glob::parse(pattern), std::str::from_utf8(text)) {
        let _ = glob.matches(text);
    }
}
