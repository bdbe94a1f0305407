//! Images: what a name stands for, and fetching what is not there (runtime spec §6.4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::image::ImageName;
use base::{Digest, Error, Kind};
use bollard::Docker;
use bollard::errors::Error as DockerError;
use bollard::models::ImageInspect;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::failure::{self, machinery};
use super::login::Logins;
use super::progress::Layers;
use crate::executor::{Pull, PullProgress};

/// The engine's images. At most one pull of an image goes on at a time; a failure is not remembered.
pub(super) struct Images {
    docker: Docker,
    logins: Logins,
    retries: usize,
    /// What is being pulled, by the name.
    pulling: Mutex<HashMap<String, Arc<Pulling>>>,
}

/// An image that is being pulled.
#[derive(Default)]
struct Pulling {
    /// Held by who pulls; the others wait.
    turn: tokio::sync::Mutex<()>,
    /// For all of them.
    progress: watch::Sender<PullProgress>,
}

/// Between two looks at a pull that goes on.
const LOOK: Duration = Duration::from_millis(500);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;

impl Images {
    pub(super) fn new(docker: Docker, logins: Logins, retries: usize) -> Self {
        Self { docker, logins, retries, pulling: Mutex::default() }
    }

    /// The pinned name of `image`, or its id if no registry knows it by a digest.
    pub(super) async fn resolve(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        match self.inspect(image).await? {
            Some(there) => exact(image, there),
            None => exact(image, self.fetch(image, pulls).await?),
        }
    }

    /// The same for an image that is here.
    pub(super) async fn find(&self, image: &str) -> Result<Option<String>, Error> {
        self.inspect(image).await?.map(|there| exact(image, there)).transpose()
    }

