//! The test bed: an executor with a state folder and a repository of its own, and short ways to ask it
//! to run something and to look at what came out.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use base::config::{Arg, ExecConfig, OutputKind};
use base::{Digest, Error, Fileset, Resources};
use exec::{
    CancelToken, Collected, DockerExecutor, DockerOptions, Endpoint, ExecEvent, ExecId, ExecReport, ExecRequest,
    Executor, Leftovers, ProcessExecutor, ProcessOptions,
};
use store::FileRepository;

use crate::engine;

/// The executors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Process,
    /// `process` on a machine that permits no process namespaces.
    Shared,
    Docker,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Process => "process",
            Kind::Shared => "process_without_process_namespace",
            Kind::Docker => "docker",
        }
    }
}

/// One for all cases.
pub(crate) static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));

/// The name that folders of the suite have in them.
pub(crate) const FOLDER: &str = "reflow-exec-test-";

pub(crate) struct Bed {
    pub(crate) kind: Kind,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) repository: FileRepository,
    /// The executor, if it is this one.
    pub(crate) docker: Option<Arc<DockerExecutor>>,
    state: tempfile::TempDir,
}

pub(crate) async fn open_process(state: &Path) -> Result<ProcessExecutor, Error> {
    let repository = FileRepository::open(&state.join("repository"))?;
    ProcessExecutor::open(process_options(state, repository)).await
}

pub(crate) async fn open_docker(state: &Path) -> Result<DockerExecutor, Error> {
    let repository = FileRepository::open(&state.join("repository"))?;
    DockerExecutor::connect(docker_options(state, repository)).await
}

pub(crate) fn process_options(state: &Path, repository: FileRepository) -> ProcessOptions {
    ProcessOptions {
        state: state.to_owned(),
        repository,
        launcher: launcher(state),
        path: std::env::var("PATH").unwrap_or_default(),
        credentials: None,
    }
}

/// This program, or what [`confine`] put before it.
fn launcher(state: &Path) -> PathBuf {
    let confined = state.join(CONFINED);
    if confined.exists() { confined } else { "/proc/self/exe".into() }
}

const CONFINED: &str = "confined";

/// Has launchers of the state folder started by a program that forbids them new namespaces of a kind.
pub(crate) fn confine(state: &Path, namespaces: &str) {
    let confined = format!(
        "exec unshare --user --map-root-user sh -c \
         'echo 0 > /proc/sys/user/max_{namespaces}_namespaces; exec \"$0\" \"$@\"' \"$program\" \"$@\""
    );
    launch_by(state, &confined);
}

/// Has launchers of the state folder started by these lines of a shell. They find this program in `$program`.
pub(crate) fn launch_by(state: &Path, lines: &str) {
    let own = std::env::current_exe().expect("a program");
    let path = state.join(CONFINED);
    std::fs::write(&path, format!("#!/bin/sh\nprogram={}\n{lines}\n", own.display())).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a script");
}

/// Whether [`confine`] works here.
pub(crate) fn may_confine() -> bool {
    let unshare = std::process::Command::new("unshare").args(["--user", "--map-root-user", "true"]).output();
    unshare.is_ok_and(|output| output.status.success())
}

pub(crate) fn docker_options(state: &Path, repository: FileRepository) -> DockerOptions {
    DockerOptions {
        state: state.to_owned(),
        repository,
        endpoint: Endpoint::new(std::env::var("DOCKER_HOST").ok().as_deref()),
        configuration: None,
        credentials: None,
        pull_retries: 0,
        memory_limit: exec::MemoryLimit::Hard,
        hang_check: std::time::Duration::from_secs(600),
    }
}

impl Bed {
    pub(crate) fn new(kind: Kind) -> Self {
        let state = tempfile::Builder::new().prefix(FOLDER).tempdir().expect("a folder");
        if kind == Kind::Shared {
            confine(state.path(), "pid");
        }
        let docker = (kind == Kind::Docker)
            .then(|| Arc::new(RUNTIME.block_on(open_docker(state.path())).expect("a docker executor")));
        let executor: Arc<dyn Executor> = match &docker {
            Some(docker) => docker.clone(),
            None => Arc::new(RUNTIME.block_on(open_process(state.path())).expect("a process executor")),
        };
        let repository = FileRepository::open(&state.path().join("repository")).expect("a repository");
        Self { kind, executor, repository, docker, state }
    }

    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// The folder of scratch folders.
    pub(crate) fn execs(&self) -> PathBuf {
        self.state().join("execs")
    }

    /// A file with this content.
    pub(crate) fn file(&self, content: impl AsRef<[u8]>) -> Fileset {
        Fileset::of_file(self.repository.put_bytes(content.as_ref()).expect("a blob"))
    }

    /// A folder with these files.
    pub(crate) fn folder(&self, files: &[(&str, &str)]) -> Fileset {
        let blob = |content: &str| self.repository.put_bytes(content.as_bytes()).expect("a blob");
        Fileset::of_map(files.iter().map(|(path, content)| ((*path).to_owned(), blob(content))).collect())
    }

