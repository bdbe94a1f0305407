//! `localfile://PATH`: files of this machine as inputs and outputs.
//!
//! What follows `://` is the path, absolute or relative to the working directory, percent-decoded since
//! the language writes URLs encoded. Files are digested each time they may have changed, so an edited
//! input is never mistaken for the old one.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base::assertion::{Assertions, Key, Properties, blob_properties};
use base::digest::Material;
use base::{Digest, Error, File, Fileset, Kind};
use exec::CancelToken;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use store::{LocalStore, safe_join};

use crate::source::ExternalSource;

const SCHEME: &str = "localfile";

/// The file system of this machine. Cheap to clone.
#[derive(Clone)]
pub struct LocalFiles {
    store: LocalStore,
    working_directory: PathBuf,
    /// Whether files stay where they are: they are digested, not brought in.
    only_looks: bool,
}

impl LocalFiles {
    /// Moves files between this machine and the repository of `store`; relative paths are below
    /// `working_directory`.
    pub fn new(store: LocalStore, working_directory: impl Into<PathBuf>) -> Self {
        Self { store, working_directory: working_directory.into(), only_looks: false }
    }

    /// The same, but nothing is brought into the repository: what is imported is only digested.
    #[must_use]
    pub fn only_looking(self) -> Self {
        Self { only_looks: true, ..self }
    }

    /// The path of a URL, and whether it ends in `/`.
    fn path(&self, url: &str) -> (PathBuf, bool) {
        let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let path = std::ffi::OsString::from_vec(percent_decode(rest.as_bytes()));
        // By components, since `a/` cannot be renamed to.
        (self.working_directory.join(path).components().collect(), rest.ends_with('/'))
    }

    fn intern_now(&self, url: &str, must_resolve: bool, cancel: &CancelToken) -> Result<Fileset, Error> {
        let (path, is_tree) = self.path(url);
        if is_tree {
            return self.intern_tree(&path, must_resolve, cancel);
        }
        let metadata = fs::metadata(&path).map_err(|error| at(&path, error))?;
        if metadata.is_dir() {
            let message = format!("{} is a directory; its files are {url}/", path.display());
            return Err(Error::new(Kind::Precondition, message));
        }
        if !metadata.is_file() {
            return Err(Error::new(Kind::Precondition, format!("{} is not a regular file", path.display())));
        }
        let file = self.take(&path, must_resolve)?;
        if !must_resolve {
            self.lend(&[(&file, path.as_path())], cancel)?;
        }
        let assertions = asserted(&path, false, &file.digest(), file.size, modified(&metadata));
        Ok(Fileset::of_file(file.with_assertions(&assertions)))
    }

    /// Unless the bytes must be in the repository, only their digest is taken.
    fn take(&self, path: &Path, must_resolve: bool) -> Result<File, Error> {
        match must_resolve && !self.only_looks {
            true => self.store.install(path),
            false => self.store.stat_cache().digest_of(path),
        }
    }

    /// The worker of a step that the cache does not answer will bring in what it needs of these.
    fn lend(&self, files: &[(&File, &Path)], cancel: &CancelToken) -> Result<(), Error> {
        if self.only_looks {
            return Ok(());
        }
        // All at once, as saying it costs a system call.
        self.store.repository.rely_on(files.iter().filter_map(|(file, _)| file.id.as_ref()))?;
        in_parallel(files, cancel, |(file, path)| self.store.lend(file, path)).map(drop)
    }

