//! A Docker engine with test images in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An image with bash and the GNU userland.
pub(crate) const GNU: &str = "reflow-test/gnu:1";
/// An image without bash.
pub(crate) const BUSYBOX: &str = "reflow-test/busybox:1";

/// Starts the engine if none answers, and makes the images.
pub(crate) fn prepare() -> Result<(), String> {
    if std::env::var("REFLOW_TEST_DOCKER").is_ok_and(|value| value == "off") {
        return Err("REFLOW_TEST_DOCKER is off".to_owned());
    }
    script("start_engine.sh", &[])?;
    script("make_images.sh", &[GNU, BUSYBOX])
}

/// A registry of its own, which ends with the value.
pub(crate) struct Registry {
    server: Child,
    folder: tempfile::TempDir,
    /// Host and port.
    pub(crate) host: String,
}

impl Registry {
    /// Starts one and waits until it answers.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_for(None)
    }

    /// Starts one that asks for a name and a password, of which `user` has the line.
    pub(crate) fn start_for(user: Option<&str>) -> Result<Self, String> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        if let Some(user) = user {
            std::fs::write(folder.path().join("users"), format!("{user}\n")).map_err(|error| error.to_string())?;
        }
        let server = Command::new(fixtures().join("serve_registry.sh"))
            .arg(port.to_string())
            .arg(folder.path())
            .args(user.map(|_| "login"))
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut registry = Self { server, folder, host: format!("localhost:{port}") };
        // It may have to be installed first.
        let end = Instant::now() + Duration::from_secs(300);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = registry.server.try_wait() {
                let log = std::fs::read_to_string(registry.folder.path().join("log")).unwrap_or_default();
                return Err(format!("the registry ended: {status}: {log}"));
            }
            if Instant::now() > end {
                return Err("the registry does not answer".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }

    /// Puts an index of manifests that are there into the repository `name`, under a tag: an `OS ARCHITECTURE` and a
    /// digest for each. Gives the index's digest.
    pub(crate) fn put_index(&self, name: &str, tag: &str, manifests: &[(&str, &str)]) -> String {
        let repository = name.strip_prefix(&format!("{}/", self.host)).expect("a name of this registry");
        let at = |reference: &str| format!("http://{}/v2/{repository}/manifests/{reference}", self.host);
        const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
        let entry = |(platform, digest): &(&str, &str)| {
            let mut answer = ureq::get(at(digest)).header("Accept", MANIFEST).call().expect("a manifest");
            let size = answer.body_mut().read_to_vec().expect("a manifest").len();
            let (os, architecture) = platform.split_once(' ').expect("a platform");
            format!(
                "{{\"mediaType\":\"{MANIFEST}\",\"digest\":\"{digest}\",\"size\":{size},\
                 \"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"}}}}"
            )
        };
        let entries: Vec<String> = manifests.iter().map(entry).collect();
        const INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
        let index = format!("{{\"schemaVersion\":2,\"mediaType\":\"{INDEX}\",\"manifests\":[{}]}}", entries.join(","));
        ureq::put(at(tag)).header("Content-Type", INDEX).send(&index).expect("the registry takes it");
        base::Digest::of(&index).to_string()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // The script has become the server.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/images")
}

fn script(name: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(fixtures().join(name)).args(arguments).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// What a `docker` command prints.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("docker prints UTF-8").trim().to_owned()
}
