//! The few system calls that rustix does not offer, each behind a safe or plainly unsafe function.
#![allow(unsafe_code, reason = "system calls without a safe wrapper; every block has its proof")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

/// Namespaces that a child gets of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespaces {
    None,
    /// Mounts and IPC.
    Mounts,
    /// Mounts, IPC and processes.
    Processes,
}

/// Forks into new namespaces; `None` in the child.
///
/// # Safety
///
/// The process must have one thread only.
pub(super) unsafe fn fork(namespaces: Namespaces) -> rustix::io::Result<Option<Pid>> {
    let new = match namespaces {
        Namespaces::None => 0,
        Namespaces::Mounts => libc::CLONE_NEWNS | libc::CLONE_NEWIPC,
        Namespaces::Processes => libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWPID,
    };
    let flags = libc::c_long::from(new | libc::SIGCHLD);
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: without CLONE_VM this is fork, which asks for no stack and writes nowhere; the flags are the first
    // argument on every architecture but s390. The caller vouches that there are no other threads, whose locks
    // the child would inherit. The C library is not told, so it has the parent's thread number in the child,
    // which it uses to signal threads and in mutexes that know their owner; neither occurs in a minder.
    match unsafe { libc::syscall(libc::SYS_clone, flags, nothing, nothing, nothing, nothing) } {
        -1 => Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
        0 => Ok(None),
        pid => Ok(i32::try_from(pid).ok().and_then(Pid::from_raw)),
    }
}

/// A child that has ended.
pub(super) struct Reaped {
    pub(super) pid: Pid,
    /// Exit status, 128+n for signal n.
    pub(super) status: i32,
    /// Processor time in seconds, with that of the children it has waited for.
    pub(super) cpu: f64,
    /// Memory of the largest of them in bytes.
    pub(super) max_memory: u64,
    /// Bytes that they made devices read and write.
    pub(super) read: u64,
    pub(super) written: u64,
}

/// Bytes of a block that the kernel counts by, whatever the device's blocks are (getrusage(2)).
const BLOCK: u64 = 512;

/// Takes a child that has ended; `None` if none has, which does not happen with `block`. `ECHILD` if there are no
/// children.
pub(super) fn reap(block: bool) -> io::Result<Option<Reaped>> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    let options = if block { 0 } else { libc::WNOHANG };
    // SAFETY: the pointers are to a writable integer and a writable rusage, which live through the call.
    let pid = unsafe { libc::wait4(-1, &raw mut status, options, usage.as_mut_ptr()) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let Some(pid) = Pid::from_raw(pid) else { return Ok(None) };
    // SAFETY: zeroed bytes are a valid rusage, should the kernel not have written one.
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let status = match () {
        () if libc::WIFEXITED(status) => libc::WEXITSTATUS(status),
        () if libc::WIFSIGNALED(status) => 128 + libc::WTERMSIG(status),
        () => 255,
    };
    Ok(Some(Reaped {
        pid,
        status,
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        max_memory: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
        read: u64::try_from(usage.ru_inblock).unwrap_or(0).saturating_mul(BLOCK),
        written: u64::try_from(usage.ru_oublock).unwrap_or(0).saturating_mul(BLOCK),
    }))
}

/// Attributes of mounts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes {
    pub(super) set: u64,
    pub(super) clear: u64,
    /// Whether mounts below are meant too.
    pub(super) recursive: bool,
}

pub(super) const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub(super) const NO_SETUID: u64 = libc::MOUNT_ATTR_NOSUID;
pub(super) const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;

/// Changes the attributes of the mount at `path` (Linux 5.12).
pub(super) fn set_mount_attributes(path: &Path, attributes: Attributes) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = if attributes.recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: zeroed bytes are a valid mount_attr, a plain struct of integers.
    let mut change: libc::mount_attr = unsafe { std::mem::zeroed() };
    change.attr_set = attributes.set;
    change.attr_clr = attributes.clear;
    // SAFETY: `path` is a terminated string and `change` a mount_attr of the size that is passed along;
    // both live through the call, and the kernel only reads them.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const change,
            std::mem::size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// How this process shares processors and devices with others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scheduling {
    processors: ProcessorShare,
    /// Class and level in one number (ioprio_set(2)); -1 where the kernel has none.
    io_priority: libc::c_long,
}

/// `struct sched_attr` of sched_setattr(2), of Linux 5.3: policy, niceness and the like.
#[repr(C)]
#[derive(Debug, Default, PartialEq, Eq)]
struct ProcessorShare {
    size: u32,
    policy: u32,
    flags: u64,
    niceness: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    least_use: u32,
    most_use: u32,
}

/// How this process shares processors and devices with others at the moment.
pub(super) fn scheduling() -> Scheduling {
    /// `IOPRIO_WHO_PROCESS`; process 0 is the one that asks.
    const PROCESS: libc::c_long = 1;
    let (myself, no_flags): (libc::pid_t, libc::c_uint) = (0, 0);
    let mut processors = ProcessorShare::default();
    let size = std::mem::size_of::<ProcessorShare>();
    // SAFETY: the pointer is to a writable struct of the size that is passed along, which lives through the call; any
    // bytes are valid in it, and without an answer it stays as it is.
    unsafe { libc::syscall(libc::SYS_sched_getattr, myself, &raw mut processors, size, no_flags) };
    // SAFETY: the call takes numbers only.
    let io_priority = unsafe { libc::syscall(libc::SYS_ioprio_get, PROCESS, libc::c_long::from(myself)) };
    Scheduling { processors, io_priority }
}

/// Lets go of what this process has inherited besides its standard streams and what it was started with: open files, and
/// signals that are ignored. Commands would inherit them in turn.
///
/// # Safety
///
/// Nothing in this process may own a file descriptor but those of the standard streams.
pub(super) unsafe fn forget_inheritance() {
    // SAFETY: the call takes numbers only; the caller vouches that nobody's descriptors are closed. Before Linux 5.9
    // nothing is.
    unsafe { libc::syscall(libc::SYS_close_range, 3 as libc::c_uint, libc::c_uint::MAX, 0 as libc::c_uint) };
    // What is written to a reflow that is gone must not end this process; commands have the default again.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| *signal != libc::SIGPIPE) {
        // SAFETY: the default action is no function of this process. Signals that have no other are refused.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Kills the children of this process but the spared ones; whether there were any. Their children become ours if this
/// process adopts them.
pub(super) fn kill_children(spared: &[Pid]) -> bool {
    let list = format!("/proc/self/task/{}/children", rustix::thread::gettid());
    let Ok(children) = std::fs::read_to_string(list) else { return false };
    let children = children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    let mut any = false;
    for child in children.filter(|child| !spared.contains(child)) {
        any = true;
        let _ = rustix::process::kill_process(child, Signal::KILL);
    }
    any
}

/// Kills every other process of this process's namespace, of which it must be the first; does nothing
/// otherwise.
pub(super) fn kill_all_others() {
    if !rustix::process::getpid().is_init() {
        return;
    }
    // SAFETY: no memory is involved. The first process of a namespace cannot signal outside of it, and is
    // spared itself.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
    }
}
