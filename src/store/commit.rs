//! Group commit: the results of many tasks become durable together.
//!
//! One thread takes whatever waits, syncs the new blobs of all of it, writes all rows in one transaction
//! and then tells each who handed something in. While it does, the next group gathers; so one commit takes
//! as long as the disk needs, and a thousand at once take hardly longer. A crash in between leaves blobs
//! that nothing refers to, never a row whose blobs are not there.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::JoinHandle;
use std::time::SystemTime;

use base::{Digest, Error, File, Fileset, Kind};
use rusqlite::Transaction;

use crate::assoc::AssocKind;
use crate::database::{Database, Failure};
use crate::file_repository::FileRepository;
use crate::tasks::TaskRecord;
use crate::{assoc_table, codec, tasks};

/// Commits taken together. Bounds the size of a transaction, not the throughput.
const GROUP: usize = 4096;

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
    /// Blobs that must be durable besides the files of the associated filesets, such as logs.
    pub blobs: Vec<File>,
    /// What is learnt.
    pub associations: Vec<Association>,
    /// The task's row.
    pub task: Option<TaskRecord>,
    /// Called once, on the committer's thread, so it must be quick. `NotExist` if a blob is absent,
    /// `Integrity` if one has another size, `Invalid` if a fileset cannot be stored,
    /// `ResourcesExhausted` if the disk is full.
    pub done: Done,
}

/// The thread that makes commits durable. Dropping it waits until everything handed over is durable.
#[derive(Debug)]
pub struct Committer {
    queue: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Commit(Box<Commit>),
    Touch(Vec<Digest>),
    Flush(SyncSender<()>),
}

impl Committer {
    pub(crate) fn start(repository: FileRepository, database: Database) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel();
        let worker = Worker { repository, database };
        let thread = std::thread::Builder::new()
            .name("reflow-commit".to_owned())
            .spawn(move || worker.run(&receiver))
            .map_err(|error| Error::from(error).during("start a thread"))?;
        Ok(Self { queue: Some(sender), thread: Some(thread) })
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
        self.submit(Commit { blobs, associations, task, done });
        receiver.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Waits until everything that was handed over before is durable or has failed. Blocks the thread.
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

impl Worker {
    fn run(&self, queue: &Receiver<Message>) {
        while let Ok(first) = queue.recv() {
            let mut commits = Vec::new();
            let mut touched = Vec::new();
            let mut waiting = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Commit(commit) => commits.push(*commit),
                    Message::Touch(keys) => touched.extend(keys),
                    Message::Flush(sender) => waiting.push(sender),
                }
                next = if commits.len() < GROUP { queue.try_recv().ok() } else { None };
            }
            self.write_group(commits, &touched);
            for sender in waiting {
                let _ = sender.send(());
            }
        }
    }

    fn write_group(&self, commits: Vec<Commit>, touched: &[Digest]) {
        let sealed = self.seal(&commits);
        let mut ready = Vec::with_capacity(commits.len());
        for commit in commits {
            match prepare(commit, &sealed) {
                Ok(prepared) => ready.push(prepared),
                Err((done, error)) => done(Err(error)),
            }
        }
        if !touched.is_empty() {
            // Not worth failing for: the keys only look less used than they are.
            let _ = self.database.write(|transaction| assoc_table::touch(transaction, touched, SystemTime::now()));
        }
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

    /// Makes every blob that the commits need durable. The result of each by digest and size.
    fn seal(&self, commits: &[Commit]) -> HashMap<(Digest, u64), Result<(), Error>> {
        let mut needed = HashMap::new();
        for file in commits.iter().flat_map(files) {
            if let Some(id) = &file.id {
                needed.entry((*id, file.size)).or_insert_with(|| file.clone());
            }
        }
        let (keys, files): (Vec<_>, Vec<_>) = needed.into_iter().unzip();
        keys.into_iter().zip(self.repository.seal(&files)).collect()
    }
}

/// The files that must be durable before a commit.
fn files(commit: &Commit) -> impl Iterator<Item = &File> {
    let values = commit.associations.iter().flat_map(|association| association.fileset.entries());
    commit.blobs.iter().chain(values.map(|(_, file)| file))
}

fn prepare(commit: Commit, sealed: &HashMap<(Digest, u64), Result<(), Error>>) -> Result<Prepared, (Done, Error)> {
    let failed = files(&commit)
        .filter_map(|file| sealed.get(&(file.id?, file.size)))
        .find_map(|result| result.as_ref().err().cloned());
    if let Some(error) = failed {
        return Err((commit.done, error));
    }
    let mut values = Vec::with_capacity(commit.associations.len());
    for association in &commit.associations {
        match codec::encode(&association.fileset) {
            Ok((kind, bytes)) => values.push(Value {
                kind,
                digest: Digest::of(&bytes),
                bytes,
                keys: association.keys.clone(),
                labels: association.labels.clone(),
            }),
            Err(error) => return Err((commit.done, error)),
        }
    }
    Ok(Prepared { commit, values })
}

impl Prepared {
    fn write(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        for value in &self.values {
            assoc_table::keep(transaction, &value.digest, &value.bytes)?;
            for key in &value.keys {
                assoc_table::replace(transaction, value.kind, key, &value.digest, &value.labels)?;
            }
        }
        match &self.commit.task {
            Some(task) => tasks::write(transaction, task),
            None => Ok(()),
        }
    }
}
