//! The scratch folder of one exec: `execs/<hex id>/` with `arg`, `return` and `tmp` below it.
//!
//! A folder is claimed by a lock on it that dies with the process, so that a folder left behind by a
//! killed run can be told from one in use, and is emptied before it is used again.
//!
//! A folder that was given up is emptied, and given the name of the next exec (see [`store::spares`]).

mod removal;
mod renewal;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base::{Error, Kind};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use store::Spares;
use store::spares::leads_to;

use crate::executor::ExecId;
use removal::{remove, remove_contents};
pub(crate) use renewal::has_attributes;

/// A claimed scratch folder. Dropping it removes the folder, unless it was left to others.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    is_left: AtomicBool,
    /// Whether the folder is as [`Scratch::prepare`] makes it.
    is_prepared: AtomicBool,
    /// Held for its lock; `None` once the folder is somebody else's.
    lock: Option<File>,
}

/// What an exec sees as `/tmp`, while an executor with the state folder `state` runs it.
pub fn temporary_of(state: &Path, id: ExecId) -> PathBuf {
    state.join("execs").join(id.hex()).join(TEMPORARY)
}

/// The name of that folder.
const TEMPORARY: &str = "tmp";
/// The folders in a scratch folder: the inputs, the outputs, and room for everything else.
pub(crate) const SUBFOLDERS: [&str; 3] = ["arg", "return", TEMPORARY];

/// A process that looks after what killed ones have left claims every folder for a moment, also one that somebody has
/// just made. Whoever has claimed one for longer runs the exec.
const LOOKING_AFTER: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);
/// Bounds a loop that ends long before.
const MOST_AT_THE_SAME: u32 = 10_000;

impl Scratch {
    fn new(path: PathBuf, lock: File, is_prepared: bool) -> Self {
        Self { path, is_left: AtomicBool::new(false), is_prepared: AtomicBool::new(is_prepared), lock: Some(lock) }
    }

    /// Spare scratch folders below `execs`.
    pub(crate) fn spares(execs: &Path) -> Spares {
        Spares::new(execs, remove)
    }

    /// As [`Scratch::claim`], with a spare folder if there is one.
    pub(crate) fn claim_spare(execs: &Path, id: ExecId, spares: &Spares) -> Result<Self, Error> {
        let path = execs.join(id.hex());
        match spares.take(&path) {
            Some(lock) => Ok(Self::new(path, lock, true)),
            None => Self::claim(execs, id),
        }
    }

    /// Claims a folder for something that is no exec, and prepares it.
    pub(crate) fn claim_for(execs: &Path, purpose: &str) -> Result<Self, Error> {
        let mut number = 0;
        loop {
            match Self::try_claim(execs, ExecId::new(base::Digest::of(format!("{purpose} {number}"))))? {
                // Somebody else is at the same, here or in another process.
                None if number < MOST_AT_THE_SAME => number += 1,
                None => return Err(Error::new(Kind::Unavailable, format!("{purpose}: too many at the same time"))),
                Some(scratch) => {
                    scratch.prepare()?;
                    return Ok(scratch);
                }
            }
        }
    }

    /// Gives the folder up, for another exec to have it. Nothing may use it any more.
    pub(crate) fn spare(mut self, spares: &Spares) {
        if !*self.is_left.get_mut()
            && self.lock.as_ref().is_some_and(|lock| renewal::renew(&self.path, lock).is_ok())
            && let Some(lock) = self.lock.take()
        {
            self.lock = spares.keep(&self.path, lock).err();
        }
    }

    /// Claims the folder of `id` below `execs`. `Precondition` if a living process has claimed it. Blocks the thread.
    pub(crate) fn claim(execs: &Path, id: ExecId) -> Result<Self, Error> {
        let latest = Instant::now() + LOOKING_AFTER;
        loop {
            match Self::try_claim(execs, id)? {
                Some(scratch) => return Ok(scratch),
                None if Instant::now() < latest => std::thread::sleep(PAUSE),
                None => {
                    let during = format!("scratch folder {}", execs.join(id.hex()).display());
                    return Err(Error::new(Kind::Precondition, "the exec is being run already").during(during));
                }
            }
        }
    }

    /// Claims the folder of `id` below `execs`; `None` if a living process has claimed it.
    fn try_claim(execs: &Path, id: ExecId) -> Result<Option<Self>, Error> {
        let path = execs.join(id.hex());
        match lock(&path).map_err(|error| Error::from(error).during(format!("scratch folder {}", path.display())))? {
            // On a file system without locks the engine's own must do.
            Lock::Taken(lock) | Lock::Unknown(lock) => Ok(Some(Self::new(path, lock, false))),
            Lock::Held => Ok(None),
        }
    }

    /// Whether a killed run has left something in the folder.
    pub(crate) fn is_leftover(&self) -> Result<bool, Error> {
        Ok(!self.is_prepared.load(Ordering::Relaxed) && fs::read_dir(&self.path)?.next().is_some())
    }

