//! What a registry itself says of an image: which manifest an index has for a platform (runtime spec §6.13).
//!
//! Engines know an image by the digest that its tag led to, which is that of an index where an image is there for
//! several platforms. Nothing that an engine offers tells which of its manifests was taken, so that the registry is
//! asked for the index. Everything is asked for by digest, so that no answer needs to be believed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use base::image::ImageName;
use base::{Digest, Error, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::blocking::blocking;

/// The way to registries.
pub(super) struct Registries {
    agent: Agent,
    /// Hosts that the engine talks to without TLS.
    insecure: Vec<String>,
}

/// What an image runs on, in the words of indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) architecture: String,
    /// Of the architecture, such as `v7`; empty if it has none.
    pub(super) variant: String,
}

/// A manifest or an index, which alone has `manifests`.
#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    manifests: Vec<Entry>,
}

/// One manifest of an index.
#[derive(Debug, Deserialize)]
struct Entry {
    digest: String,
    platform: Option<EntryPlatform>,
}

#[derive(Debug, Deserialize)]
struct EntryPlatform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

/// What a token server gives out, under one name or the other or both.
#[derive(Debug, Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// What may be asked for: manifests and indexes of both standards.
const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                        application/vnd.docker.distribution.manifest.list.v2+json, \
                        application/vnd.docker.distribution.manifest.v2+json";
/// Registries refuse larger manifests.
const LARGEST: u64 = 4 << 20;
/// Runs with images that are here begin without an answer after this time, where packets get lost.
const CONNECTING: Duration = Duration::from_secs(3);
const ANSWERING: Duration = Duration::from_secs(10);
/// Indexes may name further ones, but nobody makes long chains.
const DEEPEST: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;

impl Registries {
    /// The registries of the internet; `insecure` ones, and those of this machine, are asked without TLS.
    pub(super) fn new(insecure: Vec<String>) -> Self {
        Self::with_patience(insecure, ANSWERING)
    }

    /// Waits so long for each answer.
    fn with_patience(insecure: Vec<String>, answering: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(CONNECTING))
            .timeout_connect(Some(CONNECTING))
            .timeout_global(Some(answering))
            .http_status_as_error(false)
            .user_agent("reflow")
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
        Self { agent: config.build().into(), insecure }
    }

    /// The digest of the manifest for `platform` of what the repository of `name` has under `digest`: the same for
    /// a manifest, one of those that it names for an index. A registry that does not answer is asked again so often.
    ///
    /// `NotExist` without such a manifest, `NotAllowed`, `Net` when it cannot be reached, `Unavailable` when it fails.
    pub(super) async fn manifest(
        &self,
        name: &ImageName,
        digest: Digest,
        platform: &Platform,
        login: Option<DockerCredentials>,
        mut retries: usize,
    ) -> Result<Digest, Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut visit = self.visit(name, login.clone());
            let platform = platform.clone();
            match blocking(move || visit.manifest(digest, &platform)).await {
                Err(error) if matches!(error.kind(), Kind::Net | Kind::Unavailable) && retries > 0 => {
                    retries -= 1;
                    tokio::time::sleep(pause).await;
                    pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
                }
                answer => return answer.map_err(|error| error.during(format!("registry {}", name.host))),
            }
        }
    }

    fn visit(&self, name: &ImageName, login: Option<DockerCredentials>) -> Visit {
        let scheme = if self.is_insecure(&name.host) { "http" } else { "https" };
        let manifests = format!("{scheme}://{}/v2/{}/manifests", name.host, name.repository);
        let scope = format!("repository:{}:pull", name.repository);
        Visit { agent: self.agent.clone(), manifests, scope, login, authorization: None }
    }

    fn is_insecure(&self, host: &str) -> bool {
        let address = host.rsplit_once(':').map_or(host, |(address, _)| address);
        let is_here = address == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        is_here || self.insecure.iter().any(|known| known == host)
    }
}

/// Questions about one repository.
struct Visit {
    agent: Agent,
    /// The address that digests are appended to.
    manifests: String,
    scope: String,
    login: Option<DockerCredentials>,
    /// What the registry accepts as the answer to its challenge.
    authorization: Option<String>,
}

impl Visit {
    fn manifest(&mut self, mut digest: Digest, platform: &Platform) -> Result<Digest, Error> {
        for _ in 0..DEEPEST {
            let bytes = self.fetch(&digest)?;
            let content: Content = serde_json::from_slice(&bytes)
                .map_err(|error| Error::new(Kind::Invalid, format!("manifest {digest}: {error}")))?;
            if content.manifests.is_empty() {
                return Ok(digest);
            }
            digest = content.digest_for(platform)?;
        }
        Err(Error::new(Kind::Invalid, "indexes that name indexes that name indexes"))
    }

