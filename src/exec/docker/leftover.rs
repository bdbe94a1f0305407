//! What killed runs have left behind: containers that a run of the same exec takes over, and those that
//! nobody can use any more (runtime spec §6.9, §6.11).
//!
//! A container is taken over if its manifest is there and fits, and if it works or has succeeded. One that has
//! failed is not: whether by its own fault or because machine or engine went down, its exec begins anew.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use base::{Digest, Error, Kind};
use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerSummary};
use bollard::query_parameters::{ListContainersOptionsBuilder, WaitContainerOptionsBuilder};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::container::{self, Container, HOME_LABEL, ID_LABEL};
use super::ending;
use super::failure::{self, machinery};
use super::manifest::{self, Manifest};
use super::removals::Removals;
use crate::blocking::{blocking, discard};
use crate::executor::{ExecId, Kept, Leftovers};
use crate::scratch::Scratch;
use crate::site::Site;

/// How long a container is kept for a run that takes it over, counted from when its reflow was killed.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a removal by somebody else is waited for.
const REMOVAL: Duration = Duration::from_secs(30);

/// A container of a killed run, to go on with.
pub(super) struct Found {
    pub(super) container: Container,
    /// When its command was started.
    pub(super) since: SystemTime,
}

/// The container that `manifest` tells of, if it may be gone on with and permits the command as much memory as
/// `limit` does.
pub(super) async fn find(
    docker: &Docker,
    removals: &Removals,
    manifest: &Manifest,
    limit: Option<f64>,
) -> Result<Option<Found>, Error> {
    let Some(there) = inspect(docker, &manifest.container).await? else { return Ok(None) };
    let state = there.state.unwrap_or_default();
    let permitted = there.host_config.and_then(|config| config.memory).filter(|memory| *memory > 0);
    let is_enough = match (permitted, limit) {
        (None, _) => true,
        (Some(permitted), limit) => limit.is_some_and(|limit| limit <= permitted as f64),
    };
    // What has succeeded had enough.
    if !is_usable(&state) || state.running.unwrap_or(false) && !is_enough {
        return Ok(None);
    }
    let since = state.started_at.as_deref().and_then(|time| ending::parse(time).ok());
    let name = there.name.unwrap_or_default().trim_start_matches('/').to_owned();
    let container = Container::adopt(docker, removals, manifest.container.clone(), name);
    Ok(Some(Found { container, since: since.unwrap_or_else(SystemTime::now) }))
}

/// Whether a container works, or has come to a good end.
fn is_usable(state: &ContainerState) -> bool {
    state.running.unwrap_or(false)
        || state.exit_code == Some(0)
            && !state.oom_killed.unwrap_or(false)
            && !state.dead.unwrap_or(false)
            && ending::times(state).is_ok()
}

async fn inspect(docker: &Docker, name: &str) -> Result<Option<ContainerInspectResponse>, Error> {
    match docker.inspect_container(name, None).await {
        Ok(there) => Ok(Some(there)),
        Err(error) if failure::is_gone(&error) => Ok(None),
        Err(error) => Err(machinery("inspect container", &error)),
    }
}

/// Removes the container that a killed run of the exec has left, if there is one. `Precondition` for a
/// container of that name that is none of ours.
pub(super) async fn remove(docker: &Docker, home: &Digest, id: ExecId) -> Result<(), Error> {
    let name = container::name(home, id);
    let Some(there) = inspect(docker, &name).await? else { return Ok(()) };
    let labels = there.config.and_then(|config| config.labels).unwrap_or_default();
    if labels.get(ID_LABEL) != Some(&id.hex()) {
        return Err(Error::new(
            Kind::Precondition,
            format!("a container named {name} exists that reflow has not made; remove or rename it"),
        ));
    }
    container::remove(docker, &name).await?;
    // Somebody else may be removing it, and the name is free only then. A container that is gone already
    // is an error here, and just as good.
    let options = WaitContainerOptionsBuilder::default().condition("removed").build();
    let _ = timeout(REMOVAL, docker.wait_container(&name, Some(options)).next()).await;
    Ok(())
}

/// Removes what of killed runs can be of no use any more, and lists the rest.
pub(super) async fn sweep(docker: &Docker, site: &Site) -> Result<Leftovers, Error> {
    let filters = HashMap::from([("label", vec![format!("{HOME_LABEL}={}", site.home().hex())])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let there = docker.list_containers(Some(options)).await.map_err(|error| machinery("list containers", &error))?;
    let execs = site.execs().to_owned();
    let ids = blocking(move || Scratch::list(&execs)).await?;
    let mut leftovers = Leftovers::default();
    for id in ids {
        // One claim at a time, and briefly: a run that wants the exec may come along.
        let execs = site.execs().to_owned();
        let Some(scratch) = blocking(move || Scratch::claim_leftover(&execs, id)).await? else { continue };
        match keep(docker, &scratch, id).await {
            Ok(Some(kept)) => {
                scratch.leave();
                leftovers.kept.push(kept);
            }
            Ok(None) => {
                for left in there.iter().filter(|left| exec_of(left) == Some(id)) {
                    container::remove(docker, left.id.as_deref().unwrap_or_default()).await?;
                }
                discard(scratch).await?;
                leftovers.removed.push(id);
            }
            Err(error) => {
                scratch.leave();
                return Err(error);
            }
        }
    }
    for left in &there {
        // An exec at work has a folder; what has none belongs to nobody.
        if let Some(id) = exec_of(left)
            && !leftovers.removed.contains(&id)
            && !site.execs().join(id.hex()).exists()
        {
            container::remove(docker, left.id.as_deref().unwrap_or_default()).await?;
            leftovers.removed.push(id);
        }
    }
    Ok(leftovers)
}

fn exec_of(container: &ContainerSummary) -> Option<ExecId> {
    let id = container.labels.as_ref()?.get(ID_LABEL)?;
    Digest::parse(id).ok().map(ExecId::new)
}

/// Whether the exec of a claimed folder is to wait for a run that goes on with it.
async fn keep(docker: &Docker, scratch: &Scratch, id: ExecId) -> Result<Option<Kept>, Error> {
    let Some(manifest) = Manifest::read(scratch) else { return Ok(None) };
    if manifest::age(scratch) > KEPT {
        return Ok(None);
    }
    let Some(there) = inspect(docker, &manifest.container).await? else { return Ok(None) };
    let state = there.state.unwrap_or_default();
    let container = there.name.unwrap_or_default().trim_start_matches('/').to_owned();
    let is_running = state.running.unwrap_or(false);
    Ok(is_usable(&state).then_some(Kept { id, ident: manifest.ident, container, is_running }))
}
