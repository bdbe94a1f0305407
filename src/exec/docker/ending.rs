//! Waits for the end of a container's command, recording what it says and what it uses, and finds out
//! how it ended (runtime spec §6.5, §6.6).

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use base::{Error, Kind};
use bollard::errors::Error as DockerError;
use bollard::models::{ContainerMemoryStats, ContainerState, ContainerStatsResponse};
use bollard::query_parameters::{StatsOptionsBuilder, WaitContainerOptionsBuilder};
use futures_util::{Stream, StreamExt};
use tokio::time::{sleep, timeout};

use super::container::{Container, Output};
use super::failure::machinery;
use super::output::Recorder;
use crate::logs::LogPaths;

/// How a container ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: i32,
    /// Evidence, in the words of the message.
    pub(super) out_of_memory: Option<String>,
    pub(super) started: SystemTime,
    pub(super) ended: SystemTime,
    /// Seconds of processor time, and the most memory in bytes; 0 when no sample was taken.
    pub(super) cpu: f64,
    pub(super) max_memory: u64,
    pub(super) log_failure: Option<String>,
}

/// Samples are taken of commands that take longer than this: they cost the engine something.
const UNSAMPLED: Duration = Duration::from_secs(1);
/// How long the rest of the output may take once the command has ended.
const LAST_OUTPUT: Duration = Duration::from_secs(60);
/// How often a broken wait is taken up again, and the pause before that.
const WAIT_TRIES: u32 = 5;
const WAIT_PAUSE: Duration = Duration::from_secs(1);

/// Follows a started container to its end.
pub(super) async fn watch(container: &Container, mut output: Output, logs: &LogPaths) -> Result<Ended, Error> {
    let mut recorder = Recorder::new(logs);
    let mut samples = Samples::default();
    let mut talking = true;
    let exit = wait(container);
    let sampling = sample(container);
    tokio::pin!(exit, sampling);
    let code = loop {
        tokio::select! {
            code = &mut exit => break code?,
            piece = output.next(), if talking => talking = take(&mut recorder, piece).await,
            Some(stats) = sampling.next() => samples.add(&stats),
        }
    };
    let rest = async {
        while talking {
            talking = take(&mut recorder, output.next().await).await;
        }
    };
    if timeout(LAST_OUTPUT, rest).await.is_err() {
        recorder.fail("the Docker engine did not send the rest of the output".to_owned());
    }
    let log_failure = recorder.finish().await;

    let there = container.docker().inspect_container(container.name(), None).await;
    let state = there.map_err(|error| machinery("inspect container", &error))?.state.unwrap_or_default();
    let (started, ended) = times(&state)?;
    let status = if code == 0 { state.exit_code.unwrap_or(0) } else { code };
    Ok(Ended {
        status: i32::try_from(status).unwrap_or(i32::MAX),
        out_of_memory: state.oom_killed.unwrap_or(false).then(|| "docker".to_owned()),
        started,
        ended,
        cpu: samples.cpu,
        max_memory: samples.max_memory,
        log_failure,
    })
}

/// Records a piece of output; whether more may come.
async fn take(recorder: &mut Recorder, piece: Option<Result<bollard::container::LogOutput, DockerError>>) -> bool {
    match piece {
        Some(Ok(piece)) => recorder.record(piece).await,
        Some(Err(error)) => {
            recorder.fail(super::failure::text(&error));
            return false;
        }
        None => return false,
    }
    true
}

/// Waits until the container is not running; its exit code.
async fn wait(container: &Container) -> Result<i64, Error> {
    let mut tries = 0;
    loop {
        let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
        let waited = container.docker().wait_container(container.name(), Some(options)).next().await;
        let error = match waited {
            Some(Ok(response)) => return Ok(response.status_code),
            Some(Err(DockerError::DockerContainerWaitError { code, .. })) => return Ok(code),
            Some(Err(error)) => machinery("wait for container", &error),
            None => Error::new(Kind::Unavailable, "the Docker engine stopped to answer"),
        };
        // The connection broke, not the container.
        tries += 1;
        if tries == WAIT_TRIES {
            return Err(error);
        }
        sleep(WAIT_PAUSE).await;
    }
}

/// Samples of a command that takes its time.
fn sample(container: &Container) -> Pin<Box<dyn Stream<Item = ContainerStatsResponse> + Send + '_>> {
    let later = async move {
        sleep(UNSAMPLED).await;
        let options = StatsOptionsBuilder::default().stream(true).build();
        container.docker().stats(container.name(), Some(options)).filter_map(|stats| async { stats.ok() })
    };
    Box::pin(futures_util::stream::once(later).flatten())
}

#[derive(Debug, Default)]
struct Samples {
    cpu: f64,
    max_memory: u64,
}

impl Samples {
    fn add(&mut self, stats: &ContainerStatsResponse) {
        let total = stats.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage).unwrap_or(0);
        self.cpu = self.cpu.max(total as f64 / 1e9);
        self.max_memory = self.max_memory.max(stats.memory_stats.as_ref().map_or(0, memory));
    }
}

/// Memory less what is only cache, which the two versions of control groups call differently.
fn memory(stats: &ContainerMemoryStats) -> u64 {
    let detail = |name: &str| stats.stats.as_ref().and_then(|details| details.get(name)).copied();
    let cache = detail("total_inactive_file").or_else(|| detail("inactive_file")).unwrap_or(0);
    stats.usage.unwrap_or(0).saturating_sub(cache)
}

/// When the command was started and when it ended.
fn times(state: &ContainerState) -> Result<(SystemTime, SystemTime), Error> {
    let finished = state.finished_at.as_deref().unwrap_or_default();
    // The engine writes the year 1 for what has not happened.
    if state.running.unwrap_or(false) || finished.is_empty() || finished.starts_with("0001-") {
        return Err(Error::new(
            Kind::Temporary,
            "container returned in running state; docker daemon likely shutting down",
        ));
    }
    let ended = parse(finished)?;
    let started = state.started_at.as_deref().map_or(Ok(ended), parse)?;
    Ok((started, if started < ended { ended } else { SystemTime::now() }))
}

fn parse(time: &str) -> Result<SystemTime, Error> {
    let parsed: Result<jiff::Timestamp, _> = time.parse();
    parsed
        .map(SystemTime::from)
        .map_err(|error| Error::new(Kind::Invalid, format!("the Docker engine gave the time {time:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(started: &str, finished: &str, running: bool) -> ContainerState {
        ContainerState {
            started_at: Some(started.to_owned()),
            finished_at: Some(finished.to_owned()),
            running: Some(running),
            ..ContainerState::default()
        }
    }

    #[test]
    fn times_are_the_engines_unless_they_make_no_sense() {
        let (early, late) = ("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:02.123456789Z");
        let (started, ended) = times(&state(early, late, false)).unwrap();
        assert_eq!(ended.duration_since(started).unwrap(), Duration::new(1, 623_456_789));
        let (_, ended) = times(&state(late, early, false)).unwrap();
        assert!(ended > parse("2024-01-01T00:00:00Z").unwrap());
        for (finished, running, kind) in [
            (late, true, Kind::Temporary),
            ("", false, Kind::Temporary),
            ("0001-01-01T00:00:00Z", false, Kind::Temporary),
            ("yesterday", false, Kind::Invalid),
        ] {
            assert_eq!(times(&state(early, finished, running)).unwrap_err().kind(), kind, "{finished}");
        }
    }

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
}