    /// The bytes of that digest.
    fn fetch(&mut self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let url = format!("{}/{digest}", self.manifests);
        let mut answer = self.get(&url)?;
        if answer.status() == 401 && self.authorization.is_none() {
            self.authorization = Some(self.authorize(&answer)?);
            answer = self.get(&url)?;
        }
        let bytes = whole(answer)?;
        if Digest::of(&bytes) != *digest {
            return Err(Error::new(Kind::Integrity, format!("it gives something else for {digest}")));
        }
        Ok(bytes)
    }

    fn get(&self, url: &str) -> Result<Response<Body>, Error> {
        let mut request = self.agent.get(url).header("Accept", ACCEPTED);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        request.call().map_err(unreachable)
    }

    /// What answers the challenge of the registry.
    fn authorize(&self, answer: &Response<Body>) -> Result<String, Error> {
        let challenge = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
        let challenge = challenge.and_then(Challenge::parse);
        let unknown = || Error::new(Kind::NotSupported, "it asks for a login of an unknown kind");
        match challenge.ok_or_else(unknown)? {
            Challenge { scheme, .. } if scheme == "basic" => {
                self.basic().ok_or_else(|| Error::new(Kind::NotAllowed, "it asks for a login"))
            }
            Challenge { scheme, parameters } if scheme == "bearer" => {
                let realm = parameters.get("realm").ok_or_else(unknown)?;
                let service = parameters.get("service").map_or("", String::as_str);
                let token: Token = serde_json::from_slice(&whole(self.ask_for_token(realm, service)?)?)
                    .map_err(|error| Error::new(Kind::Invalid, format!("its token server: {error}")))?;
                let token = token.token.or(token.access_token).ok_or_else(unknown)?;
                Ok(format!("Bearer {token}"))
            }
            _ => Err(unknown()),
        }
    }

    fn ask_for_token(&self, realm: &str, service: &str) -> Result<Response<Body>, Error> {
        let identity = self.login.as_ref().and_then(|login| login.identitytoken.as_deref());
        let asked = match identity {
            Some(token) => self.agent.post(realm).send_form([
                ("grant_type", "refresh_token"),
                ("service", service),
                ("scope", &self.scope),
                ("client_id", "reflow"),
                ("refresh_token", token),
            ]),
            None => {
                let mut request = self.agent.get(realm).query("service", service).query("scope", &self.scope);
                if let Some(basic) = self.basic() {
                    request = request.header("Authorization", basic);
                }
                request.call()
            }
        };
        asked.map_err(unreachable)
    }

    fn basic(&self) -> Option<String> {
        let login = self.login.as_ref()?;
        let (user, password) = (login.username.as_deref()?, login.password.as_deref()?);
        Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }
}

impl Content {
    /// The first that fits, and better one whose variant does too.
    fn digest_for(&self, platform: &Platform) -> Result<Digest, Error> {
        let fits = |entry: &&Entry, exactly: bool| {
            entry.platform.as_ref().is_some_and(|has| {
                has.os == platform.os
                    && has.architecture == platform.architecture
                    && (!exactly || has.variant == platform.variant)
            })
        };
        let find = |exactly| self.manifests.iter().find(|entry| fits(entry, exactly));
        let entry = find(true).or_else(|| find(false)).ok_or_else(|| {
            let Platform { os, architecture, .. } = platform;
            Error::new(Kind::NotExist, format!("the image is not there for {os}/{architecture}"))
        })?;
        Digest::parse(&entry.digest).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
    }
}

/// What a registry wants to have answered: a scheme in lower case, and what belongs to it.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    parameters: HashMap<String, String>,
}

impl Challenge {
    /// Reads `Bearer realm="https://…",service="…"`.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let mut parameters = HashMap::new();
        while let Some((name, value)) = rest.split_once('=') {
            let value = value.trim_start();
            let (value, after) = match value.strip_prefix('"') {
                // Nobody escapes anything in addresses and scopes.
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_at(value.find(',').unwrap_or(value.len())),
            };
            parameters.insert(name.trim_matches([' ', ',']).to_ascii_lowercase(), value.to_owned());
            rest = after;
        }
        (!scheme.is_empty()).then(|| Self { scheme: scheme.to_ascii_lowercase(), parameters })
    }
}

/// The whole of a good answer; what another one means.
fn whole(answer: Response<Body>) -> Result<Vec<u8>, Error> {
    let status = answer.status();
    let bytes = answer.into_body().with_config().limit(LARGEST).read_to_vec().map_err(unreachable)?;
    let kind = match status.as_u16() {
        200..=299 => return Ok(bytes),
        401 | 403 => Kind::NotAllowed,
        404 => Kind::NotExist,
        405 | 406 | 415 => Kind::NotSupported,
        429 | 500..=599 => Kind::Unavailable,
        _ => Kind::Invalid,
    };
    let said = String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).trim().to_owned();
    Err(Error::new(kind, format!("{status}: {said}")))
}

fn unreachable(error: ureq::Error) -> Error {
    Error::new(Kind::Net, error.to_string())
}

#[cfg(test)]
mod tests;
