//! One container, from its making to its removal (runtime spec §6.3).

use std::path::PathBuf;
use std::pin::Pin;

use base::{Digest, Error, Kind};
use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error as DockerError;
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use futures_util::Stream;

use super::failure::{self, machinery};
use super::leftover;
use super::removals::Removals;
use crate::executor::ExecId;

/// The label that holds the exec's id.
pub(super) const ID_LABEL: &str = "reflow-id";
/// The label that holds the digest of the state folder: two of them do not disturb each other.
pub(super) const HOME_LABEL: &str = "reflow-home";
/// Swap beyond the memory limit (runtime spec §6.3).
const SWAP: f64 = (100 << 20) as f64;
/// Less than this the engine refuses as a memory limit.
const LEAST_MEMORY: f64 = (6 << 20) as f64;
/// Less than this the engine refuses as a limit of processors.
const LEAST_CPU: f64 = 0.01;

/// The name of the container of an exec.
pub(super) fn name(home: &Digest, id: ExecId) -> String {
    format!("reflow-{}-{}", home.short(), id.hex())
}

/// The user that commands run as, so that outputs belong to whoever runs reflow. In an engine without
/// root privileges root is that user, and others are nobody on this machine. Docker says that it is one; of Podman
/// the `owner` of its socket tells.
pub(super) fn user(security_options: &[String], owner: Option<u32>) -> String {
    let is_rootless = owner.is_some_and(|owner| owner != 0);
    if is_rootless || security_options.iter().any(|option| option.contains("name=rootless")) {
        return "0:0".to_owned();
    }
    format!("{}:{}", rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// What a container is made from.
pub(super) struct Blueprint {
    pub(super) name: String,
    pub(super) id: ExecId,
    pub(super) home: Digest,
    pub(super) image: String,
    /// `uid:gid`.
    pub(super) user: String,
    pub(super) bash_arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) arg: PathBuf,
    pub(super) output: PathBuf,
    pub(super) tmp: PathBuf,
    /// The engine's socket, for a command that wants to talk to it.
    pub(super) socket: Option<String>,
    /// Cores that the command is limited to; not limited when 0.
    pub(super) cpu: f64,
    /// Bytes that the command is limited to.
    pub(super) memory: Option<f64>,
}

impl Blueprint {
    fn body(&self) -> ContainerCreateBody {
        let mut entrypoint = vec!["/bin/bash".to_owned()];
        entrypoint.extend(self.bash_arguments.iter().cloned());
        let labels = [(ID_LABEL, self.id.hex()), (HOME_LABEL, self.home.hex())];
        ContainerCreateBody {
            image: Some(self.image.clone()),
            user: Some(self.user.clone()),
            entrypoint: Some(entrypoint),
            cmd: Some(Vec::new()),
            env: Some(self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            labels: Some(labels.map(|(name, value)| (name.to_owned(), value)).into()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            host_config: Some(self.host_config()),
            ..ContainerCreateBody::default()
        }
    }

    fn host_config(&self) -> HostConfig {
        let mut mounts = vec![
            bind(self.arg.display().to_string(), "/arg", true),
            bind(self.output.display().to_string(), "/return", false),
            bind(self.tmp.display().to_string(), "/tmp", false),
        ];
        mounts.extend(self.socket.iter().map(|socket| bind(socket.clone(), socket, false)));
        // The engine's copy of the output is what a reflow reads that takes over the container of a killed one.
        let log_options = [("max-size", "512m"), ("max-file", "2")];
        HostConfig {
            network_mode: Some("host".to_owned()),
            // Users are the same inside and outside, and the scratch folder may be used as it is, also where
            // the engine maps users or labels files. Without effect elsewhere.
            userns_mode: Some("host".to_owned()),
            security_opt: Some(vec!["label=disable".to_owned()]),
            oom_score_adj: Some(1000),
            mounts: Some(mounts),
            memory: self.memory.map(|bytes| bytes as i64),
            memory_swap: self.memory.map(|bytes| (bytes + SWAP) as i64),
            nano_cpus: (self.cpu > 0.0).then(|| (self.cpu.max(LEAST_CPU) * 1e9) as i64),
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(log_options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            }),
            ..HostConfig::default()
        }
    }
}

fn bind(source: String, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Mount::default()
    }
}

/// Whether commands are kept from using more memory than they declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryLimit {
    /// They may: what they declare is for finding room.
    #[default]
    Soft,
    /// A command that uses more is ended for it, and may be tried again with more.
    Hard,
}

