//! From a fileset to the stream.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base::assertion::{Assertions, Key};
use base::digest::Material;
use base::{Digest, Error, File, Fileset, Kind};

use super::{MAGIC, NAMESPACE, Options, PROPERTIES, list_limit};
use crate::codec::time;
use crate::codec::wire::{self, invalid};

pub(super) fn write(fileset: &Fileset, options: Options) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new(options);
    writer.out.extend_from_slice(MAGIC);
    writer.out.extend_from_slice(&(fileset.list.len() as u64).to_le_bytes());
    writer.map(0, -1, &fileset.map)?;
    for (index, element) in (0..).zip(&fileset.list) {
        if !element.list.is_empty() {
            return Err(unsupported("a list inside a list has depth > 1"));
        }
        writer.map(1, index, &element.map)?;
    }
    let count = fileset.list.len();
    if count as u64 > list_limit(writer.out.len()) || i32::try_from(count).is_err() {
        return Err(unsupported("the list is too long"));
    }
    Ok(writer.out)
}

fn unsupported(message: &str) -> Error {
    Error::new(Kind::NotSupported, format!("the format cannot hold this value: {message}"))
}

/// Emits parts. Identifiers count from 1 in order of emission; 0 means none.
struct Writer {
    options: Options,
    out: Vec<u8>,
    part: Vec<u8>,
    message: Vec<u8>,
    files: HashMap<Digest, Vec<(File, i64)>>,
    file_count: i64,
    keys: HashMap<String, (BTreeMap<String, String>, i64)>,
    groups: HashMap<Digest, Vec<(Assertions, i64)>>,
    group_count: i64,
    /// Neighbours usually share one set; comparing shared sets is free, hashing them is not.
    last_group: Option<(Assertions, i64)>,
}

impl Writer {
    fn new(options: Options) -> Self {
        Self {
            options,
            out: Vec::new(),
            part: Vec::new(),
            message: Vec::new(),
            files: HashMap::new(),
            file_count: 0,
            keys: HashMap::new(),
            groups: HashMap::new(),
            group_count: 0,
            last_group: None,
        }
    }

    fn map(&mut self, depth: i64, index: i64, map: &BTreeMap<String, File>) -> Result<(), Error> {
        for (path, file) in map {
            let id = self.file(file)?;
            self.message.clear();
            wire::put_int(&mut self.message, 1, depth);
            wire::put_int(&mut self.message, 2, index);
            wire::put_text(&mut self.message, 3, path);
            wire::put_int(&mut self.message, 4, id);
            self.emit(2);
        }
        Ok(())
    }

    /// The identifier of a file, whose part is emitted if it is new.
    fn file(&mut self, file: &File) -> Result<i64, Error> {
        if file.is_reference() && !self.options.reference_fields {
            return Err(invalid(format!(
                "file {:?} is not resolved, only a resolved one can be stored",
                file.source()
            )));
        }
        let digest = file.digest();
        let known = self.files.get(&digest).and_then(|same| same.iter().find(|(other, _)| self.is_same(other, file)));
        if let Some((_, id)) = known {
            return Ok(*id);
        }
        let group = if self.options.assertions { self.group(&file.assertions())? } else { 0 };
        self.file_count += 1;
        let id = self.file_count;
        let mut inner = Vec::new();
        if let Some(id) = &file.id {
            wire::put_text(&mut inner, 1, &id.to_string());
        }
        wire::put_int(&mut inner, 2, i64::try_from(file.size).map_err(|_| invalid("a file is too large"))?);
        if self.options.reference_fields {
            put_reference_fields(&mut inner, file);
        }
        self.message.clear();
        wire::put_int(&mut self.message, 1, id);
        wire::put_message(&mut self.message, 2, &inner);
        wire::put_int(&mut self.message, 3, group);
        self.emit(1);
        self.files.entry(digest).or_default().push((file.clone(), id));
        Ok(id)
    }

