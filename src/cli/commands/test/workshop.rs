//! Where the flows of tests are evaluated: state of its own, which is gone in the end.
//!
//! It is opened when the first flow is met; tests of functions need none.

use std::cell::OnceCell;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use base::{Digest, File};
use engine::local_files::LocalFiles;
use engine::reduce::CacheMode;
use engine::{Sources, WithoutExports};
use exec::{CancelToken, CannedExecutor, CannedOptions, CannedResult, Executor};
use flow::{FlowId, Graph};
use store::LocalStore;
use tokio::runtime::Runtime;
use types::Value;

use super::canned;
use crate::arguments::TestExecutor;
use crate::exit::Exit;
use crate::machinery::{self, ExecutorChoice, Machinery};
use crate::{display, interrupt, random, terminal};

/// Files beyond this many bytes are not shown.
const SHOWN: u64 = 64 << 10;

/// Evaluates flows of tests.
pub(super) struct Workshop {
    executor: TestExecutor,
    tools: OnceCell<Tools>,
}

/// Evaluation was stopped on request.
pub(super) struct Canceled;

/// What a flow comes to; an error in words for people.
pub(super) type Found = Result<Value, String>;

struct Tools {
    store: LocalStore,
    runtime: Arc<Runtime>,
    otherwise: Option<Arc<dyn Executor>>,
    /// Settles when it is dropped.
    _machinery: Option<Machinery>,
    cancel: CancelToken,
    here: PathBuf,
    run: Digest,
    /// Removed when it is dropped, after all that works in it.
    _folder: tempfile::TempDir,
}

impl Workshop {
    /// A workshop in which `executor` runs what has no canned result.
    pub(super) fn new(executor: TestExecutor) -> Self {
        Self { executor, tools: OnceCell::new() }
    }

    fn tools(&self) -> Result<&Tools, Exit> {
        if let Some(tools) = self.tools.get() {
            return Ok(tools);
        }
        let tools = Tools::open(self.executor)?;
        Ok(self.tools.get_or_init(|| tools))
    }

    /// Puts bytes where files of results are.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<File, Exit> {
        Ok(self.tools()?.store.repository.put_bytes(bytes)?)
    }

    /// The text of a file, if it is a small one.
    pub(super) fn text(&self, file: &File) -> Option<String> {
        let digest = file.id.filter(|_| file.size <= SHOWN)?;
        let blob = self.tools.get()?.store.repository.open_blob(&digest).ok()?;
        let mut text = String::new();
        blob.take(SHOWN).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Reduces a node, with `results` in place of commands.
    pub(super) fn evaluate(
        &self,
        graph: &mut Graph,
        root: FlowId,
        results: &Arc<[CannedResult]>,
        salt: Digest,
    ) -> Result<Result<Found, Canceled>, Exit> {
        let tools = self.tools()?;
        let executor = CannedExecutor::new(CannedOptions {
            results: results.clone(),
            salt,
            otherwise: tools.otherwise.clone(),
            advice: format!(
                "add {{match: \"…\", out: …}} to the value {} of the tests, or let commands run with \
                 -executor=docker or -executor=process",
                canned::NAME
            ),
        });
        let handle = tools.runtime.handle().clone();
        let mut config = engine::Config::new(tools.store.clone(), Arc::new(executor), handle, tools.run, &tools.here);
        let files = LocalFiles::new(tools.store.clone(), &tools.here);
        config.sources = Sources::new().with(WithoutExports(files));
        let runs_commands = tools.otherwise.is_some();
        config.cache = CacheMode { read: runs_commands, write: runs_commands };
        config.cancel = tools.cancel.clone();
        let outcome = engine::evaluate(graph, root, config, &mut |_| ());
        Ok(match outcome.value {
            Ok(value) => Ok(Ok(value)),
            Err(failures) if failures.is_canceled() => Err(Canceled),
            Err(failures) => Ok(Err(in_words(&failures))),
        })
    }
}

/// Every failure with what is known of it.
fn in_words(failures: &engine::Failures) -> String {
    if failures.nodes().is_empty() {
        return failures.error().to_string();
    }
    let described = failures.nodes().iter().map(|failure| match &failure.exec {
        // The place is in the error of what the program itself raised.
        None => failure.error.to_string(),
        Some(_) => format!("{} {}{}", failure.op, failure.ident, display::details(failure).replace("\n\t", "\n  ")),
    });
    described.collect::<Vec<_>>().join("\n")
}

impl Tools {
    fn open(executor: TestExecutor) -> Result<Self, Exit> {
        let folder = tempfile::Builder::new().prefix("reflow-test-").tempdir();
        let folder = folder.map_err(|error| Exit::failed(format!("cannot make a temporary folder: {error}")))?;
        let choice = match executor {
            TestExecutor::None => None,
            TestExecutor::Auto => Some(ExecutorChoice::Auto),
            TestExecutor::Docker => Some(ExecutorChoice::Docker),
            TestExecutor::Process => Some(ExecutorChoice::Process),
        };
        let machinery = choice.map(|choice| Machinery::open(folder.path(), choice)).transpose()?;
        let (store, runtime, otherwise) = match &machinery {
            None => (crate::home::open(folder.path())?, Arc::new(machinery::threads()?), None),
            Some(machinery) => {
                machinery.notices.iter().for_each(|notice| terminal::say(&format!("reflow: {notice}")));
                (machinery.store.clone(), machinery.runtime.clone(), Some(machinery.executor.clone()))
            }
        };
        let cancel = interrupt::token(runtime.handle());
        let here = std::env::current_dir().map_err(|error| Exit::failed(format!("the working directory: {error}")))?;
        Ok(Self {
            store,
            runtime,
            otherwise,
            _machinery: machinery,
            cancel,
            here,
            run: random::digest()?,
            _folder: folder,
        })
    }
}