    /// Pulls `image` unless somebody else has pulled it meanwhile.
    pub(super) async fn fetch(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<ImageInspect, Error> {
        pulls(Pull::Begun);
        let pulling = self.pulling().entry(image.to_owned()).or_default().clone();
        let mut progress = pulling.progress.subscribe();
        let fetched = {
            let mut fetching = std::pin::pin!(self.fetch_in_turn(image, &pulling));
            let mut looks = tokio::time::interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    fetched = &mut fetching => break fetched,
                    _ = looks.tick() => if progress.has_changed().unwrap_or(false) {
                        pulls(Pull::Going(*progress.borrow_and_update()));
                    },
                }
            }
        };
        pulls(if fetched.is_ok() { Pull::Done(*progress.borrow()) } else { Pull::Failed });
        // Two holders: this one and the map. A third would be waiting.
        let mut all = self.pulling();
        if Arc::strong_count(&pulling) <= 2 {
            all.remove(image);
        }
        fetched
    }

    async fn fetch_in_turn(&self, image: &str, pulling: &Pulling) -> Result<ImageInspect, Error> {
        let _turn = pulling.turn.lock().await;
        match self.inspect(image).await? {
            Some(there) => Ok(there),
            None => self.pull_with_retries(image, &pulling.progress).await,
        }
    }

    fn pulling(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Pulling>>> {
        self.pulling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The local image of that name.
    async fn inspect(&self, image: &str) -> Result<Option<ImageInspect>, Error> {
        match self.docker.inspect_image(&with_tag(image)).await {
            Ok(there) => Ok(Some(there)),
            Err(error) if failure::status(&error) == Some(404) => Ok(None),
            Err(error) if failure::status(&error) == Some(400) => {
                Err(Error::new(Kind::Invalid, format!("{image:?} is not an image name: {}", failure::text(&error))))
            }
            Err(error) => Err(machinery("inspect image", &error)),
        }
    }

    async fn pull_with_retries(
        &self,
        image: &str,
        progress: &watch::Sender<PullProgress>,
    ) -> Result<ImageInspect, Error> {
        if image.starts_with("sha256:") {
            return Err(Error::new(Kind::NotExist, format!("the Docker engine has no image with the id {image}")));
        }
        let mut pause = FIRST_PAUSE;
        let mut retries = self.retries;
        loop {
            match self.pull(image, progress).await {
                Err(error) if error.kind() == Kind::Net && retries > 0 => {
                    retries -= 1;
                    tokio::time::sleep(pause).await;
                    pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        self.inspect(image).await?.ok_or_else(|| {
            Error::new(Kind::Unavailable, format!("the Docker engine pulled the image {image} but does not have it"))
        })
    }

    async fn pull(&self, image: &str, progress: &watch::Sender<PullProgress>) -> Result<(), Error> {
        let options = CreateImageOptionsBuilder::default().from_image(&with_tag(image)).build();
        let name = ImageName::parse(image).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        let login = self.logins.at(&name.host).await?;
        let mut steps = std::pin::pin!(self.docker.create_image(Some(options), None, login));
        let mut layers = Layers::default();
        while let Some(step) = steps.next().await {
            layers.note(&step.map_err(|error| pull_failure(image, &error))?);
            progress.send_replace(layers.progress());
        }
        Ok(())
    }
}

/// The pinned name of an image, or its id.
fn exact(image: &str, there: ImageInspect) -> Result<String, Error> {
    let pinned = ImageName::parse(image).ok().and_then(|name| pinned(&name, &there));
    let unknown = || Error::new(Kind::Unavailable, format!("the Docker engine gives no id for the image {image}"));
    pinned.or(there.id).ok_or_else(unknown)
}

/// The name with a tag: without one the engine would fetch every tag of it, and could take a short name
/// for the beginning of an id.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) || image.starts_with("sha256:") { image.to_owned() } else { format!("{image}:latest") }
}

/// The digest by which the registry of `name` knows the image.
fn pinned(name: &ImageName, there: &ImageInspect) -> Option<String> {
    there.repo_digests.iter().flatten().find_map(|text| {
        let known: ImageName = text.parse().ok()?;
        let digest: Digest = known.digest?;
        (known.canonical() == name.canonical()).then(|| name.pinned(&digest))
    })
}

/// What a failed pull means. Registries and engines agree on few status codes, so that the text decides.
fn pull_failure(image: &str, error: &DockerError) -> Error {
    let reason = failure::text(error);
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let status = failure::status(error);
    if says(&["invalid reference format"]) {
        return Error::new(Kind::Invalid, format!("{image:?} is not an image name: {reason}"));
    }
    let missing = ["not found", "manifest unknown", "does not exist", "name unknown", "no matching manifest"];
    if says(&missing) || status == Some(404) {
        return Error::new(Kind::NotExist, format!("there is no image {image}, or it needs a login: {reason}"));
    }
    if says(&["unauthorized", "denied", "no basic auth credentials"]) || matches!(status, Some(401 | 403)) {
        return Error::new(Kind::NotAllowed, format!("the registry does not give out the image {image}: {reason}"));
    }
    Error::new(
        Kind::Net,
        format!("the image {image} is not on this machine, and the Docker engine cannot fetch it: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_with_its_tag() {
        for (name, asked) in [
            ("ubuntu", "ubuntu:latest"),
            ("ubuntu:22.04", "ubuntu:22.04"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
            ("localhost:5000/x:1", "localhost:5000/x:1"),
            ("x@sha256:00", "x@sha256:00"),
            ("sha256:00", "sha256:00"),
        ] {
            assert_eq!(with_tag(name), asked);
        }
    }

    #[test]
    fn the_digest_is_that_of_the_same_repository() {
        let digest = Digest::of("manifest");
        let there = ImageInspect {
            repo_digests: Some(vec![format!("other/x@{}", Digest::of("other")), format!("ubuntu@{digest}")]),
            ..ImageInspect::default()
        };
        let pin = |name: &str| pinned(&name.parse().unwrap(), &there);
        let name: ImageName = "ubuntu".parse().unwrap();
        assert_eq!(pin("ubuntu:latest"), Some(name.pinned(&digest)));
        assert_eq!(pin("mine/ubuntu"), None);
        assert_eq!(pinned(&name, &ImageInspect::default()), None);
    }

    #[test]
    fn failures_of_pulls_are_told_apart() {
        let kind = |status_code, message: &str| {
            let error = DockerError::DockerResponseServerError { status_code, message: message.to_owned() };
            pull_failure("x:1", &error).kind()
        };
        assert_eq!(
            kind(404, "pull access denied for x, repository does not exist or may require 'docker login'"),
            Kind::NotExist
        );
        assert_eq!(kind(500, "manifest for x:1 not found: manifest unknown"), Kind::NotExist);
        assert_eq!(kind(500, "unauthorized: authentication required"), Kind::NotAllowed);
        let anonymous = "Head \"https://r/v2/x/manifests/1\": no basic auth credentials";
        assert_eq!(kind(500, anonymous), Kind::NotAllowed);
        assert_eq!(kind(400, "invalid reference format"), Kind::Invalid);
        assert_eq!(kind(500, "Get \"https://r/v2/\": net/http: request canceled"), Kind::Net);
        let stream = DockerError::DockerStreamError { error: "dial tcp: connection refused".to_owned() };
        assert_eq!(pull_failure("x:1", &stream).kind(), Kind::Net);
    }
}
