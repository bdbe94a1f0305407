//! Containers on their way out: the engine takes a while to remove one, for which no result needs to wait.

use std::sync::{Arc, Mutex, PoisonError};

use base::Error;
use bollard::Docker;
use tokio::task::JoinSet;

use super::container;

/// The removals of one executor. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Removals(Arc<Mutex<JoinSet<Result<(), Error>>>>);

impl Removals {
    /// Begins to remove a container. Outside of a runtime nothing happens: what stays is found by the next sweep.
    pub(super) fn begin(&self, docker: &Docker, id: String) {
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let docker = docker.clone();
        let mut removals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A container that could not be removed is found by the next sweep, too.
        while removals.try_join_next().is_some() {}
        removals.spawn(async move { container::remove(&docker, &id).await });
    }

    /// Waits until all that were begun are done.
    pub(super) async fn settle(&self) {
        let begun = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        begun.join_all().await;
    }
}
