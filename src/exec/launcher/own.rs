//! What of the sandbox is a command's own: its folders, its terminals, and what its processes share with each other.
//!
//! All of it stays for the next command as long as that comes with the same scratch folder and the last one has left
//! nothing behind: to unmount something the kernel waits for all processors, which takes longer than many a command.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::thread::UnshareFlags;

use super::kernel::{self, Attributes, NO_DEVICES, NO_SETUID, READ_ONLY};
use super::order::{Folders, Level};
use super::sandbox::{EXECS, LOGS, attach, clone, step, unshare};
use crate::scratch::{SUBFOLDERS, has_attributes};

/// Where a command finds what is in its scratch folder, in the order of [`SUBFOLDERS`], and with which attributes.
const PLACES: [(&str, u64); 3] = [
    ("/arg", READ_ONLY | NO_SETUID | NO_DEVICES),
    ("/return", NO_SETUID | NO_DEVICES),
    ("/tmp", NO_SETUID | NO_DEVICES),
];

/// Memory that processes share by files.
const SHARED: &str = "/dev/shm";
/// Their message queues (mq_overview(7)).
const QUEUES: &str = "/dev/mqueue";
/// Of both.
const MODE: u32 = 0o1777;
/// Their terminals (pts(4)).
const TERMINALS: &str = "/dev/pts";
/// The lists of what they share by numbers (sysvipc(7)); a line of headings is always there.
const LISTS: [&str; 3] = ["/proc/sysvipc/msg", "/proc/sysvipc/sem", "/proc/sysvipc/shm"];

/// Which folder it is: its device and inode.
type Identity = (u64, u64);

/// What is there for a minder's commands at the moment.
pub(super) struct Own {
    /// Whether they see other paths than reflow does.
    is_apart: bool,
    folders: Folders,
    /// Both are covered by what is mounted for commands.
    execs: OwnedFd,
    logs: OwnedFd,
    lists: Lists,
    /// The folders that are mounted at [`PLACES`]. While they are, no others have these identities.
    mounted: Option<[Identity; 3]>,
}

impl Own {
    /// To be called in a minder's namespaces, with its `/proc` in place, before it minds a command.
    pub(super) fn new(level: Level, folders: &Folders) -> io::Result<Self> {
        let is_apart = level != Level::Plain;
        let [execs, logs] = match is_apart {
            true => [Path::new(EXECS), Path::new(LOGS)],
            false => [folders.execs.as_path(), folders.logs.as_path()],
        }
        .map(|folder| step(folder, open(CWD, folder)));
        let (execs, logs, lists) = (execs?, logs?, Lists::open());
        let own = Self { is_apart, folders: folders.clone(), execs, logs, lists, mounted: None };
        if is_apart {
            mount_shared()?;
            mount_queues();
            mount_terminals();
        }
        Ok(own)
    }

    /// The folder that a log file is in.
    pub(super) fn log_folder(&self, log: &Path) -> io::Result<OwnedFd> {
        let folder = log.parent().unwrap_or(Path::new("/"));
        let opened = match folder.strip_prefix(&self.folders.logs) {
            Ok(below) => open(&self.logs, &Path::new(".").join(below)),
            Err(_) => open(CWD, folder),
        };
        step(folder, opened)
    }

    /// Puts the folders of a command in their places.
    pub(super) fn furnish(&mut self, scratch: &str) -> io::Result<()> {
        if !self.is_apart {
            return Ok(());
        }
        let scratch = Path::new(scratch);
        let [arg, output, tmp] = SUBFOLDERS.map(|name| self.identity(&scratch.join(name)));
        let wanted = [arg?, output?, tmp?];
        if self.mounted == Some(wanted) {
            return Ok(());
        }
        if self.mounted.take().is_some() {
            PLACES.iter().try_for_each(|(place, _)| unmount(place))?;
        }
        for (name, (place, set)) in SUBFOLDERS.iter().zip(PLACES) {
            let tree = step(name, clone(&self.execs, &scratch.join(name)))?;
            attach(&tree, Path::new(place))?;
            let attributes = Attributes { set, ..Attributes::default() };
            step(place, kernel::set_mount_attributes(Path::new(place), attributes))?;
        }
        self.mounted = Some(wanted);
        Ok(())
    }

