//! Runs commands in containers of a Docker engine (runtime spec §6.3 – §6.6).
//!
//! One container for each exec, under a name made of the exec's id. What a killed run has left is met again
//! by that id: a container that works or has succeeded is taken over, another is removed before the exec starts
//! anew. The scratch folder is bound into the container, so this machine and the engine must see the same files.

mod container;
mod ending;
mod endpoint;
mod failure;
mod image;
mod known;
mod leftover;
pub(crate) mod live;
mod login;
mod manifest;
mod output;
mod progress;
mod registry;
mod removals;
pub(crate) mod shell;
mod statistics;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::profile::Profile;
use base::{Digest, Error, Kind, Resources};
use bollard::Docker;
use bollard::models::SystemInfo;
use store::{FileRepository, KeyLocks};

use crate::blocking::{blocking, discard};
use crate::cancel::CancelToken;
use crate::credentials::{self, Credentials};
use crate::executor::{ExecEvent, ExecId, ExecReport, ExecRequest, Executor, Leftovers, Pull, Usage};
use crate::machine::{self, KernelLog, Kills};
use crate::scratch::Scratch;
use crate::site::{Site, View, Work};
use crate::verdict::{Ending, tell_log_failure};
use container::{Blueprint, Container, Start};
use image::{Images, ImagesOptions};
use known::Known;
use leftover::Found;
use login::Logins;
use manifest::Manifest;
use registry::Registries;
use removals::Removals;
use watch::{Seen, Watch};

pub use container::MemoryLimit;
pub use endpoint::Endpoint;

/// What a [`DockerExecutor`] is made of.
pub struct DockerOptions {
    /// The state folder; scratch folders and logs are below it.
    pub state: PathBuf,
    /// Where inputs come from and outputs go.
    pub repository: FileRepository,
    /// The engine to talk to.
    pub endpoint: Endpoint,
    /// Docker's configuration file, in which `docker login` keeps what registries want to know; without it every
    /// pull is anonymous.
    pub configuration: Option<PathBuf>,
    /// For commands that ask for cloud credentials.
    pub credentials: Option<Arc<dyn Credentials>>,
    /// How often a pull that failed for the network's sake is tried again; 5 by the spec (§6.4).
    pub pull_retries: usize,
    /// Whether the memory that a command declares limits it.
    pub memory_limit: MemoryLimit,
    /// How often it is checked that a container which the engine calls running has a process; 10 minutes by the spec
    /// (§6.11).
    pub hang_check: Duration,
}

/// The `docker` executor.
pub struct DockerExecutor {
    engine: Engine,
    site: Site,
    images: Images,
    removals: Removals,
    user: String,
    memory_limit: MemoryLimit,
    hang_check: Duration,
    capacity: Resources,
    credentials: Option<Arc<dyn Credentials>>,
}

/// The engine and how it was reached.
#[derive(Clone)]
struct Engine {
    docker: Docker,
    endpoint: Endpoint,
}

impl DockerExecutor {
    /// Connects to the engine and asks what it has. `Unavailable` when it does not answer, with a message
    /// that says which socket was asked and what to do.
    pub async fn connect(options: DockerOptions) -> Result<Self, Error> {
        let DockerOptions { state, repository, endpoint, configuration, credentials, .. } = options;
        let DockerOptions { pull_retries, memory_limit, hang_check, .. } = options;
        let docker = endpoint.connect().await?;
        let info = docker.info().await.map_err(|error| endpoint.unreachable(&error))?;
        let known = Known::new(state.join("images"));
        let (site, disk, locks) = blocking(move || {
            let site = Site::open(&state, repository)?;
            let disk = machine::disk(site.execs())?;
            Ok((site, disk, KeyLocks::open(&state.join("pulls"))?))
        })
        .await?;
        let mem = info.mem_total.unwrap_or(0).max(0) as f64 * machine::LENDABLE_MEMORY;
        let capacity = Resources::of(info.ncpu.unwrap_or(1).max(1) as f64, mem.floor(), disk);
        let user = container::user(info.security_options.as_deref().unwrap_or_default(), endpoint.owner());
        let images = Images::new(ImagesOptions {
            docker: docker.clone(),
            logins: Logins::new(configuration),
            registries: Registries::new(insecure(&info)),
            known,
            locks,
            retries: pull_retries,
        });
        let (engine, removals) = (Engine { docker, endpoint }, Removals::default());
        Ok(Self { engine, site, images, removals, user, memory_limit, hang_check, capacity, credentials })
    }

