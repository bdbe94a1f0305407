//! The test bed: a folder to work in, a home, and the program.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program under test.
pub(crate) const REFLOW: &str = env!("CARGO_BIN_EXE_reflow");

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a working directory, a home, and `reflow` on the path.
pub(crate) struct Bed {
    root: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("reflow-cli-test-").tempdir().unwrap();
        for folder in ["work", "home", "bin"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(REFLOW, root.path().join("bin/reflow")).unwrap();
        Self { root }
    }

    /// Everything is below this.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where commands run.
    pub(crate) fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// The user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// Where reflow keeps its state.
    pub(crate) fn state(&self) -> PathBuf {
        self.home().join(".reflow")
    }

    /// Writes a file of the working directory.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A command in the working directory, with an environment that is the same everywhere: no terminal,
    /// no Docker engine, times in UTC.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .current_dir(self.work())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.root().join("bin").display()))
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .env("LC_ALL", "C.UTF-8")
            .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
            .stdin(Stdio::null());
        command
    }

    /// `reflow` with these words.
    pub(crate) fn reflow(&self, words: &[&str]) -> Command {
        let mut command = self.command(REFLOW);
        command.args(words);
        command
    }

    /// Runs `reflow` to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        ended(self.reflow(words).output().unwrap())
    }

    /// Runs `reflow`, which must succeed; its standard output.
    pub(crate) fn succeed(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code, Some(0), "reflow {words:?}: {}", ended.stderr);
        ended.stdout
    }

    /// Runs `reflow run -json`, which must succeed, with these further words; what the JSON object says.
    pub(crate) fn run_json(&self, words: &[&str]) -> Counts {
        let all: Vec<&str> = ["run", "-json", "-executor=process"].iter().chain(words).copied().collect();
        Counts::of(&self.succeed(&all))
    }
}

/// What a command left.
pub(crate) fn ended(output: Output) -> Ended {
    Ended {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

/// The object that `run -json` prints.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    pub(crate) result: Option<String>,
    pub(crate) executed: u64,
    pub(crate) cached: u64,
    pub(crate) interned: u64,
    pub(crate) externed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// The last line of standard output.
    pub(crate) fn of(stdout: &str) -> Self {
        let line = stdout.lines().last().unwrap_or_default();
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let count = |name: &str| object[name].as_u64().unwrap_or_else(|| panic!("{name} in {line}"));
        Self {
            result: object["result"].as_str().map(str::to_owned),
            executed: count("executed"),
            cached: count("cached"),
            interned: count("interned"),
            externed: count("externed"),
            failed: count("failed"),
        }
    }
}
