//! A Docker engine of a test's own, which may go down: the machine's stays up.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// An engine apart from the machine's.
pub(crate) struct Engine {
    folder: tempfile::TempDir,
    /// Further options of the server, from its next start on.
    pub(crate) options: Vec<&'static str>,
    server: Option<Child>,
    script: PathBuf,
}

impl Engine {
    /// Starts one that has this image of the machine's engine; `None` where that is not possible. `scripts` is
    /// the folder of `serve_engine.sh`.
    pub(crate) fn start(scripts: &Path, image: &str, options: &[&'static str]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("engines that go down are not tested: only root can start one");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("reflow-engine-").tempdir().expect("a folder");
        let mut engine =
            Self { folder, options: options.to_vec(), server: None, script: scripts.join("serve_engine.sh") };
        engine.serve();
        let archive = engine.folder.path().join("image.tar");
        let archive = archive.to_str().expect("a path");
        docker(&["save", "-o", archive, image]);
        engine.docker(&["load", "-q", "-i", archive]);
        Some(engine)
    }

    /// What a `docker` command with this engine prints.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        docker(&[&["-H", &self.host()], arguments].concat())
    }

    /// Where it listens, as `DOCKER_HOST` has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/engine.sock", self.folder.path().display())
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn serve(&mut self) {
        let server =
            Command::new(&self.script).arg(self.folder.path()).args(&self.options).stdin(Stdio::null()).spawn();
        self.server = Some(server.expect("an engine"));
        let answers = || {
            let version = Command::new("docker").args(["-H", &self.host(), "version"]).output();
            version.is_ok_and(|output| output.status.success())
        };
        let end = Instant::now() + Duration::from_secs(60);
        while !answers() {
            let log = || std::fs::read_to_string(self.folder.path().join("engine.log")).unwrap_or_default();
            assert!(Instant::now() < end, "the engine does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a signal and waits until the server is gone.
    pub(crate) fn end(&mut self, signal: Signal) {
        if let Some(mut server) = self.server.take() {
            let pid = Pid::from_raw(i32::try_from(server.id()).expect("a pid")).expect("a pid");
            rustix::process::kill_process(pid, signal).expect("it runs");
            server.wait().expect("it ends");
        }
    }

    /// Kills what a killed server leaves of containers that it was about to start: no later one knows of them.
    fn end_forgotten(&self) {
        let folder = self.folder.path().to_string_lossy().into_owned();
        for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
            let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
            let command = read("cmdline");
            if !command.contains("containerd-shim") || !command.contains(&folder) {
                continue;
            }
            let shim = entry.file_name().to_string_lossy().into_owned();
            let children = read(&format!("task/{shim}/children"));
            for pid in std::iter::once(shim.as_str()).chain(children.split_whitespace()) {
                let pid = pid.parse().ok().and_then(Pid::from_raw).expect("a pid");
                // It may be ending already.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.server.is_some() {
            // One that lets containers go on would leave them.
            let host = self.host();
            let _ = Command::new("sh")
                .args(["-c", "docker -H $0 ps -aq | xargs -r docker -H $0 rm -f", &host])
                .stdout(Stdio::null())
                .status();
        }
        self.end(Signal::TERM);
        self.end_forgotten();
        let mounts: Vec<PathBuf> = std::fs::read_to_string("/proc/self/mounts")
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split(' ').nth(1).map(PathBuf::from))
            .filter(|mount| mount.starts_with(self.folder.path()))
            .collect();
        for mount in mounts.iter().rev() {
            let _ = Command::new("umount").arg(mount).status();
        }
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("docker prints UTF-8").trim().to_owned()
}