    fn intern_tree(&self, root: &Path, must_resolve: bool, cancel: &CancelToken) -> Result<Fileset, Error> {
        let found = regular_files(root, cancel)?;
        self.store.stat_cache().preload(root)?;
        let taken = in_parallel(&found, cancel, |(_, path)| match self.take(path, must_resolve) {
            // It vanished since it was found.
            Err(error) if error.kind() == Kind::NotExist => Ok(None),
            Err(error) => Err(error),
            Ok(file) => Ok(Some((file, fs::metadata(path).map(|there| modified(&there)).unwrap_or_default()))),
        })?;
        let newest = taken.iter().flatten().map(|(_, modified)| *modified).max();
        if !must_resolve {
            let there: Vec<(&File, &Path)> = taken
                .iter()
                .zip(&found)
                .filter_map(|(taken, (_, path))| Some((&taken.as_ref()?.0, path.as_path())))
                .collect();
            self.lend(&there, cancel)?;
        }
        let paths = found.into_iter().map(|(relative, _)| relative);
        let tree = Fileset::of_map(paths.zip(taken).filter_map(|(path, taken)| Some((path, taken?.0))).collect());
        // Of the whole, not of each file: what is new in the tree counts, too.
        let assertions = asserted(root, true, &tree.material_digest(), tree.size(), newest.unwrap_or_default());
        Ok(tree.set_assertions(&assertions))
    }

    fn properties_now(&self, subject: &str, cancel: &CancelToken) -> Result<Properties, Error> {
        let assertions = self.intern_now(subject, false, cancel)?.assertions();
        let found = assertions.ok().and_then(|set| set.iter().next().map(|(_, properties)| properties.clone()));
        found.ok_or_else(|| Error::new(Kind::NotExist, format!("there are no files in {subject}")))
    }

    fn export_now(&self, fileset: &Fileset, url: &str, cancel: &CancelToken) -> Result<(), Error> {
        let (root, _) = self.path(url);
        let mut wanted = Vec::new();
        for (path, file) in fileset.entries() {
            wanted.push((safe_join(&root, path)?, file));
        }
        in_parallel(&wanted, cancel, |(to, file)| self.export_file(file, to))?;
        Ok(())
    }

    fn export_file(&self, file: &File, to: &Path) -> Result<(), Error> {
        if file.id.is_none() {
            let message = format!("{} is only a reference; its content is not here", file.source());
            return Err(Error::new(Kind::NotSupported, message));
        }
        if fs::metadata(to).is_ok_and(|there| there.is_file() && there.len() == file.size)
            && self.store.stat_cache().digest_of(to).is_ok_and(|there| there.id == file.id)
        {
            return Ok(());
        }
        let parent = to.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(|error| at(parent, error))?;
        // The exported file is the user's: never a link into the repository.
        let mut coming = Coming::begin(parent)?;
        self.store.repository.copy_out(file, coming.file(), to)?;
        coming.file().sync_all().map_err(|error| at(to, error))?;
        coming.appear(parent, to)?;
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| at(parent, error))
    }

    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&own)).await;
        done.unwrap_or_else(|error| Err(Error::new(Kind::Fatal, format!("moving local files failed: {error}"))))
    }
}

/// A file on its way to a place of the user. Without a name where the file system allows, so that nothing is left
/// over of one whose process is killed.
enum Coming {
    Nameless(fs::File),
    Named(tempfile::NamedTempFile),
}

impl Coming {
    fn begin(parent: &Path) -> Result<Self, Error> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        if let Ok(file) = rustix::fs::open(parent, flags, Mode::from_raw_mode(0o666)) {
            return Ok(Self::Nameless(file.into()));
        }
        let named = temporary().tempfile_in(parent);
        // What the error says further is the temporary name, which nobody knows.
        named.map(Self::Named).map_err(|error| at(parent, error.kind().into()))
    }

    fn file(&mut self) -> &mut fs::File {
        match self {
            Self::Nameless(file) => file,
            Self::Named(named) => named.as_file_mut(),
        }
    }

    /// Takes its place, also that of a file that is there.
    fn appear(self, parent: &Path, to: &Path) -> Result<(), Error> {
        let file = match self {
            Self::Nameless(file) => file,
            Self::Named(named) => return named.persist(to).map(drop).map_err(|error| at(to, error.error)),
        };
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        let link = |to: &Path| rustix::fs::linkat(CWD, &own, CWD, to, AtFlags::SYMLINK_FOLLOW);
        match link(to) {
            Err(Errno::EXIST) => {}
            result => return result.map_err(|error| at(to, error.into())),
        }
        let named = temporary().make_in(parent, |path| Ok(link(path)?));
        let named = named.map_err(|error| at(parent, error.kind().into()))?;
        named.persist(to).map(drop).map_err(|error| at(to, error.error))
    }
}

