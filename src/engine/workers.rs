//! Those who do the jobs: on the threads of a runtime, with the store and the executor.
//!
//! Whatever happens to a worker, its completion comes: each carries a [`Reply`], which answers for it
//! when it is dropped.

mod execute;
mod fetch;
mod lost;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use base::assertion::{BLOB, Key, Properties, unknown_namespace};
use base::{Digest, Error, File, Kind};
use exec::{CancelToken, Executor};
use flow::FlowId;
use store::{Commit, LocalStore, MaterialRow, StepBatch, TaskKind, TaskRecord};
use tokio::runtime::Handle;

use crate::job::{Completion, ExternTask, History, Job};
use crate::predict::HISTORY;
use crate::source::Sources;

/// What the jobs are done with.
pub(crate) struct Tools {
    pub(crate) store: LocalStore,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) sources: Sources,
    /// The run, for the history of tasks.
    pub(crate) run: Digest,
    /// Where the run's execs are, for their names; empty if they get none.
    pub(crate) alloc: String,
    /// The namespace of its keys, for the materials of execs.
    pub(crate) universe: String,
    /// Labels of the run, for the associations.
    pub(crate) labels: Vec<String>,
    /// Whether inputs are verified after their use.
    pub(crate) check_inputs: bool,
    /// Whether nothing is to be stored or fetched.
    pub(crate) withhold: bool,
    pub(crate) cancel: CancelToken,
}

/// Takes jobs and sends completions.
pub(crate) struct Workers {
    tools: Arc<Tools>,
    runtime: Handle,
    completions: Sender<Completion>,
    /// Tells the loop of a request to stop.
    watcher: tokio::task::JoinHandle<()>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// The right and duty to answer a job.
struct Reply {
    completions: Sender<Completion>,
    /// What is said if nothing else is.
    otherwise: Option<Completion>,
}

impl Reply {
    fn send(mut self, completion: Completion) {
        self.otherwise = None;
        // Nobody listens once the loop has returned.
        let _ = self.completions.send(completion);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(completion) = self.otherwise.take() {
            let _ = self.completions.send(completion);
        }
    }
}

/// Pauses between two looks at a lock that another process holds.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Workers {
    pub(crate) fn new(tools: Tools, runtime: Handle, completions: Sender<Completion>) -> Self {
        let cancel = tools.cancel.clone();
        let sender = completions.clone();
        let watcher = runtime.spawn(async move {
            cancel.canceled().await;
            let _ = sender.send(Completion::Canceled);
        });
        Self { tools: Arc::new(tools), runtime, completions, watcher }
    }

    /// Hands over what happened, for the history. It is written some time soon.
    pub(crate) fn note_steps(&self, batch: StepBatch) {
        if self.tools.withhold {
            return;
        }
        self.tools.store.committer().note_steps(self.tools.run, batch);
    }

    fn reply(&self, otherwise: Completion) -> Reply {
        Reply { completions: self.completions.clone(), otherwise: Some(otherwise) }
    }

    fn reply_for(&self, ids: impl IntoIterator<Item = FlowId>) -> Reply {
        self.reply(Completion::Lost { ids: ids.into_iter().collect() })
    }

    /// Begins a job and returns at once.
    pub(crate) fn dispatch(&self, job: Job) {
        let tools = self.tools.clone();
        match job {
            Job::ResolveImage { text, image } => {
                let lost = Error::new(Kind::Fatal, "resolving the image was given up");
                let reply = self.reply(Completion::ImageResolved { text: text.clone(), result: Err(lost) });
                self.runtime.spawn(resolve_image(tools, text, image, reply));
            }
            Job::Lookup { wanted } => {
                let reply = self.reply_for(wanted.iter().map(|(id, _)| *id));
                self.runtime.spawn_blocking(move || look_up(&tools, wanted, reply));
            }
            Job::Refresh { keys } => {
                let reply = self.reply(Completion::Refreshed { results: keys.iter().map(given_up).collect() });
                self.runtime.spawn(refresh(tools, keys, reply));
            }
            Job::Measure { ident } => {
                let lost = Error::new(Kind::Fatal, "reading the history was given up");
                let reply = self.reply(Completion::Measured { ident: ident.clone(), result: Err(lost) });
                self.runtime.spawn_blocking(move || {
                    let result = tools.store.tasks().measured(&ident, HISTORY);
                    reply.send(Completion::Measured { ident, result });
                });
            }
            Job::Execute(task) => {
                let reply = self.reply_for([task.id]);
                let runtime = self.runtime.clone();
                // `UNFINISHED_EXECS` bounds how many there are at a time.
                self.runtime.spawn_blocking(move || {
                    exec::on_own_thread(&runtime, execute::execute(tools, *task, reply));
                });
            }
            Job::AwaitKey { id, key } => {
                let reply = self.reply_for([id]);
                self.runtime.spawn(async move {
                    await_key(&tools, &key).await;
                    reply.send(Completion::KeyFree { id });
                });
            }
            Job::Pause { id, time } => {
                let reply = self.reply_for([id]);
                self.runtime.spawn(async move {
                    tokio::select! {
                        () = tools.cancel.canceled() => {}
                        () = tokio::time::sleep(time) => {}
                    }
                    reply.send(Completion::Paused { id });
                });
            }
            Job::Put { data } => {
                let reply = self.reply_for(data.iter().map(|(id, _)| *id));
                self.runtime.spawn_blocking(move || put(&tools, &data, reply));
            }
            Job::Intern { id, url, must_resolve } => {
                let reply = self.reply_for([id]);
                self.runtime.spawn(intern(tools, id, url, must_resolve, reply));
            }
            Job::Extern(task) => {
                let reply = self.reply_for([task.id]);
                self.runtime.spawn(export(tools, task, reply));
            }
        }
    }
}