    /// Whether one part can stand for both files, whose file digests are the same.
    fn is_same(&self, left: &File, right: &File) -> bool {
        if left.id != right.id || left.size != right.size {
            return false;
        }
        match (&left.origin, &right.origin) {
            (None, None) => true,
            (Some(left), Some(right)) if Arc::ptr_eq(left, right) => true,
            _ => {
                (!self.options.assertions || left.assertions() == right.assertions())
                    && (!self.options.reference_fields
                        || (left.source() == right.source()
                            && left.etag() == right.etag()
                            && left.content_hash() == right.content_hash()
                            && last_modified(left) == last_modified(right)))
            }
        }
    }

    /// The identifier of a set of assertions, whose part is emitted if it is new.
    fn group(&mut self, assertions: &Assertions) -> Result<i64, Error> {
        if assertions.is_empty() {
            return Ok(0);
        }
        if let Some((_, id)) = self.last_group.as_ref().filter(|(last, _)| last == assertions) {
            return Ok(*id);
        }
        let digest = assertions.material_digest();
        let known = self.groups.get(&digest).and_then(|same| same.iter().find(|(other, _)| other == assertions));
        let id = match known {
            Some((_, id)) => *id,
            None => self.new_group(digest, assertions)?,
        };
        self.last_group = Some((assertions.clone(), id));
        Ok(id)
    }

    fn new_group(&mut self, digest: Digest, assertions: &Assertions) -> Result<i64, Error> {
        let mut packed = Vec::new();
        for (key, properties) in assertions.iter() {
            wire::put_varint(&mut packed, self.key(key, properties)?.cast_unsigned());
        }
        self.group_count += 1;
        let id = self.group_count;
        self.message.clear();
        wire::put_int(&mut self.message, 1, id);
        wire::put_message(&mut self.message, 2, &packed);
        self.emit(4);
        self.groups.entry(digest).or_default().push((assertions.clone(), id));
        Ok(id)
    }

    /// The identifier of an assertion, whose part is emitted if its subject is new.
    fn key(&mut self, key: &Key, properties: &BTreeMap<String, String>) -> Result<i64, Error> {
        if key.namespace != NAMESPACE {
            return Err(unsupported(&format!("it asserts something in the namespace {:?}", key.namespace)));
        }
        if let Some(name) = properties.keys().find(|name| !PROPERTIES.contains(&name.as_str())) {
            return Err(unsupported(&format!("it asserts the property {name:?}")));
        }
        if properties.values().any(String::is_empty) {
            return Err(unsupported("it asserts an empty property"));
        }
        let id = match self.keys.get(&key.subject) {
            Some((known, id)) if known == properties => return Ok(*id),
            Some(_) => return Err(unsupported(&format!("it asserts different things of {:?}", key.subject))),
            None => self.keys.len() as i64 + 1,
        };
        let mut inner = Vec::new();
        for (field, name) in (1..).zip(PROPERTIES) {
            wire::put_text(&mut inner, field, properties.get(name).map_or("", String::as_str));
        }
        self.message.clear();
        wire::put_int(&mut self.message, 1, id);
        wire::put_text(&mut self.message, 2, &key.subject);
        wire::put_message(&mut self.message, 3, &inner);
        self.emit(3);
        self.keys.insert(key.subject.clone(), (properties.clone(), id));
        Ok(id)
    }

    /// Appends the message as the part of this number.
    fn emit(&mut self, field: u8) {
        self.part.clear();
        wire::put_message(&mut self.part, field, &self.message);
        self.out.extend_from_slice(&(self.part.len() as u64).to_le_bytes());
        self.out.extend_from_slice(&self.part);
    }
}

fn last_modified(file: &File) -> Option<i128> {
    file.origin.as_deref().and_then(|origin| origin.last_modified)
}

fn put_reference_fields(out: &mut Vec<u8>, file: &File) {
    wire::put_text(out, 3, file.source());
    wire::put_text(out, 4, file.etag());
    let (seconds, nanos) = time::split(last_modified(file));
    let mut timestamp = Vec::new();
    wire::put_int(&mut timestamp, 1, seconds);
    wire::put_int(&mut timestamp, 2, nanos);
    wire::put_message(out, 5, &timestamp);
    if let Some(hash) = file.content_hash() {
        wire::put_text(out, 6, &hash.to_string());
    }
}
