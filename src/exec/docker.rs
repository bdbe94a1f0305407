//! Runs commands in containers of a Docker engine (runtime spec §6.3 – §6.6).
//!
//! One container for each exec, under a name made of the exec's id: a leftover of a killed run is met
//! again under that name and is removed before the exec starts anew. The scratch folder is bound into
//! the container, so this machine and the engine must see the same files.

mod container;
mod ending;
mod endpoint;
mod failure;
mod image;
mod output;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use base::{Digest, Error, Kind, Resources};
use bollard::Docker;
use store::FileRepository;

use crate::blocking::{blocking, discard};
use crate::cancel::CancelToken;
use crate::credentials::{self, Credentials};
use crate::executor::{ExecEvent, ExecId, ExecReport, ExecRequest, Executor, Usage};
use crate::machine;
use crate::site::{Site, View, Work};
use crate::verdict::{Ending, tell_log_failure};
use container::{Blueprint, Container, Start};
use ending::Ended;
use image::Images;

pub use endpoint::Endpoint;

/// What a [`DockerExecutor`] is made of.
pub struct DockerOptions {
    /// The state folder; scratch folders and logs are below it.
    pub state: PathBuf,
    /// Where inputs come from and outputs go.
    pub repository: FileRepository,
    /// The engine to talk to.
    pub endpoint: Endpoint,
    /// For commands that ask for cloud credentials.
    pub credentials: Option<Arc<dyn Credentials>>,
    /// How often a pull that failed for the network's sake is tried again; 5 by the spec (§6.4).
    pub pull_retries: usize,
}

