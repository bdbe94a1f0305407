//! Fills a cache with the results of very many execs without running them, so that runs that find
//! everything in the cache can be measured at sizes whose first run would take hours.
//!
//! The program goes the usual way, through the engine, under the keys of the `process` executor; only the
//! executor answers by itself.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use base::{Digest, Error, Fileset, Resources};
use exec::{
    CancelToken, Collected, ExecEvent, ExecReport, ExecRequest, Executor, LogFile, ProcessExecutor, ProcessOptions,
    Pull, Usage,
};
use flow::Graph;
use lang::eval::{force, instantiate};
use lang::session::Session;
use lang::sources::{MemorySources, Sources};
use store::LocalStore;
use types::Value;

/// Answers every exec with one file whose content is made from the command.
struct Answers {
    salt: Option<Digest>,
    store: LocalStore,
    /// How many contents there are. A file for each of a million execs would measure the file system.
    contents: u64,
}

#[async_trait]
impl Executor for Answers {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn salt(&self) -> Option<Digest> {
        self.salt
    }

    fn capacity(&self) -> Resources {
        Resources::of(64.0, 1e15, 1e15)
    }

    async fn resolve_image(&self, image: &str, _pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        Ok(image.to_owned())
    }

    async fn run(
        &self,
        request: &ExecRequest,
        _events: &(dyn Fn(ExecEvent) + Send + Sync),
        _cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        let digest = Digest::of(request.id.hex());
        let number = u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap()) % self.contents;
        let file = self.store.repository.put_bytes(format!("{number}\n").as_bytes())?;
        let new_blobs = file.id.into_iter().collect();
        let fileset = Fileset::of_list(vec![Fileset::of_file(file)]);
        let silent = || LogFile { path: Default::default(), size: 0 };
        let now = SystemTime::now();
        Ok(ExecReport {
            outcome: Ok(Collected { fileset, new_blobs, notes: Vec::new() }),
            usage: Usage::default(),
            profile: Default::default(),
            status: Some(0),
            stdout: silent(),
            stderr: silent(),
            script: Default::default(),
            started: now,
            ended: now,
        })
    }
}

/// Evaluates `Main` of a program, with the state folder below `folder`; the number of nodes that were reduced.
pub(crate) fn seed(folder: &Path, program: &str, contents: u64) -> Result<usize, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let state = folder.join("state");
    let store = LocalStore::open(&state)?;
    let options = ProcessOptions {
        state,
        repository: store.repository.clone(),
        launcher: "/proc/self/exe".into(),
        path: String::new(),
        credentials: None,
    };
    let salt = runtime.block_on(ProcessExecutor::open(options))?.salt();
    let executor = Arc::new(Answers { salt, store: store.clone(), contents });

    let session = Session::new(Rc::new(MemorySources::default()) as Rc<dyn Sources>, |_| {});
    let (module, diagnostics) = session.check_text("generated.rf", program);
    let module = module.unwrap_or_else(|| panic!("the program is wrong: {diagnostics:?}"));
    let mut graph = Graph::default();
    let instance = instantiate(&mut graph, &session, &module, &Default::default()).unwrap();
    let Value::Module(members) = instance else { panic!("a module comes to something else") };
    let (main, ty) = (members.get("Main").cloned().unwrap(), module.ty.field("Main").unwrap());
    let main = force(&mut graph, &"generated.Main".into(), main, ty).unwrap();
    let Value::Flow(flow) = main else { panic!("nothing to run") };
    let root = graph.id_of(&flow);
    let config = engine::Config::new(store, executor, runtime.handle().clone(), Digest::of("seed"), folder);
    let outcome = engine::evaluate(&mut graph, root, config, &mut |_| {});
    assert!(outcome.value.is_ok());
    Ok(outcome.nodes)
}
