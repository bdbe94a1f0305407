//! What the engine samples of a container, about once a second (runtime spec §6.7).

use std::pin::Pin;

use bollard::models::{ContainerBlkioStats, ContainerCpuStats, ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::{Stream, StreamExt};
use tokio::time::sleep;

use super::container::Container;
use crate::executor::Transferred;
use crate::gauges::UNSAMPLED;

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Cores in use since the sample before; `None` in the first.
    pub(super) cores: Option<f64>,
    /// Memory in use without what only caches files, in bytes.
    pub(super) memory: f64,
    /// Processor time so far, in seconds.
    pub(super) seconds: f64,
    /// What was read from and written to devices so far; `None` where control groups do not count it.
    pub(super) transferred: Option<Transferred>,
}

/// Samples of a command that takes its time.
pub(super) fn samples(container: &Container) -> Pin<Box<dyn Stream<Item = Sample> + Send + '_>> {
    let later = async move {
        sleep(UNSAMPLED).await;
        let options = StatsOptionsBuilder::default().stream(true).build();
        let stats = container.docker().stats(container.id(), Some(options));
        stats.filter_map(|stats| async move { sample(&stats.ok()?) })
    };
    Box::pin(futures_util::stream::once(later).flatten())
}

/// What a message says; `None` for one of a container that does not run any more, which holds zeros.
pub(super) fn sample(stats: &ContainerStatsResponse) -> Option<Sample> {
    let now = stats.cpu_stats.as_ref()?;
    let total = total(now).filter(|total| *total > 0)?;
    let memory = stats.memory_stats.as_ref().map_or(0, memory);
    let cores = stats.precpu_stats.as_ref().and_then(|before| cores(before, now));
    let transferred = stats.blkio_stats.as_ref().and_then(transferred);
    Some(Sample { cores, memory: memory as f64, seconds: total as f64 / 1e9, transferred })
}

fn total(cpu: &ContainerCpuStats) -> Option<u64> {
    cpu.cpu_usage.as_ref()?.total_usage
}

/// The container's part of the time of all processors, times their number.
fn cores(before: &ContainerCpuStats, now: &ContainerCpuStats) -> Option<f64> {
    let used = total(now)?.checked_sub(total(before)?)?;
    let passed = now.system_cpu_usage?.checked_sub(before.system_cpu_usage?)?;
    let processors = match now.online_cpus {
        Some(count) if count > 0 => f64::from(count),
        // Old engines list the processors instead of counting them.
        _ => now.cpu_usage.as_ref()?.percpu_usage.as_ref()?.len() as f64,
    };
    (passed > 0).then(|| processors * used as f64 / passed as f64)
}

/// Memory less what is only cache, which the two versions of control groups call differently.
fn memory(stats: &ContainerMemoryStats) -> u64 {
    let detail = |name: &str| stats.stats.as_ref().and_then(|details| details.get(name)).copied();
    let cache = detail("total_inactive_file").or_else(|| detail("inactive_file")).unwrap_or(0);
    stats.usage.unwrap_or(0).saturating_sub(cache)
}

/// The sums over all devices. Version 1 of control groups writes `Read`, version 2 `read`, and there are more words
/// than these two. `None` where nothing is listed: nothing was transferred yet, or the kernel does not count.
fn transferred(stats: &ContainerBlkioStats) -> Option<Transferred> {
    let entries = stats.io_service_bytes_recursive.as_ref().filter(|entries| !entries.is_empty())?;
    let sum = |wanted: &str| {
        let is_wanted = |op: &String| op.eq_ignore_ascii_case(wanted);
        let matching = entries.iter().filter(|entry| entry.op.as_ref().is_some_and(is_wanted));
        matching.filter_map(|entry| entry.value).fold(0, u64::saturating_add)
    };
    Some(Transferred { read: sum("read"), written: sum("write") })
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerBlkioStatEntry, ContainerCpuUsage};

    use super::*;

    #[test]
    fn memory_is_without_cache() {
        let stats = |name: &str| ContainerMemoryStats {
            usage: Some(100),
            stats: Some([(name.to_owned(), 30)].into()),
            ..ContainerMemoryStats::default()
        };
        assert_eq!(memory(&stats("total_inactive_file")), 70);
        assert_eq!(memory(&stats("inactive_file")), 70);
        assert_eq!(memory(&stats("other")), 100);
        assert_eq!(memory(&ContainerMemoryStats::default()), 0);
    }

    fn cpu(used: u64, system: Option<u64>, online: Option<u32>) -> ContainerCpuStats {
        let usage = ContainerCpuUsage {
            total_usage: Some(used),
            percpu_usage: Some(vec![used / 2; 2]),
            ..ContainerCpuUsage::default()
        };
        ContainerCpuStats {
            cpu_usage: Some(usage),
            system_cpu_usage: system,
            online_cpus: online,
            ..Default::default()
        }
    }

    #[test]
    fn cores_are_a_part_of_all_processors() {
        let before = cpu(1000, Some(10_000), Some(4));
        assert_eq!(cores(&before, &cpu(2000, Some(14_000), Some(4))), Some(1.0));
        assert_eq!(cores(&before, &cpu(2000, Some(14_000), None)), Some(0.5));
        // Nothing to compare with, no time passed, a counter that went back.
        assert_eq!(cores(&cpu(0, None, None), &cpu(2000, Some(14_000), Some(4))), None);
        assert_eq!(cores(&before, &cpu(2000, Some(10_000), Some(4))), None);
        assert_eq!(cores(&before, &cpu(500, Some(14_000), Some(4))), None);
    }

    #[test]
    fn transfers_are_added_up_over_devices() {
        let entry = |op: &str, value| ContainerBlkioStatEntry {
            op: Some(op.to_owned()),
            value: Some(value),
            ..ContainerBlkioStatEntry::default()
        };
        let stats = |entries| ContainerBlkioStats { io_service_bytes_recursive: entries, ..Default::default() };
        let both = [entry("Read", 1), entry("Write", 10), entry("Sync", 11), entry("Total", 11), entry("Read", 2)];
        assert_eq!(transferred(&stats(Some(both.to_vec()))), Some(Transferred { read: 3, written: 10 }));
        let both = vec![entry("read", 5), entry("write", 6)];
        assert_eq!(transferred(&stats(Some(both))), Some(Transferred { read: 5, written: 6 }));
        assert_eq!(transferred(&stats(Some(Vec::new()))), None);
        assert_eq!(transferred(&stats(None)), None);
    }

    #[test]
    fn a_container_that_has_ended_gives_no_sample() {
        let stats = |used| ContainerStatsResponse { cpu_stats: Some(cpu(used, None, None)), ..Default::default() };
        assert_eq!(sample(&stats(0)), None);
        assert_eq!(
            sample(&stats(2_000_000_000)),
            Some(Sample { cores: None, memory: 0.0, seconds: 2.0, transferred: None })
        );
    }
}
