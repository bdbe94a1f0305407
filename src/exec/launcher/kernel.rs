//! The few system calls that rustix does not offer, each behind a safe or plainly unsafe function.
#![allow(unsafe_code, reason = "system calls without a safe wrapper; every block has its proof")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Pid;

/// Forks; `None` in the child.
///
/// # Safety
///
/// The process must have one thread only.
pub(super) unsafe fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: the caller vouches that there are no other threads, whose locks the child would inherit.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// What the children that were waited for have used, and theirs: seconds of processor time, bytes of
/// the largest.
pub(super) fn usage_of_children() -> (f64, u64) {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a writable rusage; zeroed bytes are a valid one if the call fails.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let largest = u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024);
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), largest)
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