async fn resolve_image(tools: Arc<Tools>, text: String, image: String, reply: Reply) {
    let tell = |pull| {
        // Fails only after the run's end.
        let _ = reply.completions.send(Completion::ImagePull { image: image.clone(), pull });
    };
    let result = match tools.withhold {
        false => tools.executor.resolve_image(&image, &tell).await,
        // One that is not here has run nothing here, whatever it stands for.
        true => tools.executor.find_image(&image).await.map(|found| found.unwrap_or(image)),
    };
    reply.send(Completion::ImageResolved { text, result });
}

fn look_up(tools: &Tools, wanted: Vec<(FlowId, Digest)>, reply: Reply) {
    let start = Instant::now();
    let keys: Vec<Vec<Digest>> = wanted.iter().map(|(_, key)| vec![*key]).collect();
    let result = tools.store.lookup(&keys);
    reply.send(Completion::LookedUp { wanted, result, elapsed: start.elapsed() });
}

fn put(tools: &Tools, data: &[(FlowId, Vec<u8>)], reply: Reply) {
    let put = |(id, bytes): &(FlowId, Vec<u8>)| match tools.withhold {
        false => (*id, tools.store.repository.put_bytes(bytes)),
        true => (*id, Ok(File::resolved(Digest::of(bytes), bytes.len() as u64))),
    };
    reply.send(Completion::Put { results: data.iter().map(put).collect() });
}

async fn intern(tools: Arc<Tools>, id: FlowId, url: String, must_resolve: bool, reply: Reply) {
    let start = Instant::now();
    let result = match tools.sources.find(&url) {
        Ok(source) => source.intern(&url, must_resolve, &tools.cancel).await,
        Err(error) => Err(error),
    };
    reply.send(Completion::Interned { id, result, elapsed: start.elapsed() });
}

fn given_up(key: &Key) -> (Key, Result<Properties, Error>) {
    (key.clone(), Err(Error::new(Kind::Fatal, "looking at it was given up")))
}

/// Finds out how subjects are now, all of them at once.
async fn refresh(tools: Arc<Tools>, keys: Vec<Key>, reply: Reply) {
    let mut looks = tokio::task::JoinSet::new();
    let mut results: HashMap<Key, Result<Properties, Error>> = keys.iter().map(given_up).collect();
    for key in keys {
        let tools = tools.clone();
        looks.spawn(async move {
            let result = match (key.namespace.as_str(), tools.sources.find(&key.subject)) {
                (BLOB, Ok(source)) => source.properties(&key.subject, &tools.cancel).await,
                (BLOB, Err(error)) => Err(error),
                (other, _) => Err(unknown_namespace(other)),
            };
            (key, result)
        });
    }
    while let Some(done) = looks.join_next().await {
        results.extend(done);
    }
    reply.send(Completion::Refreshed { results: results.into_iter().collect() });
}

/// Returns when no other process has the lock of `key`, or nobody needs to know any more.
async fn await_key(tools: &Tools, key: &Digest) {
    let mut pause = FIRST_PAUSE;
    while matches!(tools.store.locks.is_locked(key), Ok(true)) {
        tokio::select! {
            () = tools.cancel.canceled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Takes files out and notes it in the history.
async fn export(tools: Arc<Tools>, task: Box<ExternTask>, reply: Reply) {
    let clock = Instant::now();
    let mut record = new_record(&tools, TaskKind::Extern, &task.history, &task.key, 0);
    record.begin = Some(SystemTime::now());
    record.start = record.begin;
    tools.store.committer().note(record.clone());
    let result = match tools.sources.find(&task.url) {
        Ok(source) if source.copies_references() => source.export(&task.fileset, &task.url, &tools.cancel).await,
        Ok(source) => match fetch::resolved(&tools, vec![task.fileset.clone()]).await {
            Ok(here) => source.export(here.first().unwrap_or(&task.fileset), &task.url, &tools.cancel).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if let Err(error) = &result
        && let lost = lost::among(&tools, [&task.fileset], error)
        && !lost.is_empty()
    {
        let error = error.clone();
        return reply.send(Completion::BlobsLost { id: task.id, lost, error });
    }
    keep(&tools, record, result.as_ref().err(), None);
    reply.send(Completion::Externed { task, result, elapsed: clock.elapsed() });
}

fn new_record(tools: &Tools, kind: TaskKind, history: &History, key: &Digest, attempt: u32) -> TaskRecord {
    let mut id = base::digest::DigestWriter::new();
    id.digest(&tools.run).digest(&history.flow).digest(key).int(i64::from(attempt));
    let mut record = TaskRecord::new(id.finish(), tools.run, kind, history.ident.clone());
    record.flow = Some(history.flow);
    record.key = Some(*key);
    record.command.clone_from(&history.command);
    record.position.clone_from(&history.position);
    record.attempt = attempt;
    record
}

/// Writes the record of what has come to its end now, some time soon. The history is not worth failing for.
fn keep(tools: &Tools, mut record: TaskRecord, error: Option<&Error>, material: Option<MaterialRow>) {
    record.end = Some(SystemTime::now());
    record.error = error.map(ToString::to_string);
    let done = Box::new(|_| ());
    let (blobs, associations) = (Vec::new(), Vec::new());
    tools.store.committer().submit(Commit { blobs, associations, task: Some(record), material, done });
}
