//! A home folder with a store, an executor and short ways to run graphs.

#![allow(clippy::panic, clippy::expect_used, reason = "a test that goes wrong panics")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use base::config::OutputKind;
use base::{Digest, Fileset, Resources};
use engine::{Config, Event, Outcome};
use exec::{Executor, ProcessExecutor, ProcessOptions};
use flow::node::{ArgRef, Exec};
use flow::{FlowId, Graph};
use store::LocalStore;
use types::Value;

pub(crate) static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));

/// Numbers the runs of this process.
static RUN: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Home {
    folder: PathBuf,
    pub(crate) store: LocalStore,
    pub(crate) executor: Arc<dyn Executor>,
    /// Removes the folder in the end, if it is this test's.
    guard: Option<Arc<tempfile::TempDir>>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let guard = tempfile::Builder::new().prefix("reflow-engine-test-").tempdir().expect("a folder");
        let home = Self::in_folder(guard.path());
        Self { guard: Some(Arc::new(guard)), ..home }
    }

    /// What another process with the same home folder has.
    pub(crate) fn again(&self) -> Self {
        Self { guard: self.guard.clone(), ..Self::in_folder(&self.folder) }
    }

    /// A home in a folder of somebody else.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let store = LocalStore::open(&folder.join("home")).expect("a store");
        let options = ProcessOptions {
            state: folder.join("home"),
            repository: store.repository.clone(),
            launcher: "/proc/self/exe".into(),
            path: std::env::var("PATH").unwrap_or_default(),
            credentials: None,
        };
        let executor = RUNTIME.block_on(ProcessExecutor::open(options)).expect("an executor");
        Self { folder: folder.to_owned(), guard: None, store, executor: Arc::new(executor) }
    }

    /// The working directory of runs.
    pub(crate) fn work(&self) -> PathBuf {
        let work = self.folder.join("work");
        std::fs::create_dir_all(&work).expect("a folder");
        work
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.work().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    pub(crate) fn config(&self) -> Config {
        let run = Digest::of(RUN.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        Config::new(self.store.clone(), self.executor.clone(), RUNTIME.handle().clone(), run, self.work())
    }

    pub(crate) fn run(&self, graph: &mut Graph, root: FlowId) -> Outcome {
        self.run_with(graph, root, self.config(), &mut |_| ())
    }

    pub(crate) fn run_with(
        &self,
        graph: &mut Graph,
        root: FlowId,
        config: Config,
        events: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome {
        engine::evaluate(graph, root, config, events)
    }

    /// The content of the file at `path` of the value's only list element, or of the value itself.
    pub(crate) fn content(&self, outcome: &Outcome, path: &str) -> String {
        let fileset = fileset(outcome);
        let fileset = fileset.list.first().unwrap_or(&fileset);
        let id = fileset.map[path].id.expect("a resolved file");
        std::fs::read_to_string(self.store.repository.path(&id)).expect("a blob")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.folder
    }
}

pub(crate) fn fileset(outcome: &Outcome) -> Fileset {
    match &outcome.value {
        Ok(Value::Fileset(fileset)) => fileset.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

/// Adds an exec: `%s` for each input in order, then one for the output, a file.
pub(crate) fn exec(graph: &mut Graph, command: &str, deps: Vec<FlowId>) -> FlowId {
    let inputs: Vec<ArgRef> = (0..deps.len() as u32).map(ArgRef::Input).collect();
    let names = (0..deps.len()).map(|number| format!("{{{{in{number}}}}}").into());
    let exec = Exec {
        image: "tools:1".into(),
        command: command.into(),
        args: Some([inputs, vec![ArgRef::Output(0)]].concat().into()),
        outputs: Some([OutputKind::File].into()),
        resources: Resources::new(),
        arg_names: names.chain(["{{out}}".into()]).collect(),
        nondeterministic: false,
    };
    graph.exec(exec, deps)
}
