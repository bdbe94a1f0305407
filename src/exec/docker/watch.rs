//! Follows a container's command to its end: records what it says, samples what it uses, and holds out while
//! the engine does not answer (runtime spec §6.5 – §6.7).

use std::time::Duration;

use base::profile::{CPU, MEM, Profile};
use base::{Error, Kind};
use bollard::container::LogOutput;
use bollard::errors::Error as DockerError;
use bollard::models::ContainerState;
use bollard::query_parameters::WaitContainerOptionsBuilder;
use futures_util::StreamExt;
use tokio::time::{Instant, Interval, interval_at, sleep, timeout};

use super::container::{Container, Output};
use super::ending::{self, Ended};
use super::failure::{self, machinery};
use super::manifest::Manifest;
use super::output::Recorder;
use super::statistics::{Sample, samples};
use crate::blocking::blocking;
use crate::executor::{ExecEvent, Transferred};
use crate::gauges::{Board, Sizes};
use crate::site::Work;

/// A running container and what is known of it.
pub(super) struct Watch<'a> {
    container: &'a Container,
    work: &'a Work,
    manifest: Manifest,
    events: &'a (dyn Fn(ExecEvent) + Send + Sync),
    recorder: Recorder,
    board: Board,
    /// Processor time so far, in seconds.
    cpu: f64,
    /// Whether the engine was out of reach for a while.
    was_lost: bool,
    /// When it is looked whether the container still does anything.
    hang_checks: Interval,
}

/// What was seen of a command from its start to its end.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) ended: Ended,
    /// Seconds of processor time, and the most memory in bytes; 0 when no sample was taken.
    pub(super) cpu: f64,
    pub(super) max_memory: u64,
    /// What was read from and written to devices until the last sample.
    pub(super) io: Option<Transferred>,
    /// The least memory that this machine had to give, in bytes.
    pub(super) least_available: Option<u64>,
    pub(super) profile: Profile,
    pub(super) log_failure: Option<String>,
}

/// How a stretch of following ended.
enum Stretch {
    /// The command is over, with this code.
    Over(i64),
    /// The engine does not answer any more.
    Lost,
}

/// How often what was sampled is noted for whoever takes over.
const NOTING: Duration = Duration::from_secs(10);
/// How long the rest of the output may take once the command has ended.
const LAST_OUTPUT: Duration = Duration::from_secs(60);
/// How long an engine may be out of reach, as during its restart, and the pauses between looks.
const OUTAGE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What seems to hang is looked at again after this time, for each look so much.
const HANG_CONFIRMATION: Duration = Duration::from_millis(100);
const HANG_ANSWER: Duration = Duration::from_secs(10);
/// How often a container may be found running after all when its end was told.
const RUNNING_AFTER_ALL: usize = 5;

impl<'a> Watch<'a> {
    pub(super) fn new(
        container: &'a Container,
        work: &'a Work,
        manifest: Manifest,
        events: &'a (dyn Fn(ExecEvent) + Send + Sync),
        hang_check: Duration,
    ) -> Self {
        let (recorder, board) = (Recorder::new(work.logs()), Board::new(manifest.profile.clone()));
        let hang_checks = interval_at(Instant::now() + hang_check, hang_check);
        Self { container, work, manifest, events, recorder, board, cpu: 0.0, was_lost: false, hang_checks }
    }

    /// Goes on with a container that a killed run has started.
    pub(super) async fn take_over(mut self) -> Result<Seen, Error> {
        self.recorder.rewind().await;
        let output = self.container.replay();
        self.follow_to_end(output).await
    }

    /// Goes on with a container whose start the engine has not answered, if it was started; else fails with `error`.
    pub(super) async fn take_over_if_started(
        mut self,
        error: Error,
        started: &(dyn Fn() + Sync),
    ) -> Result<Seen, Error> {
        self.was_lost = true;
        let state = self.state().await?;
        // The engine writes the year 1 for what has not happened.
        if !state.running.unwrap_or(false) && state.started_at.is_none_or(|time| time.starts_with("0001-")) {
            return Err(error);
        }
        started();
        self.take_over().await
    }

    /// Follows a container to its end, from the beginning of its output.
    ///
    /// `Temporary` for one that was killed or removed by somebody else or that hangs, `Unavailable` when the engine stays
    /// out of reach: then the container is still to be taken over.
    pub(super) async fn follow_to_end(mut self, output: Output) -> Result<Seen, Error> {
        let mut output = Some(output);
        let mut running = 0;
        let ended = loop {
            let stretch = self.follow(&mut output).await?;
            if matches!(stretch, Stretch::Over(_)) {
                self.record_rest(&mut output).await;
            }
            let begin = Instant::now();
            let state = self.state().await?;
            let is_running = state.running.unwrap_or(false);
            if let (Stretch::Over(code), false) = (&stretch, is_running) {
                break Ended::new(&state, *code)?;
            }
            self.recorder.rewind().await;
            output = Some(self.container.replay());
            match stretch {
                Stretch::Lost if !is_running => {
                    self.record_rest(&mut output).await;
                    // Engines take up the output of what still runs, not of what has ended without them.
                    self.recorder.fail("the Docker engine was down when the command ended".to_owned());
                    break Ended::new(&state, 0)?;
                }
                Stretch::Lost => {
                    (self.events)(ExecEvent::Regained { after: begin.elapsed() });
                    sleep(FIRST_PAUSE).await;
                }
                Stretch::Over(_) if running == RUNNING_AFTER_ALL => return Err(ending::running_after_all()),
                Stretch::Over(_) => {
                    running += 1;
                    sleep(LONGEST_PAUSE).await;
                }
            }
        };
        if !self.board.profile().is_empty()
            && let Some(sizes) = Sizes::measure(self.work.scratch()).await
        {
            self.board.note_sizes(sizes);
        }
        if ended.is_by_signal() && ended.out_of_memory.is_none() {
            self.blame(&ended).await?;
        }
        Ok(Seen {
            ended,
            cpu: self.cpu,
            max_memory: self.board.max(MEM) as u64,
            io: self.board.transferred(),
            least_available: self.board.least_available(),
            profile: self.board.profile().clone(),
            log_failure: self.recorder.finish().await,
        })
    }