    /// Empties the folder and makes the subfolders.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        if self.is_prepared.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let prepare = || -> io::Result<()> {
            remove_contents(&self.path)?;
            SUBFOLDERS.iter().try_for_each(|name| fs::create_dir(self.path.join(name)))
        };
        prepare().map_err(|error| Error::from(error).during(format!("scratch folder {}", self.path.display())))
    }

    /// The execs that have a folder below `execs`.
    pub(crate) fn list(execs: &Path) -> Result<Vec<ExecId>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(execs)? {
            let name = entry?.file_name();
            found.extend(name.to_str().and_then(|name| base::Digest::parse(name).ok()).map(ExecId::new));
        }
        Ok(found)
    }

    /// Claims the folder of `id` if it is there and no living process has claimed it: what a killed run has
    /// left behind.
    pub(crate) fn claim_leftover(execs: &Path, id: ExecId) -> Result<Option<Self>, Error> {
        let path = execs.join(id.hex());
        if !path.exists() {
            return Ok(None);
        }
        // Without locks nobody can say what is in use.
        match lock(&path)? {
            Lock::Taken(lock) => Ok(Some(Self::new(path, lock, false))),
            Lock::Held | Lock::Unknown(_) => Ok(None),
        }
    }

    /// The name of the folder.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A number that no other scratch folder has while this one is there, under whatever name.
    pub(crate) fn number(&self) -> Option<u64> {
        self.lock.as_ref()?.metadata().ok().map(|metadata| metadata.ino())
    }

    /// When the claim is given up the folder stays as it is, for a later claim to go on with.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    /// The file in which an executor notes what it needs to go on with the exec after a crash.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }

    /// The inputs, as the command sees them under `/arg`.
    pub(crate) fn arg(&self) -> PathBuf {
        self.path.join("arg")
    }

    /// The outputs, as the command sees them under `/return`.
    pub(crate) fn output(&self) -> PathBuf {
        self.path.join("return")
    }

    /// What the command sees as `/tmp`.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.path.join(TEMPORARY)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if *self.is_left.get_mut() || self.lock.is_none() {
            return;
        }
        // Under another name, so that nobody who claims the folder anew has to wait.
        let aside = self.lock.as_ref().and_then(|lock| Spares::set_aside(&self.path, lock));
        remove(aside.as_ref().unwrap_or(&self.path));
    }
}

/// What came of locking a folder.
enum Lock {
    /// It is ours.
    Taken(File),
    /// Somebody else has it.
    Held,
    /// The file system has no locks.
    Unknown(File),
}

