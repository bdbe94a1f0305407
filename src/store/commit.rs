//! Group commit: the results of many tasks become durable together.
//!
//! One thread takes whatever waits, syncs the new blobs of all of it, writes all rows in one transaction
//! and then tells each who handed something in. While it does, the next group gathers; so one commit takes
//! as long as the disk needs, and a thousand at once take hardly longer. A crash in between leaves blobs
//! that nothing refers to, never a row whose blobs are not there.
//!
//! What is only going on is noted late: the row of a task that is over before its note is due is written once.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use base::{Digest, Error, File, Fileset, Kind};
use rusqlite::Transaction;

use crate::assoc::AssocKind;
use crate::database::{Database, Failure};
use crate::file_repository::FileRepository;
use crate::materials::MaterialRow;
use crate::steps::StepBatch;
use crate::tasks::{LogPlace, TaskRecord};
use crate::{assoc_table, codec, materials, steps, tasks};

/// Commits taken together. Bounds the size of a transaction, not the throughput.
const GROUP: usize = 4096;

/// While other tasks are going on, groups begin at least so far apart: each costs the disk and a processor about as
/// much as any other. What comes alone, as from a chain of steps, does not wait.
const PACE: Duration = Duration::from_millis(20);

/// How long a note waits for something better. People who look at what goes on do not mind, and most execs of a
/// run with very many are over by then.
const NOTE_DELAY: Duration = Duration::from_millis(150);

/// A fileset and the cache keys that stand for it.
#[derive(Clone, Debug)]
pub struct Association {
    /// The keys; each is associated with the fileset and loses what it was associated with before.
    pub keys: Vec<Digest>,
    /// The value. Every file must be resolved and in the repository.
    pub fileset: Fileset,
    /// `key=value` labels to add to those of the keys.
    pub labels: Vec<String>,
}

/// What is told when a commit is durable, or has failed.
pub type Done = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What becomes durable together: all of it or none of it.
pub struct Commit {
    /// Blobs that must be durable besides the files of the associated filesets and the logs of the task.
    pub blobs: Vec<File>,
    /// What is learnt.
    pub associations: Vec<Association>,
    /// The task's row.
    pub task: Option<TaskRecord>,
    /// What the task's result was made from.
    pub material: Option<MaterialRow>,
    /// Called once, on the committer's thread, so it must be quick. `NotExist` if a blob is absent,
    /// `Integrity` if one has another size, `Invalid` if a file is unresolved or a fileset cannot be stored,
    /// `ResourcesExhausted` if the disk is full.
    pub done: Done,
}

/// The thread that makes commits durable. Dropping it waits until everything handed over is durable.
#[derive(Debug)]
pub struct Committer {
    queue: Option<Sender<Message>>,
    notes: Arc<Mutex<Notes>>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Commit(Box<Commit>),
    Touch(Vec<Digest>),
    /// There is a note.
    Noted,
    Steps(Digest, StepBatch),
    Flush(SyncSender<()>),
}

