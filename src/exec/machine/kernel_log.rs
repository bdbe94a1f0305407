//! What the kernel says of processes that it has killed for lack of memory (runtime spec §6.6).
//!
//! Its log is open to root, and to everybody on machines that do not restrict it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, SystemTime};

/// The records about such kills.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct KernelLog {
    records: Vec<Record>,
}

#[derive(Debug, PartialEq)]
struct Record {
    /// Since the machine was started.
    at: Duration,
    text: String,
}

/// The end of the log may take so long to be there.
const LAG: Duration = Duration::from_millis(100);
/// Longer records do not exist.
const LONGEST: usize = 8192;

impl KernelLog {
    /// Reads what the kernel still knows; `None` where that is not permitted. Waits a moment first.
    pub(crate) fn read() -> Option<Self> {
        std::thread::sleep(LAG);
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let opened = OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg");
        opened.ok().map(Self::of)
    }

    fn of(mut log: File) -> Self {
        let mut records = Vec::new();
        let mut buffer = [0; LONGEST];
        loop {
            match log.read(&mut buffer) {
                Ok(0) => break,
                // One record at a time.
                Ok(count) => records.extend(Record::parse(&String::from_utf8_lossy(&buffer[..count]))),
                // Some were overwritten while we read.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::BrokenPipe) => {}
                Err(_) => break,
            }
        }
        Self { records }
    }

    /// Whether a process of the control group whose path has `name` in it was killed.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.records.iter().any(|record| record.detail("task_memcg").is_some_and(|group| group.contains(name)))
    }

    /// The processes that were killed after `start` and not after `end`, by the machine's numbers, without those of
    /// other control groups than this process is in.
    pub(crate) fn victims(&self, start: SystemTime, end: SystemTime) -> Vec<u32> {
        self.victims_in(&own_group(), start, end)
    }

    fn victims_in(&self, group: &str, start: SystemTime, end: SystemTime) -> Vec<u32> {
        let Some(boot) = boot() else { return Vec::new() };
        let in_time = |record: &&Record| {
            let at = boot + record.at;
            // The boot is known to about a hundredth of a second.
            start < at + LAG && at <= end + LAG
        };
        let elsewhere = |victim: &u32| {
            let victim = victim.to_string();
            let mut of_victim = self.records.iter().filter(|record| record.detail("pid") == Some(&victim));
            of_victim.any(|record| record.detail("task_memcg").is_some_and(|there| there != group))
        };
        let victims = self.records.iter().filter(in_time).filter_map(Record::victim);
        victims.filter(|victim| !elsewhere(victim)).collect()
    }
}

impl Record {
    /// A record as the kernel gives it, if it is about a kill: `PRIORITY,NUMBER,MICROSECONDS,…;TEXT`.
    fn parse(line: &str) -> Option<Self> {
        let (head, text) = line.split_once(';')?;
        let text = text.lines().next()?;
        if !text.contains("ut of memory: Kill") && !text.starts_with("oom-kill:") {
            return None;
        }
        let at = Duration::from_micros(head.split(',').nth(2)?.parse().ok()?);
        Some(Self { at, text: text.to_owned() })
    }

    /// What a summary of a kill, `oom-kill:NAME=VALUE,…`, has under a name.
    fn detail(&self, name: &str) -> Option<&str> {
        let details = self.text.strip_prefix("oom-kill:")?;
        details.split(',').find_map(|detail| detail.strip_prefix(name)?.strip_prefix('='))
    }

    /// The number of the process. Kernels before 4.20 say that they kill it, later ones that they have.
    fn victim(&self) -> Option<u32> {
        let words = ["ut of memory: Killed process ", "ut of memory: Kill process "];
        let rest = words.iter().find_map(|words| self.text.split_once(words))?.1;
        rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
    }
}

/// The control group by which the memory of this process is counted.
fn own_group() -> String {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of = |line: &str| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        (controllers.split(',').any(|name| name == "memory")).then(|| path.to_owned())
    };
    let unified = || text.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned);
    text.lines().find_map(of).or_else(unified).unwrap_or_else(|| "/".to_owned())
}

/// When the machine was started.
fn boot() -> Option<SystemTime> {
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    SystemTime::now().checked_sub(Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> KernelLog {
        KernelLog { records: lines.iter().filter_map(|line| Record::parse(line)).collect() }
    }

    #[test]
    fn both_wordings_are_understood() {
        let uptime = SystemTime::now().duration_since(boot().unwrap()).unwrap();
        let at = |ago: u64| (uptime - Duration::from_secs(ago)).as_micros();
        let log = log(&[
            &format!("3,1,{},-;Out of memory: Kill process 10 (a) score 9 or sacrifice child", at(50)),
            &format!("3,2,{},-;Memory cgroup out of memory: Kill process 11 (b) score 9", at(40)),
            &format!("3,3,{},-;Memory cgroup out of memory: Killed process 12 (c) total-vm:1kB\n SUBSYSTEM=x", at(30)),
            &format!("6,5,{},-;oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/own,task=d,pid=13,uid=0", at(20)),
            &format!("3,4,{},-;Out of memory: Killed process 13 (d) total-vm:1kB", at(20)),
            &format!("6,5,{},-;oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/other,task=e,pid=15,uid=0", at(20)),
            &format!("3,4,{},-;Memory cgroup out of memory: Killed process 15 (e) total-vm:1kB", at(20)),
            &format!("6,5,{},-;eth0: Killed process 14 by chance", at(20)),
            "nonsense",
        ]);
        let now = SystemTime::now();
        let ago = |seconds| now - Duration::from_secs(seconds);
        assert_eq!(log.victims_in("/own", ago(60), now), [10, 11, 12, 13]);
        assert_eq!(log.victims_in("/own", ago(35), ago(25)), [12]);
        assert_eq!(log.victims_in("/own", ago(10), now), Vec::<u32>::new());
    }

    #[test]
    fn groups_are_found_by_the_container_in_their_path() {
        let log = log(&["6,9,7,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c1,mems_allowed=0,\
            oom_memcg=/docker/b2,task_memcg=/system.slice/docker-a1.scope,task=tail,pid=31577,uid=0"]);
        assert!(log.has_group("a1"));
        for other in ["b2", "c1", "tail", "31577"] {
            assert!(!log.has_group(other), "{other}");
        }
    }

    #[test]
    fn a_log_without_records_is_empty() {
        assert!(own_group().starts_with('/'));
        assert_eq!(KernelLog::of(File::open("/dev/null").unwrap()), KernelLog::default());
    }
}