    /// Claims the exec's folder and looks for what a killed run has left of it: a container to go on with.
    async fn begin(&self, request: &ExecRequest) -> Result<(Work, Option<(Found, Manifest)>), Error> {
        let (site, request) = (self.site.clone(), request.clone());
        let (work, left) = blocking(move || {
            let scratch = claim(&site, request.id)?;
            let is_leftover = scratch.is_leftover()?;
            let manifest = Manifest::read(&scratch);
            let work = site.plan(scratch, &request, View::Standard)?;
            Ok((work, is_leftover.then_some(manifest)))
        })
        .await?;
        let Some(manifest) = left else { return Ok((work, None)) };
        match self.find(&work, manifest).await {
            Ok(found) => Ok((work, found)),
            Err(error) => {
                // There may be a container yet.
                work.leave();
                Err(error)
            }
        }
    }

    /// The container that a killed run of `work` has left, if it is to be gone on with; else it is removed.
    async fn find(&self, work: &Work, manifest: Option<Manifest>) -> Result<Option<(Found, Manifest)>, Error> {
        let docker = &self.engine.docker;
        if let Some(manifest) = manifest.filter(|manifest| manifest.is_for(work))
            && let Some(found) = leftover::find(docker, &self.removals, &manifest, self.memory(work)).await?
        {
            return Ok(Some((found, manifest)));
        }
        // It may still be writing into the folder.
        leftover::remove(docker, &self.site.home(), work.id()).await?;
        Ok(None)
    }

    fn memory(&self, work: &Work) -> Option<f64> {
        self.memory_limit.of(work.config().resources.get("mem"))
    }

    fn blueprint(&self, work: &Work, credentials: Vec<(String, String)>) -> Result<Blueprint, Error> {
        let mut environment = work.environment();
        environment.extend(credentials);
        Ok(Blueprint {
            name: container::name(&self.site.home(), work.id()),
            id: work.id(),
            home: self.site.home(),
            image: self.images.name_here(&work.config().image),
            user: self.user.clone(),
            bash_arguments: work.bash_arguments(true, "")?,
            environment,
            arg: work.scratch().arg(),
            output: work.scratch().output(),
            tmp: work.scratch().tmp(),
            socket: work.config().need_docker_access.then(|| self.engine.endpoint.socket()),
            cpu: work.config().resources.get("cpu").min(self.capacity.get("cpu")),
            memory: self.memory(work),
        })
    }