/// How folders are opened for their locks.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Makes the folder if need be and takes its lock.
fn lock(path: &Path) -> io::Result<Lock> {
    loop {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(path))?;
                continue;
            }
            made => made?,
        }
        let folder = match rustix::fs::open(path, FOLDER, Mode::empty()) {
            Ok(folder) => File::from(folder),
            // The holder removed the folder in between.
            Err(Errno::NOENT) => continue,
            Err(errno) => return Err(errno.into()),
        };
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) if leads_to(path, &folder)? => return Ok(Lock::Held),
            Err(Errno::WOULDBLOCK) => continue,
            Err(_) => return Ok(Lock::Unknown(folder)),
        }
        if leads_to(path, &folder)? {
            return Ok(Lock::Taken(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use base::Digest;

    use super::*;

    #[test]
    fn a_folder_has_one_holder_and_is_gone_afterwards() {
        let execs = tempfile::tempdir().unwrap();
        let id = ExecId::new(Digest::of("one"));
        let scratch = Scratch::claim(execs.path(), id).unwrap();
        assert!(!scratch.is_leftover().unwrap());
        scratch.prepare().unwrap();
        for folder in [scratch.arg(), scratch.output(), scratch.tmp()] {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        }
        assert!(Scratch::try_claim(execs.path(), id).unwrap().is_none());
        let other = Scratch::claim(execs.path(), ExecId::new(Digest::of("two"))).unwrap();
        drop((scratch, other));
        assert_eq!(fs::read_dir(execs.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_was_given_up_is_the_next_ones() {
        let execs = tempfile::tempdir().unwrap();
        let spares = Scratch::spares(execs.path());
        let id = |name: &str| ExecId::new(Digest::of(name));
        let claim = |name: &str| Scratch::claim_spare(execs.path(), id(name), &spares).unwrap();
        let first = claim("first");
        first.prepare().unwrap();
        fs::create_dir_all(first.tmp().join("a/b")).unwrap();
        fs::write(first.output().join("0"), "left").unwrap();
        let inode = fs::metadata(&first.path).unwrap().ino();
        first.spare(&spares);
        assert!(Scratch::list(execs.path()).unwrap().is_empty());
        let second = claim("second");
        assert!(!second.is_leftover().unwrap());
        second.prepare().unwrap();
        assert_eq!(fs::metadata(&second.path).unwrap().ino(), inode);
        for folder in [second.arg(), second.output(), second.tmp()] {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        }
        assert!(Scratch::try_claim(execs.path(), id("second")).unwrap().is_none());
        // The folder of an exec that was left behind is not replaced.
        fs::create_dir_all(execs.path().join(id("third").hex()).join("old")).unwrap();
        second.spare(&spares);
        assert!(claim("third").is_leftover().unwrap());
        drop(spares);
        assert_eq!(fs::read_dir(execs.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_a_command_has_changed_goes() {
        let execs = tempfile::tempdir().unwrap();
        let spares = Scratch::spares(execs.path());
        let id = ExecId::new(Digest::of("changed"));
        let changes: [&dyn Fn(&Scratch); 3] = [
            &|scratch| fs::set_permissions(scratch.output(), fs::Permissions::from_mode(0o700)).unwrap(),
            &|scratch| fs::remove_dir(scratch.tmp()).unwrap(),
            &|scratch| fs::write(scratch.path.join("more"), "").unwrap(),
        ];
        for change in changes {
            let scratch = Scratch::claim_spare(execs.path(), id, &spares).unwrap();
            scratch.prepare().unwrap();
            change(&scratch);
            scratch.spare(&spares);
            assert_eq!(fs::read_dir(execs.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn whoever_looks_after_leftovers_is_waited_for() {
        let execs = tempfile::tempdir().unwrap();
        let id = ExecId::new(Digest::of("wanted"));
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let _ = Scratch::claim_leftover(execs.path(), id).unwrap();
                    }
                });
            }
            for _ in 0..200 {
                let claimed = Scratch::claim(execs.path(), id);
                let prepared = claimed.and_then(|scratch| scratch.prepare().map(|()| scratch.arg().exists()));
                if !matches!(prepared, Ok(true)) {
                    over.store(true, Ordering::Relaxed);
                    panic!("{prepared:?}");
                }
            }
            over.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn many_may_be_at_the_same() {
        let execs = tempfile::tempdir().unwrap();
        let [first, second] = [(); 2].map(|()| Scratch::claim_for(execs.path(), "a trial").unwrap());
        assert!(first.arg().exists() && second.arg().exists() && first.path != second.path);
        drop((first, second));
        assert_eq!(fs::read_dir(execs.path()).unwrap().count(), 0);
    }

    #[test]
    fn spare_folders_of_killed_processes_go() {
        let execs = tempfile::tempdir().unwrap();
        let spares = Scratch::spares(execs.path());
        let scratch = Scratch::claim_spare(execs.path(), ExecId::new(Digest::of("ours")), &spares).unwrap();
        scratch.prepare().unwrap();
        scratch.spare(&spares);
        fs::create_dir_all(execs.path().join("spare-1/tmp")).unwrap();
        Scratch::spares(execs.path()).remove_those_of_others().unwrap();
        assert!(!execs.path().join("spare-1").exists());
        assert_eq!(fs::read_dir(execs.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_leftover_is_emptied() {
        let execs = tempfile::tempdir().unwrap();
        let id = ExecId::new(Digest::of("left"));
        let sealed = execs.path().join(id.hex()).join("return/0/sealed");
        fs::create_dir_all(&sealed).unwrap();
        fs::write(sealed.join("file"), "old").unwrap();
        fs::set_permissions(&sealed, fs::Permissions::from_mode(0o000)).unwrap();
        let scratch = Scratch::claim(execs.path(), id).unwrap();
        assert!(scratch.is_leftover().unwrap());
        scratch.prepare().unwrap();
        assert_eq!(fs::read_dir(scratch.output()).unwrap().count(), 0);
    }

    #[test]
    fn leftovers_are_what_nobody_holds() {
        let execs = tempfile::tempdir().unwrap();
        let (held, left) = (ExecId::new(Digest::of("held")), ExecId::new(Digest::of("left")));
        let _scratch = Scratch::claim(execs.path(), held).unwrap();
        fs::create_dir_all(execs.path().join(left.hex()).join("tmp")).unwrap();
        fs::write(execs.path().join("notes"), "not an exec").unwrap();
        let mut listed = Scratch::list(execs.path()).unwrap();
        listed.sort();
        let mut both = vec![held, left];
        both.sort();
        assert_eq!(listed, both);
        assert!(Scratch::claim_leftover(execs.path(), held).unwrap().is_none());
        // What is left again stays, what is dropped goes.
        Scratch::claim_leftover(execs.path(), left).unwrap().unwrap().leave();
        assert!(execs.path().join(left.hex()).join("tmp").exists());
        drop(Scratch::claim_leftover(execs.path(), left).unwrap().unwrap());
        assert!(execs.path().join(held.hex()).exists() && !execs.path().join(left.hex()).exists());
        assert!(Scratch::claim_leftover(execs.path(), left).unwrap().is_none());
    }
}
