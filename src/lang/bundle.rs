//! Bundles: a module with all that it imports, in one archive (language spec §8.4).
//!
//! Bytes in, bytes out: where archives are kept is the caller's affair. To make one, load the module from
//! a [`Recorder`], which remembers every text that was asked for. To use one, it is read and is then the
//! [`Sources`] of a compilation of its own. Nothing of an archive is ever written to a file, and no entry
//! is believed: each is compared with the digest that is its name.

mod archive;
mod manifest;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base::digest::Digest;
use base::failure::{Error, Kind};

use crate::sources::Sources;
use manifest::Manifest;

/// How many bytes an archive may have, and how many all its entries together.
pub const ARCHIVE_LIMIT: u64 = 64 << 20;

/// A module and what it imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    entry: Digest,
    /// Folder of the entry module, as it was given.
    folder: String,
    /// Flags that are set in advance.
    args: Vec<String>,
    /// Digests of all modules by the paths that lead to them.
    files: BTreeMap<String, Digest>,
    texts: BTreeMap<Digest, Rc<[u8]>>,
}

/// Why bytes are no bundle, or a bundle cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The archive is malformed.
    #[error("not a bundle: {0}")]
    Archive(String),
    /// There is no manifest.
    #[error("bundle is missing manifest")]
    NoManifest,
    /// The manifest is malformed.
    #[error("invalid bundle: bad manifest: {0}")]
    BadManifest(String),
    /// The text of the entry module is not there.
    #[error("invalid bundle: entrypoint module is missing")]
    NoEntry,
    /// A text that the manifest lists is not there.
    #[error("invalid bundle: file {path} ({digest}) is missing")]
    MissingFile {
        /// Path of the module.
        path: String,
        /// Digest of its text.
        digest: Digest,
    },
    /// An entry is not what its name says.
    #[error("invalid bundle: entry {name} has the digest {found}")]
    WrongDigest {
        /// The name, which is the digest it should have.
        name: String,
        /// The digest it has.
        found: Digest,
    },
    /// It is too big.
    #[error("the bundle is too large: its entries may not exceed {}MB", .0 >> 20)]
    TooLarge(u64),
}

impl Bundle {
    /// The bundle of the module at `path` and of the other texts by their paths, its own among them; `args`
    /// are the flags that are set in advance.
    pub fn new(path: &str, texts: BTreeMap<String, Vec<u8>>, args: Vec<String>) -> Result<Self, BundleError> {
        let files: BTreeMap<_, _> = texts.iter().map(|(path, text)| (path.clone(), Digest::of(text))).collect();
        let entry = *files.get(path).ok_or(BundleError::NoEntry)?;
        let texts = texts.into_values().map(|text| (Digest::of(&text), text.into())).collect();
        Ok(Self { entry, folder: crate::sources::folder(path).to_owned(), args, files, texts })
    }

    /// Reads an archive whose entries together have at most `limit` bytes. Beside the bundle come the names
    /// of entries that do not belong in one and were left out.
    pub fn read(bytes: &[u8], limit: u64) -> Result<(Self, Vec<String>), BundleError> {
        let entries = archive::read(bytes, limit.min(ARCHIVE_LIMIT))?;
        let manifest = Manifest::parse(&entries.manifest.ok_or(BundleError::NoManifest)?)?;
        if !entries.texts.contains_key(&manifest.entry) {
            return Err(BundleError::NoEntry);
        }
        let missing = manifest.files.iter().find(|(_, digest)| !entries.texts.contains_key(digest));
        if let Some((path, digest)) = missing {
            return Err(BundleError::MissingFile { path: path.clone(), digest: *digest });
        }
        let Manifest { entry, folder, args, files } = manifest;
        Ok((Self { entry, folder, args, files, texts: entries.texts }, entries.unexpected))
    }

    /// The archive. Equal bundles give equal bytes.
    pub fn write(&self) -> Result<Vec<u8>, BundleError> {
        let manifest = Manifest {
            entry: self.entry,
            folder: self.folder.clone(),
            args: self.args.clone(),
            files: self.files.clone(),
        };
        archive::write(&self.texts, &manifest.text())
    }

    /// Path and text of the entry module. The path is the one it had when it was bundled; without any it is
    /// the empty one.
    pub fn entry(&self) -> (&str, &[u8]) {
        let mut paths = self.files.iter().filter(|(_, digest)| **digest == self.entry).map(|(path, _)| path.as_str());
        // Another module may have the same text.
        let here = paths.clone().find(|path| crate::sources::folder(path) == self.folder);
        let text = self.texts.get(&self.entry).map_or(&[][..], |text| text);
        (here.or_else(|| paths.next()).unwrap_or(""), text)
    }

    /// The folder that `./` starts from in the entry module.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The flags that are set in advance, as words of a command line.
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// Digests of all texts by the paths that lead to them.
    pub fn files(&self) -> &BTreeMap<String, Digest> {
        &self.files
    }

    /// How many bytes all texts have together.
    pub fn size(&self) -> u64 {
        self.texts.values().map(|text| text.len() as u64).sum()
    }
}

/// The modules of a bundle; it has no other data.
impl Sources for Bundle {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        let text = self.files.get(path).and_then(|digest| self.texts.get(digest));
        text.map(|text| text.to_vec()).ok_or_else(|| Error::new(Kind::NotExist, "no such file in the bundle"))
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        self.read(path).map(|text| text.len() as u64)
    }

    fn walk(&self, _dir: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Sources that remember what was read from them.
pub struct Recorder {
    sources: Rc<dyn Sources>,
    texts: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl Recorder {
    /// Reads from `sources`.
    pub fn new(sources: Rc<dyn Sources>) -> Self {
        Self { sources, texts: RefCell::default() }
    }

    /// The texts that were read so far, by path.
    pub fn texts(&self) -> BTreeMap<String, Vec<u8>> {
        self.texts.borrow().clone()
    }
}

impl Sources for Recorder {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        let text = self.sources.read(path)?;
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        self.sources.size(path)
    }

    fn walk(&self, dir: &str) -> Vec<String> {
        self.sources.walk(dir)
    }
}
