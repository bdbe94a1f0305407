//! The sandbox of a command: the same paths as in a container, made of this machine's own files.
//!
//! ```text
//! /arg      the inputs, read-only          /proc  of the command's own processes
//! /return   the outputs                    /dev   null, zero, random, … and what commands share
//! /tmp      scratch room, where it begins  /…     this machine's folders, read-only
//! ```
//!
//! The launcher makes all that is the same for every command once, in a mount namespace of its own. A minder gets a
//! copy of that namespace, which costs the kernel little, and mounts there what is a command's own.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags};
use rustix::process::Pid;
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};

use super::kernel::{self, Attributes, Namespaces, READ_ONLY};
use super::order::{Folders, Level};

/// Where the new root is put together: a folder that every machine has and that the sandbox replaces
/// anyway. It must not be below a folder that is bound into the new root.
const SITE: &str = "/tmp";

/// The size of the root folder, which holds names only.
const ROOT_OPTIONS: &CStr = c"mode=755,size=1m";

/// The folders of the root that the sandbox makes itself.
const OWN: [&str; 5] = ["arg", "dev", "proc", "return", "tmp"];

/// Where the launcher and its minders find the scratch folders and the logs: places that a command's own folders
/// cover.
pub(super) const EXECS: &str = "/tmp";
pub(super) const LOGS: &str = "/arg";

/// Forks into new mount, IPC and, if the level asks for it, process namespaces; `None` in the child.
///
/// # Safety
///
/// The process must have one thread only.
#[allow(unsafe_code, reason = "the caller's promise is passed on")]
pub(super) unsafe fn fork_into_namespaces(level: Level) -> io::Result<Option<Pid>> {
    let namespaces = match level {
        Level::Full => Namespaces::Processes,
        Level::SharedProcesses => Namespaces::Mounts,
        Level::Plain => Namespaces::None,
    };
    // SAFETY: the caller keeps the same promise.
    step("new namespaces", unsafe { kernel::fork(namespaces) })
}

/// Makes what every command sees, and moves this process into it, for good. Without the privilege for that it becomes
/// possible in a user namespace, which this process enters first; user and group stay what they are there.
pub(super) fn prepare(folders: &Folders) -> io::Result<()> {
    match unshare(UnshareFlags::NEWNS) {
        Err(Errno::PERM) => {
            enter_user_namespace()?;
            step("a new mount namespace", unshare(UnshareFlags::NEWNS))?;
        }
        result => step("a new mount namespace", result)?,
    }
    // What is mounted here stays here.
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    step("private mounts", rustix::mount::mount_change("/", private))?;

    // The folders may be below /tmp, which the new root covers while it is put together.
    let [execs, logs] = [&folders.execs, &folders.logs].map(|folder| step(folder, clone(CWD, folder)));
    let site = Path::new(SITE);
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    step("the root folder", rustix::mount::mount("tmpfs", site, "tmpfs", flags, Some(ROOT_OPTIONS)))?;
    bind_machine(site)?;
    make_devices(&site.join("dev"))?;
    // A process namespace brings its own, which only those may mount who see one.
    let proc = site.join("proc");
    step(&proc, rustix::mount::mount_bind_recursive("/proc", &proc))?;
    let read_only = Attributes { set: READ_ONLY, recursive: true, ..Attributes::default() };
    step("read-only folders", kernel::set_mount_attributes(site, read_only))?;
    attach(&execs?, &site.join(&EXECS[1..]))?;
    attach(&logs?, &site.join(&LOGS[1..]))?;
    enter(site)?;
    narrow_privileges()
}

fn enter_user_namespace() -> io::Result<()> {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    step("a new user namespace", unshare(UnshareFlags::NEWUSER))?;
    let write = |name: &str, text: String| step(name, fs::write(Path::new("/proc/self").join(name), text));
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{user} {user} 1"))?;
    write("gid_map", format!("{group} {group} 1"))
}

pub(super) fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: the unsafe part of unshare is CLONE_FILES, by which file descriptors change under other
    // owners; it is not among the flags.
    #[allow(unsafe_code, reason = "proved above")]
    unsafe {
        rustix::thread::unshare_unsafe(flags)
    }
}

/// Gives the commands of a minder, which is the first of its process namespace, their own `/proc`.
pub(super) fn show_own_processes() -> io::Result<()> {
    mount_proc(Path::new("/proc"))
}

/// The mount that a folder is in, cut to the folder.
pub(super) fn clone(above: impl AsFd, folder: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    rustix::mount::open_tree(above, folder, flags)
}