impl Committer {
    pub(crate) fn start(repository: FileRepository, database: Database) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel();
        let notes: Arc<Mutex<Notes>> = Arc::default();
        let worker = Worker { repository, database, notes: notes.clone() };
        let thread = std::thread::Builder::new()
            .name("reflow-commit".to_owned())
            .spawn(move || worker.run(&receiver))
            .map_err(|error| Error::from(error).during("start a thread"))?;
        Ok(Self { queue: Some(sender), notes, thread: Some(thread) })
    }

    /// Hands a commit over and returns at once.
    pub fn submit(&self, commit: Commit) {
        if let Err(Message::Commit(commit)) = self.send(Message::Commit(Box::new(commit))) {
            (commit.done)(Err(ended()));
        }
    }

    /// Hands a commit over and waits until it is durable. Blocks the thread.
    pub fn commit(
        &self,
        blobs: Vec<File>,
        associations: Vec<Association>,
        task: Option<TaskRecord>,
    ) -> Result<(), Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let done: Done = Box::new(move |result| {
            let _ = sender.send(result);
        });
        self.submit(Commit { blobs, associations, task, material: None, done });
        receiver.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Writes the row of a task that is going on, some time soon, unless one that says more is handed over before
    /// (as a note, or by [`Committer::submit`]). Nobody is told; a note that cannot be written is lost.
    pub fn note(&self, task: TaskRecord) {
        let is_first = lock(&self.notes).add(task);
        // One is enough to wake the thread for all of them.
        if is_first {
            let _ = self.send(Message::Noted);
        }
    }

    /// Waits until everything that was handed over before is durable or has failed; notes may still wait. Blocks
    /// the thread.
    pub fn flush(&self) {
        let (sender, receiver) = mpsc::sync_channel(1);
        if self.send(Message::Flush(sender)).is_ok() {
            let _ = receiver.recv();
        }
    }

    /// Remembers that keys were used, some time soon.
    pub(crate) fn touch(&self, keys: Vec<Digest>) {
        if !keys.is_empty() {
            let _ = self.send(Message::Touch(keys));
        }
    }

    /// Remembers what happened in a run, some time soon. The history is not worth failing for.
    pub fn note_steps(&self, run: Digest, batch: StepBatch) {
        if !batch.is_empty() {
            let _ = self.send(Message::Steps(run, batch));
        }
    }

    fn send(&self, message: Message) -> Result<(), Message> {
        match &self.queue {
            Some(queue) => queue.send(message).map_err(|error| error.0),
            None => Err(message),
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        // The thread ends when the queue is empty and nobody can add to it.
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn ended() -> Error {
    Error::new(Kind::Fatal, "the thread that makes results durable has ended")
}

/// What the thread works with.
struct Worker {
    repository: FileRepository,
    database: Database,
    notes: Arc<Mutex<Notes>>,
}

// A thread that panicked while it held the lock left whole rows behind.
fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A commit whose filesets are encoded.
struct Prepared {
    commit: Commit,
    values: Vec<Value>,
}

/// One association, ready to be written.
struct Value {
    kind: AssocKind,
    digest: Digest,
    bytes: Vec<u8>,
    keys: Vec<Digest>,
    labels: Vec<String>,
}

/// Rows that wait to be written, with the time when they were first handed over.
#[derive(Debug, Default)]
struct Notes(HashMap<Digest, (Instant, TaskRecord)>);

impl Notes {
    /// A newer note of a task takes the place of an older one, and its turn. Whether there was none at all.
    fn add(&mut self, task: TaskRecord) -> bool {
        let is_first = self.0.is_empty();
        let since = self.0.get(&task.id).map_or_else(Instant::now, |(since, _)| *since);
        self.0.insert(task.id, (since, task));
        is_first
    }

    /// How long until the next one is due; `None` if there is none.
    fn wait(&self) -> Option<Duration> {
        self.0.values().map(|(since, _)| NOTE_DELAY.saturating_sub(since.elapsed())).min()
    }

    /// Takes those that are due.
    fn due(&mut self) -> Vec<TaskRecord> {
        self.0.extract_if(|_, (since, _)| since.elapsed() >= NOTE_DELAY).map(|(_, (_, task))| task).collect()
    }
}

/// What is written together.
#[derive(Default)]
struct Group {
    commits: Vec<Commit>,
    touched: Vec<Digest>,
    steps: Vec<(Digest, StepBatch)>,
    /// Those who wait for everything before them.
    waiting: Vec<SyncSender<()>>,
}

impl Group {
    fn add(&mut self, message: Message, notes: &Mutex<Notes>) {
        match message {
            Message::Commit(commit) => {
                if let Some(task) = &commit.task {
                    lock(notes).0.remove(&task.id);
                }
                self.commits.push(*commit);
            }
            Message::Touch(keys) => self.touched.extend(keys),
            Message::Noted => {}
            Message::Steps(run, batch) => self.steps.push((run, batch)),
            Message::Flush(sender) => self.waiting.push(sender),
        }
    }

    /// Adds what has come already, and what comes until then while more is to be expected: tasks are noted that have
    /// begun a short while ago. Nobody may be waiting.
    fn gather(&mut self, queue: &Receiver<Message>, notes: &Mutex<Notes>, until: Instant) {
        while self.commits.len() < GROUP {
            let is_worth_it = !self.commits.is_empty() && !lock(notes).0.is_empty() && self.waiting.is_empty();
            let wait = if is_worth_it { until.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            let Ok(message) = queue.recv_timeout(wait) else { return };
            self.add(message, notes);
        }
    }
}

impl Worker {
    fn run(&self, queue: &Receiver<Message>) {
        let mut next_group = Instant::now();
        loop {
            let wait = lock(&self.notes).wait();
            let first = match wait {
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => queue.recv_timeout(wait),
            };
            let mut group = Group::default();
            match first {
                Ok(message) => {
                    group.add(message, &self.notes);
                    group.gather(queue, &self.notes, next_group);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // What is still noted was going on when this process came to its end: nothing is.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if !group.commits.is_empty() {
                next_group = Instant::now() + PACE;
            }
            let due = lock(&self.notes).due();
            self.write_notes(&due);
            self.write_group(group.commits, &group.touched, &group.steps);
            for sender in group.waiting {
                let _ = sender.send(());
            }
        }
    }

    /// Nothing is worth failing for: what is noted only shows to people who look meanwhile.
    fn write_notes(&self, notes: &[TaskRecord]) {
        if !notes.is_empty() {
            let _ =
                self.database.write(|transaction| notes.iter().try_for_each(|task| tasks::write(transaction, task)));
        }
    }

    fn write_group(&self, commits: Vec<Commit>, touched: &[Digest], steps: &[(Digest, StepBatch)]) {
        let mut waiting = Vec::with_capacity(commits.len());
        for commit in commits {
            match self.needed(&commit) {
                Ok(needed) => waiting.push((commit, needed)),
                Err(error) => (commit.done)(Err(error)),
            }
        }
        let sealed = self.seal(waiting.iter().flat_map(|(_, needed)| needed));
        let mut ready = Vec::with_capacity(waiting.len());
        for (commit, needed) in waiting {
            let failed = needed.iter().filter_map(|blob| sealed.get(blob)).find_map(|result| result.clone().err());
            match failed.map_or_else(|| encode(&commit), Err) {
                Ok(values) => ready.push(Prepared { commit, values }),
                Err(error) => (commit.done)(Err(error)),
            }
        }
        if !touched.is_empty() {
            // Not worth failing for: the keys only look less used than they are.
            let _ = self.database.write(|transaction| assoc_table::touch(transaction, touched, SystemTime::now()));
        }
        if !steps.is_empty() {
            // Likewise: some step is not explained.
            let _ = self
                .database
                .write(|transaction| steps.iter().try_for_each(|(run, batch)| steps::write(transaction, run, batch)));
        }
        self.write_rows(ready);
    }

    fn write_rows(&self, ready: Vec<Prepared>) {
        if ready.is_empty() {
            return;
        }
        let written = self.database.write(|transaction| ready.iter().try_for_each(|one| one.write(transaction)));
        let alone = written.is_err() && ready.len() > 1;
        for prepared in ready {
            // One that cannot be written must not take the others with it.
            let result = match alone {
                true => self.database.write(|transaction| prepared.write(transaction)),
                false => written.clone(),
            };
            (prepared.commit.done)(result);
        }
    }

    /// The blobs, by digest and size, that must be durable before a commit.
    fn needed(&self, commit: &Commit) -> Result<Vec<(Digest, u64)>, Error> {
        let values = commit.associations.iter().flat_map(|association| association.fileset.entries());
        let mut needed = Vec::new();
        for file in commit.blobs.iter().chain(values.map(|(_, file)| file)) {
            let unresolved = || Error::new(Kind::Invalid, format!("file {:?} is not resolved", file.source()));
            needed.push((file.id.ok_or_else(unresolved)?, file.size));
        }
        let logs = commit.task.iter().flat_map(|task| [&task.stdout, &task.stderr]);
        for place in logs.flatten() {
            if let LogPlace::Blob(digest) = place {
                let absent = || Error::new(Kind::NotExist, format!("the log {digest} is not in the repository"));
                needed.push((*digest, self.repository.stat(digest)?.ok_or_else(absent)?));
            }
        }
        Ok(needed)
    }

    /// Makes blobs durable. The result of each by digest and size.
    fn seal<'a>(&self, needed: impl Iterator<Item = &'a (Digest, u64)>) -> HashMap<(Digest, u64), Result<(), Error>> {
        let blobs: Vec<(Digest, u64)> = needed.copied().collect::<HashSet<_>>().into_iter().collect();
        let files: Vec<File> = blobs.iter().map(|(digest, size)| File::resolved(*digest, *size)).collect();
        blobs.into_iter().zip(self.repository.seal(&files)).collect()
    }
}

fn encode(commit: &Commit) -> Result<Vec<Value>, Error> {
    let encode = |association: &Association| {
        let (kind, bytes) = codec::encode(&association.fileset)?;
        let (keys, labels) = (association.keys.clone(), association.labels.clone());
        Ok(Value { kind, digest: Digest::of(&bytes), bytes, keys, labels })
    };
    commit.associations.iter().map(encode).collect()
}

impl Prepared {
    fn write(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        for value in &self.values {
            assoc_table::keep(transaction, &value.digest, &value.bytes)?;
            for key in &value.keys {
                assoc_table::replace(transaction, value.kind, key, &value.digest, &value.labels)?;
            }
        }
        if let Some(task) = &self.commit.task {
            tasks::write(transaction, task)?;
        }
        match &self.commit.material {
            Some(material) => materials::write(transaction, material),
            None => Ok(()),
        }
    }
}
