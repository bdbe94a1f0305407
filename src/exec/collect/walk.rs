//! Finds the files of outputs, with symbolic links followed as the command would, but never out of
//! the folder of outputs.
//!
//! A link may lead anywhere within that folder. One that leads out of it fails the exec, since the
//! command may have meant a file that only it could see; one that leads nowhere, or back to a folder
//! that it is in, is left out with a note.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use base::config::OutputKind;
use base::{Error, Fileset, Kind};

use super::Outputs;

/// A regular file of an output.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Path in the fileset.
    pub(super) path: String,
    /// Where it is, links resolved.
    pub(super) place: PathBuf,
    /// Bytes.
    pub(super) size: u64,
}

/// Everything found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The files of each output.
    pub(super) roots: Vec<Vec<Found>>,
    /// What was left out, a line each.
    pub(super) notes: Vec<String>,
}

/// Links to follow for one name, as the kernel does.
const LINKS: usize = 40;
/// How often one folder may be reached through links: they can multiply a small tree beyond all bounds.
const VISITS: usize = 1000;
/// Notes kept; more are counted.
const NOTES: usize = 20;

/// A failure that is either the command's own or the machinery's.
enum Failure {
    Command(Error),
    Machinery(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Machinery(error.into())
    }
}

/// Finds the files of all outputs. Inner and outer failures as in [`super::collect`].
pub(super) fn walk(outputs: Outputs<'_>) -> Result<Result<Walk, Error>, Error> {
    let mut walker = Walker { outputs, walk: Walk::default(), visits: BTreeMap::new(), left_out: 0 };
    match walker.all() {
        Ok(()) => Ok(Ok(walker.finish())),
        Err(Failure::Command(error)) => Ok(Err(error)),
        Err(Failure::Machinery(error)) => Err(error.during("collecting outputs")),
    }
}

struct Walker<'a> {
    outputs: Outputs<'a>,
    walk: Walk,
    /// How often folders were reached through links.
    visits: BTreeMap<PathBuf, usize>,
    left_out: usize,
}

/// Where in which output the walker is.
struct Place<'a> {
    /// `output 3`, for messages.
    label: &'a str,
    /// The folder below the folder of outputs, links resolved.
    folder: PathBuf,
    /// Its path in the fileset, empty or with a slash at the end.
    prefix: String,
    /// The folders it is in, itself included, links resolved.
    around: Vec<PathBuf>,
    /// Whether a link was followed on the way.
    linked: bool,
}

/// What a link leads to.
enum Target {
    There(PathBuf, Metadata),
    Nowhere,
    Outside,
    Circle,
}

