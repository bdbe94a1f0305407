//! From the stream to a fileset.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::assertion::{Assertions, Key};
use base::file::Origin;
use base::{Digest, Error, File, Fileset};

use super::{MAGIC, NAMESPACE, PROPERTIES, list_limit};
use crate::codec::time;
use crate::codec::wire::{self, Fields, invalid};

/// Many groups may name one large assertion, so a small stream could ask for a great deal of memory.
const COPY_LIMIT: u64 = 1 << 30;

pub(super) fn read(mut bytes: &[u8]) -> Result<Fileset, Error> {
    let limit = list_limit(bytes.len());
    if wire::take(&mut bytes, 4).ok() != Some(MAGIC) {
        return Err(invalid("it does not begin with \"v201\""));
    }
    let count = read_length(&mut bytes)?;
    if count > limit {
        return Err(invalid(format!("a list of {count} elements is announced")));
    }
    let mut reader = Reader { limit, ..Reader::default() };
    reader.fileset.list.resize_with(count as usize, Fileset::new);
    while !bytes.is_empty() {
        let length = read_length(&mut bytes)?;
        reader.part(wire::take(&mut bytes, length)?)?;
    }
    Ok(reader.fileset)
}

fn read_length(input: &mut &[u8]) -> Result<u64, Error> {
    let mut length = [0; 8];
    length.copy_from_slice(wire::take(input, 8)?);
    Ok(u64::from_le_bytes(length))
}

/// Puts a fileset together from its parts.
#[derive(Default)]
struct Reader {
    fileset: Fileset,
    /// The longest list to believe in.
    limit: u64,
    /// Bytes of assertions copied into groups.
    copied: u64,
    files: HashMap<i32, File>,
    keys: HashMap<i32, (Key, BTreeMap<String, String>)>,
    groups: HashMap<i32, Assertions>,
}

impl Reader {
    fn part(&mut self, part: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(part);
        let mut chosen = None;
        while let Some((number, value)) = fields.next()? {
            if (1..=4).contains(&number) {
                chosen = Some((number, value.bytes()?));
            }
        }
        match chosen {
            Some((1, message)) => self.file(message),
            Some((2, message)) => self.mapping(message),
            Some((3, message)) => self.key(message),
            Some((_, message)) => self.group(message),
            None => Err(invalid("a part is of an unknown kind")),
        }
    }

    fn file(&mut self, message: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(message);
        let (mut id, mut file, mut origin, mut group) =
            (0, File::reference(0, Origin::default()), Origin::default(), 0);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => id = value.int32()?,
                2 => file_fields(value.bytes()?, &mut file, &mut origin)?,
                3 => group = value.int32()?,
                _ => {}
            }
        }
        if group != 0 {
            origin.assertions = self
                .groups
                .get(&group)
                .cloned()
                .ok_or_else(|| invalid(format!("there is no assertions group {group}")))?;
        }
        // Unresolved files keep an origin even if nothing is in it: that is what a reference is.
        let wanted = file.is_reference() || origin != Origin::default();
        file.origin = wanted.then(|| Arc::new(origin));
        self.files.insert(id, file);
        Ok(())
    }

    fn mapping(&mut self, message: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(message);
        let (mut depth, mut index, mut path, mut id) = (0, 0, "", 0);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => depth = value.int32()?,
                2 => index = value.int32()?,
                3 => path = value.text()?,
                4 => id = value.int32()?,
                _ => {}
            }
        }
        let file = match self.files.get(&id) {
            Some(file) => file.clone(),
            None if id == 0 => File::reference(0, Origin::default()),
            None => return Err(invalid(format!("there is no file {id}"))),
        };
        let map = match depth {
            0 => &mut self.fileset.map,
            1 => &mut self.element(index)?.map,
            _ => return Err(invalid(format!("a mapping has depth {depth}"))),
        };
        map.insert(path.to_owned(), file);
        Ok(())
    }

    /// An element of the list, which grows if it is too short.
    fn element(&mut self, index: i32) -> Result<&mut Fileset, Error> {
        let bad = || invalid(format!("a mapping has index {index}"));
        let position =
            usize::try_from(index).ok().filter(|position| (*position as u64) < self.limit).ok_or_else(bad)?;
        let list = &mut self.fileset.list;
        if list.len() <= position {
            list.resize_with(position + 1, Fileset::new);
        }
        list.get_mut(position).ok_or_else(bad)
    }

    fn key(&mut self, message: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(message);
        let (mut id, mut subject, mut properties) = (0, "", BTreeMap::new());
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => id = value.int32()?,
                2 => subject = value.text()?,
                3 => properties = blob_properties(value.bytes()?)?,
                _ => {}
            }
        }
        self.keys.insert(id, (Key { namespace: NAMESPACE.to_owned(), subject: subject.to_owned() }, properties));
        Ok(())
    }

    fn group(&mut self, message: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(message);
        let (mut id, mut keys) = (0, Vec::new());
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => id = value.int32()?,
                2 => value.int32s(&mut keys)?,
                _ => {}
            }
        }
        let keys: BTreeSet<i32> = keys.into_iter().filter(|key| *key != 0).collect();
        let mut assertions = Vec::with_capacity(keys.len());
        for key in keys {
            let found = self.keys.get(&key).ok_or_else(|| invalid(format!("there is no assertion {key}")))?;
            let size = found.0.subject.len() + found.1.values().map(String::len).sum::<usize>();
            self.copied += 64 + size as u64;
            if self.copied > COPY_LIMIT {
                return Err(invalid("the groups of assertions are too large"));
            }
            assertions.push(found.clone());
        }
        self.groups.insert(id, assertions.into_iter().collect());
        Ok(())
    }
}

fn file_fields(message: &[u8], file: &mut File, origin: &mut Origin) -> Result<(), Error> {
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => file.id = digest(value.text()?)?,
            2 => file.size = u64::try_from(value.int64()?).map_err(|_| invalid("a file has a negative size"))?,
            3 => value.text()?.clone_into(&mut origin.source),
            4 => value.text()?.clone_into(&mut origin.etag),
            5 => origin.last_modified = timestamp(value.bytes()?)?,
            6 => origin.content_hash = digest(value.text()?)?,
            _ => {}
        }
    }
    Ok(())
}

/// A digest as text; the empty text and `<zero>` mean none.
fn digest(text: &str) -> Result<Option<Digest>, Error> {
    match text {
        "" | "<zero>" => Ok(None),
        _ => Digest::parse(text).map(Some).map_err(|error| invalid(error.to_string())),
    }
}

fn timestamp(message: &[u8]) -> Result<Option<i128>, Error> {
    let mut fields = Fields::new(message);
    let (mut seconds, mut nanos) = (0, 0);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => seconds = value.int64()?,
            2 => nanos = value.int64()?,
            _ => {}
        }
    }
    Ok(time::join(seconds, nanos))
}

fn blob_properties(message: &[u8]) -> Result<BTreeMap<String, String>, Error> {
    let mut fields = Fields::new(message);
    let mut properties = BTreeMap::new();
    while let Some((number, value)) = fields.next()? {
        let Some(name) = usize::try_from(number - 1).ok().and_then(|index| PROPERTIES.get(index)) else { continue };
        let text = value.text()?;
        if !text.is_empty() {
            properties.insert((*name).to_owned(), text.to_owned());
        }
    }
    Ok(properties)
}