    pub(crate) fn try_run(&self, exec: &Exec) -> Result<ExecReport, Error> {
        let never = CancelToken::never();
        RUNTIME.block_on(self.executor.run(&exec.request(), &|_| {}, &never))
    }

    pub(crate) fn run(&self, exec: &Exec) -> ExecReport {
        self.try_run(exec).expect("the machinery works")
    }

    /// Runs a command that must succeed.
    pub(crate) fn collect(&self, exec: &Exec) -> Collected {
        let report = self.run(exec);
        match report.outcome {
            Ok(collected) => collected,
            Err(failure) => panic!("{failure}\nstderr: {}", text(&report.stderr)),
        }
    }

    /// Runs a command that must fail, and gives its failure.
    pub(crate) fn failure(&self, exec: &Exec) -> Error {
        self.run(exec).outcome.expect_err("the command fails")
    }

    /// Runs a command with the file `%s` as its only output, and gives the file's content.
    pub(crate) fn print(&self, command: &str) -> String {
        self.content(&self.collect(&Exec::new(command).file_output()).fileset.list[0])
    }

    /// Events of a run besides its result.
    pub(crate) fn events(&self, exec: &Exec) -> (Vec<ExecEvent>, ExecReport) {
        let events = Mutex::new(Vec::new());
        let never = CancelToken::never();
        let note = |event| events.lock().expect("a lock").push(event);
        let report = RUNTIME.block_on(self.executor.run(&exec.request(), &note, &never)).expect("the machinery works");
        (events.into_inner().expect("a lock"), report)
    }

    /// The content of a fileset that is one file.
    pub(crate) fn content(&self, fileset: &Fileset) -> String {
        let id = fileset.file().expect("one file").id.expect("resolved");
        String::from_utf8(std::fs::read(self.repository.path(&id)).expect("a blob")).expect("text")
    }

    /// Paths and contents of a fileset that is a folder.
    pub(crate) fn contents(&self, fileset: &Fileset) -> BTreeMap<String, String> {
        let read = |file: &base::File| {
            let bytes = std::fs::read(self.repository.path(&file.id.expect("resolved"))).expect("a blob");
            assert_eq!(bytes.len() as u64, file.size);
            String::from_utf8(bytes).expect("text")
        };
        fileset.map.iter().map(|(path, file)| (path.clone(), read(file))).collect()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let names =
                std::fs::read_dir(self.execs()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
            // What the executor keeps for its next exec goes with it.
            let left: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with("spare-")).collect();
            assert!(left.is_empty(), "scratch folders are left: {left:?}");
            if let Some(docker) = &self.docker {
                RUNTIME.block_on(docker.settle());
                let Leftovers { removed, kept } =
                    RUNTIME.block_on(docker.remove_leftovers()).expect("the engine answers");
                assert!(removed.is_empty() && kept.is_empty(), "containers are left: {removed:?} {kept:?}");
            }
        }
    }
}

/// What a command said on a stream.
pub(crate) fn text(log: &exec::LogFile) -> String {
    String::from_utf8_lossy(&log.tail(1 << 20).expect("a log")).into_owned()
}

/// A map of texts.
pub(crate) fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect()
}

/// A request in the making. Arguments stand in the order of the template's `%s`.
#[derive(Clone)]
pub(crate) struct Exec {
    pub(crate) id: ExecId,
    pub(crate) config: ExecConfig,
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Exec {
    pub(crate) fn new(command: &str) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self {
            id: ExecId::new(Digest::of(format!("exec {number} of process {}", std::process::id()))),
            config: ExecConfig {
                ident: "test".to_owned(),
                image: engine::GNU.to_owned(),
                original_image: engine::GNU.to_owned(),
                command: command.to_owned(),
                args: Vec::new(),
                outputs: Vec::new(),
                resources: Resources::new(),
                need_aws_credentials: false,
                need_docker_access: false,
            },
        }
    }

    pub(crate) fn input(mut self, fileset: Fileset) -> Self {
        self.config.args.push(Arg::Input(fileset));
        self
    }

    fn output(mut self, kind: OutputKind) -> Self {
        self.config.args.push(Arg::Output(self.config.outputs.len()));
        self.config.outputs.push(kind);
        self
    }

    pub(crate) fn file_output(self) -> Self {
        self.output(OutputKind::File)
    }

    pub(crate) fn folder_output(self) -> Self {
        self.output(OutputKind::Dir)
    }

    /// Once more the output of this number.
    pub(crate) fn again(mut self, number: usize) -> Self {
        self.config.args.push(Arg::Output(number));
        self
    }

    pub(crate) fn resources(mut self, cpu: f64, mem: f64) -> Self {
        self.config.resources = Resources::of(cpu, mem, 0.0);
        self
    }

    pub(crate) fn image(mut self, image: &str) -> Self {
        self.config.image = image.to_owned();
        self
    }

    pub(crate) fn request(&self) -> ExecRequest {
        ExecRequest { id: self.id, config: self.config.clone() }
    }
}
