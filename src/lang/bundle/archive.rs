//! The archive: a ZIP file with an entry for each text, named by its digest, and the manifest.
//!
//! What comes in may be hostile. Nothing is unpacked beyond a limit, whatever sizes the archive claims;
//! entries are compared with their names; no name is ever a path of a file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::rc::Rc;

use base::digest::Digest;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{ARCHIVE_LIMIT, BundleError};

const MANIFEST: &str = "manifest";

/// What is in an archive.
pub(super) struct Entries {
    pub(super) manifest: Option<Vec<u8>>,
    pub(super) texts: BTreeMap<Digest, Rc<[u8]>>,
    /// Names of other entries.
    pub(super) unexpected: Vec<String>,
}

impl From<ZipError> for BundleError {
    fn from(error: ZipError) -> Self {
        Self::Archive(match error {
            // What the library says further speaks of its own types.
            ZipError::InvalidArchive(_) => "the archive is damaged or cut off".to_owned(),
            other => other.to_string(),
        })
    }
}

/// Reads an archive whose entries have at most `limit` bytes together.
pub(super) fn read(bytes: &[u8], limit: u64) -> Result<Entries, BundleError> {
    if bytes.len() as u64 > ARCHIVE_LIMIT {
        return Err(BundleError::TooLarge(ARCHIVE_LIMIT));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.has_duplicate_names() {
        return Err(BundleError::Archive("two entries have the same name".to_owned()));
    }
    let mut entries = Entries { manifest: None, texts: BTreeMap::new(), unexpected: Vec::new() };
    let mut left = limit;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let digest = Digest::parse(&name).ok().filter(|digest| digest.to_string() == name);
        if name != MANIFEST && digest.is_none() {
            entries.unexpected.push(name);
            continue;
        }
        let mut text = Vec::new();
        // The size that the archive claims for an entry is not believed.
        let read = file.by_ref().take(left + 1).read_to_end(&mut text);
        read.map_err(|error| BundleError::Archive(format!("entry {name}: {error}")))?;
        left = left.checked_sub(text.len() as u64).ok_or(BundleError::TooLarge(limit))?;
        match digest {
            None => entries.manifest = Some(text),
            Some(digest) => {
                let found = Digest::of(&text);
                if found != digest {
                    return Err(BundleError::WrongDigest { name, found });
                }
                entries.texts.insert(digest, text.into());
            }
        }
    }
    Ok(entries)
}

/// Writes an archive: texts in the order of their digests, then the manifest.
pub(super) fn write(texts: &BTreeMap<Digest, Rc<[u8]>>, manifest: &[u8]) -> Result<Vec<u8>, BundleError> {
    let size = texts.values().map(|text| text.len()).sum::<usize>() + manifest.len();
    if size as u64 > ARCHIVE_LIMIT {
        return Err(BundleError::TooLarge(ARCHIVE_LIMIT));
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let failed = |error: std::io::Error| BundleError::Archive(error.to_string());
    let texts = texts.iter().map(|(digest, text)| (digest.to_string(), text.as_ref()));
    for (name, text) in texts.chain([(MANIFEST.to_owned(), manifest)]) {
        archive.start_file(name, options)?;
        archive.write_all(text).map_err(failed)?;
    }
    Ok(archive.finish()?.into_inner())
}