/// Names of files on their way.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".reflow-").permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[async_trait]
impl ExternalSource for LocalFiles {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    async fn intern(&self, url: &str, must_resolve: bool, cancel: &CancelToken) -> Result<Fileset, Error> {
        let (url, cancel) = (url.to_owned(), cancel.clone());
        self.elsewhere(move |own| own.intern_now(&url, must_resolve, &cancel)).await
    }

    async fn properties(&self, subject: &str, cancel: &CancelToken) -> Result<Properties, Error> {
        let (subject, cancel) = (subject.to_owned(), cancel.clone());
        self.elsewhere(move |own| own.properties_now(&subject, &cancel)).await
    }

    async fn export(&self, fileset: &Fileset, url: &str, cancel: &CancelToken) -> Result<(), Error> {
        let (fileset, url, cancel) = (fileset.clone(), url.to_owned(), cancel.clone());
        self.elsewhere(move |own| own.export_now(&fileset, &url, &cancel)).await
    }
}

/// The regular files below a folder with their slash-separated relative paths. Symbolic links are
/// followed; those that lead nowhere, and what is neither file nor folder, are left out. A folder that
/// contains itself is an error.
fn regular_files(root: &Path, cancel: &CancelToken) -> Result<Vec<(String, PathBuf)>, Error> {
    struct Folder {
        identity: (u64, u64),
        relative: String,
        entries: std::vec::IntoIter<PathBuf>,
    }
    let open = |path: &Path, relative: String, metadata: &fs::Metadata| -> Result<Folder, Error> {
        let entries: io::Result<Vec<PathBuf>> =
            fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut entries = entries.map_err(|error| at(path, error))?;
        entries.sort();
        Ok(Folder { identity: (metadata.dev(), metadata.ino()), relative, entries: entries.into_iter() })
    };
    let metadata = fs::metadata(root).map_err(|error| at(root, error))?;
    if !metadata.is_dir() {
        return Err(Error::new(Kind::Precondition, format!("{} is not a directory", root.display())));
    }
    let mut found = Vec::new();
    let mut inside = vec![open(root, String::new(), &metadata)?];
    while let Some(folder) = inside.last_mut() {
        let Some(path) = folder.entries.next() else {
            inside.pop();
            continue;
        };
        check(cancel)?;
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(at(&path, error)),
        };
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            let message = format!("the name of {} is not UTF-8", path.display());
            return Err(Error::new(Kind::Invalid, message));
        };
        let separator = if folder.relative.is_empty() { "" } else { "/" };
        let relative = format!("{}{separator}{name}", folder.relative);
        if metadata.is_file() {
            found.push((relative, path));
        } else if metadata.is_dir() {
            let identity = (metadata.dev(), metadata.ino());
            if inside.iter().any(|folder| folder.identity == identity) {
                let message = format!("{} leads back to a directory that it is in", path.display());
                return Err(Error::new(Kind::Precondition, message));
            }
            inside.push(open(&path, relative, &metadata)?);
        }
    }
    Ok(found)
}

/// The results of `work` on each item, in their order, on as many threads as there are cores; the error
/// of the first item that failed.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    cancel: &CancelToken,
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let take = || {
        let mut results = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            let result = check(cancel).and_then(|()| work(item));
            let failed = result.is_err();
            results.push((index, result));
            if failed {
                next.store(items.len(), Ordering::Relaxed);
            }
        }
        results
    };
    let mut results = if threads <= 1 {
        take()
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
            let lost = |_| vec![(0, Err(Error::new(Kind::Fatal, "a thread that moved files panicked")))];
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(lost)).collect()
        })
    };
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn check(cancel: &CancelToken) -> Result<(), Error> {
    if cancel.is_canceled() { Err(Error::new(Kind::Canceled, "stopped on request")) } else { Ok(()) }
}

