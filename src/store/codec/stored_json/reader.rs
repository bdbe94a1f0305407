//! The strict reader of stored JSON: nothing is skipped, nothing is guessed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use base::assertion::Key;
use base::file::Origin;
use base::{Digest, Error, File, Fileset, Kind};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::MAX_DEPTH;
use crate::codec::time;

pub(super) fn read(bytes: &[u8]) -> Result<Fileset, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let fileset = FilesetSeed { depth: 0 }.deserialize(&mut deserializer);
    fileset.and_then(|fileset| deserializer.end().map(|()| fileset)).map_err(|error| {
        let kind = if error.classify() == Category::Data { Kind::Precondition } else { Kind::Invalid };
        Error::new(kind, error.to_string())
    })
}

/// Reads a fileset that lies this many lists deep.
struct FilesetSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for FilesetSeed {
    type Value = Fileset;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fileset, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom(format!("lists are nested more than {MAX_DEPTH} deep")));
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FilesetSeed {
    type Value = Fileset;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"List\" and \"Fileset\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fileset, A::Error> {
        let (mut list, mut map) = (None, None);
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            match &*name {
                "List" if list.is_none() => list = Some(members.next_value_seed(ListSeed { depth: self.depth + 1 })?),
                "Fileset" if map.is_none() => map = Some(members.next_value::<FileMap>()?.0),
                "List" | "Fileset" => return Err(A::Error::custom(format!("member {name:?} stands twice"))),
                _ => return Err(A::Error::custom(format!("member {name:?} is unknown"))),
            }
        }
        Ok(Fileset { list: list.unwrap_or_default(), map: map.unwrap_or_default() })
    }
}

/// Reads the elements of a list.
struct ListSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Vec<Fileset>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Fileset>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Vec<Fileset>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of filesets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<Fileset>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(FilesetSeed { depth: self.depth })? {
            list.push(element);
        }
        Ok(list)
    }
}

/// Files by path; a path that stands twice is an error.
struct FileMap(BTreeMap<String, File>);

impl<'de> Deserialize<'de> for FileMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileMapVisitor;
        impl<'de> Visitor<'de> for FileMapVisitor {
            type Value = FileMap;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of files by path")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<FileMap, A::Error> {
                let mut map = BTreeMap::new();
                while let Some(path) = members.next_key::<String>()? {
                    let file = members.next_value::<StoredFile>()?.into_file().map_err(A::Error::custom)?;
                    match map.entry(path) {
                        Entry::Vacant(entry) => entry.insert(file),
                        Entry::Occupied(entry) => {
                            return Err(A::Error::custom(format!("path {:?} stands twice", entry.key())));
                        }
                    };
                }
                Ok(FileMap(map))
            }
        }
        deserializer.deserialize_map(FileMapVisitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFile<'a> {
    #[serde(rename = "ID", default, borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "Size", default)]
    size: u64,
    #[serde(rename = "Source", default)]
    source: String,
    #[serde(rename = "ETag", default)]
    etag: String,
    #[serde(rename = "LastModified", default, borrow)]
    last_modified: Option<Cow<'a, str>>,
    #[serde(rename = "ContentHash", default, borrow)]
    content_hash: Cow<'a, str>,
    #[serde(rename = "Assertions", default)]
    assertions: Vec<StoredAssertion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAssertion {
    #[serde(rename = "Key", default)]
    key: StoredKey,
    #[serde(rename = "Value", default)]
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    #[serde(rename = "Namespace", default)]
    namespace: String,
    #[serde(rename = "Subject", default)]
    subject: String,
    #[serde(rename = "Object", default)]
    object: String,
}

impl StoredFile<'_> {
    fn into_file(self) -> Result<File, String> {
        let last_modified = match &self.last_modified {
            None => None,
            Some(text) => time::parse(text).ok_or_else(|| format!("{text:?} is not a time"))?,
        };
        let mut assertions = BTreeMap::<Key, BTreeMap<String, String>>::new();
        for StoredAssertion { key: StoredKey { namespace, subject, object }, value } in self.assertions {
            let properties = assertions.entry(Key { namespace, subject }).or_default();
            match properties.get(&object) {
                Some(other) if *other != value => {
                    return Err(format!("conflict of assertions about {object:?}: {other:?} and {value:?}"));
                }
                _ => properties.insert(object, value),
            };
        }
        let origin = Origin {
            source: self.source,
            etag: self.etag,
            last_modified,
            content_hash: digest(&self.content_hash)?,
            assertions: assertions.into_iter().collect(),
        };
        let id = digest(&self.id)?;
        // Unresolved files keep an origin even if nothing is in it: that is what a reference is.
        let wanted = id.is_none() || origin != Origin::default();
        Ok(File { id, size: self.size, origin: wanted.then(|| Arc::new(origin)) })
    }
}

/// A digest as text; the empty text and `<zero>` mean none.
fn digest(text: &str) -> Result<Option<Digest>, String> {
    match text {
        "" | "<zero>" => Ok(None),
        _ => Digest::parse(text).map(Some).map_err(|error| error.to_string()),
    }
}
