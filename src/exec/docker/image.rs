//! Images: what a name stands for, and fetching what is not there (runtime spec §6.4, §6.13).
//!
//! An image that is here stands for itself, without a question to its registry. It is named by the digest of its
//! manifest for one platform; an engine that knows it by that of an index for several gives a name that differs from
//! the one that cache keys hold, and both are known here.

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
use store::KeyLocks;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::failure::{self, machinery};
use super::known::Known;
use super::login::Logins;
use super::progress::Layers;
use super::registry::{Platform, Registries};
use crate::blocking::blocking;
use crate::executor::{Pull, PullProgress};

/// The engine's images. At most one pull of an image goes on at a time, also of several processes that share a state
/// folder; a failure is not remembered.
pub(super) struct Images {
    docker: Docker,
    logins: Logins,
    registries: Registries,
    known: Known,
    /// Held by the process that pulls, by the digest of the name.
    locks: KeyLocks,
    retries: usize,
    /// The engine's names of images that it has by another digest than that of their manifest.
    names: Mutex<HashMap<String, String>>,
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

/// What [`Images`] are made of.
pub(super) struct ImagesOptions {
    pub(super) docker: Docker,
    pub(super) logins: Logins,
    pub(super) registries: Registries,
    pub(super) known: Known,
    pub(super) locks: KeyLocks,
    /// How often what failed for the network's sake is tried again.
    pub(super) retries: usize,
}

/// Between two looks at a pull that goes on.
const LOOK: Duration = Duration::from_millis(500);
/// Between two looks at a pull of another process.
const LOOK_AT_OTHERS: Duration = Duration::from_millis(200);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;

impl Images {
    pub(super) fn new(options: ImagesOptions) -> Self {
        let ImagesOptions { docker, logins, registries, known, locks, retries } = options;
        let (names, pulling) = Default::default();
        Self { docker, logins, registries, known, locks, retries, names, pulling }
    }

    /// The pinned name of `image`, or its id if no registry knows it by a digest.
    pub(super) async fn resolve(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        match self.look_for(image).await? {
            // Here is all that is needed but a name: a registry that does not answer at once need not.
            Some(there) => self.exact(image, there, 0).await,
            None => {
                let there = self.fetch(image, pulls).await?;
                self.exact(image, there, self.retries).await
            }
        }
    }

    /// The same for an image that is here.
    pub(super) async fn find(&self, image: &str) -> Result<Option<String>, Error> {
        match self.look_for(image).await? {
            Some(there) => self.exact(image, there, 0).await.map(Some),
            None => Ok(None),
        }
    }

    /// The name under which the engine has an image that was resolved.
    pub(super) fn name_here(&self, resolved: &str) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(resolved).cloned().unwrap_or_else(|| resolved.to_owned())
    }

    /// The pinned name of an image that is here, or its id.
    async fn exact(&self, image: &str, there: ImageInspect, retries: usize) -> Result<String, Error> {
        let Ok(name) = ImageName::parse(image) else { return id(image, there) };
        if is_of_this_machine(image, &there) {
            return id(image, there);
        }
        let platform = platform(&there);
        let mut manifests = Vec::new();
        for digest in digests(&name, &there) {
            manifests.push((self.manifest(&name, digest, &platform, retries).await, digest));
        }
        // The same content may have been pushed more than once; whichever is taken must be so the next time.
        let Some(&(manifest, digest)) = manifests.iter().min() else { return id(image, there) };
        let pinned = name.pinned(&manifest);
        if manifest != digest {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.insert(pinned.clone(), name.pinned(&digest));
        }
        Ok(pinned)
    }

    /// The digest of the manifest that the engine has of what it knows by `digest`. Without an answer of the
    /// registry that digest, which stands for the image as well.
    async fn manifest(&self, name: &ImageName, digest: Digest, platform: &Platform, retries: usize) -> Digest {
        let (known, wanted) = (self.known.clone(), platform.clone());
        if let Ok(Some(manifest)) = blocking(move || Ok(known.manifest(&digest, &wanted))).await {
            return manifest;
        }
        let Ok(login) = self.logins.at(&name.host).await else { return digest };
        match self.registries.manifest(name, digest, platform, login, retries).await {
            Ok(manifest) => {
                let (known, platform) = (self.known.clone(), platform.clone());
                // What cannot be kept is asked for again.
                let _ = blocking(move || known.keep(&digest, &platform, &manifest)).await;
                manifest
            }
            Err(_) => digest,
        }
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
        let key = Digest::of(image);
        let _lock = loop {
            if let Some(there) = self.look_for(image).await? {
                return Ok(there);
            }
            let locks = self.locks.clone();
            match blocking(move || locks.try_lock(&key)).await? {
                Some(lock) => break lock,
                None => tokio::time::sleep(LOOK_AT_OTHERS).await,
            }
        };
        // Another process may have had the lock until now.
        match self.look_for(image).await? {
            Some(there) => Ok(there),
            None => self.pull_with_retries(image, &pulling.progress).await,
        }
    }

