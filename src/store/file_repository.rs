//! Blobs as files of a local folder, named by their digests (runtime spec §7.2).
//!
//! A blob is a file `<two hex digits>/<62 hex digits>` that never changes. It arrives under a temporary
//! name and is renamed when its digest is known. Whether it has also reached the disk shows in its mode:
//! a blob is *sealed*, that is read-only, once its content and its name are durable. Only then do rows
//! that name it become durable ([`Committer`](crate::Committer)), so a crash of the machine can spoil only
//! blobs that nothing refers to, and those are recognised: whoever brings the same content again looks
//! into a blob that is not sealed instead of trusting it.

mod arrive;
mod check;
mod depart;
mod face;
mod hash;
mod removal;
mod seal;
mod uses;

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use base::digest::PartialDigest;
use base::{Digest, Error, File, Kind};

use crate::located::Located;

pub use arrive::BlobWriter;
pub use check::{CheckReport, Verdict};
pub use hash::hash_file;
use uses::Uses;
pub use uses::Watch;

/// How long a blob may be out of sight while a collection looks whether it may go, and the pause between looks.
const LONGEST_HIDING: Duration = Duration::from_secs(1);
const HIDING_PAUSE: Duration = Duration::from_millis(2);

/// A repository in a local folder. Cheap to clone; blocks the calling thread.
///
/// What [`put_bytes`](Self::put_bytes), [`put_reader`](Self::put_reader), [`writer`](Self::writer),
/// [`adopt`](Self::adopt) and [`install`](Self::install) bring in can be read at once, but is durable only
/// after a [`Committer`](crate::Committer) or [`sync`](Self::sync) has sealed it.
#[derive(Clone, Debug)]
pub struct FileRepository(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    tmp: PathBuf,
    uses: Uses,
    /// Whether a file that is synced takes its name with it, see [`seal::names_follow`].
    names_follow: bool,
    /// Whether the name of the folder of the blobs that begin with this byte is known to be durable.
    durable_folders: [AtomicBool; 256],
}

impl FileRepository {
    /// Opens the repository in the folder `root`, or makes it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        // Absolute, so that a later change of the working directory does not move the repository.
        let root = std::path::absolute(root).at("find", root)?;
        let tmp = root.join("tmp");
        for folder in [&tmp, &removal::trash(&root)] {
            fs::create_dir_all(folder).at("make folder", folder)?;
        }
        // What was left over by processes that were killed.
        let tidy = || check::clear(&tmp).and_then(|()| removal::restore_trash(&root));
        let uses = Uses::open(removal::uses_folder(&root), tidy)?;
        let durable_folders = [const { AtomicBool::new(false) }; 256];
        Ok(Self(Arc::new(Inner { names_follow: seal::names_follow(&root), root, tmp, uses, durable_folders })))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// Where a blob is or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let (folder, name) = hex.split_at(2);
        let mut path = PathBuf::with_capacity(self.0.root.as_os_str().len() + 67);
        path.push(&self.0.root);
        path.push(folder);
        path.push(name);
        path
    }

    /// The size of a blob in bytes, `None` if it is absent.
    pub fn stat(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        Ok(self.metadata(digest)?.map(|metadata| metadata.len()))
    }

    /// Whether the blob of a resolved file is here with the size that the file says. Content is not read.
    pub fn holds(&self, file: &File) -> Result<bool, Error> {
        match &file.id {
            Some(id) => Ok(self.stat(id)? == Some(file.size)),
            None => Ok(false),
        }
    }

    /// Opens a blob for reading; `NotExist` if it is absent.
    pub fn open_blob(&self, digest: &Digest) -> Result<fs::File, Error> {
        let path = self.path(digest);
        match fs::File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.metadata(digest)?.is_some() => {
                fs::File::open(&path)
            }
            opened => opened,
        }
        .at("open blob", &path)
    }

    /// Removes a blob; whether there was one.
    pub fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).at("remove blob", &path),
        }
    }

    /// Every blob with its size in bytes, in no order. Blobs that come or go meanwhile may show or not.
    pub fn iter(&self) -> impl Iterator<Item = Result<(Digest, u64), Error>> + use<> {
        let root = self.0.root.clone();
        (0..=255_u8).flat_map(move |first| {
            let (blobs, error) = match check::list_folder(&root, first) {
                Ok(folder) => (folder.blobs, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            blobs.into_iter().map(Ok).chain(error)
        })
    }

    /// The one blob whose digest begins so: `NotExist` if there is none, `Invalid` if there are several.
    pub fn find(&self, begin: &PartialDigest) -> Result<Digest, Error> {
        let absent = || Error::new(Kind::NotExist, format!("no object begins with {}", begin.hex()));
        if let Some(digest) = begin.full() {
            return self.stat(&digest)?.map(|_| digest).ok_or_else(absent);
        }
        // Whole bytes are given, and blobs lie by their first.
        let first = begin.hex().get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(absent)?;
        let blobs = check::list_folder(&self.0.root, first)?.blobs;
        let mut found = blobs.into_iter().map(|(digest, _)| digest).filter(|digest| begin.expands_to(digest));
        match (found.next(), found.next()) {
            (None, _) => Err(absent()),
            (Some(digest), None) => Ok(digest),
            (Some(_), Some(_)) => {
                let message = format!("several objects begin with {}; give more digits", begin.hex());
                Err(Error::new(Kind::Invalid, message))
            }
        }
    }

    /// Like [`iter`](Self::iter), with when each blob came or its mode or number of links last changed, in seconds
    /// since 1970: the time of modification is what a command may have chosen.
    pub(crate) fn iter_changed(&self) -> impl Iterator<Item = Result<(Digest, u64, i64), Error>> + use<'_> {
        self.iter().filter_map(|blob| {
            let look = |(digest, size): (Digest, u64)| {
                let metadata = fs::symlink_metadata(self.path(&digest)).ok()?;
                Some((digest, size, metadata.ctime()))
            };
            blob.map(look).transpose()
        })
    }

    /// What the file system says of a blob; a folder or link of that name is no blob.
    fn metadata(&self, digest: &Digest) -> Result<Option<Metadata>, Error> {
        let path = self.path(digest);
        let mut hidden = Duration::ZERO;
        let mut is_last = false;
        loop {
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => return Ok(Some(metadata)),
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error).at("look at blob", &path),
            }
            if is_last {
                return Ok(None);
            }
            // A collection may be about to put it back, or has just done so.
            match hidden < LONGEST_HIDING && self.is_hidden(digest) {
                true => std::thread::sleep(HIDING_PAUSE),
                false => is_last = true,
            }
            hidden += HIDING_PAUSE;
        }
    }
}

/// Whether a blob is known to be durable.
fn is_sealed(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o222 == 0
}

/// Whether some class of users may run the file.
fn is_executable(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    fs::File::open(path).and_then(|folder| folder.sync_all()).at("sync folder", path)
}
