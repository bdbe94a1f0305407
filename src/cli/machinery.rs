//! The parts that a run works with: the store, the executor, the threads, as the flags ask for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exec::docker::{DockerExecutor, DockerOptions, Endpoint};
use exec::process::{ProcessExecutor, ProcessOptions};
use exec::{Executor, Kept};
use store::LocalStore;
use tokio::runtime::Runtime;

use crate::configuration;
use crate::exit::Exit;
use crate::explain;

/// Which executor runs commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExecutorChoice {
    /// Docker if its engine answers, else host programs.
    Auto,
    /// Containers.
    Docker,
    /// Programs of this machine.
    Process,
}

/// What a run works with.
pub(crate) struct Machinery {
    home: PathBuf,
    pub(crate) store: LocalStore,
    pub(crate) executor: Arc<dyn Executor>,
    /// Lines for the user about the executor.
    pub(crate) notices: Vec<String>,
    pub(crate) runtime: Arc<Runtime>,
}

impl Machinery {
    /// Opens the state folder and the executor.
    pub(crate) fn open(home: &Path, choice: ExecutorChoice) -> Result<Self, Exit> {
        configuration::current().check_for_run()?;
        let store = crate::home::open(home)?;
        let runtime = Arc::new(threads()?);
        let mut notices = Vec::new();
        let executor = runtime.block_on(open_executor(home, &store, choice, &mut notices))?;
        notices.extend(executor.notice());
        Ok(Self { home: home.to_owned(), store, executor, notices, runtime })
    }
}

/// Threads for what is slow.
pub(crate) fn threads() -> Result<Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
        .build()
        .map_err(|error| Exit::failed(format!("cannot start threads: {error}")))
}

async fn open_executor(
    home: &Path,
    store: &LocalStore,
    choice: ExecutorChoice,
    notices: &mut Vec<String>,
) -> Result<Arc<dyn Executor>, Exit> {
    let endpoint = endpoint();
    if choice != ExecutorChoice::Process {
        if choice == ExecutorChoice::Docker || endpoint.may_answer() {
            match docker(home, store, endpoint, notices).await {
                Ok(executor) => return Ok(executor),
                Err(exit) if choice == ExecutorChoice::Docker => return Err(exit),
                Err(_) => {}
            }
        }
        notices
            .push("no Docker engine answers: commands run with this machine's programs (-executor process)".to_owned());
    }
    let options = ProcessOptions {
        state: home.to_owned(),
        repository: store.repository.clone(),
        launcher: PathBuf::from("/proc/self/exe"),
        path: std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned()),
        credentials: None,
    };
    let executor = ProcessExecutor::open(options).await?;
    executor.remove_leftovers().await?;
    Ok(Arc::new(executor))
}

async fn docker(
    home: &Path,
    store: &LocalStore,
    endpoint: Endpoint,
    notices: &mut Vec<String>,
) -> Result<Arc<dyn Executor>, Exit> {
    const PULL_RETRIES: usize = 5;
    const HANG_CHECK: Duration = Duration::from_secs(600);
    let options = DockerOptions {
        state: home.to_owned(),
        repository: store.repository.clone(),
        endpoint,
        configuration: docker_configuration(),
        credentials: None,
        pull_retries: PULL_RETRIES,
        memory_limit: configuration::current().memory_limit(),
        hang_check: HANG_CHECK,
    };
    let unreachable =
        |error: base::Error| Exit::failed(format!("{error}{}", explain::pointer(&[explain::ENGINE_UNREACHABLE])));
    let executor = DockerExecutor::connect(options).await.map_err(unreachable)?;
    notices.extend(of_kept(&executor.remove_leftovers().await?.kept));
    Ok(Arc::new(executor))
}

/// Where the Docker engine listens, or one that is like it.
pub(crate) fn endpoint() -> Endpoint {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    Endpoint::find(std::env::var("DOCKER_HOST").ok().as_deref(), runtime.as_deref())
}

/// Where `docker login` keeps what it learns.
fn docker_configuration() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json"))
}

/// A line about the containers of killed runs, if there are any: they use this machine, and nobody watches them.
fn of_kept(kept: &[Kept]) -> Option<String> {
    let name = |kept: &Kept| {
        let state = if kept.is_running { "works" } else { "has succeeded" };
        format!("{} in {} {state}", kept.ident, kept.container)
    };
    let names: Vec<String> = kept.iter().take(3).map(name).collect();
    let (first, rest) = (names.first()?, kept.len() - names.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let names = if kept.len() == 1 { first.clone() } else { names.join(", ") };
    Some(format!("left by a killed run, for the next run of the same exec to go on with: {names}{more}"))
}

/// How long the end of this process may wait for what the executor still does. What it leaves then is removed by
/// the next run.
const SETTLING: Duration = Duration::from_secs(20);

impl Drop for Machinery {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(async { tokio::time::timeout(SETTLING, self.executor.settle()).await });
        // The store's own end would wait for that, but a worker may hold the last of it a moment longer than this.
        self.store.committer().flush();
    }
}

impl Machinery {
    /// The state folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// What runs commands, with how much room, and where results are kept.
    pub(crate) fn described(&self, cache: &str) -> String {
        let home = self.home.display();
        format!("executor {} {}, cache {cache}, state {home}", self.executor.name(), self.executor.capacity())
    }

    /// The engine's configuration for a plan, which brings nothing in.
    pub(crate) fn plan_config(&self) -> Result<engine::Config, Exit> {
        let here = std::env::current_dir().map_err(|error| Exit::failed(format!("the working directory: {error}")))?;
        let files = engine::local_files::LocalFiles::new(self.store.clone(), here).only_looking();
        Ok(engine::Config { sources: engine::Sources::new().with(files), ..self.config(crate::random::digest()?)? })
    }

    /// The engine's configuration for a run.
    pub(crate) fn config(&self, run: base::Digest) -> Result<engine::Config, Exit> {
        let here = std::env::current_dir().map_err(|error| Exit::failed(format!("the working directory: {error}")))?;
        let (store, executor) = (self.store.clone(), self.executor.clone());
        Ok(engine::Config::new(store, executor, self.runtime.handle().clone(), run, here))
    }
}