    /// The local image of that name, or of the index that the name's manifest is known to be from.
    async fn look_for(&self, image: &str) -> Result<Option<ImageInspect>, Error> {
        if let Some(there) = self.inspect(image).await? {
            return Ok(Some(there));
        }
        let Ok(name) = ImageName::parse(image) else { return Ok(None) };
        let Some(digest) = name.digest else { return Ok(None) };
        let known = self.known.clone();
        for index in blocking(move || Ok(known.indexes(&digest))).await? {
            if let Some(there) = self.inspect(&name.pinned(&index)).await? {
                return Ok(Some(there));
            }
        }
        Ok(None)
    }

    fn pulling(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Pulling>>> {
        self.pulling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The local image of that name.
    async fn inspect(&self, image: &str) -> Result<Option<ImageInspect>, Error> {
        match self.docker.inspect_image(&with_tag(image)).await {
            Ok(there) => Ok(Some(there)),
            Err(error) if failure::status(&error) == Some(404) => Ok(None),
            Err(error) if failure::is_no_image_name(&error) => {
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

/// The engine's id of an image.
fn id(image: &str, there: ImageInspect) -> Result<String, Error> {
    let unknown = || Error::new(Kind::Unavailable, format!("the Docker engine gives no id for the image {image}"));
    there.id.ok_or_else(unknown)
}

/// Whether the engine has the image for its own work rather than that of a registry. Podman gives such images a
/// digest, too, and writes `localhost/` before their names.
fn is_of_this_machine(image: &str, there: &ImageInspect) -> bool {
    let own = format!("localhost/{}", with_tag(image));
    there.repo_tags.iter().flatten().any(|tag| *tag == own)
}

/// What an image runs on.
fn platform(there: &ImageInspect) -> Platform {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Platform { os: text(&there.os), architecture: text(&there.architecture), variant: text(&there.variant) }
}

/// The name with a tag: without one the engine would fetch every tag of it, and could take a short name
/// for the beginning of an id.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) || image.starts_with("sha256:") { image.to_owned() } else { format!("{image}:latest") }
}

/// The digests by which the repository of `name` knows the image; that of the name alone, if it is one of them.
fn digests(name: &ImageName, there: &ImageInspect) -> Vec<Digest> {
    let known = there.repo_digests.iter().flatten().filter_map(|text| text.parse().ok());
    let same = known.filter(|known: &ImageName| known.canonical() == name.canonical());
    let digests: Vec<Digest> = same.filter_map(|known| known.digest).collect();
    name.digest.filter(|digest| digests.contains(digest)).map_or(digests, |digest| vec![digest])
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
        let of = |name: &str| digests(&name.parse().unwrap(), &there);
        assert_eq!(of("ubuntu:latest"), [digest]);
        assert_eq!(of("mine/ubuntu"), []);
        assert_eq!(digests(&"ubuntu".parse().unwrap(), &ImageInspect::default()), []);
        let twice = ImageInspect {
            repo_digests: Some(["one", "two"].map(|text| format!("ubuntu@{}", Digest::of(text))).to_vec()),
            ..ImageInspect::default()
        };
        let of = |name: &str| digests(&name.parse().unwrap(), &twice);
        assert_eq!(of("ubuntu").len(), 2);
        assert_eq!(of(&format!("ubuntu@{}", Digest::of("two"))), [Digest::of("two")]);
        assert_eq!(of(&format!("ubuntu@{}", Digest::of("three"))).len(), 2);
    }

    #[test]
    fn images_of_this_machine_are_told_apart() {
        let there = |tag: &str| ImageInspect { repo_tags: Some(vec![tag.to_owned()]), ..ImageInspect::default() };
        for (image, tag, is_own) in [
            ("team/tool", "localhost/team/tool:latest", true),
            ("team/tool:1", "localhost/team/tool:1", true),
            ("team/tool:2", "localhost/team/tool:1", false),
            ("team/tool:1", "team/tool:1", false),
            ("localhost/team/tool:1", "localhost/team/tool:1", false),
        ] {
            assert_eq!(is_of_this_machine(image, &there(tag)), is_own, "{image} {tag}");
        }
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