impl Walker<'_> {
    fn all(&mut self) -> Result<(), Failure> {
        if self.outputs.kinds.is_empty() {
            return self.output("the output", OsStr::new("default"), None);
        }
        for (number, kind) in self.outputs.kinds.iter().enumerate() {
            self.output(&format!("output {number}"), OsStr::new(&number.to_string()), Some(*kind))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Walk {
        let hidden = self.left_out - self.walk.notes.len();
        if hidden > 0 {
            self.walk.notes.push(format!("{hidden} more were left out of the outputs"));
        }
        self.walk
    }

    /// One output. Without a declared kind it may be missing, a file or a folder.
    fn output(&mut self, label: &str, name: &OsStr, kind: Option<OutputKind>) -> Result<(), Failure> {
        self.walk.roots.push(Vec::new());
        let seen = self.outputs.seen_as.join(name);
        let what = match kind {
            Some(OutputKind::Dir) => "directory",
            _ => "file",
        };
        let (place, metadata) = match self.resolve(Path::new(""), name)? {
            Target::There(place, metadata) => (place, metadata),
            Target::Nowhere if kind.is_none() && !self.is_link(name) => return Ok(()),
            Target::Nowhere if !self.is_link(name) => {
                let shown = seen.display();
                return Err(command(format!("{label} is missing: the command did not create the {what} {shown}")));
            }
            fault => return Err(command(format!("{label} {}", self.describe(Path::new(name), &fault)))),
        };
        if metadata.is_file() && kind != Some(OutputKind::Dir) {
            return self.file(Fileset::ROOT.to_owned(), place, &metadata);
        }
        if metadata.is_dir() && kind != Some(OutputKind::File) {
            let around = vec![place.clone()];
            return self.folders(Place { label, folder: place, prefix: String::new(), around, linked: false });
        }
        let is = kind_name(&metadata);
        Err(command(format!("{label} must be a {what}, but the command left {is} at {}", seen.display())))
    }

    /// A folder and everything below it. A list of what is to do instead of recursion: the depth is the
    /// command's choice.
    fn folders(&mut self, first: Place<'_>) -> Result<(), Failure> {
        let mut pending = vec![first];
        while let Some(place) = pending.pop() {
            self.folder(&place, &mut pending)?;
        }
        Ok(())
    }

    fn folder<'a>(&mut self, place: &Place<'a>, pending: &mut Vec<Place<'a>>) -> Result<(), Failure> {
        let real = self.outputs.folder.join(&place.folder);
        let metadata = fs::symlink_metadata(&real)?;
        if metadata.permissions().mode() & 0o500 != 0o500 {
            fs::set_permissions(&real, fs::Permissions::from_mode(0o700))?;
        }
        for entry in fs::read_dir(&real)? {
            let name = entry?.file_name();
            let Some(text) = name.to_str() else {
                let within = format!("{}{}", place.prefix, name.to_string_lossy());
                return Err(command(format!(
                    "{} has a file whose name is not UTF-8: {within:?} ({name:?}); rename it",
                    place.label
                )));
            };
            let path = format!("{}{text}", place.prefix);
            pending.extend(self.entry(place, &name, path)?);
        }
        Ok(())
    }

    /// Takes a file, or gives back the folder that is still to be walked.
    fn entry<'a>(&mut self, place: &Place<'a>, name: &OsStr, path: String) -> Result<Option<Place<'a>>, Failure> {
        let direct = place.folder.join(name);
        let metadata = fs::symlink_metadata(self.outputs.folder.join(&direct))?;
        let is_link = metadata.is_symlink();
        let linked = place.linked || is_link;
        let (target, metadata) = if is_link {
            match self.resolve(&place.folder, name)? {
                Target::There(target, metadata) => (target, metadata),
                fault @ Target::Outside => {
                    let fault = self.describe(&direct, &fault);
                    return Err(command(format!("{}: {path:?} {fault}; copy the file instead", place.label)));
                }
                fault => {
                    let fault = self.describe(&direct, &fault);
                    self.note(format!("{}: {path:?} was left out: it {fault}", place.label));
                    return Ok(None);
                }
            }
        } else {
            (direct, metadata)
        };
        if metadata.is_file() {
            self.file(path, target, &metadata)?;
            return Ok(None);
        }
        if !metadata.is_dir() {
            self.note(format!("{}: {path:?} was left out: it is {}", place.label, kind_name(&metadata)));
            return Ok(None);
        }
        if is_link && place.around.iter().any(|folder| folder.starts_with(&target)) {
            self.note(format!("{}: {path:?} was left out: it is a link back to a folder that it is in", place.label));
            return Ok(None);
        }
        if linked {
            let visits = self.visits.entry(target.clone()).or_default();
            *visits += 1;
            if *visits > VISITS {
                let shown = self.outputs.seen_as.join(&target);
                let shown = shown.display();
                return Err(command(format!(
                    "{}: links lead to the folder {shown} more than {VISITS} times",
                    place.label
                )));
            }
        }
        let mut around = place.around.clone();
        around.push(target.clone());
        Ok(Some(Place { label: place.label, folder: target, prefix: format!("{path}/"), around, linked }))
    }

    fn file(&mut self, path: String, place: PathBuf, metadata: &Metadata) -> Result<(), Failure> {
        let real = self.outputs.folder.join(place);
        if metadata.permissions().mode() & 0o400 == 0 {
            fs::set_permissions(&real, fs::Permissions::from_mode(0o600))?;
        }
        if let Some(root) = self.walk.roots.last_mut() {
            root.push(Found { path, place: real, size: metadata.len() });
        }
        Ok(())
    }

    fn note(&mut self, note: String) {
        self.left_out += 1;
        if self.walk.notes.len() < NOTES {
            self.walk.notes.push(note);
        }
    }

    fn is_link(&self, name: &OsStr) -> bool {
        fs::symlink_metadata(self.outputs.folder.join(name)).is_ok_and(|metadata| metadata.is_symlink())
    }

    /// Follows `name` in `folder` to what is not a link, as the command's kernel would have done.
    fn resolve(&self, folder: &Path, name: &OsStr) -> io::Result<Target> {
        let mut current = folder.to_owned();
        // What is still to be walked, the next component last.
        let mut rest: Vec<OsString> = vec![name.to_owned()];
        let mut links = 0;
        let mut metadata = None;
        while let Some(next) = rest.pop() {
            if next == ".." {
                if !current.pop() {
                    return Ok(Target::Outside);
                }
                metadata = None;
                continue;
            }
            current.push(&next);
            let there = match fs::symlink_metadata(self.outputs.folder.join(&current)) {
                Ok(there) => there,
                Err(error) if is_nowhere(&error) => return Ok(Target::Nowhere),
                Err(error) => return Err(error),
            };
            if !there.is_symlink() {
                metadata = Some(there);
                continue;
            }
            links += 1;
            if links > LINKS {
                return Ok(Target::Circle);
            }
            let target = fs::read_link(self.outputs.folder.join(&current))?;
            current.pop();
            let mut target = target.as_path();
            if target.is_absolute() {
                match target.strip_prefix(self.outputs.seen_as) {
                    Ok(below) => (current, target) = (PathBuf::new(), below),
                    Err(_) => return Ok(Target::Outside),
                }
            }
            metadata = None;
            rest.extend(target.components().rev().filter_map(|component| match component {
                Component::Normal(name) => Some(name.to_owned()),
                Component::ParentDir => Some(OsString::from("..")),
                _ => None,
            }));
        }
        let metadata = match metadata {
            Some(metadata) => metadata,
            None => fs::symlink_metadata(self.outputs.folder.join(&current))?,
        };
        Ok(Target::There(current, metadata))
    }

    /// What is wrong with a link, as the rest of a sentence about it.
    fn describe(&self, link: &Path, fault: &Target) -> String {
        let target = fs::read_link(self.outputs.folder.join(link)).unwrap_or_default();
        let target = target.display();
        match fault {
            Target::Outside => format!("is a symbolic link to {target}, which is outside of the outputs"),
            Target::Circle => format!("is a symbolic link to {target}, which leads round in a circle"),
            _ => format!("is a symbolic link to {target}, which does not exist"),
        }
    }
}

