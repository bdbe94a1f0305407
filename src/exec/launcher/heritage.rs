//! What commands inherit from their minder, and could change for those that come after them.
//!
//! The kernel lets a process set limits and priorities of others of the same user, also of the first of its process
//! namespace.

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

/// What commands inherit at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heritage {
    limits: [Rlimit; LIMITS.len()],
    processors: Option<CpuSet>,
    niceness: Option<i32>,
    scheduling: kernel::Scheduling,
    /// How soon the kernel takes it when memory runs out.
    memory: Option<String>,
}

impl Heritage {
    /// Of this process.
    pub(super) fn now() -> Self {
        Self {
            limits: LIMITS.map(rustix::process::getrlimit),
            processors: rustix::thread::sched_getaffinity(None).ok(),
            niceness: rustix::process::getpriority_process(None).ok(),
            scheduling: kernel::scheduling(),
            memory: std::fs::read_to_string("/proc/self/oom_score_adj").ok(),
        }
    }
}