/// The `docker` executor.
pub struct DockerExecutor {
    engine: Engine,
    site: Site,
    images: Images,
    user: String,
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
        let DockerOptions { state, repository, endpoint, credentials, pull_retries } = options;
        let docker = endpoint.connect().await?;
        let info = docker.info().await.map_err(|error| endpoint.unreachable(&error))?;
        let (site, disk) = blocking(move || {
            let site = Site::open(&state, repository)?;
            let disk = machine::disk(site.execs())?;
            Ok((site, disk))
        })
        .await?;
        let mem = info.mem_total.unwrap_or(0).max(0) as f64 * machine::LENDABLE_MEMORY;
        let capacity = Resources::of(info.ncpu.unwrap_or(1).max(1) as f64, mem.floor(), disk);
        let user = container::user(info.security_options.as_deref().unwrap_or_default());
        let images = Images::new(docker.clone(), pull_retries);
        Ok(Self { engine: Engine { docker, endpoint }, site, images, user, capacity, credentials })
    }

    async fn begin(&self, request: &ExecRequest) -> Result<Work, Error> {
        let (site, id) = (self.site.clone(), request.id);
        let (scratch, leftover) = blocking(move || {
            let scratch = site.claim(id)?;
            let leftover = scratch.is_leftover()?;
            Ok((scratch, leftover))
        })
        .await?;
        if leftover {
            // Its container may still be writing there.
            container::remove_leftover(&self.engine.docker, &self.site.home(), id).await?;
        }
        let (site, request) = (self.site.clone(), request.clone());
        blocking(move || site.begin(scratch, &request, View::Standard)).await
    }

    fn blueprint(&self, id: ExecId, work: &Work, credentials: Vec<(String, String)>) -> Result<Blueprint, Error> {
        let mut environment = work.environment();
        environment.extend(credentials);
        Ok(Blueprint {
            name: container::name(&self.site.home(), id),
            id,
            home: self.site.home(),
            image: work.config().image.clone(),
            user: self.user.clone(),
            bash_arguments: work.bash_arguments("")?,
            environment,
            arg: work.scratch().arg(),
            output: work.scratch().output(),
            tmp: work.scratch().tmp(),
            socket: work.config().need_docker_access.then(|| self.engine.endpoint.socket()),
            cpu: work.config().resources.get("cpu").min(self.capacity.get("cpu")),
            mem: work.config().resources.get("mem"),
        })
    }

    /// Makes the container, fetching the image if the engine does not have it.
    async fn create(
        &self,
        blueprint: &Blueprint,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<Container, Error> {
        // Not to be interrupted between the request and its answer: the container would stay.
        if let Some(container) = Container::create(&self.engine.docker, blueprint).await? {
            return Ok(container);
        }
        events(ExecEvent::Pulling { image: blueprint.image.clone() });
        tokio::select! {
            pulled = self.images.fetch(&blueprint.image) => pulled.map(drop)?,
            () = cancel.canceled() => return Err(canceled()),
        }
        match Container::create(&self.engine.docker, blueprint).await? {
            Some(container) => Ok(container),
            None => {
                let image = &blueprint.image;
                Err(Error::new(Kind::NotExist, format!("the image {image} was removed right after it was fetched")))
            }
        }
    }

    async fn attend(
        &self,
        container: &Container,
        work: &Work,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<Result<Ended, Error>, Error> {
        let kills = machine::out_of_memory_kills();
        let watched = async {
            // Attached first: no output is missed.
            let output = container.attach().await?;
            match container.start().await? {
                Start::Running => {}
                Start::Refused(failure) => return Ok(Err(failure)),
            }
            events(ExecEvent::Started { pid: None, container: Some(container.name().to_owned()) });
            ending::watch(container, output, work.logs()).await.map(Ok)
        };
        let mut ended = tokio::select! {
            ended = watched => ended?,
            () = cancel.canceled() => return Err(canceled()),
        };
        if let Ok(ended) = &mut ended
            && ended.status == 137
            && ended.out_of_memory.is_none()
            && self.engine.endpoint.is_local()
            && machine::out_of_memory_kills() > kills
        {
            ended.out_of_memory = Some("kernel".to_owned());
        }
        Ok(ended)
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

    async fn resolve_image(&self, image: &str) -> Result<String, Error> {
        self.images.resolve(image).await
    }

    /// Removes containers too.
    async fn remove_leftovers(&self) -> Result<Vec<ExecId>, Error> {
        container::remove_leftovers(&self.engine.docker, &self.site).await
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
        let work = self.begin(request).await?;
        events(ExecEvent::Staged);
        let blueprint = self.blueprint(request.id, &work, credentials)?;
        let container = match self.create(&blueprint, events, cancel).await {
            Ok(container) => container,
            Err(error) => return Err(abandon(work, error).await),
        };
        let attended = self.attend(&container, &work, events, cancel).await;
        let ended = match attended {
            Ok(ended) => ended,
            Err(error) => {
                // What went wrong first is what is told.
                let _ = container.remove().await;
                return Err(abandon(work, error).await);
            }
        };
        match ended {
            Ok(ended) => conclude(container, work, ended, events).await,
            Err(failure) => refused(container, work, failure).await,
        }
    }
}

/// Collects the outputs while the container is being removed.
async fn conclude(
    container: Container,
    work: Work,
    ended: Ended,
    events: &(dyn Fn(ExecEvent) + Send + Sync),
) -> Result<ExecReport, Error> {
    events(ExecEvent::Exited { status: ended.status });
    let ending = Ending { status: ended.status, out_of_memory: ended.out_of_memory };
    let (remains, removed) = tokio::join!(blocking(move || work.finish(&ending)), container.remove());
    let mut remains = remains?;
    tell_log_failure(&mut remains.outcome, ended.log_failure);
    if let Ok(collected) = &mut remains.outcome {
        collected.notes.extend(removed.err().map(|error| format!("the container was not removed: {error}")));
    }
    Ok(ExecReport {
        outcome: remains.outcome,
        usage: Usage {
            wall: ended.ended.duration_since(ended.started).unwrap_or_default(),
            cpu: ended.cpu,
            max_memory: ended.max_memory,
        },
        status: Some(ended.status),
        stdout: remains.stdout,
        stderr: remains.stderr,
        script: remains.script,
        started: ended.started,
        ended: ended.ended,
    })
}

/// The report of a command that the image cannot run.
async fn refused(container: Container, work: Work, failure: Error) -> Result<ExecReport, Error> {
    container.remove().await?;
    let remains = blocking(move || Ok(work.fail(failure))).await?;
    let now = std::time::SystemTime::now();
    Ok(ExecReport {
        outcome: remains.outcome,
        usage: Usage::default(),
        status: None,
        stdout: remains.stdout,
        stderr: remains.stderr,
        script: remains.script,
        started: now,
        ended: now,
    })
}

/// Removes the scratch folder of an exec that failed for `error`.
async fn abandon(work: Work, error: Error) -> Error {
    match discard(work).await {
        Ok(()) => error,
        Err(panicked) => panicked,
    }
}

fn canceled() -> Error {
    Error::new(Kind::Canceled, "the exec was stopped")
}
