//! The inputs of a command as files below its scratch folder (runtime spec §6.3 *Command*).

use std::borrow::Cow;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base::config::{Arg, ExecConfig, OutputKind};
use base::{Error, File, Fileset, Kind};
use store::FileRepository;

use crate::scratch::Scratch;

/// Whether inputs may share their bytes with the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// The command sees the inputs through a read-only mount: links into the repository are safe.
    Linked,
    /// Nothing keeps the command from writing to its inputs: they must be copies.
    Copied,
}

/// Lays out the inputs of `config` and makes the folders of its directory outputs.
///
/// Part `j` of the argument at position `i` becomes `arg/i/j`: the file itself if it is a single file,
/// else a folder. `Invalid` for paths that lead elsewhere and for files that are not resolved,
/// `NotExist` and `Integrity` for blobs that are missing or damaged.
pub(crate) fn stage(
    config: &ExecConfig,
    repository: &FileRepository,
    scratch: &Scratch,
    sharing: Sharing,
) -> Result<(), Error> {
    let stage = Stage { repository, sharing };
    for (position, argument) in config.args.iter().enumerate() {
        if let Arg::Input(fileset) = argument {
            let folder = scratch.arg().join(position.to_string());
            fs::create_dir(&folder)?;
            for (part, fileset) in fileset.flatten().iter().enumerate() {
                stage
                    .part(fileset, &folder.join(part.to_string()))
                    .map_err(|error| error.during(format!("input {position}")))?;
            }
        }
    }
    for (number, kind) in config.outputs.iter().enumerate() {
        if *kind == OutputKind::Dir {
            fs::create_dir(scratch.output().join(number.to_string()))?;
        }
    }
    Ok(())
}

struct Stage<'a> {
    repository: &'a FileRepository,
    sharing: Sharing,
}

impl Stage<'_> {
    fn part(&self, fileset: &Fileset, to: &Path) -> Result<(), Error> {
        // Lists in lists have no folders of their own.
        let fileset = if fileset.list.is_empty() { Cow::Borrowed(fileset) } else { Cow::Owned(fileset.pullup()) };
        if let Ok(file) = fileset.file() {
            resolved(file, Fileset::ROOT)?;
            self.repository.materialize(file, to)?;
            return self.share(to);
        }
        fs::create_dir(to)?;
        for (path, file) in &fileset.map {
            resolved(file, path)?;
            let place = self.place(to, path)?;
            self.repository.materialize_under(file, to, path)?;
            self.share(&place)?;
        }
        Ok(())
    }

    fn place(&self, folder: &Path, path: &str) -> Result<PathBuf, Error> {
        if path == Fileset::ROOT {
            return Err(Error::new(Kind::Invalid, "a directory cannot have a file at the path \".\""));
        }
        store::safe_join(folder, path)
    }

    /// Gives the command bytes of its own, if it could reach the repository's.
    fn share(&self, place: &Path) -> Result<(), Error> {
        if self.sharing == Sharing::Copied && fs::symlink_metadata(place)?.nlink() > 1 {
            let mut copy = place.as_os_str().to_owned();
            copy.push(".copy");
            fs::copy(place, &copy)?;
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o444))?;
            fs::rename(&copy, place)?;
        }
        Ok(())
    }
}

fn resolved(file: &File, path: &str) -> Result<(), Error> {
    match file.id {
        Some(_) => Ok(()),
        None => {
            Err(Error::new(Kind::Invalid, format!("the file {path:?} is still a reference to {:?}", file.source())))
        }
    }
}