fn at(path: &Path, error: io::Error) -> Error {
    Error::from(error).during(path.display().to_string())
}

/// What is asserted of the file or tree at an absolute path, which may be asked for again by its URL.
fn asserted(path: &Path, is_tree: bool, content: &Digest, size: u64, modified: i128) -> Assertions {
    let mut subject = format!("{SCHEME}://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | 0..=0x20 | 0x7f.. => subject.push_str(&format!("%{byte:02X}")),
            plain => subject.push(char::from(*plain)),
        }
    }
    if is_tree {
        subject.push('/');
    }
    let properties = blob_properties(&content.to_string(), Some(modified), size);
    Assertions::from_iter([(Key::blob(subject), properties)])
}

/// Nanoseconds since the Unix epoch.
fn modified(metadata: &fs::Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

/// Bytes with every `%XX` replaced; what is no valid escape stays.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let value = |digit: Option<&u8>| digit.and_then(|digit| char::from(*digit).to_digit(16)).map(|value| value as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (*byte == b'%').then(|| (value(text.get(at + 1)), value(text.get(at + 2)))) {
            Some((Some(high), Some(low))) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_other_percent_signs_stay() {
        for (text, path) in [("/a%20b", "/a b"), ("100%", "100%"), ("%zz%41", "%zzA"), ("%C3%A9", "é"), ("%4", "%4")] {
            assert_eq!(percent_decode(text.as_bytes()), path.as_bytes());
        }
    }

    #[test]
    fn trees_are_walked_through_links_but_not_in_circles() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("tree");
        fs::create_dir_all(root.join("b/deep")).unwrap();
        fs::create_dir_all(home.path().join("outside")).unwrap();
        for path in ["tree/z", "tree/b/deep/x", "outside/y"] {
            fs::write(home.path().join(path), path).unwrap();
        }
        std::os::unix::fs::symlink("../outside", root.join("linked")).unwrap();
        std::os::unix::fs::symlink("z", root.join("again")).unwrap();
        std::os::unix::fs::symlink("nothing", root.join("dangling")).unwrap();
        let names = |root: &Path| -> Result<Vec<String>, Error> {
            Ok(regular_files(root, &CancelToken::never())?.into_iter().map(|(name, _)| name).collect())
        };
        assert_eq!(names(&root).unwrap(), ["again", "b/deep/x", "linked/y", "z"]);
        std::os::unix::fs::symlink("../..", root.join("b/up")).unwrap();
        let error = names(&root).unwrap_err();
        assert!(error.to_string().contains("b/up/tree leads back"), "{error}");
        assert_eq!(names(&root.join("absent")).unwrap_err().kind(), Kind::NotExist);
        assert_eq!(names(&root.join("z")).unwrap_err().kind(), Kind::Precondition);
    }

    #[test]
    fn parallel_work_keeps_the_order_and_reports_the_first_failure() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = in_parallel(&items, &CancelToken::never(), |item| Ok(item * 2)).unwrap();
        assert!(doubled.into_iter().eq(items.iter().map(|item| item * 2)));
        let failing = |item: &usize| if *item >= 10 { Err(Error::new(Kind::Other, "no")) } else { Ok(()) };
        assert_eq!(in_parallel(&items, &CancelToken::never(), failing).unwrap_err().message(), "no");
    }

    #[test]
    fn a_request_to_stop_is_heard_between_files() {
        let (handle, token) = exec::CancelHandle::new();
        handle.cancel();
        let error = in_parallel(&[1, 2], &token, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), Kind::Canceled);
    }
}
