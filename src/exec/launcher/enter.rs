//! A shell beside a running command: in its namespaces, with its environment, with as little privilege.
//!
//! A process must have one thread to enter them, so this is a program of its own, as the launcher is.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, PidfdFlags, WaitOptions};
use rustix::thread::ThreadNameSpaceType;

use super::kernel::{self, Namespaces};
use super::sandbox;

/// Runs bash where the process `pid` is; its exit code.
pub(super) fn enter(pid: &str) -> io::Result<ExitCode> {
    let process =
        pid.parse().ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("not the id of a process"))?;
    let handle = rustix::process::pidfd_open(process, PidfdFlags::empty())?;
    let folder = format!("/proc/{pid}");
    let environment = fs::read(format!("{folder}/environ"))?;
    let kinds = [
        ("user", ThreadNameSpaceType::USER),
        ("mnt", ThreadNameSpaceType::MOUNT),
        ("ipc", ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION),
        ("pid", ThreadNameSpaceType::PROCESS_ID),
    ];
    let differs = |name: &str| -> io::Result<bool> {
        Ok(fs::read_link(format!("{folder}/ns/{name}"))? != fs::read_link(format!("/proc/self/ns/{name}"))?)
    };
    let mut namespaces = ThreadNameSpaceType::empty();
    for (name, kind) in kinds {
        if differs(name)? {
            namespaces |= kind;
        }
    }
    if namespaces.is_empty() {
        rustix::process::chdir(format!("{folder}/cwd"))?;
    } else {
        rustix::thread::move_into_thread_name_spaces(handle.as_fd(), namespaces)?;
        rustix::process::chdir("/")?;
        sandbox::drop_privileges()?;
    }
    if !namespaces.contains(ThreadNameSpaceType::PROCESS_ID) {
        return Err(bash(&environment));
    }
    // It is children that are in the process namespace.
    // SAFETY: `run_if_asked` is called first thing in main: there are no other threads, so the child may do
    // anything that the parent may.
    #[allow(unsafe_code, reason = "proved above")]
    match unsafe { kernel::fork(Namespaces::None) }? {
        None => Err(bash(&environment)),
        Some(shell) => {
            let status = rustix::process::waitpid(Some(shell), WaitOptions::empty())?;
            let code = status.and_then(|(_, status)| status.exit_status());
            Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
        }
    }
}

/// Becomes bash with the environment of the command; what comes back is why that failed.
fn bash(environment: &[u8]) -> io::Error {
    let mut shell = Command::new("/bin/bash");
    let terminal = std::env::var_os("TERM");
    shell.env_clear();
    for entry in environment.split(|byte| *byte == 0) {
        if let Some(sign) = entry.iter().position(|byte| *byte == b'=') {
            shell.env(OsStr::from_bytes(&entry[..sign]), OsStr::from_bytes(&entry[sign + 1..]));
        }
    }
    shell.envs(terminal.map(|terminal| ("TERM", terminal)));
    shell.exec()
}
