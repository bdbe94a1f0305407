//! The values that the tests and the specification's examples are about.

use std::collections::BTreeMap;

use base::assertion::{Assertions, Key, Properties};
use base::file::{File, Origin};
use base::{Digest, Fileset};

/// A resolved file whose content and size are those of `text`.
pub(crate) fn file(text: &str) -> File {
    File::resolved(Digest::of(text), text.len() as u64)
}

/// Files named by their contents.
pub(crate) fn files(names: &[&str]) -> Fileset {
    Fileset::of_map(names.iter().map(|name| ((*name).to_owned(), file(name))).collect::<BTreeMap<_, _>>())
}

/// fs1 and fs2 of runtime spec §1.5.
pub(crate) fn fs1() -> Fileset {
    files(&["bar", "foo"])
}

pub(crate) fn fs2() -> Fileset {
    files(&["a/b/c", "bar"])
}

pub(crate) fn list(elements: impl IntoIterator<Item = Fileset>) -> Fileset {
    Fileset::of_list(elements.into_iter().collect())
}

/// A reference of 3 bytes at `s3://bucket/key`.
pub(crate) fn reference(change: impl FnOnce(&mut Origin)) -> File {
    let mut origin = Origin { source: "s3://bucket/key".into(), etag: "e1".into(), ..Origin::default() };
    change(&mut origin);
    File::reference(3, origin)
}

pub(crate) fn properties(pairs: &[(&str, &str)]) -> Properties {
    pairs.iter().map(|(property, value)| ((*property).to_owned(), (*value).to_owned())).collect()
}

/// Properties of an object, by its URL.
pub(crate) fn blob(url: &str, pairs: &[(&str, &str)]) -> Assertions {
    Assertions::from_iter([(Key::blob(url), properties(pairs))])
}
