//! The gauges of a running exec (runtime spec §6.7): samples go into its profile, and the latest of each are
//! told now and then. Executors bring the samples; the sizes of folders are measured here.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use base::profile::{DISK, Gauges, Profile, READ, TMP, WRITE};
use futures_util::Stream;
use tokio::time::sleep;

use crate::blocking::blocking;
use crate::executor::{ExecEvent, Transferred};
use crate::machine;
use crate::scratch::Scratch;

/// Nothing is sampled of a command before it has worked for so long: most do not, and must not pay for it.
pub(crate) const UNSAMPLED: Duration = Duration::from_secs(1);
/// How often cores and memory are sampled by those who do it themselves.
pub(crate) const SAMPLING: Duration = Duration::from_secs(1);
/// How often the sizes of folders are measured: a walk may take a while.
const MEASURING: Duration = Duration::from_secs(60);
/// How often the latest samples are told, at most.
const TELLING: Duration = Duration::from_secs(2);

/// What was sampled of one exec.
#[derive(Debug)]
pub(crate) struct Board {
    profile: Profile,
    latest: Gauges,
    /// The least memory that the machine had to give, in bytes.
    least_available: Option<u64>,
    told: Option<Instant>,
    /// What was transferred until when.
    transferred: Option<(Instant, Transferred)>,
}

impl Board {
    /// A board that goes on from what was sampled before.
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile, latest: Gauges::new(), least_available: None, told: None, transferred: None }
    }

    /// Adds a sample, taken now.
    pub(crate) fn note(&mut self, gauge: &str, value: f64) {
        self.profile.add(gauge, value, SystemTime::now());
        self.latest.insert(gauge.to_owned(), value);
    }

    /// Adds the sizes of the folders.
    pub(crate) fn note_sizes(&mut self, sizes: Sizes) {
        self.note(DISK, sizes.outputs as f64);
        self.note(TMP, sizes.scratch as f64);
    }

    /// Takes in what the command has transferred from its start until now: samples are of what came since the
    /// call before.
    pub(crate) fn note_transferred(&mut self, until_now: Transferred, now: Instant) {
        let Some((then, before)) = self.transferred.replace((now, until_now)) else { return };
        let seconds = now.duration_since(then).as_secs_f64();
        if seconds > 0.0 {
            // Devices that are taken away take what they have counted with them.
            let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
            self.note(READ, rate(until_now.read, before.read));
            self.note(WRITE, rate(until_now.written, before.written));
        }
    }

    /// What the command had transferred when that was last noted.
    pub(crate) fn transferred(&self) -> Option<Transferred> {
        self.transferred.map(|(_, transferred)| transferred)
    }

    /// Looks at how much memory this machine still has to give.
    pub(crate) fn note_machine(&mut self) {
        let available = machine::available_memory();
        self.least_available = self.least_available.into_iter().chain(available).min();
    }

    /// The least memory that the machine had to give, in bytes; `None` if nobody looked.
    pub(crate) fn least_available(&self) -> Option<u64> {
        self.least_available
    }

    /// Tells the latest samples, unless that was done a moment ago.
    pub(crate) fn tell(&mut self, events: &(dyn Fn(ExecEvent) + Send + Sync)) {
        if self.told.is_none_or(|told| told.elapsed() >= TELLING) {
            self.told = Some(Instant::now());
            events(ExecEvent::Gauges(self.latest.clone()));
        }
    }

    /// Everything so far.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The largest sample of a gauge; 0 without one.
    pub(crate) fn max(&self, gauge: &str) -> f64 {
        self.profile.get(gauge).map_or(0.0, |samples| samples.max)
    }
}

/// The sizes of an exec's folders, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    outputs: u64,
    scratch: u64,
}

impl Sizes {
    /// The sizes as they are; `None` if the measurement failed.
    pub(crate) async fn measure(scratch: &Scratch) -> Option<Self> {
        Self::of(scratch.output(), scratch.tmp()).await
    }

    async fn of(outputs: PathBuf, scratch: PathBuf) -> Option<Self> {
        blocking(move || Ok(Self { outputs: size_below(&outputs), scratch: size_below(&scratch) })).await.ok()
    }

    /// The sizes after a while, and again and again.
    pub(crate) fn now_and_then(scratch: &Scratch) -> Pin<Box<dyn Stream<Item = Self> + Send>> {
        let folders = (scratch.output(), scratch.tmp());
        Box::pin(futures_util::stream::unfold(folders, |(outputs, scratch)| async {
            sleep(MEASURING).await;
            Some((Self::of(outputs.clone(), scratch.clone()).await?, (outputs, scratch)))
        }))
    }
}

/// The sizes of all files below a folder, in bytes. A command is at work there: what vanishes or cannot be
/// read is not counted. Links are not followed.
pub(crate) fn size_below(folder: &Path) -> u64 {
    let mut size = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => size += metadata.len(),
                _ => {}
            }
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base::profile::{CPU, MEM};

    use super::*;

    #[test]
    fn samples_are_kept_and_told_at_a_modest_rate() {
        let told = Mutex::new(Vec::new());
        let events = |event| told.lock().unwrap().push(event);
        let mut board = Board::new(Profile::default());
        for value in [1.0, 3.0, 2.0] {
            board.note(CPU, value);
            board.note(MEM, 10.0 * value);
            board.tell(&events);
        }
        let first = Gauges::from([(CPU.to_owned(), 1.0), (MEM.to_owned(), 10.0)]);
        assert_eq!(told.lock().unwrap()[..], [ExecEvent::Gauges(first)]);
        assert_eq!((board.max(CPU), board.max(MEM), board.max("disk")), (3.0, 30.0, 0.0));
        // What a killed run has sampled counts on.
        let mut next = Board::new(board.profile().clone());
        next.note(CPU, 0.5);
        assert_eq!(next.profile().get(CPU).map(|samples| (samples.count, samples.max)), Some((4, 3.0)));
    }

    #[test]
    fn what_is_transferred_is_sampled_by_the_second() {
        let mut board = Board::new(Profile::default());
        assert_eq!(board.transferred(), None);
        let begin = Instant::now();
        // The last: a counter that went back.
        for (seconds, read, written) in [(0, 500, 7), (2, 700, 7), (2, 800, 8), (4, 900, 3)] {
            board.note_transferred(Transferred { read, written }, begin + Duration::from_secs(seconds));
        }
        let of = |gauge| board.profile().get(gauge).map(|samples| (samples.count, samples.max));
        assert_eq!((of(READ), of(WRITE)), (Some((2, 100.0)), Some((2, 0.0))));
        assert_eq!(board.transferred(), Some(Transferred { read: 900, written: 3 }));
    }

    #[test]
    fn sizes_are_of_files_and_not_of_what_links_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(size_below(folder.path()), 0);
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/file"), "12345").unwrap();
        fs::write(folder.path().join("file"), "123").unwrap();
        std::os::unix::fs::symlink("/proc/cpuinfo", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        assert_eq!(size_below(folder.path()), 8);
        assert_eq!(size_below(&folder.path().join("missing")), 0);
    }
}
