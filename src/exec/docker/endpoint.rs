//! Where the Docker engine is reached.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Error, Kind};
use bollard::{API_DEFAULT_VERSION, Docker};
use rustix::fs::Access;

use super::failure;

/// The address of an engine: `unix:///path/to/socket` or `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

const UNIX: &str = "unix://";
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// An engine that is there answers the first question at once, unless the machine is overloaded.
const FIRST_ANSWER: Duration = Duration::from_secs(20);
/// Making a container on a busy engine may take minutes.
const ANSWER: Duration = Duration::from_secs(600);

impl Endpoint {
    /// The endpoint that the value of `DOCKER_HOST` names, or the default socket.
    pub fn new(docker_host: Option<&str>) -> Self {
        match docker_host {
            None | Some("") => Self(format!("{UNIX}{DEFAULT_SOCKET}")),
            Some(path) if path.starts_with('/') => Self(format!("{UNIX}{path}")),
            Some(host) => Self(host.to_owned()),
        }
    }

    /// The endpoint that the value of `DOCKER_HOST` names; without one the first socket that there is and that may
    /// be written to: the default one, and in the user's `runtime` folder (`XDG_RUNTIME_DIR`) those of Docker and
    /// Podman without root privileges. The default one if there is none.
    pub fn find(docker_host: Option<&str>, runtime: Option<&Path>) -> Self {
        match docker_host {
            None | Some("") => {
                Self::new(first_socket(DEFAULT_SOCKET.as_ref(), runtime).as_deref().and_then(Path::to_str))
            }
            named => Self::new(named),
        }
    }

    /// Whether somebody may be listening there: cheap, and no promise. `false` only for a socket that
    /// does not exist.
    pub fn may_answer(&self) -> bool {
        self.0.strip_prefix(UNIX).is_none_or(|socket| Path::new(socket).exists())
    }

    /// Whether the engine is on this machine.
    pub(super) fn is_local(&self) -> bool {
        self.0.starts_with(UNIX)
    }

    /// The user who has made the socket, which is whom a local engine works as.
    pub(super) fn owner(&self) -> Option<u32> {
        let socket = self.0.strip_prefix(UNIX)?;
        std::fs::metadata(socket).ok().map(|metadata| metadata.uid())
    }

    /// The engine's socket on its own machine.
    pub(super) fn socket(&self) -> String {
        self.0.strip_prefix(UNIX).unwrap_or(DEFAULT_SOCKET).to_owned()
    }

    /// Connects and agrees on a version of the protocol.
    pub(super) async fn connect(&self) -> Result<Docker, Error> {
        let timeout = FIRST_ANSWER.as_secs();
        let docker = if self.0.starts_with(UNIX) {
            Docker::connect_with_unix(&self.0, timeout, API_DEFAULT_VERSION)
        } else if self.0.starts_with("tcp://") || self.0.starts_with("http://") {
            Docker::connect_with_http(&self.0, timeout, API_DEFAULT_VERSION)
        } else {
            return Err(Error::new(
                Kind::NotSupported,
                format!(
                    "the Docker engine at {}: only unix:// and tcp:// addresses are supported in DOCKER_HOST",
                    self.0
                ),
            ));
        };
        let docker = docker.map_err(|error| self.unreachable(&error))?;
        let docker = docker.negotiate_version().await.map_err(|error| self.unreachable(&error))?;
        Ok(docker.with_timeout(ANSWER))
    }

    /// The error for an engine that does not answer.
    pub(super) fn unreachable(&self, error: &bollard::errors::Error) -> Error {
        let reason = failure::text(error);
        Error::new(
            Kind::Unavailable,
            format!(
                "the Docker engine does not answer at {}: {reason}; start it, set DOCKER_HOST to where it listens, \
                 or run without containers (-executor process)",
                self.0
            ),
        )
    }
}

/// The first socket that there is and that may be written to.
fn first_socket(default: &Path, runtime: Option<&Path>) -> Option<PathBuf> {
    let own = |socket: &str| runtime.map(|runtime| runtime.join(socket));
    let sockets = [Some(default.to_owned()), own("docker.sock"), own("podman/podman.sock")];
    sockets.into_iter().flatten().find(|socket| rustix::fs::access(socket, Access::WRITE_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_endpoint() {
        for (host, endpoint) in [
            (None, "unix:///var/run/docker.sock"),
            (Some(""), "unix:///var/run/docker.sock"),
            (Some("/run/other.sock"), "unix:///run/other.sock"),
            (Some("unix:///x"), "unix:///x"),
            (Some("tcp://1.2.3.4:2375"), "tcp://1.2.3.4:2375"),
        ] {
            assert_eq!(Endpoint::new(host), Endpoint(endpoint.to_owned()), "{host:?}");
        }
        assert!(!Endpoint::new(Some("unix:///no/such/socket")).may_answer());
        assert!(Endpoint::new(Some("tcp://1.2.3.4:2375")).may_answer());
    }

    #[test]
    fn sockets_of_the_user_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let (default, runtime) = (folder.path().join("default.sock"), folder.path().join("user"));
        std::fs::create_dir_all(runtime.join("podman")).unwrap();
        assert_eq!(first_socket(&default, Some(&runtime)), None);
        for socket in [runtime.join("podman/podman.sock"), runtime.join("docker.sock"), default.clone()] {
            drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
            assert_eq!(first_socket(&default, Some(&runtime)), Some(socket));
        }
        assert_eq!(first_socket(&folder.path().join("none"), None), None);
        assert_eq!(Endpoint::find(Some("tcp://there:1"), Some(&runtime)).0, "tcp://there:1");
        assert_eq!(Endpoint::find(Some(""), None).0, "unix:///var/run/docker.sock");
    }

    #[tokio::test]
    async fn an_address_of_an_unknown_kind_is_refused() {
        let error = Endpoint::new(Some("ssh://somewhere")).connect().await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotSupported);
        assert!(error.message().contains("ssh://somewhere"), "{error}");
    }
}