    /// Makes the container while the inputs are put in place, fetching the image if the engine does not have it.
    async fn create(
        &self,
        work: &Arc<Work>,
        credentials: Vec<(String, String)>,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<Container, Error> {
        on_files(work, Work::prepare).await?;
        let mut blueprint = self.blueprint(work, credentials)?;
        let (docker, removals) = (&self.engine.docker, &self.removals);
        // Not to be interrupted between the request and its answer: the container would stay.
        // The engine is asked first: on a thread of its own (`on_own_thread`) the files are put in place at once.
        let (created, staged) =
            tokio::join!(Container::create(docker, removals, &blueprint), on_files(work, Work::stage));
        staged?;
        events(ExecEvent::Staged);
        if let Some(container) = created? {
            return Ok(container);
        }
        let image = &work.config().image;
        let pulls = |pull| events(ExecEvent::Pull { image: image.clone(), pull });
        let fetched = tokio::select! {
            fetched = self.images.fetch(image, &pulls) => fetched?,
            () = cancel.canceled() => return Err(canceled()),
        };
        // It may be here under another name.
        blueprint.image = fetched.id.unwrap_or_else(|| image.clone());
        Container::create(docker, removals, &blueprint).await?.ok_or_else(|| {
            Error::new(Kind::NotExist, format!("the image {image} was removed right after it was fetched"))
        })
    }

    /// Starts the command, after noting what is needed to take it over.
    async fn start(&self, container: &Container, work: &Work) -> Result<(Start, Manifest), Error> {
        let manifest = Manifest::new(work, container.id().to_owned());
        let (note, place) = (manifest.clone(), work.scratch().manifest());
        // Attached before the start: no output is missed.
        let (output, noted) = tokio::join!(container.attach(), blocking(move || note.write(&place)));
        noted?;
        let start = match output? {
            Ok(output) => container.start(output).await?,
            Err(refusal) => Start::Refused(refusal),
        };
        Ok((start, manifest))
    }

    /// Brings a container to its end: one that was just made, or one that was found with its note. The inner
    /// error is the command's.
    async fn attend(
        &self,
        container: &Container,
        found: Option<Manifest>,
        work: &Work,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<Result<Seen, Error>, Error> {
        let kills = Kills::since_now();
        let started = || events(ExecEvent::Started { pid: None, container: Some(container.name().to_owned()) });
        let watch = |manifest| Watch::new(container, work, manifest, events, self.hang_check);
        let watched = async {
            if let Some(manifest) = found {
                started();
                return watch(manifest).take_over().await.map(Ok);
            }
            let (start, manifest) = self.start(container, work).await?;
            let watch = watch(manifest);
            match start {
                Start::Running(output) => {
                    started();
                    watch.follow_to_end(output).await.map(Ok)
                }
                Start::Unanswered(error) => watch.take_over_if_started(error, &started).await.map(Ok),
                Start::Refused(failure) => Ok(Err(failure)),
            }
        };
        let mut seen = tokio::select! {
            seen = watched => seen?,
            () = cancel.canceled() => return Err(canceled()),
        };
        if let Ok(seen) = &mut seen
            && !self.engine.endpoint.is_local()
        {
            // Looked at was another machine.
            seen.least_available = None;
        }
        if let Ok(Seen { ended, .. }) = &mut seen
            && ended.status != 0
            && ended.out_of_memory.is_none()
            && self.engine.endpoint.is_local()
            && kills.may_be()
        {
            let id = container.id().to_owned();
            let is_named = blocking(move || Ok(KernelLog::read().map(|log| log.has_group(&id)))).await?;
            // Where the log is closed a kill anywhere must do as evidence.
            let is_killed = is_named.unwrap_or_else(|| ended.status == 137 && kills.any());
            ended.out_of_memory = is_killed.then(|| "kernel".to_owned());
        }
        Ok(seen)
    }
}

#[async_trait]
impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn salt(&self) -> Option<Digest> {
        None
    }

    fn capacity(&self) -> Resources {
        self.capacity.clone()
    }

    async fn resolve_image(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        self.images.resolve(image, pulls).await
    }

    async fn find_image(&self, image: &str) -> Result<Option<String>, Error> {
        self.images.find(image).await
    }

    async fn settle(&self) {
        self.removals.settle().await;
    }

    /// A container that works or has succeeded is kept for a week.
    async fn remove_leftovers(&self) -> Result<Leftovers, Error> {
        leftover::sweep(&self.engine.docker, &self.site).await
    }

    async fn run(
        &self,
        request: &ExecRequest,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        if cancel.is_canceled() {
            return Err(canceled());
        }
        let credentials = credentials::wanted(&request.config, self.credentials.as_deref()).await?;
        let (work, found) = self.begin(request).await?;
        let work = Arc::new(work);
        let (container, manifest) = match found {
            Some((Found { container, since }, manifest)) => {
                events(ExecEvent::Adopted { since });
                (container, Some(manifest))
            }
            None => match self.create(&work, credentials, events, cancel).await {
                Ok(container) => (container, None),
                Err(error) => return Err(abandon(work, error).await),
            },
        };
        match self.attend(&container, manifest, &work, events, cancel).await {
            Ok(Ok(seen)) => conclude(container, work, seen, events).await,
            Ok(Err(failure)) => refused(container, work, failure).await,
            Err(error) if error.kind() == Kind::Unavailable => {
                // The command goes on, for all that is known: the next try takes it over.
                container.leave();
                work.leave();
                Err(error)
            }
            Err(error) => {
                // What went wrong first is what is told.
                let _ = container.remove().await;
                Err(abandon(work, error).await)
            }
        }
    }
}

/// The registries that the engine was told to talk to without TLS.
fn insecure(info: &SystemInfo) -> Vec<String> {
    let registries = info.registry_config.iter().filter_map(|config| config.index_configs.as_ref()).flatten();
    registries.filter(|(_, registry)| registry.secure == Some(false)).map(|(host, _)| host.clone()).collect()
}

/// How long a folder may be in somebody's hands who only looks what a killed run has left in it.
const GLANCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(20);

/// Claims the folder of an exec.
fn claim(site: &Site, id: ExecId) -> Result<Scratch, Error> {
    let begin = Instant::now();
    loop {
        match site.claim(id) {
            Err(error) if error.kind() == Kind::Precondition && begin.elapsed() < GLANCE => std::thread::sleep(PAUSE),
            claimed => return claimed,
        }
    }
}

/// Does something to the files of an exec.
async fn on_files(work: &Arc<Work>, act: fn(&Work) -> Result<(), Error>) -> Result<(), Error> {
    let work = work.clone();
    blocking(move || act(&work)).await
}

/// Collects the outputs, and has the container removed some time.
async fn conclude(
    container: Container,
    work: Arc<Work>,
    seen: Seen,
    events: &(dyn Fn(ExecEvent) + Send + Sync),
) -> Result<ExecReport, Error> {
    let Seen { ended, cpu, max_memory, io, least_available, profile, log_failure } = seen;
    events(ExecEvent::Exited { status: ended.status });
    let ending = Ending { status: ended.status, out_of_memory: ended.out_of_memory, least_available };
    drop(container);
    let mut remains = blocking(move || {
        Manifest::forget(&work)?;
        work.finish(&ending)
    })
    .await?;
    tell_log_failure(&mut remains.outcome, log_failure);
    Ok(ExecReport {
        outcome: remains.outcome,
        usage: Usage { wall: ended.ended.duration_since(ended.started).unwrap_or_default(), cpu, max_memory, io },
        profile,
        status: Some(ended.status),
        stdout: remains.stdout,
        stderr: remains.stderr,
        script: remains.script,
        started: ended.started,
        ended: ended.ended,
    })
}

/// The report of a command that the image cannot run.
async fn refused(container: Container, work: Arc<Work>, failure: Error) -> Result<ExecReport, Error> {
    drop(container);
    let remains = blocking(move || Ok(work.fail(failure))).await?;
    let now = std::time::SystemTime::now();
    Ok(ExecReport {
        outcome: remains.outcome,
        usage: Usage::default(),
        profile: Profile::default(),
        status: None,
        stdout: remains.stdout,
        stderr: remains.stderr,
        script: remains.script,
        started: now,
        ended: now,
    })
}

/// Removes the scratch folder of an exec that failed for `error`.
async fn abandon(work: Arc<Work>, error: Error) -> Error {
    match discard(work).await {
        Ok(()) => error,
        Err(panicked) => panicked,
    }
}

fn canceled() -> Error {
    Error::new(Kind::Canceled, "the exec was stopped")
}
