//! Containers on their way out: the engine takes a while to remove one, for which no result needs to wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Error;
use bollard::Docker;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::container;

/// The removals of one executor. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Removals(Arc<Mutex<JoinSet<Result<(), Error>>>>);

/// How long an engine that does not do it is asked again, as during its restart. What stays then is found by the next
/// sweep.
const OUTAGE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Removals {
    /// Begins to remove a container. Outside of a runtime nothing happens: what stays is found by the next sweep.
    pub(super) fn begin(&self, docker: &Docker, id: String) {
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let docker = docker.clone();
        let mut removals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while removals.try_join_next().is_some() {}
        removals.spawn(async move { remove(&docker, &id).await });
    }

    /// Waits until all that were begun are done.
    pub(super) async fn settle(&self) {
        let begun = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        begun.join_all().await;
    }
}

async fn remove(docker: &Docker, id: &str) -> Result<(), Error> {
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match container::remove(docker, id).await {
            Err(_) if begin.elapsed() < OUTAGE => sleep(pause).await,
            ended => return ended,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
