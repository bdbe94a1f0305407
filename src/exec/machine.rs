//! What this machine has: processors, memory, room on the disk; and whether it ran out of memory.

mod kernel_log;
pub(crate) mod processes;

use std::fs;
use std::path::Path;

use base::{Error, Resources};

pub(crate) use kernel_log::KernelLog;

/// The part of the memory that may be lent; the rest is the system's and reflow's own
/// (runtime spec §6.9).
pub(crate) const LENDABLE_MEMORY: f64 = 0.95;

/// Processors and memory that this process may use, and the size of the file system of `folder`.
pub fn capacity(folder: &Path) -> Result<Resources, Error> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Resources::of(processors as f64, (memory() as f64 * LENDABLE_MEMORY).floor(), disk(folder)?))
}

/// The size of the file system of `folder`, in bytes.
pub(crate) fn disk(folder: &Path) -> Result<f64, Error> {
    let room = rustix::fs::statvfs(folder)
        .map_err(|errno| Error::from(std::io::Error::from(errno)).during(format!("size of {}", folder.display())))?;
    Ok(room.f_blocks as f64 * room.f_frsize as f64)
}

/// Bytes of memory: the machine's, or less if a control group says so.
fn memory() -> u64 {
    let info = rustix::system::sysinfo();
    let total = (info.totalram as u64).saturating_mul(u64::from(info.mem_unit));
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
        .fold(total, u64::min)
}

/// How many processes this machine's kernel has killed for lack of memory since it started; `None`
/// where it does not say. A difference over the time of a command is evidence.
fn out_of_memory_kills() -> Option<u64> {
    let text = fs::read_to_string("/proc/vmstat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Bytes of memory that programs could still get; `None` where the kernel does not say.
pub(crate) fn available_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Kills for lack of memory while something goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kills(Option<u64>);

impl Kills {
    /// Begins to count.
    pub(crate) fn since_now() -> Self {
        Self(out_of_memory_kills())
    }

    /// Whether there was one anywhere on this machine.
    pub(crate) fn any(self) -> bool {
        out_of_memory_kills() > self.0
    }

    /// Whether there may have been one: the kernel counts some, or does not count.
    pub(crate) fn may_be(self) -> bool {
        self.0.is_none() || self.any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_something_of_everything() {
        let capacity = capacity(Path::new("/")).unwrap();
        assert!(capacity.get("cpu") >= 1.0);
        assert!(capacity.get("mem") > f64::from(64 << 20));
        assert!(capacity.get("disk") > capacity.get("mem") / 1e6);
        assert!(out_of_memory_kills().is_some());
        assert!(!Kills::since_now().any() && Kills(None).may_be());
        assert!(available_memory().unwrap() < 1 << 50);
    }
}