    /// `Temporary` if the signal that ended the command came from outside of it.
    async fn blame(&self, ended: &Ended) -> Result<(), Error> {
        let who = match () {
            () if self.was_lost => "the Docker engine went down while the command ran",
            () if ending::is_killed_on_request(self.container, ended.started).await => {
                "the container was killed through the Docker engine"
            }
            () => return Ok(()),
        };
        Err(Error::new(Kind::Temporary, format!("{who} (exit status {})", ended.status)))
    }

    /// Records and samples until the command is over or the engine is lost.
    async fn follow(&mut self, output: &mut Option<Output>) -> Result<Stretch, Error> {
        let (exit, samples) = (exit(self.container), samples(self.container));
        let sizes = Sizes::now_and_then(self.work.scratch());
        tokio::pin!(exit, samples, sizes);
        let mut noting = interval_at(Instant::now() + NOTING, NOTING);
        loop {
            tokio::select! {
                stretch = &mut exit => return stretch,
                piece = next(output), if output.is_some() => {
                    // The end of the output may also be that of the engine.
                    if !record(&mut self.recorder, piece).await {
                        *output = None;
                    }
                }
                Some(sample) = samples.next() => self.note(sample),
                Some(sizes) = sizes.next() => self.board.note_sizes(sizes),
                _ = noting.tick() => self.save().await,
                _ = self.hang_checks.tick() => if is_hanging(self.container).await { return Err(hanging()) },
            }
        }
    }

    fn note(&mut self, sample: Sample) {
        self.cpu = self.cpu.max(sample.seconds);
        if let Some(cores) = sample.cores {
            self.board.note(CPU, cores);
        }
        self.board.note(MEM, sample.memory);
        if let Some(transferred) = sample.transferred {
            self.board.note_transferred(transferred, std::time::Instant::now());
        }
        self.board.note_machine();
        self.board.tell(self.events);
    }

    /// Notes the profile for whoever takes over. A disk that is full now is no reason to fail.
    async fn save(&mut self) {
        self.manifest.profile = self.board.profile().clone();
        let (manifest, place) = (self.manifest.clone(), self.work.scratch().manifest());
        let _ = blocking(move || manifest.write(&place)).await;
    }

    /// Records what comes after the end of the command.
    async fn record_rest(&mut self, output: &mut Option<Output>) {
        let rest = async {
            while let Some(stream) = output {
                if !record(&mut self.recorder, stream.next().await).await {
                    *output = None;
                }
            }
        };
        if timeout(LAST_OUTPUT, rest).await.is_err() {
            self.recorder.fail("the Docker engine did not send the rest of the output".to_owned());
        }
    }

    /// What the engine says of the container, once it answers.
    async fn state(&mut self) -> Result<ContainerState, Error> {
        let begin = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.container.docker().inspect_container(self.container.id(), None).await {
                Ok(there) => return Ok(there.state.unwrap_or_default()),
                Err(error) if failure::is_gone(&error) => return Err(removed()),
                Err(error) => error,
            };
            self.was_lost = true;
            if begin.elapsed() > OUTAGE {
                return Err(Error::new(Kind::Unavailable, machinery("inspect container", &error).to_string()));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn removed() -> Error {
    Error::new(Kind::Temporary, "the container was removed while its command ran")
}

fn hanging() -> Error {
    Error::new(Kind::Temporary, "the container hung: the Docker engine took it for running, but it had no process")
}

/// Whether the engine takes a container for running that has no process, twice in a row. An engine that does not
/// answer has not said so.
async fn is_hanging(container: &Container) -> bool {
    for pause in [Duration::ZERO, HANG_CONFIRMATION] {
        sleep(pause).await;
        if timeout(HANG_ANSWER, has_no_process(container)).await != Ok(true) {
            return false;
        }
    }
    true
}

async fn has_no_process(container: &Container) -> bool {
    let (docker, id) = (container.docker(), container.id());
    let Ok(there) = docker.inspect_container(id, None).await else { return false };
    if !there.state.and_then(|state| state.running).unwrap_or(false) {
        return false;
    }
    let listed = docker.top_processes(id, None).await;
    listed.is_ok_and(|listed| listed.processes.is_none_or(|processes| processes.is_empty()))
}

async fn next(output: &mut Option<Output>) -> Option<Result<LogOutput, DockerError>> {
    match output {
        Some(stream) => stream.next().await,
        None => None,
    }
}

/// Records a piece of output; whether more may come.
async fn record(recorder: &mut Recorder, piece: Option<Result<LogOutput, DockerError>>) -> bool {
    match piece {
        Some(Ok(piece)) => recorder.record(piece).await,
        // If the connection broke the wait breaks too, and everything is sent again.
        Some(Err(_)) | None => return false,
    }
    true
}

/// Waits until the container is not running.
async fn exit(container: &Container) -> Result<Stretch, Error> {
    let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
    match container.docker().wait_container(container.id(), Some(options)).next().await {
        Some(Ok(response)) => Ok(Stretch::Over(response.status_code)),
        Some(Err(DockerError::DockerContainerWaitError { code, .. })) => Ok(Stretch::Over(code)),
        Some(Err(error)) if failure::is_gone(&error) => Err(removed()),
        Some(Err(_)) | None => Ok(Stretch::Lost),
    }
}
