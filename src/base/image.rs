//! Image names: what a program writes, what an executor pulls, and what cache keys hold.
//!
//! A program writes an image with a tag and perhaps qualifiers (`tools:v1$aws`). [`Qualified`] takes
//! the qualifiers off (runtime spec §2.10); [`ImageName`] knows the parts of what is left and its
//! canonical form (§6.13), which together with the digest that a registry answers becomes part of
//! physical cache keys.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;

/// The registry of a name that does not say one.
pub const DEFAULT_HOST: &str = "index.docker.io";

/// The tag of a name that does not say one.
pub const DEFAULT_TAG: &str = "latest";

/// The repository under which the default registry keeps names of one part.
const OFFICIAL: &str = "library/";

/// An image text without its qualifiers, and what those ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Qualified {
    /// The text without every `$aws` and `$docker`.
    pub image: String,
    /// Whether `$aws` stood in it: the command wants cloud credentials.
    pub needs_aws_credentials: bool,
    /// Whether `$docker` stood in it: the command wants to talk to the Docker engine.
    pub needs_docker_access: bool,
}

impl Qualified {
    /// Takes every qualifier out of an image text, wherever it stands.
    pub fn parse(text: &str) -> Self {
        let (without_aws, needs_aws_credentials) = strip(text, "$aws");
        let (image, needs_docker_access) = strip(&without_aws, "$docker");
        Self { image, needs_aws_credentials, needs_docker_access }
    }
}

fn strip(text: &str, qualifier: &str) -> (String, bool) {
    (text.replace(qualifier, ""), text.contains(qualifier))
}

/// The parts of an image name, without qualifiers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageName {
    /// The registry, with its port if it says one; [`DEFAULT_HOST`] when the name leaves it out.
    pub host: String,
    /// The whole path inside the registry, such as `library/ubuntu`.
    pub repository: String,
    /// The tag, if the name has one.
    pub tag: Option<String>,
    /// The manifest digest, if the name has one; it outweighs the tag.
    pub digest: Option<Digest>,
}

/// Text that is not an image name, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not an image name: {reason}")]
pub struct ParseImageError {
    name: String,
    reason: &'static str,
}

impl ImageName {
    /// Parses `[HOST[:PORT]/]PATH[:TAG][@sha256:HEX]`.
    ///
    /// The first part is a host if it holds a dot or a colon or is `localhost`.
    pub fn parse(text: &str) -> Result<Self, ParseImageError> {
        let bad = |reason| ParseImageError { name: text.to_owned(), reason };
        let (name, digest) = match text.split_once('@') {
            None => (text, None),
            Some((name, digest)) if digest.starts_with("sha256:") => {
                let digest = Digest::parse(digest).map_err(|_| bad("the digest needs 64 lower-case hex digits"))?;
                (name, Some(digest))
            }
            Some(_) => return Err(bad("the digest must start with sha256:")),
        };
        let (path, tag) = match name.rsplit_once(':') {
            // A colon before a slash belongs to the port of the host.
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(bad("a tag has 1 to 128 letters, digits, '_', '-' and '.'"));
        }
        let (host, path) = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => (DEFAULT_HOST, path),
        };
        // The default registry may also be written without the first part of its name.
        let host = if DEFAULT_HOST.strip_prefix("index.") == Some(host) { DEFAULT_HOST } else { host };
        if !host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:".contains(&c)) {
            return Err(bad("a host has letters, digits, '.' and '-', and perhaps a port"));
        }
        let official = if host == DEFAULT_HOST && !path.contains('/') { OFFICIAL } else { "" };
        let repository = format!("{official}{path}");
        if !is_repository(&repository) {
            return Err(bad(
                "a path has at most 255 lower-case letters and digits, separated by '.', '_', '-' and '/'",
            ));
        }
        Ok(Self { host: host.to_owned(), repository, tag: tag.map(str::to_owned), digest })
    }

    /// The tag to ask the registry for when there is no digest.
    pub fn tag_or_default(&self) -> &str {
        self.tag.as_deref().unwrap_or(DEFAULT_TAG)
    }

    /// Host and whole path, without tag and digest: `index.docker.io/library/ubuntu`.
    pub fn canonical(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// The name of exactly one content: the canonical name, `@`, and the digest of the manifest.
    /// This text enters physical cache keys.
    pub fn pinned(&self, manifest: &Digest) -> String {
        format!("{}@{manifest}", self.canonical())
    }
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len()) && tag.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c))
}

fn is_repository(path: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.iter().all(|c| plain(*c) || b"._-".contains(c))
            && bytes.first().is_some_and(|c| plain(*c))
            && bytes.last().is_some_and(|c| plain(*c))
    };
    path.len() <= 255 && path.split('/').all(part)
}

impl FromStr for ImageName {
    type Err = ParseImageError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The canonical name with the tag and the digest that the name has.
impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}
