//! How a container's command ended, from what the engine tells of it (runtime spec §6.5, §6.6).

use std::time::{Duration, SystemTime};

use base::{Error, Kind};
use bollard::models::{ContainerState, EventMessage};
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::container::Container;

/// How a container ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: i32,
    /// Evidence, in the words of the message.
    pub(super) out_of_memory: Option<String>,
    pub(super) started: SystemTime,
    pub(super) ended: SystemTime,
}

impl Ended {
    /// What `state` says, in which the command is over. `code` is what the wait has given.
    pub(super) fn new(state: &ContainerState, code: i64) -> Result<Self, Error> {
        let (started, ended) = times(state)?;
        let status = if code == 0 { state.exit_code.unwrap_or(0) } else { code };
        Ok(Self {
            status: i32::try_from(status).unwrap_or(i32::MAX),
            out_of_memory: state.oom_killed.unwrap_or(false).then(|| "docker".to_owned()),
            started,
            ended,
        })
    }

    /// Whether a signal may have ended the command, or the engine has lost it.
    pub(super) fn is_by_signal(&self) -> bool {
        self.status > 128 && self.status <= 255
    }
}

/// How long the engine may take to look into its past.
const PAST: Duration = Duration::from_secs(5);

/// Whether somebody has had the engine kill the container: a person, or the engine when it was shut down. That
/// is no failure of the command.
pub(super) async fn is_killed_on_request(container: &Container, since: SystemTime) -> bool {
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        since.as_secs()
    };
    // Podman takes two filters for one too many.
    let filters = [("container", vec![container.id().to_owned()])].into();
    let options = EventsOptionsBuilder::default()
        .since(&seconds(since).saturating_sub(1).to_string())
        .until(&(seconds(SystemTime::now()) + 1).to_string())
        .filters(&filters)
        .build();
    let mut events = std::pin::pin!(container.docker().events(Some(options)));
    let killed = async {
        while let Some(Ok(EventMessage { action, .. })) = events.next().await {
            if action.is_some_and(|action| action == "kill") {
                return true;
            }
        }
        false
    };
    // An engine that does not answer has not said that it was so.
    timeout(PAST, killed).await.unwrap_or(false)
}

/// The failure of a container that runs although its end was told.
pub(super) fn running_after_all() -> Error {
    Error::new(Kind::Temporary, "container returned in running state; docker daemon likely shutting down")
}

/// When the command was started and when it ended.
pub(super) fn times(state: &ContainerState) -> Result<(SystemTime, SystemTime), Error> {
    let finished = state.finished_at.as_deref().unwrap_or_default();
    // The engine writes the year 1 for what has not happened.
    if state.running.unwrap_or(false) || finished.is_empty() || finished.starts_with("0001-") {
        return Err(running_after_all());
    }
    let ended = parse(finished)?;
    let started = state.started_at.as_deref().map_or(Ok(ended), parse)?;
    Ok((started, if started < ended { ended } else { SystemTime::now() }))
}

pub(super) fn parse(time: &str) -> Result<SystemTime, Error> {
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
}