impl MemoryLimit {
    /// The limit of a command that declares `memory` bytes; none for one that declares nothing.
    pub(super) fn of(self, memory: f64) -> Option<f64> {
        (self == Self::Hard && memory > 0.0).then(|| memory.max(LEAST_MEMORY))
    }
}

/// A container that was made, or taken over. Dropping it removes it in the background, unless it was left.
pub(super) struct Container {
    docker: Docker,
    removals: Removals,
    /// The engine's name for it, which no other container gets.
    id: String,
    name: String,
    /// Whether it is none of ours any more.
    is_over: bool,
}

/// What came of starting a container.
pub(super) enum Start {
    /// The command runs, and its output comes here.
    Running(Output),
    /// The image cannot run it: the exec's own failure.
    Refused(Error),
    /// The engine went away before it answered: the command may run.
    Unanswered(Error),
}

/// What a container says, stream by stream.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, DockerError>> + Send>>;

impl Container {
    /// Makes the container, after removing a leftover of the same exec. `None` if the engine does not
    /// have the image.
    pub(super) async fn create(
        docker: &Docker,
        removals: &Removals,
        blueprint: &Blueprint,
    ) -> Result<Option<Self>, Error> {
        let options = CreateContainerOptionsBuilder::default().name(&blueprint.name).build();
        let mut tries = 0;
        loop {
            let created = docker.create_container(Some(options.clone()), blueprint.body()).await;
            tries += 1;
            match created {
                Ok(made) => {
                    let (docker, removals, name) = (docker.clone(), removals.clone(), blueprint.name.clone());
                    return Ok(Some(Self { docker, removals, id: made.id, name, is_over: false }));
                }
                Err(error) if failure::status(&error) == Some(404) => return Ok(None),
                Err(error) if failure::is_name_taken(&error) && tries <= 3 => {
                    leftover::remove(docker, &blueprint.home, blueprint.id).await?;
                }
                Err(error) if failure::is_no_image_name(&error) => {
                    return Err(Error::new(Kind::Invalid, failure::text(&error)).during("Docker engine: new container"));
                }
                Err(error) => return Err(machinery("new container", &error)),
            }
        }
    }

    /// A container that a killed run has made.
    pub(super) fn adopt(docker: &Docker, removals: &Removals, id: String, name: String) -> Self {
        Self { docker: docker.clone(), removals: removals.clone(), id, name, is_over: false }
    }

    /// The engine's id of it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The container's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The engine that it is in.
    pub(super) fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Listens to both output streams. The inner error is that of a command that cannot be run, which Podman finds
    /// out here.
    pub(super) async fn attach(&self) -> Result<Result<Output, Error>, Error> {
        let options = AttachContainerOptionsBuilder::default().stream(true).stdout(true).stderr(true).build();
        match self.docker.attach_container(&self.id, Some(options)).await {
            Ok(AttachContainerResults { output, .. }) => Ok(Ok(output)),
            Err(error) => failure::lacks_bash(&error).map(Err).ok_or_else(|| machinery("attach", &error)),
        }
    }

    /// Both output streams from their beginning, as the engine has kept them, and on to the end.
    pub(super) fn replay(&self) -> Output {
        let options = LogsOptionsBuilder::default().follow(true).stdout(true).stderr(true).build();
        Box::pin(self.docker.logs(&self.id, Some(options)))
    }

    /// Starts the command, whose output is listened to already.
    pub(super) async fn start(&self, output: Output) -> Result<Start, Error> {
        let Err(error) = self.docker.start_container(&self.id, None).await else { return Ok(Start::Running(output)) };
        if let Some(refusal) = failure::lacks_bash(&error) {
            return Ok(Start::Refused(refusal));
        }
        if failure::status(&error).is_none() {
            return Ok(Start::Unanswered(machinery("start", &error)));
        }
        Err(machinery("start", &error))
    }

    /// Removes the container, running or not, and waits until it is gone.
    pub(super) async fn remove(mut self) -> Result<(), Error> {
        self.is_over = true;
        remove(&self.docker, &self.id).await
    }

