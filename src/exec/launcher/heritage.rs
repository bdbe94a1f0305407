//! What commands inherit from their minder, and could change for those that come after them.
//!
//! The kernel lets a process set limits and priorities of others of the same user, also of the first of its process
//! namespace.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::process::{Resource, Rlimit};
use rustix::thread::CpuSet;

use super::kernel;

/// All limits of a process (getrlimit(2)).
const LIMITS: [Resource; 16] = [
    Resource::Cpu,
    Resource::Fsize,
    Resource::Data,
    Resource::Stack,
    Resource::Core,
    Resource::Rss,
    Resource::Nproc,
    Resource::Nofile,
    Resource::Memlock,
    Resource::As,
    Resource::Locks,
    Resource::Sigpending,
    Resource::Msgqueue,
    Resource::Nice,
    Resource::Rtprio,
    Resource::Rttime,
];

/// What else a process hands on, by files below `/proc/self`: how soon the kernel takes it when memory runs out, and
/// what of its memory it writes down when it crashes.
const FILES: [&str; 2] = ["/proc/self/oom_score_adj", "/proc/self/coredump_filter"];

/// What commands inherit, as it was at first.
pub(super) struct Heritage {
    first: Inherited,
    /// Open, since they are read for each command.
    files: [Option<File>; FILES.len()],
}

#[derive(PartialEq, Eq)]
struct Inherited {
    limits: [Rlimit; LIMITS.len()],
    processors: Option<CpuSet>,
    scheduling: kernel::Scheduling,
    texts: [[u8; TEXT]; FILES.len()],
}

/// The files are not longer.
const TEXT: usize = 16;

impl Heritage {
    /// Of this process, as it is now.
    pub(super) fn new() -> Self {
        let files = FILES.map(|path| File::open(path).ok());
        Self { first: Inherited::now(&files), files }
    }

    /// Whether all is as it was at first.
    pub(super) fn is_intact(&self) -> bool {
        Inherited::now(&self.files) == self.first
    }
}

impl Inherited {
    fn now(files: &[Option<File>; FILES.len()]) -> Self {
        Self {
            limits: LIMITS.map(rustix::process::getrlimit),
            processors: rustix::thread::sched_getaffinity(None).ok(),
            scheduling: kernel::scheduling(),
            texts: files.each_ref().map(|file| {
                let mut text = [0; TEXT];
                // What cannot be read cannot have been changed either.
                let _ = file.as_ref().map(|file| file.read_at(&mut text, 0));
                text
            }),
        }
    }
}
