//! One container, from its making to its removal (runtime spec §6.3).

use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use base::{Digest, Error, Kind};
use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error as DockerError;
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use super::failure::{self, machinery};
use crate::blocking::{blocking, discard};
use crate::executor::ExecId;
use crate::scratch::Scratch;
use crate::site::Site;

/// The label that holds the exec's id.
const ID_LABEL: &str = "reflow-id";
/// The label that holds the digest of the state folder: two of them do not disturb each other.
const HOME_LABEL: &str = "reflow-home";
/// Swap beyond the memory limit (runtime spec §6.3).
const SWAP: f64 = (100 << 20) as f64;
/// Less than this the engine refuses as a memory limit.
const LEAST_MEMORY: f64 = (6 << 20) as f64;
/// Less than this the engine refuses as a limit of processors.
const LEAST_CPU: f64 = 0.01;

/// How long a removal by somebody else is waited for.
const REMOVAL: Duration = Duration::from_secs(30);

/// The name of the container of an exec.
pub(super) fn name(home: &Digest, id: ExecId) -> String {
    format!("reflow-{}-{}", home.short(), id.hex())
}

/// The user that commands run as, so that outputs belong to whoever runs reflow. In an engine without
/// root privileges root is that user, and others are nobody on this machine.
pub(super) fn user(security_options: &[String]) -> String {
    if security_options.iter().any(|option| option.contains("name=rootless")) {
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
    /// Cores and bytes that the command is limited to; not limited when 0.
    pub(super) cpu: f64,
    pub(super) mem: f64,
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
        let memory = (self.mem > 0.0).then(|| self.mem.max(LEAST_MEMORY));
        // The engine's copy of the output serves people who look at a running container.
        let log_options = [("max-size", "10m"), ("max-file", "2")];
        HostConfig {
            network_mode: Some("host".to_owned()),
            // Users are the same inside and outside, and the scratch folder may be used as it is, also where
            // the engine maps users or labels files. Without effect elsewhere.
            userns_mode: Some("host".to_owned()),
            security_opt: Some(vec!["label=disable".to_owned()]),
            oom_score_adj: Some(1000),
            mounts: Some(mounts),
            memory: memory.map(|bytes| bytes as i64),
            memory_swap: memory.map(|bytes| (bytes + SWAP) as i64),
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

/// A container that was made. Dropped without [`Container::remove`] it is removed in the background.
pub(super) struct Container {
    docker: Docker,
    name: String,
    removed: bool,
}

/// What came of starting a container.
pub(super) enum Start {
    /// The command runs.
    Running,
    /// The image cannot run it: the exec's own failure.
    Refused(Error),
}

/// What a container says, stream by stream.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, DockerError>> + Send>>;

impl Container {
    /// Makes the container, after removing a leftover of the same exec. `None` if the engine does not
    /// have the image.
    pub(super) async fn create(docker: &Docker, blueprint: &Blueprint) -> Result<Option<Self>, Error> {
        let options = CreateContainerOptionsBuilder::default().name(&blueprint.name).build();
        let mut tries = 0;
        loop {
            let created = docker.create_container(Some(options.clone()), blueprint.body()).await;
            tries += 1;
            match created {
                Ok(_) => {
                    let (docker, name) = (docker.clone(), blueprint.name.clone());
                    return Ok(Some(Self { docker, name, removed: false }));
                }
                Err(error) if failure::status(&error) == Some(404) => return Ok(None),
                Err(error) if failure::status(&error) == Some(409) && tries <= 3 => {
                    remove_leftover(docker, &blueprint.home, blueprint.id).await?;
                }
                Err(error) if failure::status(&error) == Some(400) => {
                    return Err(Error::new(Kind::Invalid, failure::text(&error)).during("Docker engine: new container"));
                }
                Err(error) => return Err(machinery("new container", &error)),
            }
        }
    }

    /// The container's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The engine that it is in.
    pub(super) fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Listens to both output streams.
    pub(super) async fn attach(&self) -> Result<Output, Error> {
        let options = AttachContainerOptionsBuilder::default().stream(true).stdout(true).stderr(true).build();
        let attached = self.docker.attach_container(&self.name, Some(options)).await;
        let AttachContainerResults { output, .. } = attached.map_err(|error| machinery("attach", &error))?;
        Ok(output)
    }

    /// Starts the command.
    pub(super) async fn start(&self) -> Result<Start, Error> {
        let Err(error) = self.docker.start_container(&self.name, None).await else { return Ok(Start::Running) };
        let text = failure::text(&error);
        if text.contains("/bin/bash") && text.contains("no such file") {
            let message = "the image has no /bin/bash, which runs every command; choose an image with bash in it";
            return Ok(Start::Refused(Error::new(Kind::Invalid, message)));
        }
        Err(machinery("start", &error))
    }

    /// Removes the container, running or not.
    pub(super) async fn remove(mut self) -> Result<(), Error> {
        self.removed = true;
        remove(&self.docker, &self.name).await
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.removed
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (docker, name) = (self.docker.clone(), std::mem::take(&mut self.name));
            runtime.spawn(async move { remove(&docker, &name).await });
        }
    }
}

async fn remove(docker: &Docker, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match docker.remove_container(name, Some(options)).await {
        Ok(()) => Ok(()),
        // Gone, or on its way.
        Err(error) if matches!(failure::status(&error), Some(404 | 409)) => Ok(()),
        Err(error) => Err(machinery("remove container", &error)),
    }
}

/// Removes the container that a killed run of the exec has left, if there is one. `Precondition` for a
/// container of that name that is none of ours.
pub(super) async fn remove_leftover(docker: &Docker, home: &Digest, id: ExecId) -> Result<(), Error> {
    let name = name(home, id);
    let there = match docker.inspect_container(&name, None).await {
        Ok(there) => there,
        Err(error) if failure::status(&error) == Some(404) => return Ok(()),
        Err(error) => return Err(machinery("inspect container", &error)),
    };
    let labels = there.config.and_then(|config| config.labels).unwrap_or_default();
    if labels.get(ID_LABEL) != Some(&id.hex()) {
        return Err(Error::new(
            Kind::Precondition,
            format!("a container named {name} exists that reflow has not made; remove or rename it"),
        ));
    }
    remove(docker, &name).await?;
    // Somebody else may be removing it, and the name is free only then. A container that is gone already
    // is an error here, and just as good.
    let options = WaitContainerOptionsBuilder::default().condition("removed").build();
    let _ = timeout(REMOVAL, docker.wait_container(&name, Some(options)).next()).await;
    Ok(())
}

/// Removes the containers and scratch folders of killed runs.
pub(super) async fn remove_leftovers(docker: &Docker, site: &Site) -> Result<Vec<ExecId>, Error> {
    // The claims are held while the containers go, so that nobody starts these execs meanwhile.
    let execs = site.execs().to_owned();
    let claims = blocking(move || Scratch::claim_leftovers(&execs)).await?;
    let filters = HashMap::from([("label", vec![format!("{HOME_LABEL}={}", site.home().hex())])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let there = docker.list_containers(Some(options)).await.map_err(|error| machinery("list containers", &error))?;
    let mut removed: Vec<ExecId> = claims.iter().map(|(id, _)| *id).collect();
    for container in there {
        let Some(id) = container.labels.as_ref().and_then(|labels| Digest::parse(labels.get(ID_LABEL)?).ok()) else {
            continue;
        };
        let id = ExecId::new(id);
        // A claimed folder belonged to a killed run; no folder at all belongs to nobody.
        let ours = claims.iter().any(|(claimed, _)| *claimed == id);
        if ours || !site.execs().join(id.hex()).exists() {
            remove(docker, &name(&site.home(), id)).await?;
            if !ours {
                removed.push(id);
            }
        }
    }
    discard(claims).await?;
    Ok(removed)
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
            mem: 0.0,
        }
    }

    #[test]
    fn a_container_is_configured_as_the_spec_says() {
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
        assert_eq!(user(&["name=seccomp,profile=default".to_owned()]), own);
        assert_eq!(user(&["name=seccomp".to_owned(), "name=rootless".to_owned()]), "0:0");
    }

    #[test]
    fn limits_follow_the_resources() {
        let host = Blueprint { cpu: 1.5, mem: 1e9, ..blueprint() }.host_config();
        assert_eq!((host.memory, host.memory_swap), (Some(1_000_000_000), Some(1_000_000_000 + (100 << 20))));
        assert_eq!(host.nano_cpus, Some(1_500_000_000));
        let least = Blueprint { cpu: 0.001, mem: 1.0, ..blueprint() }.host_config();
        assert_eq!((least.memory, least.nano_cpus), (Some(6 << 20), Some(10_000_000)));
        let socket = Blueprint { socket: Some("/run/d.sock".to_owned()), ..blueprint() }.host_config();
        assert_eq!(socket.mounts.unwrap()[3].target.as_deref(), Some("/run/d.sock"));
    }
}