    /// Leaves the container as it is, for a later run to take over.
    pub(super) fn leave(mut self) {
        self.is_over = true;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.is_over {
            self.removals.begin(&self.docker, std::mem::take(&mut self.id));
        }
    }
}

/// Removes a container, running or not; one that is gone is fine.
pub(super) async fn remove(docker: &Docker, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match docker.remove_container(name, Some(options)).await {
        Ok(()) => Ok(()),
        // Gone, or on its way.
        Err(error) if failure::is_gone(&error) || failure::status(&error) == Some(409) => Ok(()),
        Err(error) => Err(machinery("remove container", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blueprint() -> Blueprint {
        let id = ExecId::new(Digest::of("exec"));
        let home = Digest::of("home");
        Blueprint {
            name: name(&home, id),
            id,
            home,
            image: "image".to_owned(),
            user: "1:2".to_owned(),
            bash_arguments: ["-e", "-l", "-o", "pipefail", "-c", "true"].map(str::to_owned).to_vec(),
            environment: vec![("tmp".to_owned(), "/tmp".to_owned())],
            arg: "/s/a:b/arg".into(),
            output: "/s/a:b/return".into(),
            tmp: "/s/a:b/tmp".into(),
            socket: None,
            cpu: 0.0,
            memory: None,
        }
    }

    #[test]
    fn rt_116_a_container_is_configured_as_the_spec_says() {
        let blueprint = blueprint();
        let body = blueprint.body();
        assert_eq!(body.entrypoint.unwrap(), ["/bin/bash", "-e", "-l", "-o", "pipefail", "-c", "true"]);
        assert_eq!((body.cmd.unwrap().len(), body.user.unwrap().as_str()), (0, "1:2"));
        assert_eq!(body.env.unwrap(), ["tmp=/tmp"]);
        assert_eq!(body.labels.unwrap()["reflow-id"], Digest::of("exec").hex());
        let host = body.host_config.unwrap();
        assert_eq!((host.network_mode.as_deref(), host.oom_score_adj), (Some("host"), Some(1000)));
        assert_eq!((host.memory, host.memory_swap, host.nano_cpus), (None, None, None));
        let mounts: Vec<_> = host
            .mounts
            .unwrap()
            .into_iter()
            .map(|mount| (mount.source.unwrap(), mount.target.unwrap(), mount.read_only.unwrap()))
            .collect();
        let expected =
            [("/s/a:b/arg", "/arg", true), ("/s/a:b/return", "/return", false), ("/s/a:b/tmp", "/tmp", false)];
        assert_eq!(mounts, expected.map(|(source, target, sealed)| (source.to_owned(), target.to_owned(), sealed)));
    }

    #[test]
    fn commands_run_as_the_user_of_reflow() {
        let own = format!("{}:{}", rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        assert_eq!(user(&["name=seccomp,profile=default".to_owned()], Some(0)), own);
        assert_eq!(user(&["name=seccomp,profile=default".to_owned()], None), own);
        assert_eq!(user(&["name=seccomp".to_owned(), "name=rootless".to_owned()], None), "0:0");
        assert_eq!(user(&["name=seccomp".to_owned()], Some(1000)), "0:0");
    }

    #[test]
    fn rt_117_hard_limits_follow_the_resources_and_soft_ones_are_none() {
        assert_eq!((MemoryLimit::Soft.of(1e9), MemoryLimit::Hard.of(0.0)), (None, None));
        let host = Blueprint { cpu: 1.5, memory: MemoryLimit::Hard.of(1e9), ..blueprint() }.host_config();
        assert_eq!((host.memory, host.memory_swap), (Some(1_000_000_000), Some(1_000_000_000 + (100 << 20))));
        assert_eq!(host.nano_cpus, Some(1_500_000_000));
        let least = Blueprint { cpu: 0.001, memory: MemoryLimit::Hard.of(1.0), ..blueprint() }.host_config();
        assert_eq!((least.memory, least.nano_cpus), (Some(6 << 20), Some(10_000_000)));
        let socket = Blueprint { socket: Some("/run/d.sock".to_owned()), ..blueprint() }.host_config();
        assert_eq!(socket.mounts.unwrap()[3].target.as_deref(), Some("/run/d.sock"));
    }
}