pub(super) fn attach(tree: &OwnedFd, place: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    step(place, rustix::mount::move_mount(tree.as_fd(), "", CWD, place, flags))
}

/// Brings the folders at the top of this machine into the new root, and its links.
fn bind_machine(site: &Path) -> io::Result<()> {
    for entry in fs::read_dir("/")? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let place = site.join(&name);
        if OWN.iter().any(|own| name == *own) {
            continue;
        }
        if kind.is_symlink() {
            step(&place, std::os::unix::fs::symlink(fs::read_link(entry.path())?, &place))?;
        } else if kind.is_dir() {
            step(&place, fs::create_dir(&place))?;
            // A folder that cannot be bound stays empty, such as another user's FUSE mount, or one whose
            // server is gone. Without the folders that matter the first command, a trial, does not start.
            let _ = rustix::mount::mount_bind_recursive(entry.path(), &place);
        }
    }
    OWN.iter().try_for_each(|own| step(*own, fs::create_dir(site.join(own))))
}

/// Fills `/dev`, a folder of the root folder's own file system: another one would cost each command its making and
/// its end. The devices themselves stay what the machine has mounted.
fn make_devices(dev: &Path) -> io::Result<()> {
    for name in ["full", "null", "random", "tty", "urandom", "zero"] {
        let (device, place) = (Path::new("/dev").join(name), dev.join(name));
        if device.exists() {
            step(&place, fs::File::create(&place))?;
            step(&place, rustix::mount::mount_bind(&device, &place))?;
        }
    }
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ];
    for (name, target) in links {
        step(name, std::os::unix::fs::symlink(target, dev.join(name)))?;
    }
    for name in ["mqueue", "pts", "shm"] {
        step(name, fs::create_dir(dev.join(name)))?;
    }
    step("ptmx", std::os::unix::fs::symlink("pts/ptmx", dev.join("ptmx")))
}

/// Parts of `/proc` through which root could change the machine.
const SWITCHES: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];

fn mount_proc(proc: &Path) -> io::Result<()> {
    let read_only = Attributes { set: READ_ONLY, ..Attributes::default() };
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    step(proc, rustix::mount::mount("proc", proc, "proc", flags, None))?;
    if rustix::process::geteuid().is_root() {
        for switch in SWITCHES.map(|name| proc.join(name)) {
            if switch.exists() {
                step(&switch, rustix::mount::mount_bind(&switch, &switch))?;
                step(&switch, kernel::set_mount_attributes(&switch, read_only))?;
            }
        }
    }
    Ok(())
}

/// Makes `site` the root folder and lets go of the old one.
fn enter(site: &Path) -> io::Result<()> {
    step("the new root folder", rustix::process::chdir(site))?;
    // The old root is mounted over the new one, and unmounted right away.
    step("the new root folder", rustix::process::pivot_root(".", "."))?;
    step("the old root folder", rustix::mount::unmount(".", UnmountFlags::DETACH))?;
    step("the new root folder", rustix::process::chdir("/"))
}

/// What root may do in a container: nothing to the machine, most to its own files. It may not give files capabilities,
/// though: outputs have them still where nothing keeps programs from using them.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::AUDIT_WRITE);

/// Sees to it that no program that is started from here has privileges that could undo the sandbox: one that root
/// starts has what is in the bounding set, and one that somebody else starts has none.
fn narrow_privileges() -> io::Result<()> {
    let own = step("capabilities", rustix::thread::capabilities(None))?;
    let not_inherited = CapabilitySets { inheritable: CapabilitySet::empty(), ..own };
    step("capabilities", rustix::thread::set_capabilities(None, not_inherited))?;
    for capability in CapabilitySet::all().difference(KEPT).iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // Not known to this kernel.
            Ok(()) | Err(Errno::INVAL) => {}
            result => step("capabilities", result)?,
        }
    }
    Ok(())
}

/// Gives up the privileges that could undo the sandbox, for good.
pub(super) fn drop_privileges() -> io::Result<()> {
    narrow_privileges()?;
    let CapabilitySets { effective, permitted, .. } = step("capabilities", rustix::thread::capabilities(None))?;
    let kept = CapabilitySets {
        effective: effective & KEPT,
        permitted: permitted & KEPT,
        inheritable: CapabilitySet::empty(),
    };
    step("capabilities", rustix::thread::set_capabilities(None, kept))
}

/// Says which step failed.
pub(super) fn step<T, E: Into<io::Error>>(what: impl AsRef<OsStr>, result: Result<T, E>) -> io::Result<T> {
    result.map_err(|error| {
        let error = error.into();
        io::Error::new(error.kind(), format!("{}: {error}", what.as_ref().to_string_lossy()))
    })
}