    fn identity(&self, folder: &Path) -> io::Result<Identity> {
        let found = step(folder, rustix::fs::statat(&self.execs, folder, AtFlags::SYMLINK_NOFOLLOW))?;
        Ok((found.st_dev, found.st_ino))
    }

    /// Takes away what a command has left for processes to share. Nothing of the command may live any more.
    pub(super) fn tidy(&mut self) -> io::Result<()> {
        if !self.is_apart {
            return Ok(());
        }
        if !is_new(SHARED) {
            unmount(SHARED)?;
            mount_shared()?;
        }
        if !is_new(QUEUES) || !self.lists.are_empty() {
            // It may not be mounted: then nobody can say whether there are queues.
            let _ = unmount(QUEUES);
            step("a new IPC namespace", unshare(UnshareFlags::NEWIPC))?;
            mount_queues();
            self.lists = Lists::open();
        }
        Ok(())
    }
}

/// A folder, to find others in it.
pub(super) fn open(above: impl AsFd, folder: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(above, folder, flags, Mode::empty())
}

fn mount_shared() -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    step(SHARED, rustix::mount::mount("tmpfs", SHARED, "tmpfs", flags, Some(c"mode=1777")))
}

/// Shows the queues of the IPC namespace. Some kernels have none.
fn mount_queues() {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let _ = rustix::mount::mount("mqueue", QUEUES, "mqueue", flags, None);
}

/// Terminals for the commands. They are for few programs; a kernel without them is none the worse. Those of a command
/// end with it, and nothing else may be changed there.
fn mount_terminals() {
    let (flags, options) = (MountFlags::NOSUID | MountFlags::NOEXEC, c"newinstance,ptmxmode=0666,mode=0620");
    if rustix::mount::mount("devpts", TERMINALS, "devpts", flags, Some(options)).is_ok() {
        let read_only = Attributes { set: READ_ONLY, ..Attributes::default() };
        let _ = kernel::set_mount_attributes(Path::new(TERMINALS), read_only);
    }
}

fn unmount(place: &str) -> io::Result<()> {
    step(place, rustix::mount::unmount(place, UnmountFlags::DETACH))
}

/// Whether a folder of files that processes share is as it was mounted.
fn is_new(folder: &str) -> bool {
    let is_unchanged = |opened: &OwnedFd| -> rustix::io::Result<bool> {
        let found = rustix::fs::fstat(opened)?;
        let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        // Only some kernels have flags here (ioctl_iflags(2)).
        let has_flags = rustix::fs::ioctl_getflags(opened).is_ok_and(|flags| !flags.is_empty());
        let is_as_made = found.st_mode & 0o7777 == MODE && (found.st_uid, found.st_gid) == owner;
        Ok(is_as_made && !has_flags && !has_attributes(opened))
    };
    let is_empty = |opened| -> rustix::io::Result<bool> {
        for entry in Dir::new(opened)? {
            let entry = entry?;
            if entry.file_name() != c"." && entry.file_name() != c".." {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(opened) = rustix::fs::open(folder, flags, Mode::empty()) else { return false };
    is_unchanged(&opened).unwrap_or(false) && is_empty(opened).unwrap_or(false)
}

/// The lists of an IPC namespace. They stay open, since they are read after each command; each shows the namespace in
/// which it was opened.
struct Lists([Option<File>; LISTS.len()]);

impl Lists {
    fn open() -> Self {
        Self(LISTS.map(|list| File::open(list).ok()))
    }

    /// Whether they say that there is nothing. One that cannot be read does not.
    fn are_empty(&self) -> bool {
        self.0.iter().all(|list| {
            // Room for the headings and the beginning of a line.
            let mut text = [0; 512];
            let read = list.as_ref().and_then(|list| list.read_at(&mut text, 0).ok());
            read.is_some_and(|count| text[..count].iter().position(|byte| *byte == b'\n') == count.checked_sub(1))
        })
    }
}
