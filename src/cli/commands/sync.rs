//! `reflow sync`

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use base::digest::{DigestWriter, PartialDigest};
use base::{File, Fileset};
use store::{LocalStore, safe_join};

use crate::arguments::{Global, LogLevel, SyncFlags};
use crate::exit::Exit;
use crate::terminal;

pub(super) fn run(global: &Global, flags: &SyncFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.existing()?)?;
    let fileset = find(&store, &flags.fileset)?;
    let member = member(fileset, flags.index)?;
    let root = Path::new(&flags.folder);
    // All names are looked at before anything is written.
    let mut wanted: Vec<(PathBuf, &File)> = Vec::new();
    for (path, file) in &member.map {
        let place = safe_join(root, path).map_err(|error| Exit::failed(format!("{path:?}: {error}")))?;
        wanted.push((place, file));
    }
    fs::create_dir_all(root).map_err(|error| Exit::failed(format!("{}: {error}", root.display())))?;
    let say = |text: &str| {
        if global.log >= LogLevel::Info {
            terminal::say(&format!("reflow: {text}"));
        }
    };
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<String>> = Mutex::new(None);
    let work = || {
        while let Some((place, file)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(reason) = sync(&store, root, place, file, flags.sizeonly, &say) {
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(wanted.len());
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(reason) => Err(Exit::failed(reason)),
        None => Ok(()),
    }
}

/// The cached fileset of a key, which may be abbreviated.
fn find(store: &LocalStore, name: &str) -> Result<Fileset, Exit> {
    let unknown = || Exit::failed(format!("no cached fileset {name}"));
    let key = store.assoc().key(&PartialDigest::parse(name).map_err(Exit::failed)?)?.ok_or_else(unknown)?;
    let hit = store.lookup(&[vec![key]])?.into_iter().next().flatten();
    hit.map(|hit| hit.fileset).ok_or_else(unknown)
}

/// The part of a fileset that is wanted, which must be a folder.
fn member(mut fileset: Fileset, index: i64) -> Result<Fileset, Exit> {
    let count = fileset.list.len().max(1);
    let place = usize::try_from(index).ok().filter(|index| *index < count);
    let place = place.ok_or_else(|| Exit::failed(format!("there is no member {index}: the fileset has {count}")))?;
    let member = if fileset.list.is_empty() { fileset } else { fileset.list.swap_remove(place) };
    if member.map.is_empty() {
        return Err(Exit::failed("the fileset is empty"));
    }
    if member.map.contains_key(".") {
        return Err(Exit::failed("the fileset is a single file without a name; `reflow cat` prints it"));
    }
    Ok(member)
}

/// Makes `place` hold a file, if it does not yet.
fn sync(
    store: &LocalStore,
    root: &Path,
    place: &Path,
    file: &File,
    sizeonly: bool,
    say: &dyn Fn(&str),
) -> Result<(), String> {
    let shown = place.display();
    let failed = |error: io::Error| format!("{shown}: {error}");
    if is_right(place, file, sizeonly).map_err(failed)? {
        say(&format!("{shown}: up to date"));
        return Ok(());
    }
    let folder = place.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(failed)?;
    // A link on the way may lead anywhere.
    if !folder.canonicalize().map_err(failed)?.starts_with(root.canonicalize().map_err(failed)?) {
        return Err(format!("{shown}: a link leads out of {}", root.display()));
    }
    say(&format!("copying {shown} {}", file.digest().hex()));
    let mut new = tempfile::Builder::new().permissions(permissions()).tempfile_in(folder).map_err(failed)?;
    store.repository.copy_out(file, new.as_file_mut(), place).map_err(|error| error.to_string())?;
    new.persist(place).map(drop).map_err(|error| failed(error.error))
}

/// Those of any new file, of which the user's mask is taken away.
fn permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Whether a file is there with the size, and the content, that it should have.
fn is_right(place: &Path, file: &File, sizeonly: bool) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() || metadata.len() != file.size => return Ok(false),
        Ok(_) if sizeonly => return Ok(true),
        Ok(_) => {}
    }
    let (mut there, mut hash, mut buffer) = (fs::File::open(place)?, DigestWriter::new(), vec![0; 1 << 16]);
    loop {
        match there.read(&mut buffer)? {
            0 => return Ok(Some(hash.finish()) == file.id),
            count => drop(hash.bytes(&buffer[..count])),
        }
    }
}