fn is_nowhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn command(message: String) -> Failure {
    Failure::Command(Error::new(Kind::Invalid, message))
}

fn kind_name(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_file() => "a file",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What is found of a folder output, as paths, and what is said about the rest.
    fn walked(folder: &Path) -> Result<(Vec<String>, Vec<String>), String> {
        let outputs = Outputs { folder, seen_as: Path::new("/return"), kinds: &[OutputKind::Dir] };
        match walk(outputs).unwrap() {
            Err(failure) => Err(failure.message().to_owned()),
            Ok(Walk { roots, notes }) => {
                let mut paths: Vec<String> = roots[0].iter().map(|found| found.path.clone()).collect();
                paths.sort();
                Ok((paths, notes))
            }
        }
    }

    #[test]
    fn sockets_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("0")).unwrap();
        fs::write(folder.path().join("0/file"), "x").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("0/socket")).unwrap();
        let (paths, notes) = walked(folder.path()).unwrap();
        assert_eq!(paths, ["file"]);
        assert_eq!(notes, ["output 0: \"socket\" was left out: it is a socket"]);
    }

    #[test]
    fn links_are_resolved_as_the_command_saw_them() {
        let folder = tempfile::tempdir().unwrap();
        let place = |path: &str| folder.path().join(path);
        fs::create_dir_all(place("0/a/b")).unwrap();
        fs::write(place("0/a/b/file"), "x").unwrap();
        symlink("b", place("0/a/to_b")).unwrap();
        symlink("/return/0/a/to_b/../b/./file", place("0/there")).unwrap();
        symlink("a//b///file", place("0/slashes")).unwrap();
        let (paths, notes) = walked(folder.path()).unwrap();
        assert_eq!(paths, ["a/b/file", "a/to_b/file", "slashes", "there"]);
        assert_eq!(notes, Vec::<String>::new());
        // The same path on this machine is another place.
        symlink(place("0/a/b/file"), place("0/out")).unwrap();
        assert!(walked(folder.path()).unwrap_err().contains("which is outside of the outputs"));
    }

    #[test]
    fn many_notes_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("0")).unwrap();
        for number in 0..NOTES + 5 {
            symlink("nowhere", folder.path().join(format!("0/{number}"))).unwrap();
        }
        let (_, notes) = walked(folder.path()).unwrap();
        assert_eq!(notes.len(), NOTES + 1);
        assert_eq!(notes[NOTES], "5 more were left out of the outputs");
    }
}
